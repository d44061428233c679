"""Parameters that the installed botocore is too old to send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import botocore

from omics_batch._models.enums import WORDS
from omics_batch._words import meant, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic import JsonValue

FIRST_BOTOCORE: Final[Mapping[str, str]] = {
    "configurationName": "1.42.97",
    "networkingMode": "1.42.97",
    "engineSettings": "1.43.25",
    "scratchStorageMode": "1.43.35",
    "sessionPolicy": "1.43.90",
    "requesterPaysEnabled": "1.44.8",
}
"""The first botocore release for each run setting that was added after the launch of run batches."""


def unsendable(shape: Any, value: Mapping[str, Any]) -> str | None:
    """Return the members of a request that botocore's model lacks, and what to update; None if it has all."""
    problems = list(_problems(shape, dict(value), ""))
    if not problems:
        return None
    return f"botocore {botocore.__version__} cannot send {'; '.join(problems)}: correct it, or update aiobotocore"


def _problems(shape: Any, value: JsonValue, where: str) -> Iterator[str]:
    if getattr(shape, "is_document_type", False):
        return  # a free JSON document: nothing in it is named by the model
    if isinstance(value, dict) and shape.type_name == "structure":
        for name, member in value.items():
            place = f"{where}.{name}" if where else name
            if name in shape.members:
                yield from _problems(shape.members[name], member, place)
            else:
                first = FIRST_BOTOCORE.get(name)
                yield f"{place} (the first that can is {first})" if first else place
    elif isinstance(value, list) and shape.type_name == "list":
        for item in value:
            yield from _problems(shape.member, item, where)
    elif isinstance(value, str) and not _is_word(value, getattr(shape, "enum", None) or [value]):
        similar = meant(value, shape.enum)
        known = f", which is one of {', '.join(shape.enum)}" if similar is None else f" (did you mean {similar}?)"
        yield f"{one_line(value, limit=64)!a} as {where}{known}"


def _is_word(value: str, known: list[str]) -> bool:
    # botocore sends any value of an enum. So a value that this release knows is accepted, even if botocore lacks it.
    return value in known or any(value in words and words.issuperset(known) for words in WORDS)
