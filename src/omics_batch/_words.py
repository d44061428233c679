"""How numbers, reasons and untrusted text are written, for errors, HTML and the command line."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from datetime import UTC
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime, timedelta

    from omics_batch._models.batch import Batch
    from omics_batch._models.run import FailedRun

KINDS: Final = {"RUN": "failed", "SUBMISSION": "not submitted", "CANCELLED": "cancelled"}
"""What became of a run, by the value of its `FailureKind`, in the words of the counts by state."""

_SYNONYMS: Final = {"running": "inprogress", "completed": "processed", "succeeded": "processed"}
"""What people call a status of batches, and its name at the service."""

_SIMILAR: Final = 0.72
"""From 0 to 1: how similar a misspelt word has to be to a known one."""

_FORMULA: Final = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
"""How a cell begins that a spreadsheet may take for a formula, or that one with an apostrophe would be read as."""

_URL: Final = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)(?P<rest>[^\s'\"<>]*)")
"""A URL in a text, to the next space or quote."""

_MAX_EXACT: Final = 64
_MOST_NAMED: Final = 3
_MOST_REASONS: Final = 10

_ALL: Final = 100.0
_FEW_RUNS: Final = 10
_MANY_DAYS: Final = 100
_UNITS: Final = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))


def one_line(text: str, *, limit: int = 500, keeps_spaces: bool = False) -> str:
    """Make untrusted text safe for a log or a terminal: one line, no control characters, at most `limit` long.

    Names, statuses and reasons may hold escape sequences that change a terminal. A cut text ends with three ASCII dots,
    which every terminal and every log file can show.

    Args:
        text: The text.
        limit: How many characters it may have, 3 or more.
        keeps_spaces: Whether spaces at its ends, and several in a row, stay: they may be part of a quoted name.
    """
    start = text[: 4 * limit]
    visible = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in start)
    line = visible if keeps_spaces else " ".join(visible.split())
    return line if len(line) <= limit else line[: limit - 3] + "..."


def exact(name: str) -> str:
    """Write a name for a message: in quotes if spaces or invisible characters distinguish it from what is shown."""
    return in_quotes(name) if _has_hidden(name) else one_line(name, limit=_MAX_EXACT)


def in_quotes(text: str) -> str:
    """Write a text in quotes, with its spaces; invisible characters are written as escapes of Python."""
    if _has_hidden(text):
        return repr(text if len(text) <= _MAX_EXACT else text[: _MAX_EXACT - 3] + "...")
    return f"'{one_line(text, limit=_MAX_EXACT)}'"


def _has_hidden(text: str) -> bool:
    return " ".join(text.split()) != text or not text.isprintable()


def meant(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that a misspelt one most likely stands for; None if none is similar."""
    import difflib  # noqa: PLC0415 - for mistakes alone: a process starts without it

    words = {name.lower(): name for name in known}
    words |= {other: words[name] for other, name in _SYNONYMS.items() if name in words and other not in words}
    similar = difflib.get_close_matches(word.lower(), words, n=1, cutoff=_SIMILAR)
    return words[similar[0]] if similar else None


def in_a_row(repeats: int) -> str:
    """Write how often something happened, where that was more than once."""
    return f" ({repeats + 1} times in a row)" if repeats else ""


def lowered(word: str) -> str:
    """Write a word of an enum as prose has it: `in progress` for `IN_PROGRESS`."""
    return word.lower().replace("_", " ")


def submission(status: str) -> str:
    """Write how the submission of a run went: SUCCESS becomes `submitted`, since the run itself may have failed."""
    return "submitted" if status == "SUCCESS" else status


def counted(counts: Mapping[str, int]) -> str:
    """Write counts by state: `29 completed, 2 not submitted`; empty where there are none."""
    return ", ".join(f"{number:,} {state}" for state, number in counts.items())


def may_counts_change(batch: Batch) -> bool:
    """Whether the counts of a batch may lag: until it is processed, and while its runs are being deleted."""
    are_deleted = batch.status == "RUNS_DELETED" and sum(batch.run_counts.values()) == batch.total_runs
    return not (batch.counts_are_final or are_deleted)


