"""Run a workflow on a cohort, wait for it, and list the samples that failed.

    python pipeline.py samples.txt --workflow-id 1234567 --role-arn arn:aws:iam::123456789012:role/OmicsRole \
        --output-uri s3://my-bucket/output/

The cohort has up to 100 samples: more of them would go through a file in S3 (`BatchRunSettings.s3_uri_settings`).

After a crash, a reboot, Ctrl-C or a time-out run it again: it goes on with the same batch, since the request that it
keeps beside the samples names it. Without that file it starts a new one.

It exits with 0 when all samples succeeded, 3 when some did not (samples.failed.tsv names them), 4 when the batch
itself failed, 5 when it was cancelled, 124 when the time was over, 130 after Ctrl-C, 2 for a wrong command line, and
1 for any other error, or where the service's counts do not show how the samples ended.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import os
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Final, NamedTuple

from pydantic import ValidationError

from omics_batch import (
    Batch,
    BatchCancelledError,
    BatchFailedError,
    BatchRunSettings,
    DefaultRunSettingInput,
    FailedRun,
    InlineSetting,
    OmicsBatchClient,
    OmicsBatchError,
    Outcome,
    Progress,
    StartRunBatchRequest,
    WaitTimeoutError,
)

EXIT_CODES: Final[dict[type[Exception], int]] = {BatchFailedError: 4, BatchCancelledError: 5, WaitTimeoutError: 124}
MOST_SAMPLES: Final = 100
A_YEAR: Final = 8760


class Arguments(NamedTuple):
    """What the command line says."""

    samples: Path
    workflow_id: str
    role_arn: str
    output_uri: str
    hours: timedelta


def main(words: list[str]) -> int:
    """Do it all, and give the exit code."""
    arguments = parsed(words)
    try:
        batch, failed = asyncio.run(analyse(kept_request(arguments), arguments.hours))
        write_table(failed, arguments.samples.with_suffix(".failed.tsv"))
    except ValidationError as error:
        for problem in error.errors():
            print(*problem["loc"], problem["msg"], sep=": ", file=sys.stderr)
        return 1
    except (OmicsBatchError, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return EXIT_CODES.get(type(error), 1)
    except KeyboardInterrupt:
        print("Stopped. A batch that was started goes on: run this again to wait for it.", file=sys.stderr)
        return 130
    if batch.outcome is Outcome.UNKNOWN and not failed:
        print(f"The counts of batch {batch.id} do not show how its samples ended: look again.", file=sys.stderr)
        return 1
    return 0 if batch.outcome is Outcome.SUCCEEDED else 3


def parsed(words: list[str]) -> Arguments:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Run a workflow on a cohort.")
    parser.add_argument("samples", type=Path, help="a file with the name of a sample on each line")
    for name in ("--workflow-id", "--role-arn", "--output-uri"):
        parser.add_argument(name, required=True)
    parser.add_argument("--hours", type=hours, default="48", help="how long to wait (default: %(default)s)")
    return Arguments(**vars(parser.parse_args(words)))


def hours(text: str) -> timedelta:
    """Read a number of hours."""
    if not 0 <= float(text) <= A_YEAR:
        raise ValueError(text)
    return timedelta(hours=float(text))


def kept_request(arguments: Arguments) -> StartRunBatchRequest:
    """Give the request that is kept beside the samples, or make and keep one, before anything is sent."""
    lines = arguments.samples.read_text(encoding="utf-8-sig").splitlines()  # with or without a byte order mark
    samples = [*filter(None, map(str.strip, lines))]
    if not 1 <= len(samples) <= MOST_SAMPLES:
        raise ValueError(
            f"{arguments.samples} names {len(samples)} samples, and this takes 1 to {MOST_SAMPLES}: "
            "more go through a file in S3"
        )
    request = StartRunBatchRequest(
        batch_name=arguments.samples.stem,
        default_run_setting=DefaultRunSettingInput(
            workflow_id=arguments.workflow_id, role_arn=arguments.role_arn, output_uri=arguments.output_uri
        ),
        batch_run_settings=BatchRunSettings(
            inline_settings=[InlineSetting(run_setting_id=name, parameters={"sample": name}) for name in samples]
        ),
    )
    path = arguments.samples.with_suffix(".request.json")
    keep(request, path)
    kept = StartRunBatchRequest.load(path)
    if kept != request.model_copy(update={"request_id": kept.request_id}):
        raise ValueError(f"{path} is about another batch: remove it to start a new one")
    return kept


def keep(request: StartRunBatchRequest, path: Path) -> None:
    """Write a request down, whole or not at all, unless there is one: of two starts at once, the first one's counts."""
    part = path.with_suffix(f".{request.request_id}.part")
    try:
        with part.open("x", encoding="utf-8") as file:
            file.write(request.model_dump_json(indent=2))
            file.flush()
            os.fsync(file.fileno())  # on the disk before it has its name: a power cut leaves no empty file
            with suppress(FileExistsError):
                os.link(part, path)
            os.fsync(file.fileno())  # its name too, before anything is sent
    finally:
        part.unlink(missing_ok=True)


async def analyse(request: StartRunBatchRequest, timeout: timedelta) -> tuple[Batch, list[FailedRun]]:
    """Start the batch unless that is done, wait for its end, and give it with the samples that did not succeed."""
    progress = Progress()

    def show(batch: Batch) -> None:
        progress.see(batch)
        left = progress.remaining
        end = "" if not left else f", {timedelta(seconds=round(left.total_seconds()))} left"
        print(f"batch {batch.id} {batch.status}: {progress.percent_complete:.1f} %{end}", flush=True)

    async with OmicsBatchClient() as client:
        started = await client.start_run_batch(request)  # the same request again is the same batch
        batch = await client.wait_until_processed(started, timeout=timeout, on_update=show)
        return batch, [run async for run in client.failed_runs(batch, cancelled=True)]


def write_table(runs: list[FailedRun], path: Path) -> None:
    """Write down which samples did not succeed, and why."""
    with path.open("w", newline="", encoding="utf-8") as table:
        lines = csv.writer(table, dialect="excel-tab")
        lines.writerow(("sample", "kind", "reason", "message"))
        lines.writerows((run.run_setting_id, run.kind.value, run.reason, run.message) for run in runs)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
