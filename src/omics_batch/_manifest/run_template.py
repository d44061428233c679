"""Making the settings of runs from rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from omics_batch._manifest.plain_rows import escaped, joined
from omics_batch._manifest.run_fields import Parameters, TextField

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from omics_batch._manifest.problems import Report
    from omics_batch._manifest.sheet import Row
    from omics_batch._manifest.template import Column
    from omics_batch._manifest.values import Value

ID: Final = "runSettingId"
URI: Final = "outputUri"


class WrittenRun(NamedTuple):
    """The setting of one run."""

    line: int
    """The line of its first row."""
    run_setting_id: str | None
    """In JSON; None if there is none: that was reported."""
    output_uri: str | None
    """In JSON; None if the run has none of its own."""
    json: str
    """The whole setting."""


@dataclass(frozen=True, slots=True)
class RunTemplate:
    """Makes the setting of each run."""

    fields: tuple[tuple[str, Value], ...]
    """The members by their names, sorted."""
    is_grouped: bool
    """Whether several rows become one run."""
    group_by: Column | None
    """The column whose rows of one value become one run."""
    constant: tuple[Column, ...]
    """The columns that have one value in a group."""

    def write(self, run: Sequence[Row], report: Report) -> WrittenRun:
        """Write the setting of a run, and report what is wrong with it."""
        written = {name: text for name, field in self.fields if (text := field.json(run, report)) is not None}
        members = ",".join([f'"{name}":{text}' for name, text in written.items()])
        return WrittenRun(run[0][0], written.get(ID), written.get(URI), f"{{{members}}}")

    def writer(self, report: Report) -> Callable[[Sequence[Row]], WrittenRun]:
        """Return a function that does the same as `write`, on the fast path for most runs."""
        plain = [(name, field.plain()) for name, field in self.fields]
        pattern, leaves = joined("{", [(escaped(f'"{name}":') + text, parts) for name, (text, parts) in plain], "}")
        names = [name for name, (_, parts) in plain for _ in parts]
        at_id, at_uri = (names.index(name) if name in names else None for name in (ID, URI))
        parameters = dict(self.fields).get("parameters")
        longest = parameters.safe_length if isinstance(parameters, Parameters) else None

        def write(run: Sequence[Row]) -> WrittenRun:
            line, cells = run[0]
            try:
                texts = [leaf(cells, run) for leaf in leaves]
            except ValueError:
                return self.write(run, report)
            json = pattern % (*texts,)
            if at_id is None or (longest is not None and len(json) > longest):
                return self.write(run, report)
            return WrittenRun(line, texts[at_id], None if at_uri is None else texts[at_uri], json)

        return write

    def columns_of(self, name: str) -> str:
        """Name the columns of a member, for messages."""
        field = dict(self.fields).get(name)
        return field.template.about if isinstance(field, TextField) else ""