def percentage(number: float) -> str:
    """Write a percentage; 100 % only when it is."""
    text = f"{number:.1f} %"
    return "99.9 %" if text == "100.0 %" and number < _ALL else text


def rate(runs_per_hour: float) -> str:
    """Write how many runs end in an hour, with as many digits as are known."""
    return f"{runs_per_hour:,.0f}" if runs_per_hour >= _FEW_RUNS else f"{runs_per_hour:.1f}"


def span(time: timedelta) -> str:
    """Write how long something takes in its two largest units: `2 d 3 h`, `1 h 5 min`, `12 s`."""
    left = int(time.total_seconds())
    parts: list[tuple[int, str]] = []
    for unit, seconds in _UNITS:
        number, left = divmod(left, seconds)
        if number or parts:
            parts.append((number, unit))
    shown = parts[: 1 if time.days >= _MANY_DAYS else 2]
    return " ".join(f"{number} {unit}" for number, unit in shown if number) or "less than 1 s"


def by_reason(runs: Iterable[FailedRun]) -> Mapping[str, tuple[FailedRun, ...]]:
    """Group runs by their reasons, those with the most runs first; runs without one by their kind."""
    groups: dict[str, list[FailedRun]] = defaultdict(list)
    for run in runs:
        groups[run.reason or run.kind.value].append(run)
    return {reason: tuple(groups[reason]) for reason in sorted(groups, key=lambda reason: -len(groups[reason]))}


def worded_by_reason(runs: Iterable[FailedRun]) -> str:
    """Write in one line how many runs have which reason, with the first names of each."""
    groups = by_reason(runs)
    sums = {reason: len(group) for reason, group in groups.items()}

    def written(reason: str, number: int) -> str:
        names = [run.run_setting_id for run in groups[reason]]
        return f"{number:,} for {one_line(reason, limit=64)} ({named(names)})"

    return "; ".join(most_frequent(sums, written))


def most_frequent(sums: Mapping[str, int], written: Callable[[str, int], str]) -> list[str]:
    """Write the most frequent reasons, and sum up the others.

    Args:
        sums: How many runs have each reason.
        written: Writes one reason and its number.
    """
    ranked = Counter(sums).most_common()
    shown = [written(reason, number) for reason, number in ranked[:_MOST_REASONS]]
    others = sum(number for _, number in ranked[_MOST_REASONS:])
    return [*shown, f"{others:,} for other reasons"] if others else shown


def named(names: Sequence[str]) -> str:
    """Write the first names of a list, and how many more there are: `NA12878, NA12891, NA12892 and 93 more`."""
    first = ", ".join(one_line(name, limit=64) for name in names[:_MOST_NAMED])
    more = len(names) - _MOST_NAMED
    return f"{first} and {more:,} more" if more > 0 else first


def how_to_install(extra: str) -> str:
    """Write how to install an extra; the package is not on PyPI."""
    return f"install the extra `{extra}`: pip install '.[{extra}]' in a clone, or 'omics-batch[{extra}] @ git+URL'"


def in_utc(moment: datetime) -> datetime:
    """Return a moment in UTC; one at an end of the calendar, which has none, as it is."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return moment


def without_signature(uri: str) -> str:
    """Write a URI without its query, which in a presigned URL is a credential."""
    shown, mark, _ = uri.partition("?")
    return f"{shown}?..." if mark else shown


def without_url_secrets(text: str) -> str:
    """Write a text without the users, passwords and queries of the URLs in it, such as that of a proxy."""
    return _URL.sub(lambda url: url["scheme"] + without_signature(url["rest"].rpartition("@")[2]), text)


def spreadsheet_cell(text: str) -> str:
    """Write a cell for a spreadsheet: one that it may take for a formula gets an apostrophe before it."""
    return f"'{text}" if _FORMULA.match(text) else text


def of_spreadsheet_cell(cell: str) -> str:
    """Return the text of a cell that was written for a spreadsheet, without the apostrophe that was put before it."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
