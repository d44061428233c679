"""Checks for characters that access keys and tokens cannot contain."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from omics_batch._transport.credential_sources import SourceError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omics_batch._transport.credential_sources import Source

_WRONG: Final = re.compile(r"[^!-~]")
"""All but the printable characters of ASCII."""

_NAMES: Final = {"access_key": "access key ID", "secret_key": "secret access key", "token": "session token"}

_NAMES_IN_FILES: Final = {
    "access_key": "aws_access_key_id",
    "secret_key": "aws_secret_access_key",
    "token": "aws_session_token",
}

_NAMES_BY_METHOD: Final[Mapping[str, Mapping[str, str]]] = {
    "env": {part: name.upper() for part, name in _NAMES_IN_FILES.items()},
    "shared-credentials-file": _NAMES_IN_FILES,
    "config-file": _NAMES_IN_FILES,
}


def check_keys(keys: Any, source: Source) -> None:
    """Refuse keys that can never work.

    Args:
        keys: Frozen credentials of botocore; None where there are none.
        source: Where they come from.

    Raises:
        SourceError: One of them contains a space, a line break or another invalid character.
    """
    for part, name in _NAMES_BY_METHOD.get(source.method, _NAMES).items():
        if wrong := _WRONG.search(getattr(keys, part, None) or ""):
            problem = f"{source.words}: {name} holds {_described(wrong[0])}"
            raise SourceError(problem, f"Set {name} again, without it.")


def check_headers(headers: Mapping[str, Any]) -> None:
    """Refuse a signed request whose keys cannot be in a header.

    Args:
        headers: The headers of the request, from botocore: text or bytes.

    Raises:
        SourceError: A header made of the keys contains a line break or another control character.
    """
    for header, part in (("X-Amz-Security-Token", "token"), ("Authorization", "access_key")):
        value = headers.get(header, "")
        if wrong := _CONTROL.search(value.decode("latin-1") if isinstance(value, bytes) else value):
            problem = f"the source of the credentials: {_NAMES[part]} holds {_described(wrong[0])}"
            raise SourceError(problem, f"Set the {_NAMES[part]} again, without it.")


_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


def _described(character: str) -> str:
    if character in "\r\n":
        return "a line break" if character == "\n" else "a carriage return"
    if character.isspace():
        return "a space"
    return "a character that is not ASCII" if character > "~" else "a control character"
