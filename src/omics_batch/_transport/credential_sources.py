"""Where credentials come from, and what to do when a source fails."""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import aiohttp
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    InvalidConfigError,
    LoginError,
    MissingDependencyException,
    NoCredentialsError,
    RefreshWithMFAUnsupportedError,
    SSOError,
    TokenRetrievalError,
)
from botocore.exceptions import (
    ConnectionError as BotoConnectionError,
)

from omics_batch._words import one_line, without_url_secrets

if TYPE_CHECKING:
    from collections.abc import Mapping

PRESENTABLE: Final = (BotoCoreError, ClientError, aiohttp.ClientError, TimeoutError)
"""Exceptions that contain no secrets but those of URLs: of AWS's libraries and of the network; others may."""

_HTTP_STATUS: Final = re.compile(r"non 200 response (\d{3})")


_UNREACHED: Final = re.compile("Could not connect|Connect timeout|Read timeout|Connection was closed")


class SourceError(Exception):
    """A source gives no credentials."""

    def __init__(self, problem: str, next_step: str = "", *, is_final: bool = False, is_silence: bool = False) -> None:
        """Keep what is wrong and what to do. `is_final`: only a new client can help. `is_silence`: no answer came."""
        super().__init__(problem)
        self.problem: str = problem
        self.next_step: str = next_step
        self.is_final: bool = is_final
        self.is_silence: bool = is_silence


