"""`omics-batch resubmit`."""

from __future__ import annotations

from collections import Counter
from contextlib import aclosing
from json import dumps, loads
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.text import Text

from omics_batch import FailureKind, InvalidInputError
from omics_batch._words import named, one_line
from omics_batch.cli._commands.start import AGAIN, print_started, sent
from omics_batch.cli._connection import ConnectionOptions, connected
from omics_batch.cli._dry_run import print_runs, shared_facts
from omics_batch.cli._exits import Exit, ProgramError
from omics_batch.cli._manifest_source import Selection, StartedOnly, StartedRows, StartedSheet, is_sheet
from omics_batch.cli._options import BatchId, Json, StartTimeout, word_among
from omics_batch.cli._output import console, say_facts, say_json
from omics_batch.cli._set_option import changes_of
from omics_batch.cli._stderr import complain
from omics_batch.cli._waits.wait import wait_for
from omics_batch.cli._words import runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from omics_batch import (
        Batch,
        FailedRun,
        OmicsBatchClient,
        Remedy,
        ResubmissionPlan,
        StartedBatch,
        StartRunBatchRequest,
        StartRunBatchResponse,
    )

_ATTEMPTS: Final = 3


def _remedy_names() -> list[str]:
    from omics_batch import Remedy  # noqa: PLC0415 - help starts without pydantic

    return [remedy.value for remedy in Remedy]


@connected
def resubmit(
    batch: BatchId,
    connection: ConnectionOptions,
    *,
    request: Annotated[
        str | None, typer.Option(metavar="FILE", help="The request that started the batch, in YAML or JSON.")
    ] = None,
    manifest: Annotated[str | None, typer.Option(metavar="FILE", help="The manifest that started the batch.")] = None,
    sheet: StartedSheet = None,
    rows: StartedRows = None,
    only: StartedOnly = None,
    remedy: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WORD",
            parser=word_among(_remedy_names),
            autocompletion=_remedy_names,
            help="Rerun these too: CHANGE, FIX or LOOK; can be given several times.",
        ),
    ] = None,
    cancelled: Annotated[bool, typer.Option("--cancelled", help="Rerun runs that were cancelled too.")] = False,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="Change a parameter (parameters.memory_gb=64) or a setting (storageCapacity=2400) of all runs.",
        ),
    ] = None,
    settings_uri: Annotated[
        str | None,
        typer.Option(
            metavar="URI", help="Where in S3 the settings of more than 100 runs go, such as s3://bucket/settings/."
        ),
    ] = None,
    max_attempts: Annotated[
        int, typer.Option(min=1, metavar="N", help="Refuse more attempts than N, the first batch included.")
    ] = _ATTEMPTS,
    no_tags: Annotated[
        bool, typer.Option("--no-tags", help="Do not tag the new batch with its parent and its attempt.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan, and start nothing.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the new batch, as the command wait does.")] = False,
    retried_for: StartTimeout = None,
    json: Json = False,
) -> Exit:
    """Run the failed runs of a batch again, in a new batch.

    By default these are the runs whose reason AWS documents as "try again" (remedy RESUBMIT), and those that failed for
    a quota (WAIT). --remedy LOOK adds those whose reason does not say whether a rerun helps, such as RUN_TASK_FAILED:
    read their logs first. What is left out is listed, with the reason.

    Give the request or the manifest that started the batch. Without, the settings are those that the service shows of
    each run; runs that were never started are left out then. If the batch was started with --sheet, --rows or --only,
    give these with --manifest too.

    The settings of more than 100 runs are put into S3, below --settings-uri or the manifest's own place.

    The same command twice starts one batch. Another --remedy or --set starts another batch, also with runs that were
    started again before: give all remedies at once. For runs that failed again, resubmit the new batch. The new batch
    is tagged with its parent and its attempt, which needs omics:TagResource.

    A value of --set is JSON if it can be read as JSON, and else a text. A run's memory and CPUs are set in its
    workflow: change a parameter that the workflow takes them from.

    It ends with 0 if the batch was started, or nothing is to be run again; with --wait, as wait does.
    """
    if request is not None and manifest is not None:
        raise typer.BadParameter("--request and --manifest are two ways to give the settings: give one.")
    selection = Selection(sheet=sheet, rows=rows, only=only)
    if manifest is None and selection.is_given:
        raise typer.BadParameter("--sheet, --rows and --only go with --manifest.")
    default, parameters = changes_of(changes or [])
    try:
        source = _source(request, manifest, selection)
    except InvalidInputError as error:
        complain(*str(error).splitlines())
        return Exit.USAGE

    async def planned(client: OmicsBatchClient) -> ResubmissionPlan:
        return await client.plan_resubmission(
            batch,
            **source,
            remedies=_remedies(remedy or []),
            cancelled=cancelled,
            default=default,
            parameters=parameters,
            max_attempts=max_attempts,
            lineage=not no_tags,
        )

    plan = connection.talk(planned)
    if not json:
        _show(plan, _remedies(remedy or []), _sent_facts(plan, default, parameters) if dry_run and plan.runs else ())
    if dry_run or not plan.runs:
        _end_without_start(plan, as_json=json, is_dry=dry_run)
        return Exit.OK
    if plan.request is None:
        started, sent_request = _started_from_s3(plan, connection, settings_uri, tag=not no_tags)
    else:
        sent_request = plan.request
        started = sent(plan.request, retried_for, connection, f"{AGAIN}run the same command again")
    if json:
        say_json({**_document(plan, started.id), "requestId": sent_request.request_id}, indent=None if wait else 2)
    else:
        print_started(started, sent_request, connection, as_json=False)
    return wait_for([started.id], connection, None, is_new=True, json=json) if wait else Exit.OK


