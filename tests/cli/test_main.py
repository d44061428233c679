"""What holds for every command: usage, versions, missing extras, and unforeseen errors."""

from __future__ import annotations

import asyncio
import errno
import io
import os
import shlex
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import typer

import omics_batch
from omics_batch.cli import main
from omics_batch.cli._connection import ConnectionOptions
from omics_batch.cli._stderr import complain
from tests.cli._support import ID, Here, Shell, document, processed
from tests.forked import PROGRAM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from omics_batch.testing import Simulator


class Importing:
    """A module whose import ends as reported."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def __getattr__(self, name: str) -> object:
        raise self._error


@pytest.mark.parametrize("missing", ["typer", "rich"])
async def test_without_its_extra_it_says_in_one_line_what_to_install(measured_shell: Shell, missing: str) -> None:
    program = f"import sys; sys.modules[{missing!r}] = None; from omics_batch.cli import main; sys.exit(main())"
    ran = await measured_shell.run("get", ID, program=(sys.executable, "-c", program))
    assert ran.code == 1
    (complaint,) = ran.complaints
    assert complaint.startswith(f"omics-batch: the command line cannot start without {missing}: install the extra")
    assert complaint.endswith("pip install '.[cli]' in a clone, or 'omics-batch[cli] @ git+URL'")


def test_another_missing_module_is_no_missing_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "omics_batch.cli._app", Importing(ModuleNotFoundError(name="aiohttp")))
    with pytest.raises(ModuleNotFoundError):
        main([])


def test_ctrl_c_may_come_while_it_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "omics_batch.cli._app", Importing(KeyboardInterrupt()))
    assert main([]) == 130


async def test_it_takes_its_arguments_from_the_process(measured_shell: Shell) -> None:
    installed = Path(sys.executable).with_name("omics-batch")
    ran = await measured_shell.run("--version", program=(str(installed),))
    assert (ran.code, ran.stdout) == (0, f"omics-batch {omics_batch.__version__}\n")


@pytest.mark.parametrize("argument", ["--version", "--help"])
async def test_it_answers_without_what_a_client_needs(shell: Shell, argument: str) -> None:
    """The version is printed without loading the client."""
    heavy = {"aiobotocore", "aiohttp", "botocore", "pydantic", "tenacity"}
    program = f"import sys; from omics_batch.cli import main; main(); sys.exit(', '.join({heavy} & sys.modules.keys()))"
    ran = await shell.run(argument, program=(sys.executable, "-c", program))
    assert ran.stdout != ""
    assert ran.stderr.strip() == ""


def test_without_a_command_it_shows_which_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "\n  get       Show the present state of a batch.\n" in shown.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--bogus"],
        ["bogus"],
        ["get"],
        ["get", ID, "more"],
        ["get", ID, "--bogus"],
        ["wait", ID, "--timeout", "-5"],
        ["wait", ID, "--timeout", "soon"],
        ["wait", ID, "--timeout"],
        ["simulate", "--port", "99999"],
        ["simulate", "--time-scale", "0"],
        ["simulate", "--time-scale", "nan"],
    ],
)
def test_wrong_usage_is_2_in_two_lines(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    complaint, hint = capsys.readouterr().err.splitlines()
    assert complaint.startswith("omics-batch: ")
    assert hint.startswith("Try 'omics-batch")
    assert hint.endswith("--help'.")


def _raising(error: BaseException) -> Callable[..., object]:
    def raises(*_: object) -> object:
        raise error

    return raises


def test_what_nobody_thought_of_is_one_line_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ConnectionOptions, "talk", _raising(ValueError("\x1b[31mbroken.")))
    assert main(["get", ID]) == 1
    assert capsys.readouterr().err == (
        "omics-batch: unexpected ValueError: [31mbroken. This is a defect: please report it.\n"
    )


class FullDisk(io.StringIO):
    """What stdout leads to where nothing can be written any more."""

    def write(self, _: str) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def flush(self) -> None:
        self.write("")


def test_a_full_disk_is_no_defect_of_the_program(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    here.omics.put_batch(document())
    monkeypatch.setattr(sys, "stdout", FullDisk())
    ran = here.run("get", ID, "--json")
    assert ran.complaints == ["omics-batch: [Errno 28] No space left on device"]
    sys.stdout.close()


@pytest.fixture
def full_disk() -> Iterator[int]:
    path = Path("/dev/full")
    if not path.exists():
        pytest.skip(f"there is no {path}")
    with path.open("wb") as full:
        yield full.fileno()


async def test_what_cannot_be_written_is_reported_once_and_python_adds_nothing_at_its_end(
    shell: Shell, full_disk: int
) -> None:
    """It would try to write once more what a buffer still holds, and end with 120."""
    async with shell.started("--version", settings={"PYTHONUNBUFFERED": ""}, stdout=full_disk) as process:
        _, stderr = await process.communicate()
    assert (process.returncode, stderr) == (1, b"omics-batch: [Errno 28] No space left on device\n")


async def test_where_stderr_cannot_be_written_the_exit_code_shows_what_happened(shell: Shell, full_disk: int) -> None:
    """Python would end with 120."""
    process = await asyncio.create_subprocess_exec(*PROGRAM, "get", "x", stderr=full_disk, env=shell.environment)
    assert await process.wait() == 2


def test_what_stderr_does_not_take_changes_no_exit_code(full_disk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with open(full_disk, "w", encoding="utf-8", closefd=False) as full:
        monkeypatch.setattr(sys, "stderr", full)
        assert main(["get", "x"]) == 2
        complain("and more")
        with suppress(OSError):
            full.close()
    sys.stderr.close()


def test_ctrl_c_between_two_steps_leaves_no_trace(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(typer.main, "get_command", _raising(KeyboardInterrupt()))
    assert main(["get", ID]) == 130
    assert capsys.readouterr().err == ""


def test_a_usage_error_without_a_command_points_to_the_program(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(typer.main, "get_command", _raising(typer.BadParameter("no")))
    assert main(["get", ID]) == 2
    assert "Try 'omics-batch --help'." in capsys.readouterr().err


def test_a_stdin_that_was_closed_before_names_no_batch(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    ran = here.run("wait", "-")
    sys.stdin.close()
    assert ran.code == 2
    assert "no id on stdin" in ran.complaints[0]


async def test_where_nobody_listens_the_exit_code_shows(omics: Simulator, shell: Shell) -> None:
    omics.put_batch(processed(completedRunCount=9, failedRunCount=1))
    command = f"{shlex.join([*PROGRAM, 'wait', ID])} <&- >&- 2>&-"
    assert (await shell.run("-c", command, program=("bash",))).code == 3


def test_what_was_read_from_before_is_left_as_it_is(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program of somebody's may call this one after it has read a line itself."""
    here.omics.put_batch(document())
    stdin = io.TextIOWrapper(io.BytesIO(b"mine\n7123456\n"), encoding="utf-8")
    assert stdin.readline() == "mine\n"
    monkeypatch.setattr(sys, "stdin", stdin)
    assert here.run("wait", "-", "--timeout", "0").code == 124


def test_streams_of_another_kind_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Written:
        text = ""

        def write(self, text: str) -> int:
            self.text += text
            return len(text)

        def flush(self) -> None:
            pass

    written = Written()
    monkeypatch.setattr(sys, "stderr", written)
    assert main(["get"]) == 2
    assert written.text.startswith("omics-batch: ")
