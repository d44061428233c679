"""Shell completion: what each shell is reported, and bash for real."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from omics_batch.cli import main
from omics_batch.cli._commands import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Callable

BASH = shutil.which("bash") or "bash"
INSTRUCTION = "_OMICS_BATCH_COMPLETE"
NAMES = {command.__name__.removesuffix("_") for command in COMMANDS}


@pytest.fixture
def completed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[[str], list[str]]:
    """Press Tab in bash, at the end of a line."""

    def complete(line: str) -> list[str]:
        words = line.split(" ")
        monkeypatch.setenv(INSTRUCTION, "complete_bash")
        monkeypatch.setenv("COMP_WORDS", "\n".join(words))
        monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
        assert main([]) == 0
        return capsys.readouterr().out.split()

    return complete


def test_the_commands_are_completed(completed: Callable[[str], list[str]]) -> None:
    assert {*completed("omics-batch ")} == NAMES
    assert completed("omics-batch ca") == ["cancel"]


def test_options_are_completed(completed: Callable[[str], list[str]]) -> None:
    assert completed("omics-batch cancel 7123456 --no") == ["--no-wait"]


def test_statuses_are_completed(completed: Callable[[str], list[str]]) -> None:
    assert completed("omics-batch list --status P") == ["PENDING", "PROCESSED"]
    assert "DELETE_FAILED" in completed("omics-batch runs 7123456 --submission-status ")


def test_zsh_is_reported_what_each_command_is_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(INSTRUCTION, "complete_zsh")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", "omics-batch ge")
    assert main([]) == 0
    assert '"get":"Show the present state of a batch."' in capsys.readouterr().out


def test_fish_is_reported_what_each_command_is_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(INSTRUCTION, "complete_fish")
    monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", "omics-batch ge")
    assert main([]) == 0
    assert capsys.readouterr().out == "get\tShow the present state of a batch.\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shells_script_asks_this_program(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], shell: str
) -> None:
    monkeypatch.setattr("shellingham.detect_shell", lambda: (shell, f"/bin/{shell}"))
    assert main(["--show-completion"]) == 0
    script = capsys.readouterr().out
    assert f"{INSTRUCTION}=complete_{shell} " in script
    assert "omics-batch" in script


def test_bash_completes_once_it_is_installed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    monkeypatch.setattr("shellingham.detect_shell", lambda: ("bash", "/bin/bash"))
    assert main(["--install-completion"]) == 0
    assert "bash completion installed" in capsys.readouterr().out
    tab = (
        "source ~/.bashrc; COMP_WORDS=(omics-batch ca); COMP_CWORD=1; "
        "$(complete -p omics-batch | grep -o '_[a-z_]*') omics-batch; printf '%s.' \"${COMPREPLY[@]}\""
    )
    assert subprocess.run([BASH, "-c", tab], capture_output=True, check=True).stdout == b"cancel."


def test_a_home_that_nothing_can_be_installed_in_is_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("HOME", str(tmp_path / "file"))
    monkeypatch.setattr("shellingham.detect_shell", lambda: ("bash", "/bin/bash"))
    assert main(["--install-completion"]) == 1
    (complaint,) = capsys.readouterr().err.splitlines()
    assert complaint.startswith("omics-batch: [Errno ")


def test_the_help_has_room_for_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert "--install-completion" in shown
    assert len(shown.splitlines()) <= 28
