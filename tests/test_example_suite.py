"""The suite under examples/pytest_suite/ passes, and fails where the pipeline that it tests is broken."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.usefixtures("imported")

SUITE: Final = Path(__file__).parent.parent / "examples" / "pytest_suite"

BREAKAGES: Final = {
    "test_samples_that_fail_are_reported_with_their_reasons": (
        "failed_runs(batch)",
        "failed_runs(batch, reasons=False)",
    ),
    "test_a_batch_that_fails_as_a_whole_is_reported_with_its_reason": (
        "except BatchFailedError",
        "except ZeroDivisionError",
    ),
    "test_counts_that_are_missing_are_no_success": ("is Outcome.UNKNOWN", "is None"),
    "test_what_is_not_done_by_the_deadline_is_stopped": ("cancel_and_wait(", "get_batch("),
}
"""What is replaced in the pipeline, by the test that has to notice."""


def run(pytester: pytest.Pytester, *, pipeline: str) -> dict[str, str]:
    """Run the suite on a pipeline, and give what became of its tests."""
    for file in SUITE.glob("*.*"):
        (pytester.path / file.name).write_bytes(file.read_bytes())
    (pytester.path / "cohort.py").write_text(pipeline, encoding="utf-8")
    ran = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-W", "error", "-rA")
    found: list[tuple[str, str]] = re.findall(
        r"^(PASSED|FAILED|ERROR) test_cohort.py::(\w+)", ran.stdout.str(), re.MULTILINE
    )
    return {name: outcome for outcome, name in found}


def test_the_suite_passes(pytester: pytest.Pytester) -> None:
    outcomes = run(pytester, pipeline=(SUITE / "cohort.py").read_text(encoding="utf-8"))
    assert len(outcomes) == 9
    assert set(outcomes.values()) == {"PASSED"}


@pytest.mark.slow
def test_the_suite_notices_a_pipeline_that_is_broken(pytester: pytest.Pytester) -> None:
    pipeline = (SUITE / "cohort.py").read_text(encoding="utf-8")
    for good, bad in BREAKAGES.values():
        assert pipeline.count(good) == 1
        pipeline = pipeline.replace(good, bad)
    outcomes = run(pytester, pipeline=pipeline)
    assert {name for name, outcome in outcomes.items() if outcome == "FAILED"} == set(BREAKAGES)
