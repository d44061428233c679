"""Errors that were retried, counted by kind from the client's events."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from omics_batch import (
    BatchStatus,
    ListPageFailed,
    ListScanFailed,
    ListScanRecovered,
    OmicsBatchError,
    PollPolicy,
    RetryPolicy,
    UnknownStatus,
)
from omics_batch.cli._views.retried_errors import Notices
from omics_batch.testing import faults
from tests.cli._support import ID, processed

if TYPE_CHECKING:
    from omics_batch.testing import Simulator


@pytest.mark.usefixtures("short_waits")
async def test_what_a_retry_fixes_is_counted_by_kind_and_the_last_is_reported(omics: Simulator) -> None:
    omics.script(faults.throttled(times=2), faults.answered(), faults.status(408))
    notices = Notices()
    async with omics.client(retry=RetryPolicy(base=0, throttling_base=0), max_rate=None, on_event=notices) as client:
        omics.put_batch(processed(completedRunCount=10))
        await client.wait_until_processed(ID)
        await client.wait_until_processed(ID)
    assert re.fullmatch(
        r"Errors retried: 2 throttled, 1 timed out; last: [0-9:]{8} GetBatch: RequestTimeoutException \(HTTP 408\).*",
        notices.words(),
    )


@pytest.mark.usefixtures("short_waits")
async def test_what_the_next_look_fixes_is_counted_too(omics: Simulator) -> None:
    """Three attempts fail, and so does the look; the wait goes on."""
    omics.script(faults.status(500, times=3))
    often, notices = PollPolicy(initial=0.01, maximum=0.01), Notices()
    async with omics.client(retry=RetryPolicy(base=0), poll=often, max_rate=None, on_event=notices) as client:
        omics.put_batch(processed(completedRunCount=10))
        await client.wait_until_processed(ID)
    assert ": 3 with a server error; last: " in notices.words()
    assert "a look failed, the wait goes on" in notices.words()


def test_without_failure_there_is_nothing_to_show() -> None:
    notices = Notices()
    notices(ListScanRecovered(time=1.0))
    assert notices.words() == ""


def test_a_warning_is_reported_and_not_counted() -> None:
    notices = Notices()
    notices(UnknownStatus(time=1.0, batch_id="1", wait_id=1, status=BatchStatus("\x1b[31mPAUSED")))
    assert re.fullmatch(r"[0-9:]{8} batch 1: unknown status \[31mPAUSED counts as not finished", notices.words())


def test_a_kind_that_is_yet_to_come_is_counted_among_others() -> None:
    class NewError(OmicsBatchError):
        pass

    notices = Notices()
    notices(ListPageFailed(time=1.0, error=NewError, message="new", is_requested_again=True))
    notices(ListScanFailed(time=1.0, error=NewError, message="new", is_denied=False))
    assert ": 2 others; last: " in notices.words()
