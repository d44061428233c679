"""Which colour a word has: of the service's statuses, and of ours."""

from __future__ import annotations

from typing import Final

_WORDS: Final = {
    "good": ("SUCCEEDED", "SUCCESS"),
    "bad": ("FAILED", "CANCEL_FAILED", "DELETE_FAILED", "RUNS_DELETE_FAILED"),
    "warn": ("PARTIAL", "CANCELLED", "CANCEL_SUCCESS", "STOPPING"),
    "active": ("IN_PROGRESS", "CREATING", "PENDING", "SUBMITTING", "INPROGRESS", "RUNS_DELETING"),
}
_TONES: Final = {word: tone for tone, words in _WORDS.items() for word in words}


def tone(word: str | None) -> str:
    """Choose the colour of a word: PROCESSED has a quiet one, as it says nothing of success."""
    return _TONES.get(word or "", "quiet")
