"""Checks of the proxy, certificate and region settings when the client is opened."""

from __future__ import annotations

import difflib
import os
import re
import socket
import ssl
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import urlsplit

from botocore.exceptions import InvalidProxiesConfigError

from omics_batch._advice import invalid
from omics_batch._errors import Advice, AdviceKind, InvalidInputError, Party
from omics_batch._words import one_line

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

FileVersion: TypeAlias = tuple[int, int, int]

_REGION: Final = re.compile("[A-Za-z0-9-]+")

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")


def check_proxy(proxies: Mapping[str, str], url: str) -> None:
    """Refuse the proxy that botocore would use for an endpoint, if it cannot work.

    Args:
        proxies: botocore's proxies, by the scheme of the endpoint.
        url: The endpoint.

    Raises:
        InvalidInputError: It is not an http or https proxy; the message does not contain its password.
    """
    scheme = urlsplit(url).scheme
    proxy = proxies.get(scheme)
    if not proxy:
        return
    shown = one_line(_SCHEME.sub("", proxy).rpartition("@")[2].partition("?")[0], limit=100)
    kind = _SCHEME.match(proxy)
    if kind and kind[1] not in ("http", "https"):
        raise _refused(scheme, f"{kind[1]}://{shown}", f"{kind[1]} proxies are not supported, http and https are")
    fixed = proxy if proxy.startswith(("http:", "https:")) else f"http://{proxy.removeprefix('//')}"  # as botocore
    if not _has_a_host(fixed):
        raise _refused(scheme, shown, "it is no URL of a proxy, such as http://proxy.example.org:3128")


def _has_a_host(proxy: str) -> bool:
    if re.search(r"[\s\x00-\x1f\x7f]", proxy):
        return False
    try:
        parts = urlsplit(proxy)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _refused(scheme: str, shown: str, why: str) -> InvalidInputError:
    names = (f"{scheme}_proxy", f"{scheme.upper()}_PROXY")
    name = next((name for name in names if os.environ.get(name)), "the proxy's setting")
    return misconfigured(f"{name} names the proxy {shown!a}: {why}")


def certificates_of(session: Any) -> tuple[str, str] | None:
    """Return the file of trusted certificates and the name of its setting; None for botocore's own file."""
    if path := session.get_config_variable("ca_bundle"):
        return path, "AWS_CA_BUNDLE, or the profile's ca_bundle"
    path = os.environ.get("REQUESTS_CA_BUNDLE")
    return (path, "REQUESTS_CA_BUNDLE") if path else None


def check_certificates(session: Any) -> None:
    """Check that the trusted certificates can be read: otherwise a wait would treat it as an outage.

    Raises:
        InvalidInputError: The file is not there, cannot be read, or holds no certificate.
    """
    if (found := certificates_of(session)) is None:
        return
    path, name = found
    if not Path(path).exists():
        raise misconfigured(f"there is no file of certificates {path} ({name})")
    if not Path(path).is_file():  # a pipe cannot be read twice
        raise misconfigured(f"{path} ({name}) is no regular file, as certificates need one")
    try:
        _read_certificates(path, file_version(path))
    except OSError as error:
        raise misconfigured(f"{path} ({name}) holds no certificates that can be read: {_reason(error)}") from None


def check_region_name(session: Any, given: str | None) -> None:
    """Refuse a region whose text can be no name: botocore would sign with it, or take it for a wrong endpoint.

    Args:
        session: The session, which finds the region of the configuration.
        given: The region that the caller gave, if there is one.

    Raises:
        InvalidInputError: It holds a space, a line break or another character that no region has.
    """
    region = given if given is not None else session.get_config_variable("region")
    if not isinstance(region, str) or not region or _REGION.fullmatch(region):
        return  # an empty one counts as none, and is reported as that
    problem = f"the AWS region {region[:100]!a} is no name of a region, such as us-west-2"
    if given is not None:
        raise InvalidInputError(problem)
    raise misconfigured(f"{problem} (AWS_DEFAULT_REGION, or the profile's region)")


def file_version(path: str) -> FileVersion:
    """Return what differs between two versions of a file."""
    found = os.stat(path)  # noqa: PTH116 - botocore's path is a string
    return found.st_ino, found.st_size, found.st_mtime_ns


@lru_cache(maxsize=8)
def _read_certificates(path: str, _version: FileVersion) -> None:
    ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)


def check_region(regions: Collection[str], region: str, host: str) -> None:
    """Refuse a region that botocore does not know, unless its endpoint has an address, as that of a new region has.

    This blocks, since it looks up a name.

    Args:
        regions: The regions that botocore knows.
        region: The client's region.
        host: The host of the endpoint.

    Raises:
        InvalidInputError: The region does not exist.
    """
    if region in regions:
        return
    try:
        socket.getaddrinfo(host, 443)
    except OSError:
        similar = difflib.get_close_matches(region, regions, n=1)
        meant = f"; did you mean {similar[0]}?" if similar else ""
        known = f"botocore knows no region {region!a}, and {host} does not resolve{meant}"
        end = "" if meant else "."
        raise misconfigured(f"{known}{end}", Advice(AdviceKind.CHECK_REGION)) from None


async def check_tls(http_session: Any, url: str) -> None:
    """Read the certificates of the client and of a proxy, as the first request would.

    Raises:
        InvalidInputError: One of them cannot be read.
    """
    try:
        await http_session.open_for(url)
    except InvalidProxiesConfigError as error:
        problem = f"the certificates of the proxy cannot be read: {one_line(str(error))}"
    except OSError as error:
        problem = f"the certificates cannot be read: {_reason(error)}"
    else:
        return
    raise misconfigured(problem)


def misconfigured(problem: str, advice: Advice | None = None) -> InvalidInputError:
    """Return an error of this machine's configuration."""
    error = InvalidInputError(problem) if advice is None else invalid(problem, advice)
    error.fault = Party.MACHINE
    return error


def _reason(error: OSError) -> str:
    return one_line(getattr(error, "reason", None) or error.strerror or type(error).__name__)
