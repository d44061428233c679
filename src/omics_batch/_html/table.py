"""Lists as tables: the first rows, and the number of those left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from omics_batch._html.bar import bar, coloured, do_counts_lag, states
from omics_batch._html.tags import Part, badge, moment, page, prose, said, tag
from omics_batch._models.enums import SubmissionStatus
from omics_batch._words import KINDS, lowered, one_line, percentage, span, submission

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from omics_batch._manifest.resubmission import LeftOutRun, ResubmissionPlan
    from omics_batch._models.batch import Batch, BatchListItem, RunBatchListItem
    from omics_batch._models.run import FailedRun, RunResult

_SHOWN: Final = 100
"""The most rows that are shown."""

_MINUTE: Final = "%H:%M %Z"
_LAG: Final = " (counts lag)"

Cells: TypeAlias = dict[str, Part]
"""A row: its cells by the headings of their columns."""


def table(rows: Sequence[object]) -> str | None:
    """Show a list; None if it is empty, or if its items are not all of one kind."""
    kinds = {_kind(type(row)) for row in rows}
    kind = kinds.pop() if len(kinds) == 1 else None
    if kind is None:
        return None
    title = f"{kind.title}: {len(rows):,}"
    return page(*_table(title, kind, rows), label=title)


def plan(shown: ResubmissionPlan) -> str:
    """Show which runs a plan runs again, which it leaves out and why, and its notes."""
    again = f"Runs that run again, as attempt {shown.attempt} of batch {one_line(shown.batch.id, limit=64)}"
    return page(
        *_table(f"{again}: {len(shown.runs):,}", _KINDS["FailedRun"], shown.runs),
        *_table(f"Runs that are left out: {len(shown.left_out):,}", _KINDS["LeftOutRun"], shown.left_out),
        *(tag("div", said(note), class_="ob-note") for note in shown.notes),
        label="Plan of a resubmission",
    )


def _table(title: str, kind: _Kind, rows: Sequence[object]) -> list[Part]:
    cells = [kind.cells(row) for row in rows[:_SHOWN]]
    if not cells:
        return [tag("div", title, class_="ob-note")]
    whole = tag(
        "table",
        tag("caption", title),
        tag("thead", tag("tr", *(tag("th", heading, scope="col") for heading in cells[0]))),
        tag("tbody", *(tag("tr", *(tag("td", cell) for cell in row.values())) for row in cells)),
        class_="ob-table",
    )
    more = f"and {len(rows) - _SHOWN:,} more" if len(rows) > _SHOWN else None
    return [tag("div", whole, class_="ob-wide"), tag("div", more, class_="ob-note") if more else None]


def _batch(batch: Batch) -> Cells:
    return {
        "Batch": said(batch.id, limit=64),
        "Name": prose(batch.name),
        "Status": badge(batch.status, batch.outcome.value),
        "Outcome": lowered(batch.outcome.value),
        "Runs": _number(batch.total_runs),
        "States": bar(batch) if states(batch) else None,
        "Finished": tag(
            "div", percentage(batch.percent_complete), _LAG if do_counts_lag(batch) and not batch.is_processed else None
        ),
        "Created": moment(batch.creation_time, form=_MINUTE),
    }


def _batch_list_item(batch: BatchListItem) -> Cells:
    return {
        "Batch": said(batch.id, limit=64),
        "Name": prose(batch.name),
        "Status": badge(batch.status),
        "Runs": _number(batch.total_runs),
        "Workflow": said(batch.workflow_id, limit=64),
        "Created": moment(batch.created_at, form=_MINUTE),
    }


def _run_batch_list_item(run: RunBatchListItem) -> Cells:
    status = run.submission_status
    return {
        "Sample": prose(run.run_setting_id),
        "Submission": badge(submission(status), None if status == "SUCCESS" else status) if status else None,
        "Reason": said(run.submission_failure_reason, limit=64),
        "Message": prose(run.submission_failure_message),
        "Run": said(run.run_id, limit=64),
    }


def _failed_run(run: FailedRun) -> Cells:
    kind = KINDS[run.kind.value]
    return {
        "Sample": prose(run.run_setting_id),
        "Kind": coloured(kind, kind),
        "Run": said(run.run_id, limit=64),
        "Reason": said(run.reason, limit=64),
        "Message": prose(run.message),
    }


def _left_out_run(left_out: LeftOutRun) -> Cells:
    return {**_failed_run(left_out.run), "Why it is left out": prose(left_out.why)}


def _run_result(run: RunResult) -> Cells:
    status = badge(run.status) if run.status else None
    if run.submission_status == SubmissionStatus.FAILED:
        status = badge(KINDS["SUBMISSION"], run.submission_status)
    return {
        "Sample": prose(run.run_setting_id),
        "Run": said(run.run_id, limit=64),
        "Status": status,
        "Started": moment(run.started, form=_MINUTE),
        "Stopped": moment(run.stopped, form=_MINUTE),
        "Took": None if run.duration is None else span(run.duration),
        "Reason": said(run.reason, limit=64),
        "Message": prose(run.message),
    }


def _number(count: int | None) -> Part:
    return None if count is None else f"{count:,}"


class _Kind(NamedTuple):
    title: str
    cells: Callable[[Any], Cells]


_KINDS: Final = {
    "Batch": _Kind("Batches", _batch),
    "BatchListItem": _Kind("Batches", _batch_list_item),
    "RunBatchListItem": _Kind("Runs", _run_batch_list_item),
    "FailedRun": _Kind("Runs that did not succeed", _failed_run),
    "LeftOutRun": _Kind("Runs that are left out", _left_out_run),
    "RunResult": _Kind("Runs", _run_result),
}
"""By the names of the classes: the modules of the classes import this one."""


def _kind(type_: type) -> _Kind | None:
    """Find how a class is shown; a user's subclass is shown as the class of this package that it extends."""
    ours = (base.__name__ for base in type_.__mro__ if base.__module__.startswith("omics_batch."))
    return next((_KINDS[name] for name in ours if name in _KINDS), None)
