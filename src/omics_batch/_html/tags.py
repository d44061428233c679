"""HTML elements as a tree, so that text is always escaped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias
from xml.etree.ElementTree import Element, tostring

from omics_batch._html.style import STYLE
from omics_batch._words import one_line

if TYPE_CHECKING:
    from datetime import datetime

Part: TypeAlias = Element | str | None
"""What an element can hold; None is nothing."""

_WORDS: Final = {
    "good": ("SUCCEEDED", "COMPLETED"),
    "bad": ("FAILED", "CANCEL_FAILED", "DELETE_FAILED", "RUNS_DELETE_FAILED"),
    "warn": ("PARTIAL", "CANCELLED", "CANCEL_SUCCESS", "STOPPING"),
    "active": ("IN_PROGRESS", "CREATING", "PENDING", "SUBMITTING", "INPROGRESS", "RUNS_DELETING"),
}
_TONES: Final = {word: tone for tone, words in _WORDS.items() for word in words}
"""The tone of each status and outcome."""


def tag(name: str, *content: Part, **attributes: str) -> Element:
    """Make an element.

    Args:
        name: Its name.
        content: Texts and elements, in their order.
        attributes: By name: `class_` is class, `aria_label` is aria-label.
    """
    element = Element(name, {key.strip("_").replace("_", "-"): value for key, value in attributes.items()})
    for part in content:
        if isinstance(part, Element):
            element.append(part)
        elif part and len(element):
            element[-1].tail = (element[-1].tail or "") + part
        elif part:
            element.text = (element.text or "") + part
    return element


def said(text: str | None, *, limit: int = 500) -> Part:
    """Show untrusted text in one line; right-to-left text does not change the order of what is around it."""
    shown = one_line(text or "", limit=limit)
    return tag("bdi", shown) if shown else None


def prose(text: str | None, *, limit: int = 500) -> Part:
    """Show untrusted text that may be long, with line breaks where needed."""
    shown = said(text, limit=limit)
    return None if shown is None else tag("div", shown, class_="ob-prose")


def moment(time: datetime | None, *, form: str = "%H:%M:%S %Z") -> Part:
    """Show a time in the service's time zone: the date, and the time of day in a form."""
    return None if time is None else tag("time", f"{time.date()} {time.strftime(form)}", datetime=time.isoformat())


def badge(word: str, meaning: str | None = None) -> Element:
    """Show a word in a coloured box.

    Args:
        word: The word.
        meaning: The status or outcome whose colour is used; the word itself if None. PROCESSED has a neutral colour,
            since it does not mean success.
    """
    return tag("span", said(word, limit=64), class_=f"ob-badge ob-{_TONES.get(meaning or word, 'quiet')}")


def page(*content: Part, label: str) -> str:
    """Write the HTML that a notebook shows: the elements, with their own CSS."""
    root = tag("div", tag("style", STYLE), *content, class_="omics-batch", role="group", aria_label=label)
    return tostring(root, encoding="unicode", short_empty_elements=False)
