"""The commands, each in a file with its kin, in the order in which the help lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from omics_batch.cli._commands._demo import demo, demo_service
from omics_batch.cli._commands._get import get
from omics_batch.cli._commands._simulate import simulate
from omics_batch.cli._commands._wait import wait

if TYPE_CHECKING:
    from collections.abc import Callable

    import typer

    from omics_batch.cli._exits import Exit

COMMANDS: Final[dict[Callable[..., Exit], tuple[str, ...]]] = {
    get: ("omics-batch get 7123456", "omics-batch get 7123456 --json | jq .runSummary"),
    wait: ("omics-batch wait 7123456 --timeout 24h && echo all runs succeeded",),
    simulate: ("omics-batch simulate --runs 96 --time-scale 10", "omics-batch simulate --scenario cohort.yaml"),
    demo: ("omics-batch demo", "omics-batch demo --speed 5"),
}
"""Each command, with examples of its use."""


def add_to(app: typer.Typer) -> None:
    """Make the commands those of a program."""
    for command, examples in COMMANDS.items():
        # \b keeps the lines as they are.
        app.command(epilog="\n".join(["\b", "Examples:", *(f"  {example}" for example in examples)]))(command)
    app.command(hidden=True)(demo_service)
