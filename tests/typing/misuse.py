"""What users might write and type checkers have to refuse: nothing here is run.

Each `type: ignore` names the complaint that is due; one that is not needed is an error itself.
"""

from __future__ import annotations

from omics_batch import Batch, BatchStatus, OmicsBatchClient, PollPolicy, RetryPolicy, WaitTimeoutError


def settings() -> None:
    OmicsBatchClient("us-west-2")  # type: ignore[call-arg]
    OmicsBatchClient(region="us-west-2")  # type: ignore[call-arg]
    OmicsBatchClient(max_rate="10")  # type: ignore[arg-type]
    OmicsBatchClient(retry=5)  # type: ignore[arg-type]
    OmicsBatchClient(clock=None)  # type: ignore[arg-type]
    RetryPolicy(3)  # type: ignore[call-arg]
    RetryPolicy(base="1s")  # type: ignore[arg-type]
    PollPolicy(initial=None)  # type: ignore[arg-type]
    PollPolicy().initial = 5  # type: ignore[misc]


async def calls(client: OmicsBatchClient) -> None:
    await client.get_batch(7123456)  # type: ignore[arg-type]
    await client.get_batch("7123456", 5)  # type: ignore[call-arg]
    await client.get_batch("7123456", timeout="5s")  # type: ignore[arg-type]
    await client.wait_until_processed("7123456", on_update=lambda: None)  # type: ignore[arg-type, misc]
    await client.watch("7123456")  # type: ignore[misc]
    for _ in client.watch("7123456"):  # type: ignore[attr-defined]
        pass


def answers(batch: Batch, error: WaitTimeoutError) -> None:
    batch.status = BatchStatus.PROCESSED  # type: ignore[misc]
    batch.percent_complete = 100.0  # type: ignore[misc]
    batch.run_summary.completed_run_count = 96  # type: ignore[misc]
    repr(batch.totalRuns)  # type: ignore[attr-defined]
    repr(batch.total_runs + 1)  # type: ignore[operator]
    repr(error.batch.id)  # type: ignore[union-attr]