def _end_without_start(plan: ResubmissionPlan, *, as_json: bool, is_dry: bool) -> None:
    if as_json:
        say_json(_document(plan, None), indent=2)
        return
    output = console()
    print_runs(output, map(loads, plan._settings))  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - the same package's
    output.print(Text("Nothing was started." if is_dry else "There is nothing to run again.", "bold"))


def _started_from_s3(
    plan: ResubmissionPlan, connection: ConnectionOptions, settings_uri: str | None, *, tag: bool
) -> tuple[StartRunBatchResponse | Batch, StartRunBatchRequest]:
    """Start a batch of more runs than a request holds: their settings go into a file in S3."""
    try:
        manifest = plan.manifest(settings_uri)
    except InvalidInputError as error:
        if settings_uri is not None:
            raise
        raise ProgramError(
            f"{len(plan.runs):,} runs are more than the 100 that a request holds: give --settings-uri, a place in S3 "
            "for their settings. Nothing was started.",
            Exit.USAGE,
        ) from error

    async def start(client: OmicsBatchClient) -> StartedBatch:
        async with aclosing(client.start_manifest(manifest, attempt=plan.attempt, tag_batches=tag)) as batches:
            return await anext(batches)  # there is one: the runs were one batch before

    started = connection.talk(start)
    if started.existed:
        complain(f"batch {started.id} already existed: the same command started it before")
    return started.batch, started.request


def _source(request: str | None, manifest: str | None, selection: Selection) -> dict[str, Any]:
    """Read what started the batch.

    Raises:
        InvalidInputError: Something in the file is wrong, a problem a line.
        typer.BadParameter: A file is of another kind.
    """
    from omics_batch import Manifest, StartRunBatchRequest  # noqa: PLC0415 - help starts without pydantic

    for file in (request, manifest):
        if file is not None and is_sheet(file):
            raise typer.BadParameter(
                f"{one_line(file)} is a sheet: give the manifest with --manifest, and the sheet with --sheet if it is "
                "not the manifest's own."
            )
    if request is not None and Manifest.is_manifest(request):
        raise typer.BadParameter(f"{one_line(request)} is a manifest: give it with --manifest.")
    if manifest is not None:
        return {"manifest": selection.of(manifest)}
    return {} if request is None else {"request": StartRunBatchRequest.load(request)}


def _remedies(names: list[str]) -> set[Remedy]:
    from omics_batch import Remedy  # noqa: PLC0415 - help starts without pydantic

    return {Remedy.RESUBMIT, Remedy.WAIT, *map(Remedy, names)}


def _sent_facts(
    plan: ResubmissionPlan, default: Mapping[str, object], parameters: Mapping[str, object]
) -> list[tuple[str, str]]:
    """Return what all runs would share, and what of it was changed."""
    shared = plan._document.default_run_setting  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - the same package's
    changed = {**default, **{f"parameters.{name}": value for name, value in parameters.items()}}
    texts = [one_line(f"{name}={dumps(value)}") for name, value in changed.items()]
    return [*shared_facts(shared), *(("Changed", text) for text in texts)]


def _show(plan: ResubmissionPlan, remedies: set[Remedy], sent_facts: Iterable[tuple[str, str]]) -> None:
    """Write the plan."""
    output = console()
    reasons = Counter(run.reason or run.kind.value for run in plan.runs)
    counts = ", ".join(f"{number:,} {one_line(reason, limit=64)}" for reason, number in reasons.most_common())
    facts = [("Parent", plan.batch.id), ("Attempt", str(plan.attempt))]
    if plan.runs:
        samples = named([run.run_setting_id for run in plan.runs])
        facts += [("Rerun", f"{runs(len(plan.runs))}: {counts}"), ("Samples", samples)]
    else:
        facts.append(("Rerun", "no run" if plan.left_out else "no run: no failed run is listed"))
    for why, number in Counter(left.why for left in plan.left_out).most_common():
        left_out = [left.run for left in plan.left_out if left.why == why]
        names = named([run.run_setting_id for run in left_out])
        option = _option_for(left_out[0], remedies, "it" if number == 1 else "them")
        facts.append(("Left out", f"{runs(number)} ({names}): {why}{option}"))
    facts += sent_facts
    facts += [("Note", note) for note in plan.notes]
    say_facts(output, facts)


def _option_for(run: FailedRun, remedies: set[Remedy], them: str) -> str:
    """Name the option that adds runs like this one; nothing if they are left out whatever the remedies are."""
    is_chosen = run.kind == FailureKind.CANCELLED or run.remedy in remedies
    return "" if is_chosen else f"; --remedy {run.remedy.value} adds {them}"


def _document(plan: ResubmissionPlan, started: str | None) -> dict[str, Any]:
    """Write the plan for programs."""
    return {
        "id": started,
        "parent": plan.batch.id,
        "attempt": plan.attempt,
        "requestId": None if plan.request is None else plan.request.request_id,
        "runs": [
            {"runSettingId": run.run_setting_id, "remedy": run.remedy.value, "reason": run.reason} for run in plan.runs
        ],
        "leftOut": [
            {
                "runSettingId": left.run.run_setting_id,
                "remedy": left.run.remedy.value,
                "reason": left.run.reason,
                "why": left.why,
            }
            for left in plan.left_out
        ],
        "notes": list(plan.notes),
    }
