"""Many waits on one account: the calls they make, and how late they notice that a batch has ended.

A fixed number of batches run at any moment, for two hours on average; where one ends, another begins. Either one client
waits for all of them, or a hand-written loop polls each batch. Both use a local HealthOmics over HTTP, in a process of
its own, with the service's default quota. Time runs faster for all of them alike: the seconds given here are those
of that time.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass
from statistics import median
from typing import TYPE_CHECKING, Final

from benchmarks.model_own import model
from benchmarks.results import RATIO, Findings, Measure
from benchmarks.scaled_time import run_scaled
from benchmarks.watch_accounts import accounts
from benchmarks.watch_alone import calls_of_one_wait, expected_calls
from benchmarks.watch_clients import Follower, Probe
from benchmarks.watch_pictures import PICTURES
from benchmarks.watch_points import OWN, SHARED, Point, point
from omics_batch import PollPolicy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.scaled_time import ScaledLoop

__all__ = ["PICTURES", "measure"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Points that are measured side by side, each on an account of its own."""

    scale: float
    """How many times as fast as the real one time runs: a page's answer has to be well within 0.2 s of it."""
    minutes: float = 20
    warm_up: float = 10
    points: Sequence[tuple[str, int]]


RUNS: Final = (
    Run(scale=15, minutes=45, points=[(SHARED, 1), (SHARED, 10), (SHARED, 100), (SHARED, 300), (OWN, 1), (OWN, 10)]),
    Run(scale=10, minutes=30, points=[(SHARED, 1000), (OWN, 100)]),
    Run(scale=4, points=[(SHARED, 3000), (SHARED, 10_000)]),
    Run(scale=4, points=[(OWN, 300), (OWN, 1000)]),
)
"""The more calls, the slower: own polling alone keeps a machine busy."""
MODELLED: Final = (100, 300, 1000, 3000, 10_000)
"""The first three are there to be held against what was measured."""
MODEL_WARM_UP: Final = 60
MODEL_MINUTES: Final = 120

CALLS: Final = {1000: 45.0, 10_000: 320.0}
LATE: Final = {1000: (20.0, 35.0), 10_000: (35.0, 65.0)}
THROTTLED: Final = 1.0
PAGE: Final = 0.1
"""The bounds; that of a page is a half of the time between two calls at five a second."""


def measure() -> Findings:
    """Measure all points, reckon what is too much for a machine, and hold the model against what was measured."""
    policy = PollPolicy()
    alone, expected = calls_of_one_wait(policy), expected_calls(policy)
    measured: list[Point] = []
    pages: dict[float, float] = {}
    for run in RUNS:
        points, page = measure_points(run)
        measured += points
        pages[run.scale] = page
    reckoned = [model(waits, warm_up=MODEL_WARM_UP, minutes=MODEL_MINUTES) for waits in MODELLED]
    return Findings(
        measures=[
            Measure(
                name="one wait, calls in its first hour",
                value=alone,
                bound=expected,
                note=f"its PollPolicy makes {expected}",
            ),
            *(line for one in measured if one.kind == SHARED for line in _lines(one)),
            *(line for one in measured if one.kind == OWN for line in _lines(one)),
            *(line for one in reckoned for line in _lines(one)),
            *(line for one in reckoned for other in measured for line in _compared(one, other)),
            *(
                Measure(
                    name=f"a page of ListBatch, at {scale:g} times the speed",
                    value=page,
                    unit="s",
                    bound=PAGE,
                    note="or the machine is too slow to measure it",
                )
                for scale, page in pages.items()
            ),
        ],
        data={"points": [asdict(one) for one in [*measured, *reckoned]]},
    )


_REST: Final = 90.0
"""Seconds after those that count, in which the last ends may be noticed."""


def measure_points(run: Run) -> tuple[list[Point], float]:
    """Measure points side by side.

    Returns:
        The points, and how long a page took: the median, in seconds of the run's time.
    """
    return run_scaled(lambda loop: _measured(run, loop), run.scale)


async def _measured(run: Run, loop: ScaledLoop) -> tuple[list[Point], float]:
    async with accounts(run.scale, [waits for _, waits in run.points]) as served, asyncio.TaskGroup() as group:
        probe = Probe(served.probe_url, loop)
        tasks = [group.create_task(probe.ask())]
        followers: list[Follower] = []
        for (kind, waits), account in zip(run.points, served.accounts, strict=True):
            follower = Follower(account, waits, loop)
            followers.append(follower)
            tasks.append(group.create_task(follower.share_scans() if kind == SHARED else follower.poll_alone()))
        begin = loop.now() + 60 * run.warm_up
        end = begin + 60 * run.minutes
        await loop.sleep(end + _REST - loop.now())
        asked = await served.asked(begin, end)
        for task in tasks:
            task.cancel()
        points = [
            point(
                kind,
                waits,
                minutes=run.minutes,
                requests=one.requests,
                throttled=one.throttled,
                late=follower.late(begin, end),
            )
            for (kind, waits), one, follower in zip(run.points, asked, followers, strict=True)
        ]
        return points, median(probe.taken(begin, end))


def _compared(reckoned: Point, measured: Point) -> list[Measure]:
    """Hold the model against what was measured, where the two are of the same."""
    if (reckoned.kind, reckoned.waits) != (measured.kind, measured.waits):
        return []
    name = f"{reckoned.waits:,} waits, {reckoned.kind}, model against measured"
    ratio = reckoned.calls_beside_ends / measured.calls_beside_ends
    lines = [Measure(name=f"{name}: calls", value=ratio, unit=RATIO)]
    if reckoned.median and measured.median:
        ratio = reckoned.median / measured.median
        lines.append(Measure(name=f"{name}: an end is noticed after, median", value=ratio, unit=RATIO))
    return lines


def _lines(one: Point) -> list[Measure]:
    """Return the measures of a point; the bounds are those of the shared scans."""
    name = f"{one.waits:,} {'wait' if one.waits == 1 else 'waits'}, {one.kind}{', model' if one.is_model else ''}"
    calls, late = (CALLS.get(one.waits), LATE.get(one.waits)) if one.kind == SHARED else (None, None)
    by_operation = [f"{operation} {count:.0f}" for operation, count in sorted(one.calls.items())]
    throttled = [f"{one.throttled:.0%} throttled"] if one.kind == OWN else []
    lines = [
        Measure(
            name=f"{name}: calls a minute, less one for each end",
            value=one.calls_beside_ends,
            bound=calls,
            note=", ".join([*by_operation, *throttled]),
        )
    ]
    if calls is not None:
        lines.append(Measure(name=f"{name}: throttled", value=100 * one.throttled, unit="%", bound=THROTTLED))
    note = f"{one.ends} ends"
    for part, value, bound in zip(("median", "99 %"), (one.median, one.p99), late or (None, None), strict=True):
        if value is not None:
            lines.append(
                Measure(name=f"{name}: an end is noticed after, {part}", value=value, unit="s", bound=bound, note=note)
            )
    return lines
