"""What a page of a list says: the truth, but for the whims that lists have."""

from __future__ import annotations

import base64
import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from soaks.batches import STRANGE

if TYPE_CHECKING:
    from random import Random

_LIES: Final = "PROCESSED", "FAILED", "CANCELLED", "RUNS_DELETED"
_WHIMS: Final = {
    "an item twice": 0.02,
    "an unknown status": 0.01,
    "a status that has not come": 0.01,
    "nothing, and a token": 0.01,
    "no items at all": 0.5,
    "null at the end": 0.3,
    "an empty token at the end": 0.3,
    "a circle": 0.002,
    "the end too soon": 0.0005,
}
"""How often a page for which it makes sense has it."""
_AT_THE_END: Final = frozenset({"no items at all", "null at the end", "an empty token at the end"})
_NEWEST: Final = 10**15
"""A place after all others."""


class Whims:
    """Rewrites pages, and counts the whims in them."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self.met: Counter[str] = Counter()

    def rewritten(self, page: bytes, token: str | None) -> bytes:
        """Write a page as the service does now.

        Args:
            page: The true page, which has a token wherever another page follows.
            token: What it was asked for with.
        """
        drawn = [whim for whim, share in _WHIMS.items() if self._random.random() < share]
        if b'"nextToken"' in page[-100:]:
            drawn = [whim for whim in drawn if whim not in _AT_THE_END]
        if not drawn:
            return page
        document = json.loads(page)
        for whim in drawn:
            self.met[whim] += _change(whim, document, token, self._random)
        return json.dumps(document).encode()


def _change(whim: str, page: dict[str, Any], token: str | None, random: Random) -> bool:
    """Change a page by a whim; False where that makes no sense."""
    items, following = page.get("items"), page.get("nextToken")
    match whim:
        case "an item twice" if items:
            items.append(items[0])
        case "an unknown status" if items:
            items[-1]["status"] = STRANGE
        case "a status that has not come" if items:
            items[0]["status"] = random.choice(_LIES)
        case "nothing, and a token" if following:
            page.update(items=[], nextToken=_again(token, following))
        case "a circle" if following and token:
            page["nextToken"] = token
        case "the end too soon" if following:
            del page["nextToken"]
        case "no items at all" if items == []:
            del page["items"]
        case "null at the end":
            page["nextToken"] = None
        case "an empty token at the end":
            page["nextToken"] = ""
        case _:
            return False
    return True


def _again(token: str | None, following: str) -> str:
    """Write a new token for the page that was asked for: the number in it has one more zero in front."""
    mark, _, place = base64.urlsafe_b64decode(token or following).decode().partition(":")
    return base64.urlsafe_b64encode(f"{mark}:0{place if token else _NEWEST}".encode()).decode()
