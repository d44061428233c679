"""Reading YAML 1.2 into JSON's types, with the line of each value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from omics_batch._files.problems import TextError
from omics_batch._words import how_to_install, one_line

if TYPE_CHECKING:
    from omics_batch._files.problems import Place

_NO_YAML: Final = f"YAML cannot be read without PyYAML (JSON can): {how_to_install('cli')}"
_MAX_NODES: Final = 300_000
_MAX_CHARACTERS: Final = 16_000_000
"""A limit, since aliases in YAML can repeat long texts and other aliases: a few lines could fill the memory."""

_TAG: Final = "tag:yaml.org,2002:"
_PLAIN: Final = (
    ("bool", "tTfF", r"true|True|TRUE|false|False|FALSE"),
    ("float", "-+.0123456789", r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*|(?=[eE])))(?:[eE][-+]?[0-9]+)?"),
    ("float", "-+.", r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"),
    ("int", "-+0123456789", r"[-+]?(?:0|[1-9][0-9]*)"),
    ("null", "~nN", r"~|null|Null|NULL"),
    ("null", ("",), ""),
)
"""What unquoted text is read as another type: the type, the first characters, and the pattern.

These are the rules of YAML 1.2 and JSON. The library's own rules are those of YAML 1.1: there `NO` is false, `20:45` is
1245, `007` is 7, and `1e-8` is a text. That would change samples, intervals, ids and thresholds.
"""

_TAGS: Final = frozenset(_TAG + kind for kind, _, _ in _PLAIN)
_CORE: Final = {"sequence": {_TAG + "seq"}, "mapping": {_TAG + "map"}, "scalar": {_TAG + "str", *_TAGS}}
"""The tags of YAML 1.2's core schema, by the kind of node."""
_RESOLVERS: Final = {
    start: [(_TAG + kind, re.compile(rf"(?:{pattern})\Z")) for kind, starts, pattern in _PLAIN if start in starts]
    for start in {start for _, starts, _ in _PLAIN for start in starts}
}


def from_yaml(text: str) -> tuple[object, dict[Place, int]]:
    """Read a document, and the line of each value.

    Raises:
        TextError: It is not YAML, or far too large; or PyYAML is not installed.
    """
    try:
        import yaml  # noqa: PLC0415 - JSON needs none
    except ModuleNotFoundError:
        raise TextError(_NO_YAML) from None

    class Loader(yaml.SafeLoader):
        yaml_implicit_resolvers = _RESOLVERS
        nodes = 0

        def compose_node(self, parent: Any, index: Any) -> Any:
            self.nodes += 1
            _refuse_beyond(_MAX_NODES, self.nodes, "entries")  # here, since reading the rest takes minutes
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
    """Converts nodes to JSON's types: times stay text, and tags of other types are refused."""

    def __init__(self, loader: Any) -> None:
        self.lines: dict[Place, int] = {}
        self._loader = loader
        self._characters = 0

    def plain(self, node: Any, place: Place) -> object:
        self.lines[place] = _line(node)
        _refuse_beyond(_MAX_NODES, len(self.lines), "entries")
        _refuse_tag(node)
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

    def _members(self, node: Any, place: Place) -> dict[str, object]:
        members: dict[str, object] = {}
        for key, value in node.value:
            if key.id != "scalar":
                raise TextError(f"line {_line(key)}: a member's name is a text")
            _refuse_tag(key)
            if key.value == "<<" and key.style is None:
                raise TextError(f"line {_line(key)}: merging (<<) is not YAML 1.2: write it out")
            name = self._counted(key)
            if name in members:
                raise TextError(f"line {_line(key)}: {one_line(name)} is there twice")
            members[name] = self.plain(value, (*place, name))
            self.lines[*place, name] = _line(key)
        return members

    def _counted(self, scalar: Any) -> str:
        text: str = scalar.value
        self._characters += len(text)
        _refuse_beyond(_MAX_CHARACTERS, self._characters, "characters")
        return text


def _line(node: Any) -> int:
    return int(node.start_mark.line) + 1


def _refuse_tag(node: Any) -> None:
    if node.tag not in _CORE[node.id]:
        tag = one_line(node.tag.replace(_TAG, "!!", 1), limit=64)
        raise TextError(f"line {_line(node)}: the tag {tag} is not read here: write the value without it")


def _refuse_beyond(limit: int, number: int, what: str) -> None:
    if number > limit:
        raise TextError(f"it has more than {limit} {what}")