@dataclass(frozen=True, slots=True)
class Source:
    """A place where a session looks for credentials, in its user's words."""

    method: str = ""
    """botocore's name of the provider, such as `custom-process`; empty if unknown."""
    profile: str = "default"
    profiles: Mapping[str, Mapping[str, Any]] | None = None
    """All profiles of the configuration files."""
    config_file: str = "~/.aws/config"
    credentials_file: str = "~/.aws/credentials"

    def chain(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Return the profile, the source profile of its role, and so on, with their settings; each name once."""
        profiles, found = self.profiles or {}, dict[str, "Mapping[str, Any]"]()
        name: str | None = self.profile
        while name is not None and name not in found:
            found[name] = profiles.get(name, {})
            name = None if "aws_access_key_id" in found[name] else found[name].get("source_profile")
        return list(found.items())

    @property
    def mfa_serials(self) -> list[str]:
        """The MFA devices of the roles in the chain: each needs a code."""
        return [role["mfa_serial"] for _, role in self.chain() if {"role_arn", "mfa_serial"} <= role.keys()]

    @property
    def token_files(self) -> list[str]:
        """The files of web identity tokens that the chain names."""
        named = (profile.get("web_identity_token_file") for _, profile in self.chain())
        return [path for path in named if path]

    @property
    def words(self) -> str:
        """The source in words."""
        return _WORDS.get(self.method, "the source of the credentials").format(source=self)

    @property
    def next_step(self) -> str:
        """What to check, if the error does not say it."""
        return _NEXT_STEPS.get(self.method, "Check the credentials (aws sts get-caller-identity).").format(source=self)

    def silent(self, limit: float) -> SourceError:
        """Return the error for a source that did not answer within some seconds."""
        problem = f"{self.words} gave no answer within {round(limit, 2):g} s"
        return SourceError(problem, self.next_step, is_silence=True)

    def log_in(self, command: str, setting: str) -> str:
        """Write the command that logs in.

        Args:
            command: Such as `aws sso login`.
            setting: The prefix of the settings by which the profile to log in with is found.
        """
        profiles = [name for name, profile in self.chain() if any(key.startswith(setting) for key in profile)]
        profile = (profiles or [self.profile])[0]
        return f"{command} --profile {shlex.quote(profile)}" if profile != "default" else command


_WORDS: Final[Mapping[str, str]] = {
    "env": "the AWS_* environment variables",
    "assume-role": "the role of profile {source.profile}",
    "assume-role-with-web-identity": "the web identity",
    "sso": "the SSO session of profile {source.profile}",
    "login": "the login session of profile {source.profile}",
    "custom-process": "credential_process of profile {source.profile}",
    "shared-credentials-file": "profile {source.profile} of {source.credentials_file}",
    "config-file": "profile {source.profile} of {source.config_file}",
    "container-role": "the container's credentials endpoint",
    "iam-role": "the instance metadata service",
    "ec2-credentials-file": "the file of AWS_CREDENTIAL_FILE",
    "boto-config": "boto's configuration file",
}

_NEXT_STEPS: Final[Mapping[str, str]] = {
    "env": "Set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, for temporary credentials, AWS_SESSION_TOKEN.",
    "assume-role": (
        "Check profile {source.profile} in {source.config_file}, and whether it may call sts:AssumeRole on the role."
    ),
    "assume-role-with-web-identity": (
        "Check AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN (or profile {source.profile} in {source.config_file}), "
        "and the role's trust policy."
    ),
    "sso": "Check the sso_ settings of profile {source.profile} in {source.config_file}.",
    "login": "Check login_session of profile {source.profile} in {source.config_file}.",
    "custom-process": "Check credential_process of profile {source.profile} in {source.config_file}.",
    "shared-credentials-file": "Complete profile {source.profile} in {source.credentials_file}.",
    "config-file": "Complete profile {source.profile} in {source.config_file}.",
    "container-role": "Check the AWS_CONTAINER_* environment variables, and the role of the task or pod.",
    "iam-role": "Check the role of this EC2 instance.",
    "ec2-credentials-file": "Check the file that AWS_CREDENTIAL_FILE names.",
    "boto-config": "Check the file that BOTO_CONFIG names, /etc/boto.cfg and ~/.boto.",
}


def explain(error: Exception, source: Source) -> SourceError:
    """Return what is wrong with a source of credentials, without secrets, and what to do about it."""
    if isinstance(error, SourceError):
        return error
    if isinstance(error, NoCredentialsError):
        half = ", where AWS_SECRET_ACCESS_KEY stands alone" if os.environ.get("AWS_SECRET_ACCESS_KEY") else ""
        return SourceError(
            f"no credentials were found: not in the environment{half}, not in profile {source.profile} of "
            f"{source.config_file} or {source.credentials_file}, and not from a role of this machine",
            "Log in (aws configure, aws sso login), or choose a profile that has credentials.",
        )
    if isinstance(error, RefreshWithMFAUnsupportedError):
        return mfa_needed(source)
    return SourceError(f"{source.words}: {_text_of(error, source.method)}", _next_step(error, source))


def mfa_needed(source: Source) -> SourceError:
    """Return the error for an MFA code that is needed while no person can be asked for it."""
    return SourceError(
        f"the session of the role of profile {source.profile} needs a new MFA code, and it cannot be asked for now",
        "Open a new client (run the command again) on a terminal, or use temporary credentials "
        "(aws sts get-session-token).",
        is_final=True,
    )


def _next_step(error: Exception, source: Source) -> str:
    step = source.next_step
    if isinstance(error, (SSOError, TokenRetrievalError)):
        step = f"Log in: {source.log_in('aws sso login', 'sso_')}"
    elif isinstance(error, MissingDependencyException):
        step = "Install it: pip install 'botocore[crt]'"
    elif isinstance(error, LoginError):
        step = f"Log in: {source.log_in('aws login', 'login_session')}"
    elif isinstance(error, (BotoConnectionError, HTTPClientError)):
        step = "Check the network and the proxy between this machine and that source."
    elif isinstance(error, InvalidConfigError):
        step = f"Correct profile {source.profile} in {source.config_file}."
    elif source.method == "sso" and isinstance(error, (KeyError, ValueError)):  # the file of the token is damaged
        step = f"Log in again: {source.log_in('aws sso login', 'sso_')}"
    elif source.method == "env" and os.environ.get("AWS_CREDENTIAL_EXPIRATION"):
        step = "Renew them, or correct AWS_CREDENTIAL_EXPIRATION: a time with its time zone."
    return step


def _text_of(error: Exception, method: str) -> str:
    """Return the part of a source's exception that may be shown."""
    if isinstance(error, CredentialRetrievalError):
        return _text_of_retrieval(error, method)
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.strerror}: {one_line(str(error.filename))}"
    if isinstance(error, (BotoCoreError, ClientError)):
        return one_line(without_url_secrets(str(error))).rstrip(".")
    if isinstance(error, RuntimeError) and "still expired" in str(error):
        return "the credentials that it gives have expired"
    return f"it cannot be used ({presentable(error)})"


def _text_of_retrieval(error: CredentialRetrievalError, method: str) -> str:
    # For most providers the message repeats a process's stderr, or the response of an endpoint.
    message = str(vars(error)["kwargs"].get("error_msg", ""))
    if method == "custom-process":
        return one_line(message).rstrip(".")
    if _UNREACHED.search(message):
        return "it cannot be reached, or did not answer in time"
    status = _HTTP_STATUS.search(message)
    return f"it answered HTTP {status[1]}" if status else presentable(error)


def presentable(error: Exception) -> str:
    """Return the part of any exception that may be shown."""
    kind = type(error).__name__
    if isinstance(error, CredentialRetrievalError):
        return f"{kind} ({one_line(str(vars(error)['kwargs'].get('provider', '')))})"
    return f"{kind}: {one_line(without_url_secrets(str(error)))}" if isinstance(error, PRESENTABLE) else kind
