"""The lists of the soaks: what their whims leave of the truth, and how many batches come and go."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING

from omics_batch.testing import Life, Simulator, VirtualClock
from omics_batch.testing._service.http_response import page_response
from omics_batch.testing._service.operations import HANDLERS
from soaks.account import Account
from soaks.batches import HOUR
from soaks.pages import Whims

if TYPE_CHECKING:
    from omics_batch.testing._service.store import Store


async def test_whims_repeat_lie_and_stop_but_mostly_show_all() -> None:
    omics, whims = Simulator(in_process=True, clock=VirtualClock()), Whims(Random(7))
    for _ in range(950):
        omics.start_batch(1, life=Life(creating=1))
    shown = [read_through(omics._account, whims) for _ in range(800)]
    assert sum(len(true) > 940 for true in shown) > 760
    assert min(whims.met[whim] for whim in whims.met if whim != "no items at all") > 1


def read_through(store: Store, whims: Whims) -> set[str]:
    """Read a list as a client would, and return the batches that it shows as what they are."""
    true: set[str] = set()
    asked: dict[str, str] = {"status": "CREATING"}
    while True:
        token = asked.get("startingToken")
        answer = HANDLERS["ListBatch"](store, asked)
        body = page_response(200, {name: value for name, value in answer.items() if value is not None}).body
        page = json.loads(whims.rewritten(body, token))
        true |= {item["id"] for item in page.get("items", []) if item["status"] == "CREATING"}
        if not page.get("nextToken") or page["nextToken"] == token:
            return true
        asked["startingToken"] = page["nextToken"]


async def test_the_batches_of_others_come_and_go() -> None:
    account = Account(Random(7), others=3000)
    heights: list[int] = []
    for _ in range(24):
        await account.clock.sleep(HOUR / 4)
        heights.append(account.others)
    assert max(heights) > 2000
    assert min(heights[4:]) < 1000
    assert max(heights) < 4000
