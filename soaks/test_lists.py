"""The lists of the double: late, in motion, and with whims."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from omics_batch._transport import Reply
from soaks.account import Account
from soaks.batches import HOUR
from soaks.lists import LAG, Entry, Lists
from soaks.pages import Pages

FOR_EVER = 1e9


def entry(number: int, *listings: tuple[float, str | None]) -> Entry:
    """A batch, and in which lists it is from when on."""
    return Entry(str(number), listings[0][0], 1, listings)


def ids(lists: Lists, status: str, now: float, position: int = 0) -> list[int]:
    return [int(shown.id) for shown in lists.page(status, position, now).entries]


async def test_lists_show_what_was_ten_seconds_ago() -> None:
    lists = Lists()
    lists.add(entry(1, (0, "CREATING"), (5, "PENDING"), (20, None)))
    assert ids(lists, "CREATING", LAG - 0.1) == []
    assert ids(lists, "CREATING", LAG) == [1]
    assert (ids(lists, "CREATING", LAG + 5), ids(lists, "PENDING", LAG + 5)) == ([], [1])
    assert ids(lists, "PENDING", LAG + 19) == [1]
    assert (ids(lists, "PENDING", LAG + 20), len(lists)) == ([], 0)


async def test_the_newest_come_first_wherever_they_come_from() -> None:
    lists = Lists()
    for number in (3, 1, 2):
        lists.add(entry(number, (number, "CREATING"), (10 - number, "PENDING")))
    assert ids(lists, "CREATING", LAG + 6) == [3, 2, 1]
    assert ids(lists, "PENDING", LAG + 10) == [3, 2, 1]


async def test_pages_shift_under_their_tokens() -> None:
    lists = Lists()
    for number in range(250):
        lists.add(entry(number, (0, "PENDING"), (20 if number > 240 else FOR_EVER, None)))
    lists.add(entry(1000, (30, "PENDING")))
    first = lists.page("PENDING", 0, LAG)
    assert (len(first.entries), first.following) == (100, 100)
    assert ids(lists, "PENDING", LAG, 100) == list(range(149, 49, -1))
    assert ids(lists, "PENDING", LAG + 20, 100) == list(range(140, 40, -1)), "nine ended, so that nine are skipped"
    assert ids(lists, "PENDING", LAG + 30, 100) == list(range(141, 41, -1)), "one came, so that one is shown again"
    assert lists.page("PENDING", 200, LAG + 30).following is None
    assert lists.page("PENDING", 300, LAG + 30) == ([], None)


async def test_a_batch_that_is_dropped_never_shows_again() -> None:
    lists, one = Lists(), entry(1, (0, "CREATING"), (5, "PENDING"))
    lists.add(one)
    assert ids(lists, "CREATING", LAG) == [1]
    lists.drop(one)
    assert ids(lists, "CREATING", LAG) == ids(lists, "PENDING", LAG + 5) == []


async def test_whims_repeat_lie_and_stop_but_mostly_show_all() -> None:
    lists, pages = Lists(), Pages(Random(7))
    for number in range(950):
        lists.add(entry(number, (0, "PENDING")))
    shown = [read_through(lists, pages) for _ in range(400)]
    assert sum(len(true) > 940 for true in shown) > 380
    assert min(pages.whims[whim] for whim in pages.whims if whim != "no items at all") > 1


def read_through(lists: Lists, pages: Pages) -> set[str]:
    """Read a list as a client would; tell whom it shows as what they are."""
    true: set[str] = set()
    token = None
    while True:
        position = pages.position(token)
        body = pages.written(lists.page("PENDING", position, LAG), position, token).body
        page: dict[str, Any] = json.loads(body or b"")
        true |= {item["id"] for item in page["items"] if item["status"] == "PENDING"}
        if not page.get("nextToken") or page["nextToken"] == token:
            return true
        token = page["nextToken"]


async def test_the_batches_of_others_come_and_go() -> None:
    account = Account(Random(7), others=3000)
    heights: list[int] = []
    for _ in range(24):
        await account.clock.sleep(HOUR / 4)
        while True:
            reply = await account.call("list_batch", {"status": "CREATING", "maxItems": 100}, bound=30)
            if isinstance(reply, Reply):
                break
        heights.append(len(account.lists))
    assert max(heights) > 2000
    assert min(heights[4:]) < 1000
    assert max(heights) < 4000
