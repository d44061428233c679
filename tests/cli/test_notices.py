"""Trouble that was absorbed, counted by kind as the client logs it."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

from omics_batch import OmicsBatchError, PollPolicy, RetryPolicy
from omics_batch.cli._stderr import heard_by
from omics_batch.cli._views._notices import Notices
from omics_batch.testing import faults
from tests.cli._support import ID, processed

if TYPE_CHECKING:
    from omics_batch.testing import Simulator

LOG = logging.getLogger("omics_batch")


async def test_what_a_retry_mends_is_counted_by_kind_and_the_last_is_told(omics: Simulator) -> None:
    omics.script(faults.throttled(times=2), faults.answered(), faults.status(408))
    async with omics.client(retry=RetryPolicy(base=0, throttling_base=0)) as client:
        omics.put_batch(processed(completedRunCount=10))
        notices = Notices()
        with heard_by(notices):
            await client.wait_until_processed(ID)
            await client.wait_until_processed(ID)
    assert re.fullmatch(
        r"Absorbed until [0-9:]{8}: 2 throttled, 1 timed out; last: GetBatch: RequestTimeoutException \(HTTP 408\).*",
        notices.words(),
    )


async def test_what_the_next_look_mends_is_counted_too(omics: Simulator) -> None:
    """Three attempts fail, and so does the look; the wait goes on."""
    omics.script(faults.status(500, times=3))
    often = PollPolicy(initial=0.01, maximum=0.01)
    async with omics.client(retry=RetryPolicy(base=0), poll=often) as client:
        omics.put_batch(processed(completedRunCount=10))
        notices = Notices()
        with heard_by(notices):
            await client.wait_until_processed(ID)
    assert ": 3 with a server error; last: " in notices.words()
    assert "a look failed, the wait goes on" in notices.words()


def test_what_hears_less_takes_nothing_from_what_hears_more() -> None:
    """As where warnings go into a file while a picture counts the rest."""
    notices = Notices()
    with heard_by(notices), heard_by(logging.NullHandler(logging.WARNING)):
        LOG.info("ConnectionReset", extra={"absorbed": "ConnectionFailedError"})
    assert ": 1 without a connection; last: " in notices.words()


def test_without_trouble_there_is_nothing_to_tell() -> None:
    notices = Notices()
    with heard_by(notices):
        LOG.info("batch 1: a wait ended after 3 s and 2 looks")
        LOG.info("of %(what)s", {"what": "names"})
    assert notices.words() == ""


def test_a_warning_is_told_and_not_counted() -> None:
    notices = Notices()
    with heard_by(notices):
        LOG.warning("batch 1: unknown status \x1b[31mPAUSED counts as not finished")
    assert re.fullmatch(r"[0-9:]{8} batch 1: unknown status \[31mPAUSED counts as not finished", notices.words())


def test_a_kind_that_is_yet_to_come_is_counted_among_others() -> None:
    class NewError(OmicsBatchError):
        pass

    notices = Notices()
    with heard_by(notices):
        LOG.info("a page of a sweep failed, and is asked for again: %s", NewError("new"))
    assert ": 1 others; last: " in notices.words()
