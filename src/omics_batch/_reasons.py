"""Why runs failed, told in few words however many they are."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from omics_batch._text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from omics_batch._runs import FailedRun

_NAMED: Final = 3
"""So many runs are named for each reason."""

_SHOWN: Final = 10
"""So many reasons are told: a message is to be read."""


def by_reason(runs: Iterable[FailedRun]) -> Mapping[str, tuple[FailedRun, ...]]:
    """Group runs by their reasons, those with the most runs first; runs without one by their kind."""
    groups: dict[str, list[FailedRun]] = defaultdict(list)
    for run in runs:
        groups[run.reason or run.kind.value].append(run)
    return {reason: tuple(groups[reason]) for reason in sorted(groups, key=lambda reason: -len(groups[reason]))}


def told_by_reason(runs: Iterable[FailedRun]) -> str:
    """Tell in one line how many runs have which reason, and name the first ones of each."""
    groups = list(by_reason(runs).items())
    told = [f"{len(group)} for {one_line(reason, limit=64)} ({_names(group)})" for reason, group in groups[:_SHOWN]]
    if len(groups) > _SHOWN:
        told.append(f"{sum(len(group) for _, group in groups[_SHOWN:])} for other reasons")
    return "; ".join(told)


def _names(runs: tuple[FailedRun, ...]) -> str:
    named = ", ".join(one_line(run.run_setting_id, limit=64) for run in runs[:_NAMED])
    more = len(runs) - _NAMED
    return f"{named} and {more} more" if more > 0 else named
