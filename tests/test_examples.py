"""Every example of the README and the docs runs, as it stands, against the local HealthOmics."""

from __future__ import annotations

import doctest
import shlex
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from sybil import Document, Example
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser

import omics_batch
from omics_batch import testing
from omics_batch.cli import main
from tests.background import served

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])

NOT_HERE = ("make ", "omics-batch simulate", "export ", "aws ")
"""What the continuous integration or the command line's own tests run: it makes environments, or serves for ever."""

_SAME = doctest.OutputChecker()


def run_console(example: Example) -> None:
    """Run the commands after `$`; output that follows is what it has to print, `...` being anything."""
    for command in str(example.parsed).split("$ ")[1:]:
        line, _, expected = command.partition("\n")
        if line.startswith(NOT_HERE):
            continue
        program, *arguments = shlex.split(line)
        assert program == "omics-batch"
        with redirect_stdout(StringIO()) as stdout, redirect_stderr(StringIO()) as stderr:
            code = main(arguments)
        assert code == 0, f"{line}: {stderr.getvalue()}"
        flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        assert not expected or _SAME.check_output(expected, stdout.getvalue(), flags), stdout.getvalue()


def play_scenario(example: Example) -> None:
    """Load a scenario's file: what is wrong in it is an error."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "scenario.yaml"
        path.write_text(str(example.parsed), encoding="utf-8")
        scenario = testing.Scenario.load(path)
    assert scenario.batches


PARSERS = (
    PythonCodeBlockParser(),
    CodeBlockParser("console", run_console),
    CodeBlockParser("yaml", play_scenario),
)


@pytest.fixture
def _a_service_with_a_batch(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The environment that the examples assume: credentials, and batch 7123456, which ends soon."""
    with served(time_scale=100_000.0) as omics:
        assert omics.start_batch(96) == "7123456"
        for name, value in omics.environment.items():
            monkeypatch.setenv(name, value)
        yield


@pytest.mark.usefixtures("_a_service_with_a_batch")
@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_the_examples_run_as_they_stand(path: Path) -> None:
    """A reader who copies an example gets what the page says."""
    document = Document.parse(str(path), *PARSERS, encoding="utf-8")
    for example in document.examples():
        example.evaluate()


def test_there_are_examples() -> None:
    """The parser finds them; else the test above would test nothing."""
    readme = Document.parse(str(ROOT / "README.md"), *PARSERS, encoding="utf-8")
    assert len(list(readme.examples())) >= 8


def test_every_public_name_has_its_place_in_the_reference() -> None:
    """Nothing is exported that the API page does not tell of."""
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    names = [*omics_batch.__all__, *testing.__all__]
    absent = [name for name in names if f":: {name}\n" not in page and f"`{name}`" not in page]
    assert sorted(absent) == ["Fault", "__version__", "faults"]
