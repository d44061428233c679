"""Which batch a batch is a rerun of, in its tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

PARENT_TAG: Final = "omics-batch:parent"
"""The key of the tag that has the id of the batch whose failed runs these are."""

ATTEMPT_TAG: Final = "omics-batch:attempt"
"""The key of the tag that has the attempt: 1, or none, is the first batch."""

_NOT_COPIED: Final = ("omics-batch:", "aws:")


def attempt_of(tags: Mapping[str, str] | None) -> int:
    """Return which attempt a batch is, by its tags."""
    text = (tags or {}).get(ATTEMPT_TAG, "")
    return max(int(text), 1) if text.isdecimal() and text.isascii() else 1


def tags_of_rerun(tags: Mapping[str, str] | None, *, parent: str, attempt: int, lineage: bool) -> dict[str, str]:
    """Return the tags of a batch that is a rerun.

    Args:
        tags: The tags of the first batch.
        parent: The id of the batch whose failed runs these are.
        attempt: Which attempt it is.
        lineage: Whether its tags say so.
    """
    own = {key: value for key, value in (tags or {}).items() if not key.startswith(_NOT_COPIED)}
    return {**own, PARENT_TAG: parent, ATTEMPT_TAG: str(attempt)} if lineage else own
