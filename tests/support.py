"""What the tests of the pure modules share: the service's own example answers, and batches in one line."""

from __future__ import annotations

import asyncio
import copy
import pickle
from pathlib import Path
from typing import Any, Final, TypeVar

from hypothesis import strategies as st

from omics_batch import Batch
from omics_batch._transport.failure import CallFailure, FailureStage

ANSWERS: Final = Path(__file__).parent / "answers"

IN_PROGRESS: Final = (ANSWERS / "in_progress.json").read_bytes()
"""The user guide's example of a batch under way: 96 runs, 29 of them completed, 2 not submitted."""

FAILED: Final = (ANSWERS / "failed.json").read_bytes()
"""The user guide's example of a batch that failed itself."""

T = TypeVar("T")


class InstantClock:
    """A clock that a sleep moves on by itself, with every sleep written down."""

    def __init__(self, now: float = 0.0) -> None:
        self.time = now
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds
        await asyncio.sleep(0)


def batch_with(status: str = "INPROGRESS", **members: Any) -> Batch:
    return Batch.model_validate({"id": "7123456", "status": status, **members})


def service_fault(code: str, status: int = 400, **more: Any) -> CallFailure:
    detail = more.pop("detail", f"{code} (HTTP {status})")
    return CallFailure(
        stage=FailureStage.SERVICE, operation="GetBatch", detail=detail, code=code, status=status, **more
    )


def copies_of(thing: T) -> list[T]:
    """The thing as it comes back from each way of copying it."""
    pickled = [pickle.loads(pickle.dumps(thing, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]
    return [*pickled, copy.copy(thing), copy.deepcopy(thing)]


JSON: Final[st.SearchStrategy[Any]] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(), parts, max_size=3),
    max_leaves=8,
)
"""Any JSON document."""
