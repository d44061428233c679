"""The commands, in the order of the help."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from typer.core import TyperArgument, TyperCommand

from omics_batch.cli._commands.cancel_delete import cancel, delete
from omics_batch.cli._commands.demo import demo
from omics_batch.cli._commands.failed import failed
from omics_batch.cli._commands.get import get
from omics_batch.cli._commands.init import init
from omics_batch.cli._commands.lists import list_, runs
from omics_batch.cli._commands.resubmit import resubmit
from omics_batch.cli._commands.results import results
from omics_batch.cli._commands.simulate import simulate
from omics_batch.cli._commands.start import start
from omics_batch.cli._commands.wait import wait
from omics_batch.cli._commands.watch import watch

if TYPE_CHECKING:
    from collections.abc import Callable

    import typer

    from omics_batch.cli._exits import Exit

T = TypeVar("T")

COMMANDS: Final[dict[Callable[..., Exit], tuple[str, ...]]] = {
    init: ("omics-batch init samples.csv", "omics-batch init samples.csv -o trio.yaml --workflow-id 1234567"),
    start: ("omics-batch start cohort.yaml --dry-run", "omics-batch start cohort.yaml --only failed.csv --wait"),
    get: ("omics-batch get 7123456", "omics-batch get 7123456 --json | jq .runSummary"),
    list_: ("omics-batch list --status INPROGRESS", "omics-batch list --name cohort --ids | omics-batch wait -"),
    runs: ("omics-batch runs 7123456 --submission-status FAILED", "omics-batch runs 7123456 --json | jq -r .runArn"),
    failed: ("omics-batch failed 7123456 --csv failed.csv", "omics-batch failed 7123456 --json | jq -r .runSettingId"),
    results: ("omics-batch results 7123456 --csv results.csv", "omics-batch results 7123456 7123457 --details"),
    resubmit: (
        "omics-batch resubmit 7123456 --dry-run",
        "omics-batch resubmit 7123456 --set parameters.memory_gb=64 --remedy LOOK",
    ),
    wait: (
        "omics-batch wait 7123456 --timeout 24h && echo all runs succeeded",
        "omics-batch list --status INPROGRESS --ids | omics-batch wait -",
    ),
    watch: ("omics-batch watch 7123456 7123457", "omics-batch list --status INPROGRESS --ids | omics-batch watch -"),
    cancel: ("omics-batch cancel 7123456", "omics-batch cancel 7123456 --yes --timeout 1h --json"),
    delete: ("omics-batch delete 7123456", "omics-batch delete 7123456 --runs-only"),
    simulate: ("omics-batch simulate --runs 96 --time-scale 10", "omics-batch simulate --scenario cohort.yaml"),
    demo: ("omics-batch demo", "omics-batch demo --speed 5", "omics-batch demo --json | tail -n 1 | jq .failed"),
}
"""Each command, with examples of its use."""


def add_to(app: typer.Typer) -> None:
    """Make the commands those of a program."""
    for command, examples in COMMANDS.items():
        # \b keeps the lines as they are.
        epilog = "\n".join(["\b", "Examples:", *(f"  {example}" for example in examples)])
        app.command(command.__name__.removesuffix("_"), epilog=epilog, cls=_Command)(command)


class _Command(TyperCommand):
    """A command whose help shows its arguments as they are typed, such as `ID...`, and no types of Python."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - as typer makes it
        super().__init__(*arguments, **options)
        for parameter in self.params:
            if isinstance(parameter, TyperArgument):
                name = f"{parameter.metavar}{'' if parameter.nargs == 1 else '...'}"
                usage = [name if parameter.required else f"[{name}]"]
                record = (name, parameter.help)
                vars(parameter).update(get_help_record=_always(record), get_usage_pieces=_always(usage))


def _always(value: T) -> Callable[[object], T]:
    return lambda _: value
