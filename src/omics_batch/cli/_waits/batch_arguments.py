"""The batches that are named on the command line or on stdin."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import typer

from omics_batch import BatchStatus
from omics_batch.cli._options import STDIN, batch_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from omics_batch import StartRunBatchResponse


_BYTE_ORDER_MARK: Final = "\ufeff"
"""What some editors write before the first line of a file."""


def is_one(words: Sequence[str]) -> bool:
    """Whether the arguments are one batch, and not a list from stdin."""
    return len(words) == 1 and words[0] != STDIN


def batches_of(words: Sequence[str]) -> dict[str, str]:
    """Return the batches by id, each as it was first written: its id or its ARN.

    Raises:
        typer.BadParameter: Stdin has no batch or something else, or two ARNs have the same id.
    """
    named: dict[str, str] = {}
    arns: dict[str, str] = {}
    for word in words:
        for text in _lines(sys.stdin) if word == STDIN else [word]:
            batch_id = text.rpartition("/")[2]
            named.setdefault(batch_id, text)
            if text != batch_id and (arn := arns.setdefault(batch_id, text)) != text:
                raise typer.BadParameter(f"{arn!a} and {text!a} are two batches of one id: take a command for each.")
    if not named:
        raise typer.BadParameter("no id on stdin: give ids or ARNs there, one a line.")
    return named


def just_started(batch: str) -> StartRunBatchResponse:
    """Return a StartRunBatch response: the client then accepts that the service does not know the batch yet.

    Args:
        batch: Its id or ARN.
    """
    from omics_batch import StartRunBatchResponse  # noqa: PLC0415 - help starts without pydantic

    return StartRunBatchResponse(
        id=batch.rpartition("/")[2], arn=batch if "/" in batch else None, status=BatchStatus.CREATING
    )


def _lines(stream: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(stream, 1):
        if text := line.strip().removeprefix(_BYTE_ORDER_MARK if number == 1 else ""):
            try:
                yield batch_of(text)
            except typer.BadParameter as error:
                raise typer.BadParameter(f"line {number} of stdin: {error.message}") from None
