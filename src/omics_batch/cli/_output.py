"""Output to stdout: text or JSON."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Final

import typer
from rich.text import Text

from omics_batch.cli._cells import prose, wrapped
from omics_batch.cli._console import console_on
from omics_batch.cli._program_name import is_command

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import BaseModel
    from rich.console import Console


_LABEL: Final = 10
"""Cells of a label."""


def console() -> Console:
    """Make a console on stdout without markup: every text is printed as it is."""
    # FORCE_COLOR does not apply to pipes: programs read them.
    is_terminal = None if sys.stdout.isatty() else False
    return console_on(is_terminal=is_terminal)


def say_json(document: Any, *, indent: int | None = None) -> None:  # noqa: ANN401 - whatever JSON can hold
    """Write JSON to stdout, in one line unless indented, in ASCII, which works in every encoding."""
    typer.echo(json.dumps(document, indent=indent))


def say_facts(output: Console, facts: Iterable[tuple[str, str]]) -> None:
    """Write labels and values, a line each."""
    for label, value in facts:
        is_broken = output.is_terminal and not is_command(value)
        first, *more = (is_broken and wrapped(value, output.width - _LABEL, output.encoding)) or [value]
        output.print(Text.assemble((f"{label:<{_LABEL}}", "bold"), first), soft_wrap=True)
        for line in more:
            output.print(" " * _LABEL + line, soft_wrap=True)


def say_prose(output: Console, text: Text) -> None:
    """Write a paragraph: wrapped on a terminal, but no command in it; in one line elsewhere."""
    lines = prose(text.plain, output.width, output.encoding) if output.is_terminal else [text.plain]
    output.print(Text("\n".join(lines), text.style), soft_wrap=True)


def with_aws_names(answer: BaseModel) -> dict[str, Any]:
    """Return a response with the service's own names, ready for JSON."""
    return answer.model_dump(mode="json", by_alias=True)
