"""However many runs fail, why they did is told in one line."""

from __future__ import annotations

from omics_batch import FailedRun, FailedRunsError, FailureKind
from omics_batch._reasons import by_reason, told_by_reason


def failed(name: str, reason: str | None = None, kind: FailureKind = FailureKind.RUN) -> FailedRun:
    return FailedRun(run_setting_id=name, kind=kind, reason=reason)


TRIO = [
    failed("NA12878", "ValidationException", FailureKind.SUBMISSION),
    failed("NA12891", "RUN_TASK_FAILED"),
    failed("NA12892", "RUN_TASK_FAILED"),
]


def test_the_most_frequent_reason_comes_first() -> None:
    assert list(by_reason(TRIO)) == ["RUN_TASK_FAILED", "ValidationException"]
    assert FailedRunsError(runs=tuple(TRIO)).by_reason == by_reason(TRIO)
    assert told_by_reason(TRIO) == "2 for RUN_TASK_FAILED (NA12891, NA12892); 1 for ValidationException (NA12878)"


def test_a_run_without_a_reason_is_told_by_how_it_failed() -> None:
    runs = [failed("NA12878"), failed("NA12891", kind=FailureKind.CANCELLED)]
    assert told_by_reason(runs) == "1 for RUN (NA12878); 1 for CANCELLED (NA12891)"


def test_the_first_ones_are_named_and_the_others_counted() -> None:
    runs = [failed(f"sample-{number}", "RUN_TASK_FAILED") for number in range(1000)]
    assert told_by_reason(runs) == "1000 for RUN_TASK_FAILED (sample-0, sample-1, sample-2 and 997 more)"


def test_many_reasons_are_cut_too() -> None:
    runs = [failed(f"sample-{number}", f"REASON_{number:02}") for number in range(30)]
    told = told_by_reason(runs)
    assert told.startswith("1 for REASON_00 (sample-0); ")
    assert told.endswith("1 for REASON_09 (sample-9); 20 for other reasons")


def test_ten_reasons_are_told_to_the_last() -> None:
    assert told_by_reason([failed(f"s-{number}", f"R{number}") for number in range(10)]).endswith("1 for R9 (s-9)")


def test_strangers_text_stays_on_one_line() -> None:
    assert told_by_reason([failed("a\nb\x1b[31m", "X\rY")]) == "1 for X Y (a b [31m)"


def test_nothing_is_nothing() -> None:
    assert told_by_reason([]) == ""
