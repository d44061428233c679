"""Output to stdout: text or JSON."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import BaseModel


def console() -> Console:
    """Make a console on stdout that takes every text as it is: nothing in it is markup."""
    # Whatever FORCE_COLOR says to others: what is in a pipe is read by programs.
    is_terminal = None if sys.stdout.isatty() else False
    return Console(markup=False, emoji=False, highlight=False, force_terminal=is_terminal)


def say_json(document: Any, *, indent: int | None = None) -> None:  # noqa: ANN401 - whatever JSON can hold
    """Write a JSON document to stdout: in one line, unless it is indented; in ASCII, which fits every encoding."""
    typer.echo(json.dumps(document, indent=indent))


def say_facts(output: Console, facts: Iterable[tuple[str, str]]) -> None:
    """Write labels and values, a line each."""
    for label, value in facts:
        output.print(Text.assemble((f"{label:<10}", "bold"), value), soft_wrap=True)


def as_the_service_tells(answer: BaseModel) -> dict[str, Any]:
    """Give an answer in the service's own names, ready for JSON."""
    return answer.model_dump(mode="json", by_alias=True)
