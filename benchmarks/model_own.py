"""A model of own polling, for more loops than one machine can play: the quota as a bucket, and botocore's retry rules.

Each loop asks for its batch every 30 s, by one client for all of them. What is throttled is asked for again by the
rules of botocore's standard mode: three attempts in all, up to 1 s and up to 2 s after the one before, as long as the
client's retry quota lasts. That has 500 tokens; a retry takes 5, and gives them back where it is answered; an answer at
the first attempt gives 1. An answer takes 50 to 150 ms: without that chance, loops would keep in step with the quota,
and the same ones starve for ever.
"""

from __future__ import annotations

import heapq
from functools import partial
from random import Random
from typing import Final

from benchmarks.watch_accounts import MEAN_LENGTH, QUOTA
from benchmarks.watch_clients import INTERVAL
from benchmarks.watch_points import OWN, Point, point
from omics_batch.testing import ManualClock
from omics_batch.testing._service.quota import Quota

_ANSWER: Final = (0.05, 0.15)
_ATTEMPTS: Final = 3
_TOKENS: Final = 500
_COST: Final = 5


def model(waits: int, *, warm_up: float, minutes: float, seed: int = 7) -> Point:
    """Reckon a point of the pictures.

    Args:
        waits: How many loops.
        warm_up: Minutes before anything counts.
        minutes: Minutes that count.
        seed: What chance depends on.
    """
    random = Random(seed)  # noqa: S311 - the same every time, no secret
    clock = ManualClock()
    answer = partial(random.uniform, *_ANSWER)
    quota = Quota(QUOTA, clock)
    begin, end = 60 * warm_up, 60 * (warm_up + minutes)
    ends = [random.expovariate(1 / MEAN_LENGTH) for _ in range(waits)]
    coming = [(random.uniform(0, INTERVAL), place, 1) for place in range(waits)]
    heapq.heapify(coming)
    tokens, asked, throttled = _TOKENS, 0, 0
    late: list[float] = []
    while coming[0][0] < end:
        now, place, attempt = coming[0]
        clock.advance(now - clock.now())
        counts = now >= begin
        asked += counts
        if quota.admits():
            tokens = min(_TOKENS, tokens + (1 if attempt == 1 else _COST))
            again, attempt = now + answer() + INTERVAL, 1
            if now >= ends[place]:
                if begin <= ends[place] < end:
                    late.append(now - ends[place])
                ends[place] += random.expovariate(1 / MEAN_LENGTH)
                again = now + answer()
        else:
            throttled += counts
            if attempt < _ATTEMPTS and tokens >= _COST:
                tokens -= _COST
                again, attempt = now + answer() + random.random() * 2 ** (attempt - 1), attempt + 1
            else:
                again, attempt = now + answer() + INTERVAL, 1
        heapq.heapreplace(coming, (again, place, attempt))
    late += [end - unnoticed for unnoticed in ends if begin <= unnoticed < end]
    requests = {"GetBatch": asked}
    return point(OWN, waits, minutes=minutes, requests=requests, throttled=throttled, late=late, is_model=True)
