"""YAML 1.2 as JSON's types, with the line of each value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from omics_batch._files.problems import TextError
from omics_batch._words import one_line

if TYPE_CHECKING:
    from omics_batch._files.problems import Place

_NO_YAML: Final = "YAML needs an extra: pip install 'omics-batch[cli]' (JSON needs none)"
_MAX_NODES: Final = 300_000
_MAX_CHARACTERS: Final = 16_000_000
"""An alias in YAML may repeat a long text, or what holds aliases: a few lines of it would fill any memory."""

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


def from_yaml(text: str) -> tuple[object, dict[Place, int]]:
    """Read a document, and in which line is what.

    Raises:
        TextError: It is none, or a larger one than anybody writes; or what reads YAML is not installed.
    """
    try:
        import yaml  # noqa: PLC0415 - JSON needs none
    except ModuleNotFoundError:
        raise TextError(_NO_YAML) from None

    class Loader(yaml.SafeLoader):
        yaml_implicit_resolvers = _RESOLVERS
        nodes = 0

        def compose_node(self, parent: Any, index: Any) -> Any:  # noqa: ANN401 - untyped library
            self.nodes += 1
            _refuse_beyond(_MAX_NODES, self.nodes, "entries")  # at once: to read the rest takes minutes
            return super().compose_node(parent, index)

    try:
        loader = Loader(text)
        root = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = "" if mark is None else f"line {mark.line + 1}: "
        raise TextError(where + one_line(", ".join(filter(None, [error.context, error.problem])))) from None
    except yaml.YAMLError as error:
        raise TextError(one_line(str(error))) from None
    reading = _Reading(loader)
    return (None if root is None else reading.plain(root, ())), reading.lines


class _Reading:
    """Nodes that are turned into what JSON knows: times and other kinds of YAML's stay the text that they are."""

    def __init__(self, loader: Any) -> None:  # noqa: ANN401 - untyped library
        self.lines: dict[Place, int] = {}
        self._loader = loader
        self._characters = 0

    def plain(self, node: Any, place: Place) -> object:  # noqa: ANN401 - untyped library
        self.lines[place] = _line(node)
        _refuse_beyond(_MAX_NODES, len(self.lines), "entries")
        if node.id == "sequence":
            return [self.plain(item, (*place, index)) for index, item in enumerate(node.value)]
        if node.id == "mapping":
            return self._members(node, place)
        text = self._counted(node)
        try:
            return self._loader.construct_object(node) if node.tag in _TAGS else text
        except (LookupError, ValueError):
            kind = node.tag.removeprefix(_TAG)
            raise TextError(f"line {_line(node)}: {one_line(text, limit=64)} cannot be read as {kind}") from None

    def _members(self, node: Any, place: Place) -> dict[str, object]:  # noqa: ANN401 - untyped library
        members: dict[str, object] = {}
        for key, value in node.value:
            if key.id != "scalar":
                raise TextError(f"line {_line(key)}: a member's name is a text")
            if key.value == "<<" and key.style is None:
                raise TextError(f"line {_line(key)}: merging (<<) is not YAML 1.2: write it out")
            name = self._counted(key)
            if name in members:
                raise TextError(f"line {_line(key)}: {one_line(name)} is there twice")
            members[name] = self.plain(value, (*place, name))
            self.lines[*place, name] = _line(key)
        return members

    def _counted(self, scalar: Any) -> str:  # noqa: ANN401 - untyped library
        text: str = scalar.value
        self._characters += len(text)
        _refuse_beyond(_MAX_CHARACTERS, self._characters, "characters")
        return text


def _line(node: Any) -> int:  # noqa: ANN401 - untyped library
    return int(node.start_mark.line) + 1


def _refuse_beyond(limit: int, number: int, what: str) -> None:
    if number > limit:
        raise TextError(f"it has more than {limit} {what}")
