"""The request quota, as a token bucket."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from omics_batch._errors import InvalidInputError

if TYPE_CHECKING:
    from omics_batch._clock import Clock


class Quota:
    """A number of requests a second; up to one second's requests are saved.

    Args:
        rate: Requests a second.
        clock: The clock that measures the seconds.
    """

    def __init__(self, rate: float, clock: Clock) -> None:
        """Start with a full bucket; raise InvalidInputError for a rate that is not a positive number."""
        if not 0 < rate < math.inf:
            raise InvalidInputError(f"quota has to be a number of requests a second above 0, not {rate!r}")
        self._rate = rate
        self._clock = clock
        self._burst = max(1.0, rate)
        self._tokens = self._burst
        self._filled_at = clock.now()

    def admits(self) -> bool:
        """Take a token for one request; False if there is none left."""
        now = self._clock.now()
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
