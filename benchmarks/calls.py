"""What one typed call costs in CPU, against bare aiobotocore and against its peers.

All variants are in one process, in turn, and the local HealthOmics is in another: in each round each makes some calls,
and its CPU is held against that of bare aiobotocore in the same round.
"""

from __future__ import annotations

import asyncio
import gc
import time
from typing import TYPE_CHECKING, Final

from benchmarks.pictures import EMPHASIS, GREY, LIMIT, PLAIN
from benchmarks.results import RATIO, Findings, Measure
from benchmarks.service import service
from benchmarks.variants import BARE, BARE_TYPED, OURS, WITH_HOOK, variants

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.parts import Axes, Draw
    from benchmarks.variants import Call

ROUNDS: Final = 49
CALLS: Final = 50
BOUND: Final = 0.80
TYPED_BOUND: Final = 0.75
HOOK_BOUND: Final = 1.03
AGAINST: Final = f"{OURS}, against {BARE_TYPED}"
HOOK: Final = f"{WITH_HOOK}, against the same without"


def measure() -> Findings:
    """Measure every variant."""
    with service() as omics:
        rounds = asyncio.run(_rounds(omics.endpoint_url, omics.batch_ids[0]))
    ratios = {name: [one[name] / one[BARE] for one in rounds] for name in rounds[0]}
    typed = [one[OURS] / one[BARE_TYPED] for one in rounds]
    hooks = [one[WITH_HOOK] / one[OURS] for one in rounds]
    return Findings(
        measures=[
            Measure.of(OURS, ratios.pop(OURS), unit=RATIO, bound=BOUND),
            *(Measure.of(name, values, unit=RATIO) for name, values in ratios.items()),
            Measure.of(AGAINST, typed, unit=RATIO, bound=TYPED_BOUND, note="the two that give the same"),
            Measure.of(
                HOOK, hooks, unit=RATIO, bound=HOOK_BOUND, note="one event a call; without a hook none is built"
            ),
        ]
    )


async def _rounds(endpoint_url: str, batch_id: str) -> list[dict[str, float]]:
    async with variants(endpoint_url, batch_id) as calls:
        names = list(calls)
        await _round(calls, names)  # connections are opened, and caches filled
        gc.freeze()
        turned = [names[turn % len(names) :] + names[: turn % len(names)] for turn in range(ROUNDS)]
        return [await _round(calls, order) for order in turned]


async def _round(calls: Mapping[str, Call], order: list[str]) -> dict[str, float]:
    """Return the seconds of CPU that each took."""
    return {name: await _cpu(calls[name]) for name in order}


async def _cpu(call: Call) -> float:
    gc.collect()  # or one would pay for another's garbage
    began = time.process_time()
    for _ in range(CALLS):
        await call()
    return time.process_time() - began


def _draw(axes: Axes, findings: Findings) -> None:
    """Draw a bar for each variant, the cheapest below."""
    measures = sorted(findings.measures, key=lambda measure: measure.value, reverse=True)
    bars = {measure.name: measure for measure in measures if measure.name not in {AGAINST, HOOK}}
    values = [measure.value for measure in bars.values()]
    spreads = [measure.spread or (measure.value, measure.value) for measure in bars.values()]
    below = [value - low for value, (low, _) in zip(values, spreads, strict=True)]
    above = [high - value for value, (_, high) in zip(values, spreads, strict=True)]
    colours = [EMPHASIS if name == OURS else PLAIN for name in bars]
    drawn = axes.barh(list(bars), values, xerr=[below, above], color=colours, ecolor=GREY)
    axes.bar_label(drawn, [f"{value:.2f}" for value in values], padding=6)
    axes.axvline(BOUND, **LIMIT)
    axes.set_xlim(0, 1.15 * max(high for _, high in spreads))
    axes.set_title("CPU of one call: bare aiobotocore is 1, our bound is dashed")


PICTURES: Final[Mapping[str, Draw]] = {"calls": _draw}
