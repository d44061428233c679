from __future__ import annotations

import os
import sys

import pytest

from omics_batch.cli import _program_name
from omics_batch.cli._connection import ConnectionOptions


@pytest.mark.parametrize(
    ("started_as", "found", "words"),
    [
        ("/usr/bin/omics-batch", "/usr/bin/omics-batch", ["omics-batch"]),
        ("omics-batch", None, ["omics-batch"]),
        (".venv/bin/omics-batch", "/usr/bin/omics-batch", [".venv/bin/omics-batch"]),
        (".venv/bin/omics-batch", None, [".venv/bin/omics-batch"]),
        ("/lib/omics_batch/cli/__main__.py", "/usr/bin/omics-batch", ["python3", "-m", "omics_batch.cli"]),
    ],
)
def test_the_program_is_named_so_that_it_is_found(started_as: str, found: str | None, words: list[str]) -> None:
    assert _program_name.words(started_as, found, "python3") == words


def test_a_command_is_quoted_for_the_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["omics-batch"])
    monkeypatch.setenv("PATH", os.devnull)
    connection = ConnectionOptions(region="us-west-2", profile="my team's", endpoint_url="https://a?b", allow_http=True)
    assert _program_name.command(["wait", "1", *connection.arguments()]) == (
        "omics-batch wait 1 --region us-west-2 --profile 'my team'\"'\"'s' --endpoint-url 'https://a?b' --allow-http"
    )
