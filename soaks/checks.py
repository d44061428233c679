"""The end of a wait, held against the truth."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from omics_batch import (
    Batch,
    BatchCancelledError,
    BatchFailedError,
    FailedRunsError,
    LostContactError,
    OmicsBatchError,
    Outcome,
    WaitTimeoutError,
)
from soaks.batches import FAILURE, End

if TYPE_CHECKING:
    from soaks.waits import Wait

LATEST: Final = 66.0
"""The longest poll, its jitter included: what a wait may take beyond its deadline."""
_QUEUED: Final = 15 * LATEST
"""What the queue may lengthen a wait's patience by, before its first look that fails and between those that do."""
NOW: Final = 1e-6
"""Of the same moment, but for what floats lose."""


class Judge:
    """Knows the truth, and by how much a wait may be late."""

    def __init__(self) -> None:
        self.latest = 0.0
        """The most seconds that a wait took beyond its deadline."""

    def check(self, wait: Wait, outcome: object) -> None:
        """Hold one wait's end against the truth."""
        fate = wait.followed.fate
        match outcome:
            case asyncio.CancelledError():
                assert wait.cancelled_after is not None
                assert abs(wait.ended - wait.began - wait.cancelled_after) < NOW
            case WaitTimeoutError():
                self._check_timeout(wait, outcome)
            case LostContactError():
                assert fate.end is End.SILENCE
                self._check_silence(wait)
            case BatchFailedError():
                assert fate.end is End.FAILED
                assert FAILURE in str(outcome)
                self._check_moment(wait)
            case BatchCancelledError():
                assert fate.end is End.CANCELLED
                self._check_moment(wait)
            case FailedRunsError(batch=Batch() as batch):
                assert wait.raises_on_failed_runs
                assert batch.failed_run_count or batch.outcome is not Outcome.SUCCEEDED
                self._check_batch(wait, batch)
            case Batch():
                assert not (wait.raises_on_failed_runs and outcome.failed_run_count)
                self._check_batch(wait, outcome)
            case _:
                assert fate.end is End.REFUSED
                assert type(outcome) is fate.error
                assert fate.is_withdrawn(wait.ended)
        self._check_reported(wait, outcome)

    def _check_silence(self, wait: Wait) -> None:
        """It comes when the patience ends, or with the end of a look that is of use to more patient waits.

        Queueing lengthens it: half of the client's rate is little for this many waits.
        """
        silence = wait.ended - max(wait.began, wait.followed.last_contact)
        assert silence > wait.max_silence - NOW
        was_of_use = wait.followed.is_shared and wait.ended - wait.followed.asked < LATEST
        assert wait.dawdles or was_of_use or silence < wait.max_silence + _QUEUED

    def _check_timeout(self, wait: Wait, error: WaitTimeoutError) -> None:
        """It comes at the deadline, and only where neither a look before it nor the last one reported the end."""
        assert wait.deadline is not None
        late = wait.ended - wait.deadline
        assert late > -NOW
        if wait.dawdles:
            return
        self.latest = max(self.latest, late)
        assert late < LATEST
        noticed = wait.noticed_the_end
        assert noticed is None or noticed >= wait.deadline - NOW
        fate = wait.followed.fate
        if fate.has_ended(wait.deadline) or fate.is_withdrawn(wait.deadline):
            assert isinstance(error.__cause__, OmicsBatchError)

    def _check_batch(self, wait: Wait, batch: Batch) -> None:
        fate = wait.followed.fate
        if wait.is_watch:
            assert batch.is_terminal
        else:
            assert fate.end is End.PROCESSED
            assert batch.is_processed
        truth = Batch.model_validate_json(fate.shown(wait.ended))
        assert batch == truth
        self._check_moment(wait)

    def _check_moment(self, wait: Wait) -> None:
        """It comes at the very moment that a look shows the end, or at the deadline's last look."""
        if wait.dawdles:
            return
        noticed = wait.noticed_the_end
        if wait.noticed_at_once or (noticed is not None and abs(wait.ended - noticed) < NOW):
            return
        assert wait.deadline is not None
        assert noticed is None or noticed >= wait.deadline - NOW
        assert -NOW < wait.ended - wait.deadline < LATEST

    def _check_reported(self, wait: Wait, outcome: object) -> None:
        """Each `Batch` differs from the one before, no run that ended is under way again, and the last is the end's."""
        counts = [batch.finished_run_count for batch in wait.reported]
        assert counts == sorted(counts)
        assert all(one != other for one, other in zip(wait.reported, wait.reported[1:], strict=False))
        if not (wait.listens or wait.is_watch):
            return
        if isinstance(outcome, Batch):
            assert wait.reported[-1] is outcome
        if isinstance(outcome, OmicsBatchError):
            assert outcome.batch is (wait.reported[-1] if wait.reported else None)
            assert outcome.batch_id == wait.followed.fate.id
            assert outcome.elapsed is not None
