"""The text of a file, and whether it is YAML or JSON."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, TypeAlias

from omics_batch._files.problems import TextError
from omics_batch._files.yaml12 import from_yaml
from omics_batch._words import one_line

if TYPE_CHECKING:
    from omics_batch._files.problems import Place

Source: TypeAlias = str | os.PathLike[str] | IO[bytes]
"""Where a document is: a file's path, or an open file of bytes, such as `sys.stdin.buffer`."""

_MAX_BYTES: Final = 16_000_000
"""The longest names of 100,000 runs, which a scenario may have, are 13 MB."""


def name_of(source: Source) -> str:
    """Return the name of a source for its problems."""
    name = os.fspath(source) if isinstance(source, (str, os.PathLike)) else str(getattr(source, "name", "<stream>"))
    return one_line(name)


def read_document(source: Source) -> tuple[object, dict[Place, int]]:
    """Read JSON (a file named `.json`) or YAML (`.yaml`, `.yml`); for other names, the text decides.

    Returns:
        The document in the types of JSON, and the line of each of its parts (for YAML only).

    Raises:
        TextError: It cannot be read, is empty, is neither JSON nor YAML, names a member twice, or is far too long.
    """
    ending = Path(source).suffix.lower() if isinstance(source, (str, os.PathLike)) else None
    content = _content_of(source)
    if len(content) > _MAX_BYTES:
        raise TextError(f"it has more than {_MAX_BYTES // 1_000_000} MB")
    try:
        text = content.decode("utf-8-sig")
        if not text.strip():
            raise TextError("it is empty")
        match ending:
            case ".json":
                document, lines = _from_json(text)
            case ".yaml" | ".yml":
                document, lines = from_yaml(text)
            case _:
                document, lines = _from_either(text)
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeDecodeError:
        raise TextError("not a UTF-8 text file") from None
    except UnicodeEncodeError:
        raise TextError("a text in it holds half a character") from None
    except RecursionError:
        raise TextError("it is nested too deeply") from None
    return document, lines


def _content_of(source: Source) -> bytes:
    """Read a source; of a file that is too long, only as much as shows this."""
    content: object = None
    try:
        if isinstance(source, (str, os.PathLike)):
            with Path(source).open("rb") as file:
                content = file.read(_MAX_BYTES + 1)
        elif hasattr(source, "read"):
            content = source.read()
    except (OSError, ValueError) as error:  # a null character in a path, a file that was closed
        raise TextError(f"it cannot be read: {getattr(error, 'strerror', None) or one_line(str(error))}") from None
    if not isinstance(content, bytes):
        raise TextError("it is neither a path nor a file of bytes: open it in binary mode")
    return content


def _from_either(text: str) -> tuple[object, dict[Place, int]]:
    # Not all JSON is YAML: tabs, for example, and the escapes of emoji.
    try:
        return _from_json(text)
    except TextError as not_json:
        try:
            return from_yaml(text)
        except TextError as not_yaml:
            raise (not_json if text.lstrip().startswith(("{", "[")) else not_yaml) from None


def _from_json(text: str) -> tuple[object, dict[Place, int]]:
    try:
        return json.loads(text, object_pairs_hook=members_once), {}
    except json.JSONDecodeError as error:
        raise TextError(f"line {error.lineno}: {error.msg}") from None
    except ValueError as error:  # a number of thousands of digits
        raise TextError(one_line(str(error))) from None


def members_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return the members of a JSON object: an `object_pairs_hook` that refuses a member that is there twice.

    Raises:
        ValueError: A member is there twice; the message names it.
    """
    members = dict(pairs)
    if len(members) < len(pairs):
        ((twice, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"{one_line(twice)} is there twice")
    return members
