"""A document as text: what it says, and in which line."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, TypeAlias

from omics_batch._text import one_line

if TYPE_CHECKING:
    from omics_batch._document_file._problems import Place

Source: TypeAlias = str | os.PathLike[str] | IO[bytes]
"""Where a document is: a file's path, or an open file of bytes, such as `sys.stdin.buffer`."""

_NO_YAML: Final = "YAML needs an extra: pip install 'omics-batch[cli]' (JSON needs none)"
_MAX_NODES: Final = 300_000
"""An alias in YAML may repeat what holds aliases: a few lines of it would fill any memory."""

_TAG: Final = "tag:yaml.org,2002:"
_PLAIN: Final = (
    ("bool", "tTfF", r"true|True|TRUE|false|False|FALSE"),
    ("float", "-+.0123456789", r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*|(?=[eE])))(?:[eE][-+]?[0-9]+)?"),
    ("float", "-+.", r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"),
    ("int", "-+0123456789", r"[-+]?(?:0|[1-9][0-9]*)"),
    ("null", "~nN", r"~|null|Null|NULL"),
    ("null", ("",), ""),
)
"""What is no text although it stands without quotes: its kind, how it begins, and how it is written.

That is what YAML 1.2 and JSON take for such. The library would go by YAML 1.1, to which `NO`, `20:45` and `007` are
false, 1245 and 7, and `1e-8` is a text: not what a sample, an interval, an id and a threshold are meant to be.
"""

_TAGS: Final = frozenset(_TAG + kind for kind, _, _ in _PLAIN)
_RESOLVERS: Final = {
    start: [(_TAG + kind, re.compile(rf"(?:{pattern})\Z")) for kind, starts, pattern in _PLAIN if start in starts]
    for start in {start for _, starts, _ in _PLAIN for start in starts}
}


class TextError(ValueError):
    """A text that is no document; the message says why, and in which line."""


def name_of(source: Source) -> str:
    """Give the name under which problems of a source are told."""
    name = os.fspath(source) if isinstance(source, (str, os.PathLike)) else str(getattr(source, "name", "<stream>"))
    return one_line(name)


def read_document(source: Source) -> tuple[object, dict[Place, int]]:
    """Read JSON (a file named `.json`) or YAML (any other name); an open file's own text tells which it is.

    Returns:
        What it says, in the types of JSON, and the lines where it says it: those are known of YAML alone.

    Raises:
        TextError: It cannot be read, is neither JSON nor YAML, or names a member twice.
    """
    try:
        if isinstance(source, (str, os.PathLike)):
            path = Path(source)
            text = path.read_bytes().decode("utf-8-sig")
            document, lines = (_from_json(text), {}) if path.suffix.lower() == ".json" else _from_yaml(text)
        else:
            document, lines = _from_either(source.read().decode("utf-8-sig"))
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeDecodeError:
        raise TextError("it is no text in UTF-8") from None
    except UnicodeEncodeError:
        raise TextError("a text in it holds half a character") from None
    except OSError as error:
        raise TextError(f"it cannot be read: {error.strerror or error}") from None
    except RecursionError:
        raise TextError("it is nested too deeply") from None
    return document, lines


def _from_either(text: str) -> tuple[object, dict[Place, int]]:
    # JSON is not quite YAML: its tabs and its escapes of emoji are not.
    try:
        json.loads(text)
    except ValueError:
        return _from_yaml(text)
    return _from_json(text), {}


def _from_json(text: str) -> object:
    try:
        document: object = json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise TextError(f"line {error.lineno}: {error.msg}") from None
    except ValueError as error:  # a number of thousands of digits
        raise TextError(one_line(str(error))) from None
    return document


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{one_line(twice)} is there twice")
    return members


def _from_yaml(text: str) -> tuple[object, dict[Place, int]]:
    try:
        import yaml  # noqa: PLC0415 - JSON needs none
    except ModuleNotFoundError:
        raise TextError(_NO_YAML) from None

    class Loader(yaml.SafeLoader):
        yaml_implicit_resolvers = _RESOLVERS

    lines: dict[Place, int] = {}
    try:
        loader = Loader(text)
        root = loader.get_single_node()
        return (None if root is None else _plain(loader, root, (), lines)), lines
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = "" if mark is None else f"line {mark.line + 1}: "
        raise TextError(where + one_line(error.problem or str(error))) from None
    except yaml.YAMLError as error:
        raise TextError(one_line(str(error))) from None


def _plain(loader: Any, node: Any, place: Place, lines: dict[Place, int]) -> object:  # noqa: ANN401 - untyped library
    """Turn a node into what JSON knows: times and other kinds of YAML's stay the text that they are."""
    line = node.start_mark.line + 1
    lines[place] = line
    if len(lines) > _MAX_NODES:
        raise TextError(f"it has more than {_MAX_NODES} entries")
    if node.id == "sequence":
        return [_plain(loader, item, (*place, index), lines) for index, item in enumerate(node.value)]
    if node.id == "mapping":
        members: dict[str, object] = {}
        for key, value in node.value:
            if key.id != "scalar":
                raise TextError(f"line {key.start_mark.line + 1}: a member's name is a text")
            if key.value in members:
                raise TextError(f"line {key.start_mark.line + 1}: {one_line(key.value)} is there twice")
            members[key.value] = _plain(loader, value, (*place, key.value), lines)
            lines[*place, key.value] = key.start_mark.line + 1
        return members
    try:
        return loader.construct_object(node) if node.tag in _TAGS else node.value
    except (LookupError, ValueError):
        raise TextError(f"line {line}: {one_line(node.value)} is not what its tag says") from None
