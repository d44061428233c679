"""Every example of the README and the docs runs, as it stands, against the local HealthOmics."""

from __future__ import annotations

import logging
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from omics_batch.testing import Simulator
from tests.reader import NOT_RUN, Reader

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parent.parent
DOCUMENTS: Final = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")])

FENCE: Final = re.compile(r"^ *(?:`{3,}|:{3,}) *([^\s`:]\S*)", re.MULTILINE)
"""The beginning of a block, and its language or directive."""

DIRECTIVES: Final = {
    "{code-block}",
    "{container}",
    "{eval-rst}",
    "{image}",
    "{include}",
    "{literalinclude}",
    "{raw}",
    "{toctree}",
}
"""What Sphinx checks, or shows of files that are tested by themselves; a `{code-block}` is a file, by its caption."""


@pytest.fixture
def _a_service_with_a_batch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """The environment that the examples assume: credentials, an S3 in a folder, and batch 7123456, which ends soon."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", sys.argv)  # and back, whatever program a page calls
    in_s3 = tmp_path / "s3"
    in_s3.mkdir()
    with Simulator(time_scale=100_000.0, s3=in_s3) as omics:
        assert omics.start_batch(96) == "7123456"
        for name, value in omics.environment.items():
            monkeypatch.setenv(name, value)  # and back, whatever a page sets
        log = logging.getLogger("omics_batch")
        handlers = list(log.handlers)
        yield
        log.setLevel(logging.NOTSET)
        log.handlers[:] = handlers


@pytest.mark.usefixtures("_a_service_with_a_batch", "short_waits")
@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_examples_run_as_they_stand(path: Path) -> None:
    """A reader who copies an example gets what the page says."""
    with Reader(path) as reader:
        reader.read()


def test_there_are_examples() -> None:
    """The parser finds them; else the test above would test nothing."""
    found = 0
    for path in DOCUMENTS:
        with Reader(path) as reader:
            found += len(reader.examples)
    assert found >= 100


def test_each_block_is_run_or_is_of_a_language_that_is_not() -> None:
    """No block goes unread for its language; one without a language is none of these."""
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        with Reader(path) as reader:
            known = {*reader.languages, *NOT_RUN, *DIRECTIVES}
            found = FENCE.findall(text)
            assert set(found) <= known, path
            done = [name for name in found if name in reader.languages or name == "{code-block}"]
            assert len(done) == len(reader.examples) - text.count("<!--- invisible-code-block"), path
        assert text.count("```{code-block}") == len(re.findall(r"```\{code-block\} \w+\n:caption: ", text)), path
