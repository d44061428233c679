"""What a page of a list says: the truth, but for whims that lists have."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from omics_batch._transport import Reply
from soaks.batches import STRANGE

if TYPE_CHECKING:
    from random import Random

    from soaks.lists import Listed

_ENDS: Final = '],"nextToken":null}', '],"nextToken":""}', "]}"
_LIES: Final = "PROCESSED", "FAILED", "CANCELLED", "RUNS_DELETED"
_WHIMS: Final = {
    "an item twice": 0.02,
    "an unknown status": 0.01,
    "a status that has not come": 0.01,
    "nothing, and a token": 0.01,
    "no items at all": 0.5,
    "a circle": 0.002,
    "the end too soon": 0.0005,
}
"""How often a page for which it makes sense has it."""


class Pages:
    """Writes pages, and counts the whims in them. A token is a position, and no token is given twice."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._tokens = 0
        self.whims: Counter[str] = Counter()

    def position(self, token: str | None) -> int:
        """Read where a token goes on."""
        return int(token.partition("-")[0]) if token else 0

    def written(self, listed: Listed, position: int, token: str | None) -> Reply:
        """Write a page.

        Args:
            listed: What is on it.
            position: Where it begins.
            token: What it was asked for with.
        """
        following = listed.following
        items = [entry.written() for entry in listed.entries]
        if not items and self._has("no items at all"):
            return self._reply("{}")
        if following is not None and self._has("nothing, and a token"):
            items, following = [], position
        if following is not None and self._has("the end too soon"):
            following = None
        if items and self._has("an item twice"):
            items.append(items[0])
        if items and self._has("an unknown status"):
            items[-1] = listed.entries[-1].written(STRANGE)
        if items and self._has("a status that has not come"):
            items[0] = listed.entries[0].written(self._random.choice(_LIES))
        return self._reply('{"items":[' + ",".join(items) + self._end(following, token))

    def _end(self, following: int | None, token: str | None) -> str:
        if following is None:
            return self._random.choice(_ENDS)
        if token is not None and self._has("a circle"):
            return f'],"nextToken":"{token}"}}'
        self._tokens += 1
        return f'],"nextToken":"{following}-{self._tokens}"}}'

    def _reply(self, text: str) -> Reply:
        return Reply(text.encode(), request_id="11111111-2222-3333-4444-555555555555")

    def _has(self, whim: str) -> bool:
        has = self._random.random() < _WHIMS[whim]
        self.whims[whim] += has
        return has
