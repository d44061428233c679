"""`omics-batch list` and `omics-batch runs`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, cast

import typer

from omics_batch import BatchStatus, SubmissionStatus
from omics_batch._words import one_line, submission
from omics_batch.cli._connection import ConnectionOptions, connected
from omics_batch.cli._exits import Exit
from omics_batch.cli._list_output import write_all
from omics_batch.cli._manifest_batches import check_selection, loaded
from omics_batch.cli._manifest_source import Selection, StartedOnly, StartedRows, StartedSheet
from omics_batch.cli._options import BatchId, Json, Limit, NumberOption, is_manifest_path, text_up_to, word_among
from omics_batch.cli._output import console, say_json, with_aws_names
from omics_batch.cli._stderr import complain
from omics_batch.cli._table import Column, Table
from omics_batch.cli._words import timestamp

if TYPE_CHECKING:
    from datetime import datetime

    from omics_batch import Batch, BatchListItem, OmicsBatchClient, RunBatchListItem

_BATCHES: Final = (
    Column("ID"),
    Column("STATUS"),
    Column("RUNS", is_number=True),
    Column("CREATED"),
    Column("NAME"),
)
_RUNS: Final = (
    Column("SUBMISSION"),
    Column("RUN ID"),
    Column("REASON", most=32),
    Column("RUN SETTING", is_key=True),
    Column("MESSAGE", is_whole=True),
)


def _manifest_of(text: str) -> str:
    if not is_manifest_path(text):
        raise typer.BadParameter(
            f"{one_line(text, limit=100)!a} is no manifest: its name ends in .yaml, .yml or .json."
        )
    return text


def _statuses() -> list[str]:
    return [status.value for status in BatchStatus]


def _submission_statuses() -> list[str]:
    return [status.value for status in SubmissionStatus]


@connected
def list_(
    connection: ConnectionOptions,
    cohort: Annotated[
        str | None,
        typer.Argument(metavar="MANIFEST", parser=_manifest_of, help="Only the batches that this manifest started."),
    ] = None,
    *,
    sheet: StartedSheet = None,
    rows: StartedRows = None,
    only: StartedOnly = None,
    status: Annotated[
        str | None,
        typer.Option(
            metavar="STATUS",
            parser=word_among(_statuses),
            autocompletion=_statuses,
            help="Only batches of this status, such as INPROGRESS.",
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="TEXT", parser=text_up_to(64), help="Only batches of just this name.")
    ] = None,
    run_group: Annotated[str | None, NumberOption(help="Only batches of this run group.")] = None,
    limit: Limit = None,
    ids: Annotated[bool, typer.Option("--ids", help="Write the ids alone, one a line, for other programs.")] = False,
    json: Json = False,
) -> Exit:
    """List the account's batches in a region.

    The service's lists lag: a batch that was just started may be missing, and one that just changed may have its old
    status. Lists have no counts: get, wait and watch show these.

    With a manifest's file, these are its batches, those that were started with --again included.

    With --json, each batch is one line.
    """
    if ids and json:
        raise typer.BadParameter("--ids and --json are two ways to write: give one.")
    _check_one({"MANIFEST": cohort, "--status": status, "--name": name, "--run-group": run_group})
    selection = Selection(sheet=sheet, rows=rows, only=only)
    if cohort is None:
        check_selection(selection)
    manifest = None if cohort is None else loaded(cohort, selection)
    with Table(console(), _BATCHES) as table:

        def say(item: BatchListItem | Batch) -> None:
            if json:
                say_json(with_aws_names(item))
            elif ids:
                typer.echo(one_line(item.id))
            else:
                moment: datetime | None = getattr(item, "created_at", getattr(item, "creation_time", None))
                created = None if moment is None else timestamp(moment)
                table.add(item.id, item.status, item.total_runs, created, item.name)

        async def walk(client: OmicsBatchClient) -> int:
            if manifest is None:
                listed = client.list_batch(status=status, name=name, run_group_id=run_group)
                return await write_all(listed, say, limit)
            batches = (await client.find_manifest(manifest))[:limit]
            for each in batches:
                say(cast("Batch", each.batch))  # as one that was there is
            return len(batches)

        found = connection.talk(walk)
    if not found:
        complain("no batch is listed" if status == name == run_group == cohort else "no such batch is listed")
    return Exit.OK


@connected
def runs(
    batch: BatchId,
    connection: ConnectionOptions,
    *,
    submission_status: Annotated[
        str | None,
        typer.Option(
            metavar="STATUS",
            parser=word_among(_submission_statuses),
            autocompletion=_submission_statuses,
            help="Only runs whose submission went this way, such as FAILED.",
        ),
    ] = None,
    run_setting_id: Annotated[
        str | None, typer.Option(metavar="TEXT", parser=text_up_to(128), help="Only the run of this name of yours.")
    ] = None,
    run_id: Annotated[str | None, NumberOption(help="Only the run of this number.")] = None,
    limit: Limit = None,
    json: Json = False,
) -> Exit:
    """List the runs of a batch: how the submission of each went.

    It shows which run setting became which run. How the runs themselves went is another list of the service: `results`
    shows that, and `failed` which of them failed, and why. After the last run, stderr has the command for that.

    With --json, each run is one line.
    """
    _check_one({"--submission-status": submission_status, "--run-setting-id": run_setting_id, "--run-id": run_id})
    submitted = 0
    with Table(console(), _RUNS) as table:

        def say(item: RunBatchListItem) -> None:
            nonlocal submitted
            submitted += item.submission_status == SubmissionStatus.SUCCESS
            if json:
                say_json(with_aws_names(item))
            else:
                why = (item.submission_failure_reason, item.run_setting_id, item.submission_failure_message)
                how = None if item.submission_status is None else submission(item.submission_status)
                table.add(how, item.run_id, *why)

        found = connection.talk(
            lambda client: write_all(
                client.list_runs_in_batch(
                    batch, submission_status=submission_status, run_setting_id=run_setting_id, run_id=run_id
                ),
                say,
                limit,
            )
        )
    if not found:
        complain("no run is listed" if submission_status == run_setting_id == run_id else "no such run is listed")
    if submitted and not json:
        complain(f"this shows how the runs went: {connection.command('results', batch)}")
    return Exit.OK


def _check_one(filters: dict[str, str | None]) -> None:
    """Refuse several filters: the service takes one."""
    given = [option for option, value in filters.items() if value is not None]
    if len(given) > 1:
        raise typer.BadParameter(f"the service filters by one thing at a time, not by {' and '.join(given)}.")
