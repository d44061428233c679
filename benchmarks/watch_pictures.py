"""The pictures of many waits: calls and lateness against the number of waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from benchmarks.pictures import EMPHASIS, LIMIT, PLAIN
from benchmarks.watch_accounts import QUOTA
from benchmarks.watch_points import OWN, SHARED, Point

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from benchmarks.parts import Axes, Draw
    from benchmarks.results import Findings

_COLORS: Final = {SHARED: EMPHASIS, OWN: PLAIN}


def _points(findings: Findings) -> list[Point]:
    return [Point(**entry) for entry in cast("list[dict[str, Any]]", findings.data["points"])]


def _draw_calls(axes: Axes, findings: Findings) -> None:
    """Draw calls a minute."""
    _draw_lines(axes, _points(findings), {"": lambda one: one.calls_beside_ends})
    axes.axhline(60 * QUOTA, **LIMIT)
    axes.set_ylabel("calls a minute, less one for each end")
    axes.set_title("Calls by number of waits (dashed red: the account's quota)")


def _draw_late(axes: Axes, findings: Findings) -> None:
    """Draw how late an end is noticed."""
    _draw_lines(axes, _points(findings), {", median": lambda one: one.median, ", 99 %": lambda one: one.p99})
    axes.set_ylabel("seconds from a batch's end to its notice")
    axes.set_title("How late waits notice an end, by number of waits")


def _draw_lines(axes: Axes, points: Sequence[Point], values: Mapping[str, Callable[[Point], float | None]]) -> None:
    for kind, color in _COLORS.items():
        measured = [one for one in points if one.kind == kind and not one.is_model]
        most = max(one.waits for one in measured)
        model = measured[-1:] + [one for one in points if one.kind == kind and one.is_model and one.waits > most]
        for marker, (name, value) in zip("os", values.items(), strict=False):
            _draw_line(axes, measured, value, color=color, marker=marker, label=f"{kind}{name}")
            if len(model) > 1:
                label = f"{kind}{name}, model"
                _draw_line(axes, model, value, color=color, marker=marker, linestyle="--", mfc="none", label=label)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("batches that are waited for at any moment")
    axes.legend()


def _draw_line(
    axes: Axes,
    points: Sequence[Point],
    value: Callable[[Point], float | None],
    **style: Any,  # noqa: ANN401 - matplotlib's
) -> None:
    known = [(one.waits, found) for one in points if (found := value(one)) is not None]
    axes.plot(*zip(*known, strict=True), **style)


PICTURES: Final[Mapping[str, Draw]] = {"watch-calls": _draw_calls, "watch-late": _draw_late}
