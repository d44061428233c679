"""How the pipeline bears what a service can do to it, on a local HealthOmics: no account, no cost, no waiting.

pip install . pytest pytest-asyncio  # in a clone of omics-batch
pytest
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from cohort import Report, analyse

from omics_batch import AccessDeniedError
from omics_batch.testing import Life, faults

if TYPE_CHECKING:
    from omics_batch import OmicsBatchClient
    from omics_batch.testing import Simulator

TRIO = ["NA12878", "NA12891", "NA12892"]
DEADLINE = timedelta(hours=12)
ALL_DONE = Report("3 of 3 samples done")


async def test_all_samples_succeed(omics_client: OmicsBatchClient) -> None:
    assert await analyse(omics_client, TRIO, deadline=DEADLINE) == ALL_DONE


@pytest.mark.omics(
    life=Life(
        failed_runs={"NA12891": "the aligner ran out of memory"},
        failed_submissions={"NA12892": ("ValidationException", "the input does not exist")},
    )
)
async def test_samples_that_fail_are_reported_with_their_reasons(omics_client: OmicsBatchClient) -> None:
    report = await analyse(omics_client, TRIO, deadline=DEADLINE)
    assert report == Report(
        "1 of 3 samples done",
        {"NA12891": "the aligner ran out of memory", "NA12892": "the input does not exist"},
    )


@pytest.mark.omics(life=Life(failure_reason="Invalid JSON format in run configurations"))
async def test_a_batch_that_fails_as_a_whole_is_reported_with_its_reason(omics_client: OmicsBatchClient) -> None:
    report = await analyse(omics_client, TRIO, deadline=DEADLINE)
    assert report.verdict == "the batch failed: Invalid JSON format in run configurations"


@pytest.mark.omics(faults=[faults.body(b'{"id": "7123456", "status": "PROCESSED"}')])
async def test_counts_that_are_missing_are_no_success(omics_client: OmicsBatchClient) -> None:
    report = await analyse(omics_client, TRIO, deadline=DEADLINE)
    assert report == Report("processed, but the counts do not show how many samples are done")


@pytest.mark.omics(quota=2)
async def test_a_throttled_account_is_no_failure(omics_client: OmicsBatchClient) -> None:
    assert await analyse(omics_client, TRIO, deadline=DEADLINE) == ALL_DONE


@pytest.mark.omics(faults=[faults.status(503, times=4), faults.html(502), faults.reset(), faults.truncated()])
async def test_an_outage_is_no_failure(omics_client: OmicsBatchClient) -> None:
    assert await analyse(omics_client, TRIO, deadline=DEADLINE) == ALL_DONE


@pytest.mark.omics(faults=[faults.truncated("StartRunBatch")])
async def test_an_answer_that_is_lost_does_not_start_a_second_batch(
    omics_client: OmicsBatchClient, omics_simulator: Simulator
) -> None:
    assert await analyse(omics_client, TRIO, deadline=DEADLINE) == ALL_DONE
    assert omics_simulator.requests_of("StartRunBatch") == 2
    assert len([batch async for batch in omics_client.list_batch()]) == 1


@pytest.mark.omics(life=Life(run_length=timedelta(days=3)))
async def test_what_is_not_done_by_the_deadline_is_stopped(
    omics_client: OmicsBatchClient, omics_simulator: Simulator
) -> None:
    report = await analyse(omics_client, TRIO, deadline=timedelta(minutes=5))
    assert report.verdict == "stopped at the deadline with 0 samples done"
    assert omics_simulator.requests_of("CancelRunBatch") == 1


@pytest.mark.omics(faults=[faults.status(403, "StartRunBatch")])
async def test_a_missing_permission_is_told_at_once(omics_client: OmicsBatchClient) -> None:
    with pytest.raises(AccessDeniedError):
        await analyse(omics_client, TRIO, deadline=DEADLINE)
