"""How every run of a batch of 100,000 went, into a CSV file: by `results`, and by hand with boto3's paginators.

    python -m benchmarks.run_results WAY ENDPOINT BATCH_ID FILE

As a program it does it once, in a process of its own, against a local HealthOmics in another one: it writes the CPU
seconds, imports left out, and the most megabytes that the process had. Neither way waits for a quota: at the account's
10 requests a second, the calls take 200 s in both.
"""

from __future__ import annotations

import asyncio
import csv
import json
import os
import resource
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from benchmarks.results import RATIO, Findings, Measure
from omics_batch import OmicsBatchClient
from omics_batch.testing import Life, Simulator

if TYPE_CHECKING:
    from collections.abc import Callable

RUNS: Final = 100_000
CALLS: Final = 2 * RUNS // 100
ROUNDS: Final = 2
LIFE: Final = Life(submission_rate=1e9, run_length=(60, 4000), failed_runs=0.01)
COLUMNS: Final = (
    "runSettingId",
    "runId",
    "status",
    "startTime",
    "stopTime",
    "submissionFailureReason",
    "runInternalUuid",
)


def measure() -> Findings:
    """Measure both ways in turn."""
    with Simulator(life=LIFE) as omics, TemporaryDirectory() as folder:
        batch_id = omics.start_batch(RUNS, age=1e6)

        def run(way: str) -> tuple[float, float, int]:
            before = len(omics.requests)
            file = Path(folder) / f"{way}.csv"
            command = [sys.executable, "-m", "benchmarks.run_results", way, omics.endpoint_url, batch_id, str(file)]
            found = subprocess.run(command, check=True, capture_output=True, env={**os.environ, **omics.environment})
            seconds, megabytes = json.loads(found.stdout)
            rows = sum(1 for _ in file.open(encoding="utf-8"))
            if rows != RUNS + 1:
                raise RuntimeError(f"{way} wrote {rows} lines")
            return seconds, megabytes, len(omics.requests) - before

        rounds = [{way: run(way) for way in WAYS} for _ in range(ROUNDS)]

    def found(way: str, of: int) -> list[float]:
        return [costs[way][of] for costs in rounds]

    ratios = [costs["results"][0] / costs["boto3"][0] for costs in rounds]
    return Findings(
        measures=[
            Measure(name="calls of results", value=max(found("results", 2)), bound=CALLS),
            Measure(name="calls of boto3's paginators", value=max(found("boto3", 2))),
            Measure.of("results to a CSV file, CPU against boto3's paginators", ratios, unit=RATIO),
            Measure.of("results to a CSV file, CPU", found("results", 0), unit="s"),
            Measure.of("results to a CSV file, memory of the process", found("results", 1), unit="MB"),
            Measure.of("boto3's paginators, CPU", found("boto3", 0), unit="s"),
            Measure.of("boto3's paginators, memory of the process", found("boto3", 1), unit="MB"),
        ]
    )


def by_results(endpoint: str, batch_id: str, file: str) -> None:
    """Write the file by this package."""

    async def write() -> None:
        async with OmicsBatchClient(endpoint_url=endpoint, max_rate=None) as client:
            await client.results(batch_id).to_csv(file)

    asyncio.run(write())


def by_boto3(endpoint: str, batch_id: str, file: str) -> None:
    """Write the file by hand: one list is kept, and joined with the other by the run's id."""
    client: Any = import_module("boto3").client("omics", endpoint_url=endpoint)
    size = {"PageSize": 100}
    pages = client.get_paginator("list_runs").paginate(batchId=batch_id, PaginationConfig=size)
    runs = {run["id"]: run for page in pages for run in page["items"]}
    with Path(file).open("w", encoding="utf-8", newline="") as stream:
        table = csv.DictWriter(stream, COLUMNS, extrasaction="ignore")
        table.writeheader()
        for page in client.get_paginator("list_runs_in_batch").paginate(batchId=batch_id, PaginationConfig=size):
            table.writerows({**runs.get(run.get("runId", ""), {}), **run} for run in page["runs"])


WAYS: Final[dict[str, Callable[[str, str, str], None]]] = {"results": by_results, "boto3": by_boto3}


def main() -> None:
    """Do it once, and write what it cost."""
    way, *arguments = sys.argv[1:]
    import_module("boto3" if way == "boto3" else "aiobotocore.session")
    began = time.process_time()
    WAYS[way](*arguments)
    seconds = time.process_time() - began
    print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000]))


if __name__ == "__main__":
    main()
