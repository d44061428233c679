"""Reading the values in a manifest; problems are reported with their places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from omics_batch._files import unknown_among
from omics_batch._manifest.canonical import canonical
from omics_batch._manifest.cell_types import TYPES, writer_of
from omics_batch._manifest.template import Column, Template, is_column_name, parts_of
from omics_batch._manifest.values import (
    NULL,
    Cell,
    ColumnOfCells,
    Constant,
    Items,
    Members,
    RowOfCells,
    TableOfCells,
    Text,
    Value,
)
from omics_batch._words import exact, meant, named

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omics_batch._files import Place
    from omics_batch._manifest.problems import Problems

_MAX_LEVELS: Final = 64
_KINDS: Final = {
    "value": ("value",),
    "column": ("column", "type", "empty"),
    "columns": ("columns", "type", "empty", "transpose"),
}
"""The members of an object that describes a value, by the member that decides its kind."""

_ONE_CELL: Final = ("", "")
"""The literals of a template that is one column and nothing else."""

NOTHING: Final = Constant(NULL)
"""A placeholder for a value whose problem was reported."""


class ValueReader:
    """Reads values, with the columns of the sheet.

    Args:
        columns: The sheet's columns; None if they are unknown, since the sheet cannot be read.
        is_typed: Whether the sheet's cells are JSON values.
        is_grouped: Whether several rows become one run.
        problems: Takes what is wrong.
    """

    def __init__(self, columns: Sequence[str] | None, problems: Problems, *, is_typed: bool, is_grouped: bool) -> None:
        """Begin without columns that have to be constant in a group."""
        self._columns = columns
        self._index = {name: index for index, name in reversed([*enumerate(columns or ())])}
        self._problems = problems
        self._is_typed = is_typed
        self._is_grouped = is_grouped
        self.constant: dict[str, Column] = {}
        """The columns that have one value in a group, by their names."""

    def value(self, document: object, place: Place, *, in_list: bool = False) -> Value:
        """Read any value: a text is a template, an object may describe cells."""
        problem = self._unquoted(document, ", or give an object as {value: ...}")
        if len(place) > _MAX_LEVELS:
            problem = "nested too deeply: give it as {value: ...}"
        if problem is not None:
            self._problems.add_at(place[:_MAX_LEVELS], problem)
            return NOTHING
        match document:
            case str():
                template = self.template(document, place, is_needed=in_list)
                return NOTHING if template is None else Text(template)
            case list():
                items = cast("list[object]", document)
                return Items(tuple(self.value(item, (*place, at), in_list=True) for at, item in enumerate(items)))
            case _:
                members = text_members(document)
                if members is None:
                    return self.constant_value(document, place)
                kind = next((kind for kind in _KINDS if kind in members), None)
                if kind is None:
                    return self.members(members, place)
                return self._cells(kind, members, place, in_list=in_list) or NOTHING

    def constant_value(self, document: object, place: Place) -> Value:
        """Read a value that is the same for all runs."""
        try:
            return Constant(canonical(document))
        except (TypeError, ValueError, RecursionError):  # only a program can give such values
            self._problems.add_at(place, "JSON cannot hold it: give texts, finite numbers, bools, None, lists, dicts")
            return NOTHING

    def members(self, members: Mapping[str, object], place: Place) -> Value:
        """Read an object with members of any names."""
        return Members(
            tuple((f"{canonical(name)}:", self.value(members[name], (*place, name))) for name in sorted(members))
        )

    def template(self, text: str, place: Place, *, is_needed: bool, is_uri: bool = False) -> Template | None:
        """Read a text with columns in it; None if it is wrong.

        Args:
            text: The text.
            place: Its place in the manifest.
            is_needed: Whether an empty cell is an error, even if the text is that cell only.
            is_uri: Whether it is a URI, even without `://` in the template.
        """
        try:
            literals, names = parts_of(text)
        except ValueError as error:
            self._problems.add_at(place, str(error))
            return None
        columns = self._found(names, [place] * len(names))
        if columns is None:
            return None
        self._keep_constant(columns)
        is_uri = is_uri or any("://" in literal for literal in literals)
        return Template(literals, columns, is_uri, is_needed or literals != _ONE_CELL)

    def text(self, document: object, place: Place, *, is_needed: bool, is_uri: bool = False) -> Template | None:
        """Read a member that is text: a template, `{column: NAME}` or `{value: TEXT}`; None if it is wrong."""
        if isinstance(document, str):
            return self.template(document, place, is_needed=is_needed, is_uri=is_uri)
        if (unquoted := self._unquoted(document)) is not None:
            self._problems.add_at(place, unquoted)
            return None
        match list(cast("dict[str, object]", document).items()) if isinstance(document, dict) else [("", document)]:
            case [("value", str(text))]:
                return Template((text,))
            case [("column", str(name))]:
                columns = self._found([name], [(*place, "column")])
                self._keep_constant(columns or ())
                return None if columns is None else Template(_ONE_CELL, columns, is_needed=is_needed)
            case [("" | "value" | "column" as member, bool() | int() | float())]:
                here = (*place, member) if member else place
                self._problems.add_at(here, "should be text: put it in quotes")
                return None
            case _:
                self._problems.add_at(place, "should be text, {column: NAME} or {value: TEXT}: text has no type")
                return None

    def column(self, name: str, place: Place) -> Column | None:
        """Find a column; if there is none of that name, report that and return None."""
        columns = self._found([name], [place])
        return None if columns is None else columns[0]

    def _found(self, names: Sequence[str], places: Sequence[Place]) -> tuple[Column, ...] | None:
        unknown = [(name, place) for name, place in zip(names, places, strict=True) if name not in self._index]
        if self._columns is None or not unknown:
            return tuple(Column(self._index.get(name, 0), name) for name in names)
        for name, place in dict.fromkeys(unknown):
            self._problems.add_at(place, f"unknown column {exact(name)}; {self._instead(name)}")
        return None

    def _unquoted(self, document: object, otherwise: str = "") -> str | None:
        """Say that a template has no quotes: YAML reads `{NAME}` as the object `{NAME: null}`.

        The name need not be a column: a misspelt one would become a constant without any message. `{value: null}` is an
        object of its own, unless the sheet has a column `value`; so are `{column: null}` and `{columns: null}`.
        """
        match list(cast("dict[object, object]", document).items()) if isinstance(document, dict) else ():
            case [(str(name), None)] if is_column_name(name) and (name not in _KINDS or name in self._index):
                return f'put it in quotes: "{{{name}}}"{otherwise}'
            case _:
                return None

    def _keep_constant(self, columns: Sequence[Column]) -> None:
        self.constant.update({column.name: column for column in columns})

    def _instead(self, name: str) -> str:
        columns = self._columns or ()
        similar = next((column for column in columns if column.strip() == name.strip()), None)
        if similar is None:
            similar = meant(name, columns)
            return f"did you mean {exact(similar)}?" if similar else f"the sheet has {named([*map(exact, columns)])}"
        if similar == similar.strip():
            return f"did you mean {exact(similar)}, without spaces around it?"
        return f"the header has spaces around the name, {exact(similar)}: remove them"

    def _cells(self, kind: str, members: Mapping[str, object], place: Place, *, in_list: bool) -> Value | None:
        """Read an object that describes cells, or a value; None if it is wrong."""
        self._refuse_unknown(members, _KINDS[kind], place)
        named_there, here = members[kind], (*place, kind)
        if kind == "value":
            return self.constant_value(named_there, here)
        is_null = self._is_null(members, place)
        write = writer_of(self._type(members, place), is_typed=self._is_typed)
        names = _names_in(named_there, one_only=kind == "column")
        if names is None:
            what = "the name of a column" + ("" if kind == "column" else ", or a list of such names")
            self._problems.add_at(here, f"should be {what}")
            return None
        places = [here] if isinstance(named_there, str) else [(*here, at) for at in range(len(names))]
        columns = self._found(names, places)
        if kind == "column":
            self._keep_constant(columns or ())
            is_needed = in_list and not is_null
            cells = [Cell(column, write, NULL if is_null else None, is_needed=is_needed) for column in columns or ()]
            return cells[0] if cells else None
        cells = [Cell(column, write, NULL, is_needed=not is_null) for column in columns or ()]
        listed = self._flat if isinstance(named_there, str) else self._table
        return listed(tuple(cells), members, place)

    def _flat(self, cells: tuple[Cell, ...], members: Mapping[str, object], place: Place) -> Value | None:
        """Read `{columns: NAME}`: a list of one cell of each row."""
        if "transpose" in members:
            self._problems.add_at((*place, "transpose"), "is for several columns: give a list of them")
        if not self._is_grouped:
            self._problems.add_at(
                (*place, "columns"), "one column is a list in a group only: say groupBy, or give a list"
            )
        return ColumnOfCells(cells[0]) if cells else None

    def _table(self, cells: tuple[Cell, ...], members: Mapping[str, object], place: Place) -> Value | None:
        """Read `{columns: [NAME, ...]}`: a list of the cells of one row, or of those of each row of a group."""
        here, transpose = (*place, "transpose"), members.get("transpose", False)
        if not isinstance(transpose, bool):
            self._problems.add_at(here, "should be true or false")
        if self._is_grouped:
            return TableOfCells(cells, transpose is True) if cells else None
        if "transpose" in members:
            self._problems.add_at(here, "is for groups of rows: say groupBy")
        return RowOfCells(cells) if cells else None

    def _type(self, members: Mapping[str, object], place: Place) -> str:
        kind = members.get("type", TYPES[0])
        if isinstance(kind, str) and kind in TYPES:
            return kind
        self._problems.add_at((*place, "type"), f"should be one of {', '.join(TYPES)}")
        return TYPES[0]

    def _is_null(self, members: Mapping[str, object], place: Place) -> bool:
        if "empty" in members and members["empty"] is not None:
            self._problems.add_at((*place, "empty"), "should be null: an empty cell is written as null then")
        return "empty" in members

    def _refuse_unknown(self, members: Mapping[str, object], known: Sequence[str], place: Place) -> None:
        for name in members:
            if name not in known:
                self._problems.add_at((*place, name), unknown_among(known, name))


def text_members(document: object) -> dict[str, object] | None:
    """Return the members of an object, without names that are no text (pydantic reports these); None if it is none."""
    if not isinstance(document, dict):
        return None
    return {name: value for name, value in cast("dict[object, object]", document).items() if isinstance(name, str)}


def _names_in(document: object, *, one_only: bool) -> list[str] | None:
    """Return the names of columns that a document gives, one or several; None if it gives anything else."""
    if isinstance(document, str):
        return [document]
    names = cast("list[object]", document) if isinstance(document, list) and not one_only else []
    texts = [name for name in names if isinstance(name, str)]
    return texts if texts and len(texts) == len(names) else None
