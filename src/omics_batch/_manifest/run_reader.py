"""Reading the manifest's member `runs`; problems are reported with their places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from omics_batch._files import unknown_among
from omics_batch._manifest.canonical import canonical
from omics_batch._manifest.run_fields import (
    MAX_PARAMETERS,
    Parameters,
    Priority,
    Tags,
    TextField,
    wrong_account,
    wrong_name,
    wrong_priority,
    wrong_tag,
    wrong_tag_key,
    wrong_uri,
)
from omics_batch._manifest.run_template import ID, URI, RunTemplate
from omics_batch._manifest.value_reader import ValueReader, text_members
from omics_batch._manifest.values import Cell, Members
from omics_batch._models.request import InlineSetting
from omics_batch._words import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from omics_batch._files import Place
    from omics_batch._manifest.problems import Problems
    from omics_batch._manifest.template import Check, Column
    from omics_batch._manifest.values import Value

_GROUP_BY: Final = "groupBy"
_TEXTS: Final[Mapping[str, Check]] = {
    ID: wrong_name,
    "name": wrong_name,
    URI: wrong_uri,
    "outputBucketOwnerId": wrong_account,
}
_APART: Final = {ID: "it names the run", URI: "runs that share one have it in defaultRunSetting"}
"""The members that have to differ from run to run, and why."""

_SNAKE: Final = {
    "group_by": _GROUP_BY,
    **{name: field.alias or name for name, field in InlineSetting.model_fields.items()},
}
"""The service's names of the members (and `groupBy`), by their names in snake_case."""


def read_runs(
    document: object,
    columns: Sequence[str] | None,
    problems: Problems,
    *,
    is_typed: bool,
    shared: object,
) -> RunTemplate:
    """Read `runs`, and report what is wrong with it.

    Args:
        document: The member `runs`.
        columns: The sheet's columns; None if they are unknown, since the sheet cannot be read.
        problems: Takes what is wrong.
        is_typed: Whether the sheet's cells are JSON values.
        shared: The parameters of all runs.
    """
    given = text_members(document)
    if given is None:
        problems.add_at(("runs",), "should be an object: runSettingId, parameters and so on")
        return RunTemplate((), is_grouped=False, group_by=None, constant=())
    members = _by_name(given, problems)
    is_grouped = _GROUP_BY in members
    reader = ValueReader(columns, problems, is_typed=is_typed, is_grouped=is_grouped)
    runs = _RunReader(reader, problems, shared)
    group_by = runs.group_by(*members.pop(_GROUP_BY)) if is_grouped else None
    if ID not in members:
        problems.add_at(("runs", ID), "is missing: name a column that differs from run to run, such as '{sample}'")
    if "parameters" not in members and (size := len(canonical(shared or {}).encode())) > MAX_PARAMETERS:
        problems.add_at(
            ("defaultRunSetting", "parameters"), f"{size:,} bytes of parameters: a run takes {MAX_PARAMETERS:,} at most"
        )
    fields = {name: runs.read(name, *members[name]) for name in sorted(members)}
    found = tuple((name, field) for name, field in fields.items() if field is not None)
    return RunTemplate(found, is_grouped, group_by, tuple(reader.constant.values()))


def _by_name(document: Mapping[str, object], problems: Problems) -> dict[str, tuple[object, Place]]:
    """Return the members by the service's names, each with its place in the manifest."""
    found: dict[str, tuple[object, Place]] = {}
    for spelled, value in document.items():
        name, place = _SNAKE.get(spelled, spelled), ("runs", spelled)
        if name not in _SNAKE.values():
            problems.add_at(place, unknown_among(_SNAKE if "_" in spelled else _SNAKE.values(), spelled))
        elif name in found:
            problems.add_at(place, f"is there twice: {found[name][1][-1]} is the same")
        else:
            found[name] = value, place
    return found


class _RunReader:
    def __init__(self, reader: ValueReader, problems: Problems, shared: object) -> None:
        self._reader = reader
        self._problems = problems
        self._shared = cast("dict[str, object]", shared) if isinstance(shared, dict) else {}
        self._others: Mapping[str, Callable[[object, Place], Value | None]] = {
            "priority": self._priority,
            "parameters": self._parameters,
            "runTags": self._tags,
            "engineSettings": self._object,
        }

    def group_by(self, document: object, place: Place) -> Column | None:
        if isinstance(document, str):
            return self._reader.column(document, place)
        self._problems.add_at(place, "should be the name of a column")
        return None

    def read(self, name: str, document: object, place: Place) -> Value | None:
        """Read a member; None if it is wrong."""
        return self._text(name, document, place) if name in _TEXTS else self._others[name](document, place)

    def _text(self, name: str, document: object, place: Place) -> Value | None:
        template = self._reader.text(document, place, is_needed=name == ID, is_uri=name == URI)
        if template is None:
            return None
        if name in _APART and not template.columns:
            self._problems.add_at(place, f"should have a column in it, such as {{sample}}: {_APART[name]}")
            return None
        return self._checked(TextField(name, template, _TEXTS[name]), place)

    def _checked(self, field: TextField, place: Place) -> TextField | None:
        """Check a text without columns now, since it is the same for all runs; None if it is wrong."""
        problem = None if field.template.columns else field.wrong(field.template.literals[0])
        if problem is None:
            return field
        self._problems.add_at(place, problem)
        return None

    def _priority(self, document: object, place: Place) -> Value | None:
        members = text_members(document) or {"value": document}
        number = members.get("value")
        if isinstance(number, int) and not isinstance(number, bool) and len(members) == 1:
            if (problem := wrong_priority(number)) is not None:
                self._problems.add_at(place, problem)
            return self._reader.constant_value(number, place)
        if members.get("type") != "int" or "column" not in members or "empty" in members:
            self._problems.add_at(place, "should be {column: NAME, type: int} or a whole number")
            return None
        read = self._reader.value(members, place)
        return Priority(read) if isinstance(read, Cell) else None

    def _parameters(self, document: object, place: Place) -> Value | None:
        value = self._object(document, place)
        return None if value is None else Parameters(value, self._shared)

    def _object(self, document: object, place: Place) -> Value | None:
        if (members := text_members(document)) is not None:
            return self._reader.members(members, place)
        self._problems.add_at(place, "should be an object: names, each with a template or a value")
        return None

    def _tags(self, document: object, place: Place) -> Value | None:
        if (texts := text_members(document)) is None:
            self._problems.add_at(place, "should be an object: the keys of tags, each with a text")
            return None
        tags: list[tuple[str, Value]] = []
        for key, text in sorted(texts.items()):
            here = (*place, key)
            if (problem := wrong_tag_key(key)) is not None:
                self._problems.add_at(here, problem)
            template = self._reader.text(text, here, is_needed=False)
            if template is None:
                continue
            tag = self._checked(TextField(f"the tag {one_line(key, limit=64)}", template, wrong_tag), here)
            if tag is not None:
                tags.append((f"{canonical(key)}:", tag))
        return Tags(Members(tuple(tags)))
