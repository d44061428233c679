"""Any schedule of faults: a wait ends with the promised outcome, and raises errors of this package alone."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omics_batch import AccessDeniedError, BatchCancelledError, BatchFailedError, OmicsBatchError, RetryPolicy
from omics_batch._transport.failure import FailureStage
from omics_batch.testing import faults
from tests.stories import (
    BATCH_ID,
    DENIED,
    OUTAGE,
    PROCESSED,
    THROTTLED,
    Observation,
    failing_at,
    seen,
    service,
    telling,
)
from tests.virtual_time import StoryLoop

UNDER_WAY = [seen(status) for status in ("CREATING", "PENDING", "SUBMITTING", "INPROGRESS", "STOPPING", "UNHEARD_OF")]
OUTAGES = [
    OUTAGE,
    THROTTLED,
    service("RequestTimeoutException", 408),
    failing_at(FailureStage.CONNECTION),
    failing_at(FailureStage.TIMEOUT),
    failing_at(FailureStage.UNREADABLE),
    failing_at(FailureStage.REDIRECT),
    faults.html(),
    faults.empty(),
    seen("PROCESSED", batch="8"),
]
ENDS: dict[str, tuple[Observation, type[OmicsBatchError] | None]] = {
    "processed": (PROCESSED, None),
    "failed": (seen("FAILED"), BatchFailedError),
    "cancelled": (seen("CANCELLED"), BatchCancelledError),
    "refused": (DENIED, AccessDeniedError),
}

# Forty looks at most a minute apart are less than `max_silence`: no schedule of these ends a wait by itself.
schedules = st.lists(st.sampled_from([*UNDER_WAY, *OUTAGES]), max_size=40)


@settings(max_examples=150, deadline=None)
@given(schedule=schedules, end=st.sampled_from(sorted(ENDS)), attempts=st.integers(1, 3), chance=st.floats(0, 1))
@pytest.mark.slow
def test_a_wait_ends_as_its_last_observation_says(
    schedule: list[Observation], end: str, attempts: int, chance: float
) -> None:
    """Whatever comes before, in whatever order, with whatever retries and jitter."""
    last, promised = ENDS[end]

    async def story() -> type[OmicsBatchError] | None:
        retry = RetryPolicy(max_attempts=attempts)
        async with telling(*schedule, last, retry=retry, random=lambda: chance) as reported:
            try:
                batch = await reported.client.wait_until_processed(BATCH_ID)
            except OmicsBatchError as error:
                return type(error)
            assert batch.is_processed
            return None

    with asyncio.Runner(loop_factory=StoryLoop) as runner:
        assert runner.run(story()) is promised
