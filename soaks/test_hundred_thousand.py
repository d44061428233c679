"""A batch of the largest size: which of its runs failed, in how many calls, and in how much memory."""

from __future__ import annotations

import time
import tracemalloc
from collections import Counter

import pytest

from omics_batch.testing import Life, ManualClock, Simulator


@pytest.mark.timeout(600)
async def test_a_thousand_failures_of_a_hundred_thousand_runs() -> None:
    """All of them in 10 + 1,000 calls, and 1,000 more for the reasons, while memory grows by less than 50 MB.

    ListRuns has 100 failed runs a page; asking ListRunsInBatch for each would take 1,001 calls, so that its
    1,000 pages are read; GetRun knows one reason a call.
    """
    clock = ManualClock()
    async with Simulator(clock=clock) as omics:
        batch_id = omics.start_batch(100_000, life=Life(submission_rate=1e6, failed_runs=1000))
        clock.advance(3600)
        async with omics.client(max_rate=None) as client:
            batch = await client.get_batch(batch_id)
            assert batch.failed_run_count == 1000

            tracemalloc.start()
            found = [run.run_setting_id async for run in client.failed_runs(batch_id, reasons=False)]
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            assert len(set(found)) == len(found) == 1000
            assert peak < 50e6

            began = time.process_time()
            assert [run.run_setting_id async for run in client.failed_runs(batch_id) if run.reason] == found
            spent = time.process_time() - began
    calls = Counter(request.operation for request in omics.requests)
    assert calls == {"GetBatch": 3, "ListRuns": 20, "ListRunsInBatch": 2000, "GetRun": 1000}
    print(f"\n1,000 failures of 100,000 runs: {peak / 1e6:.1f} MB at most, {spent:.1f} s of CPU with the service's own")
