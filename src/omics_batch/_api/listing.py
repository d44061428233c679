"""Lists of results: iterate over them page by page, or await all of them."""

from __future__ import annotations

import os  # noqa: TC003 - for those who read the hints
from collections.abc import AsyncGenerator, Awaitable, Generator, Iterable
from contextlib import aclosing
from typing import IO, Any, Final, SupportsIndex, TypeVar, cast, overload

from omics_batch._errors import InvalidInputError
from omics_batch._loop import LoopIterator, OwnLoop

T = TypeVar("T")
S = TypeVar("S")

_FEW: Final = 100
"""Items in the text form of a list: a saved notebook holds that text beside the table."""


class Rows(list[T]):
    """A list that a notebook shows as a table, where it holds batches, items of a list or failed runs.

    The table has the first 100 rows; the list has all. A slice, a copy and a sum are shown as tables too. For responses
    that you gathered yourself, use `Rows(responses)`.

    Args:
        items: The items.
        kind: Their class, so that an empty list has columns too.
    """

    def __init__(self, items: Iterable[T] = (), kind: type[T] | None = None) -> None:
        """Hold these items."""
        super().__init__(items)
        self._kind: type[Any] | None = kind

    def to_columns(self) -> dict[str, list[Any]]:
        """Return the rows as columns, for a data frame: `pandas.DataFrame(rows.to_columns())`, `polars.DataFrame(...)`.

        A column has the name of its attribute, with a dot for a part of it: `run_summary.completed_run_count`. There is
        one for each field of this release, in the order of the class. Batches also have `outcome`, `percent_complete`
        and `duration`. An absent field is None. Statuses are texts, times are aware datetimes in UTC, documents and
        tags are JSON. The signature of a presigned URL is left out.

        Raises:
            InvalidInputError: The rows are not responses of this package.
        """
        columns, rows = self._flat()
        return {name: [row[name] for row in rows] for name in columns}

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return the rows as flat dicts: what `to_columns` returns, row by row.

        Raises:
            InvalidInputError: The rows are not responses of this package.
        """
        return self._flat()[1]

    def to_csv(self, file: str | os.PathLike[str] | IO[str], *, spreadsheet: bool = False, delimiter: str = ",") -> int:
        r"""Write the rows to a CSV file in UTF-8, with the columns of `to_columns`.

        None is an empty cell; a time is in ISO 8601, and a length of time in seconds. A file that is named is
        overwritten once the table is whole; else it stays as it is.

        Args:
            file: A path, or an open file of text (opened with `newline=""`).
            spreadsheet: For Excel, LibreOffice and the like: a text that they may take for a formula gets an
                apostrophe before it, and a file that is named the mark by which Excel knows UTF-8. Without, each cell
                is exactly its value.
            delimiter: What separates the cells; `"\t"` writes TSV.

        Returns:
            How many cells got an apostrophe.

        Raises:
            InvalidInputError: They are no answers of this package.
            OSError: The file cannot be written.
        """
        from omics_batch._files.tables import csv_writer  # noqa: PLC0415 - files alone need it

        columns, rows = self._flat()
        with csv_writer(file, columns, delimiter=delimiter, spreadsheet=spreadsheet) as table:
            for row in rows:
                table.write(row)
        return table.escaped

    def to_json_lines(self, file: str | os.PathLike[str] | IO[str]) -> None:
        """Write the rows to a file of JSON lines in UTF-8: each is what `to_dicts` returns of it.

        A time is a text in ISO 8601, and a length of time a number of seconds.

        Args:
            file: A path, or an open file of text. A file that is named is overwritten once the table is whole.

        Raises:
            InvalidInputError: They are no answers of this package.
            OSError: The file cannot be written.
        """
        from omics_batch._files.tables import json_lines_writer  # noqa: PLC0415 - files alone need it

        rows = self.to_dicts()
        with json_lines_writer(file) as table:
            for row in rows:
                table.write(row)

    def _flat(self) -> tuple[Iterable[str], list[dict[str, Any]]]:
        from pydantic import BaseModel  # noqa: PLC0415 - data frames alone need it

        from omics_batch._models.flat import columns_of, flat  # noqa: PLC0415 - data frames alone need it

        rows: list[BaseModel] = []
        for row in self:
            if not isinstance(row, BaseModel):
                raise InvalidInputError(f"only responses of this package have columns, not {type(row).__qualname__}")
            rows.append(row)
        kinds = [] if self._kind is None else [self._kind]
        columns = columns_of(dict.fromkeys([*kinds, *map(type, rows)]))
        return columns, [flat(row, columns) for row in rows]

    @overload
    def __getitem__(self, index: SupportsIndex, /) -> T: ...
    @overload
    def __getitem__(self, index: slice, /) -> Rows[T]: ...
    def __getitem__(self, index: SupportsIndex | slice, /) -> T | Rows[T]:
        if isinstance(index, slice):
            return Rows(super().__getitem__(index), self._kind)
        return super().__getitem__(index)

    @overload
    def __add__(self, other: list[T], /) -> Rows[T]: ...
    @overload
    def __add__(self, other: list[S], /) -> Rows[S | T]: ...
    def __add__(self, other: list[Any], /) -> Rows[Any]:
        return Rows(super().__add__(other), self._kind)

    def copy(self) -> Rows[T]:
        """Return the same rows, in a list of their own."""
        return Rows(self, self._kind)

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:  # noqa: ANN401, FBT001 - as IPython calls it
        printer.pretty(list(self[:_FEW]))
        if len(self) > _FEW:
            printer.text(f" and {len(self) - _FEW:,} more")

    def _repr_html_(self) -> str | None:
        from omics_batch._html import table  # noqa: PLC0415 - notebooks alone need it

        return table(self)


class Listing(LoopIterator[T], Awaitable[Rows[T]]):
    """A list of the service: iterate over it with `async for`, page by page, or `await` it to get all items.

    For example::

        async for item in client.list_batch():
            print(item.id)
        failed = await client.failed_runs("7123456")

    It can be read once. If you leave the loop early and keep the listing, close it (`contextlib.aclosing`). If you
    await it, it closes by itself, also when cancelled.
    """

    def __init__(self, walk: AsyncGenerator[T], loop: OwnLoop | None = None, kind: type[T] | None = None) -> None:
        """Begin before the first item; nothing is sent yet.

        Args:
            walk: What yields the items.
            loop: The client's loop; None takes steps on any.
            kind: Their class.
        """
        super().__init__(walk, loop)
        self._kind = kind
        self._begun = False

    def __repr__(self) -> str:
        return "<Listing: `await` it, or iterate over it with `async for`>"

    def __await__(self) -> Generator[Any, Any, Rows[T]]:
        """Wait for all items.

        Raises:
            InvalidInputError: Its iteration has begun already: items would be missing.
            OmicsBatchError: As the iteration.
        """
        self._check_whole()
        return self._all().__await__()

    async def _all(self) -> Rows[T]:
        self._begin()
        return Rows([item async for item in self._walk], self._kind)

    async def to_csv(
        self, file: str | os.PathLike[str] | IO[str], *, spreadsheet: bool = False, delimiter: str = ","
    ) -> int:
        """Write the items to a CSV file as they come, as `Rows.to_csv` does; none of them is kept.

        Where the list breaks off, the file stays as it was.

        Returns:
            How many cells got an apostrophe.

        Raises:
            InvalidInputError: Its iteration has begun already: items would be missing.
            OSError: The file cannot be written.
            OmicsBatchError: As the iteration.
        """
        from omics_batch._files.tables import csv_writer  # noqa: PLC0415 - files alone need it

        columns, rows = self._flat()
        async with aclosing(rows):
            with csv_writer(file, columns, delimiter=delimiter, spreadsheet=spreadsheet) as table:
                async for row in rows:
                    table.write(row)
        return table.escaped

    async def to_json_lines(self, file: str | os.PathLike[str] | IO[str]) -> None:
        """Write the items to a file of JSON lines as they come, as `Rows.to_json_lines` does; none of them is kept.

        Where the list breaks off, the file stays as it was.

        Raises:
            InvalidInputError: Its iteration has begun already: items would be missing.
            OSError: The file cannot be written.
            OmicsBatchError: As the iteration.
        """
        from omics_batch._files.tables import json_lines_writer  # noqa: PLC0415 - files alone need it

        _, rows = self._flat()
        async with aclosing(rows):
            with json_lines_writer(file) as table:
                async for row in rows:
                    table.write(row)

    def _flat(self) -> tuple[Iterable[str], AsyncGenerator[dict[str, Any]]]:
        """Return the columns, and the items as flat rows."""
        from pydantic import BaseModel  # noqa: PLC0415 - files alone need it

        from omics_batch._models.flat import columns_of, flat  # noqa: PLC0415 - data frames alone need it

        self._check_whole()
        if self._kind is None or not issubclass(self._kind, BaseModel):
            raise InvalidInputError("a list of the client's has columns, not one without a class of answers")
        columns = columns_of([self._kind])

        async def rows() -> AsyncGenerator[dict[str, Any]]:
            async with aclosing(self):
                async for item in self:
                    yield flat(cast("BaseModel", item), columns)

        return columns, rows()

    def _check_whole(self) -> None:
        if self._begun:
            raise InvalidInputError("a listing can be read once, and this one was begun: make the call again")

    def _begin(self) -> None:
        super()._begin()
        self._begun = True
