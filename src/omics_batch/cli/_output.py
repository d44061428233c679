"""What goes to stdout: text for people, JSON for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

if TYPE_CHECKING:
    from omics_batch import Batch


def console() -> Console:
    """Make a console on stdout that takes every text as it is: nothing in it is markup."""
    return Console(markup=False, emoji=False, highlight=False)


def as_json(document: Any, *, indent: int | None = None) -> str:  # noqa: ANN401 - whatever JSON can hold
    """Write JSON that is exact and yet fit for every terminal and encoding: in ASCII alone."""
    return json.dumps(document, indent=indent)


def say_json(document: Any, *, indent: int | None = None) -> None:  # noqa: ANN401 - the same
    """Write a JSON document to stdout: in one line, unless it is indented."""
    typer.echo(as_json(document, indent=indent))


def as_the_service_tells(batch: Batch) -> dict[str, Any]:
    """Give a batch in the service's own names, ready for JSON."""
    return batch.model_dump(mode="json", by_alias=True)
