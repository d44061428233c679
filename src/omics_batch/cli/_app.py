"""The program around the commands: common options, exit codes, errors."""

from __future__ import annotations

import io
import logging
import re
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from omics_batch import OmicsBatchError, __version__
from omics_batch.cli import _commands, _program_name
from omics_batch.cli._exits import Exit, ProgramError, exit_of, lines_of
from omics_batch.cli._signals import SignalledError
from omics_batch.cli._stderr import complain, nowhere

if TYPE_CHECKING:
    from collections.abc import Sequence

# The base class of all usage errors, whether typer uses its own copy of click or click itself.
_UsageError: Final = typer.BadParameter.__mro__[1]

_PYDANTIC: Final = re.compile(r"Input (?:should|must) be (.*?)(?:, unable to parse.*)?$")
"""How newer releases of typer begin and end what is wrong with a number."""

app = typer.Typer(pretty_exceptions_enable=False, rich_markup_mode=None)


def run(arguments: Sequence[str]) -> int:
    """Run the program and return its exit code; any error is reported in a line or two.

    Args:
        arguments: What follows the program's name.
    """
    _open_streams()
    _silence_botocore()
    _let_every_text_through()
    try:
        code: int | None = typer.main.get_command(app).main(list(arguments), _program_name.NAME, standalone_mode=False)
    except SystemExit as end:  # from completion; or from click and rich when the reader of a pipe has left
        return Exit.PIPE_CLOSED if end.code == 1 else int(end.code or 0)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the program never ends with a traceback
        return _report(error)
    return code or Exit.OK


def _report(error: Exception) -> Exit:
    """Print what went wrong, and return the exit code."""
    if isinstance(error, SignalledError):
        return error.exit
    if isinstance(error, _UsageError):
        complain(*_misused(error))
        return Exit.USAGE
    if isinstance(error, (OmicsBatchError, ProgramError)):
        complain(*lines_of(error))
        return exit_of(error)
    if isinstance(error, OSError):  # a full disk, or a home directory that is not writable
        _give_up_stdout()
        complain(str(error))
        return Exit.ERROR
    logging.getLogger("omics_batch").debug("unexpected", exc_info=error)
    complain(f"unexpected {type(error).__name__}: {str(error).rstrip('.')}. This is a defect: please report it.")
    return Exit.ERROR


def _misused(error: Any) -> list[str]:  # noqa: ANN401 - typer makes the class of usage errors not public
    """Say what is wrong with a command line, and which help to read."""
    option, context = getattr(error, "option_name", None), error.ctx
    if option is not None and context is not None and context.parent is None and _has(context.command, option):
        return [f"{option} belongs behind the command, such as: {_program_name.NAME} get 7123456 {option} ..."]
    problem = _PYDANTIC.sub(r"should be \1", error.format_message())
    return [problem, f"Try '{context.command_path if context else _program_name.NAME} --help'."]


def _has(group: Any, option: str) -> bool:  # noqa: ANN401 - typer makes the group's class not public
    """Whether a command of a group has an option."""
    return any(option in parameter.opts for command in group.commands.values() for parameter in command.params)


def _give_up_stdout() -> None:
    # Python flushes stdout again at exit, and would print a traceback.
    try:
        sys.stdout.flush()
    except OSError:
        sys.stdout = nowhere("w")


def _silence_botocore() -> None:
    # Without a handler, Python writes their warnings to stderr, with tracebacks.
    for library in ("aiobotocore", "botocore"):
        logging.getLogger(library).addHandler(logging.NullHandler())


def _open_streams() -> None:
    # A stream that was closed before the program began is None.
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, nowhere(mode))


def _let_every_text_through() -> None:
    # A batch's name may contain characters that the terminal's encoding lacks, and a pipe any bytes: escape them.
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            with suppress(io.UnsupportedOperation):  # raised if stdin was read before
                stream.reconfigure(errors="backslashreplace")


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it with a positional argument
    if wanted:
        typer.echo(f"{_program_name.NAME} {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True, epilog=f"{_program_name.NAME} COMMAND --help shows more, with examples.")
def overview(
    context: typer.Context,
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")] = False,  # noqa: FBT002 - typer reads options off parameters
) -> Exit:
    """Start, follow and end AWS HealthOmics run batches."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        return Exit.USAGE
    return Exit.OK


_commands.add_to(app)
