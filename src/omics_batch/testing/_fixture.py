"""The simulator of the pytest plugin: its marks set it up, and environment variables point AWS clients to it."""

from __future__ import annotations

import asyncio
import inspect
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest

from omics_batch.testing._faults.script import UnusedFaultError
from omics_batch.testing._scenario import Scenario
from omics_batch.testing._settings import check_settings
from omics_batch.testing._simulator import Simulator
from omics_batch.testing._virtual_time import VirtualClock, VirtualTimeLoop

if TYPE_CHECKING:
    from collections.abc import Generator

_TIME_SCALE: Final = 1000.0
"""The default: an hour takes 3.6 s, and a deadline of a minute is still long enough for a few requests."""

_VIRTUAL: Final = "virtual_time"

_IN_THE_WAY: Final = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")
"""Variables that would make clients read files, or send more than the simulator's credentials."""

_HERE: Final = ("127.0.0.1", "localhost", "::1")


@contextmanager
def simulated(node: pytest.Item | pytest.Collector) -> Generator[Simulator]:
    """Run the simulator that the marks describe, with environment variables that point to it.

    A wrong mark fails the test, and so do faults that no request met.

    Args:
        node: The test, or the class, module or session that shares the simulator.
    """
    try:
        with _as_marked(node) as simulator, pytest.MonkeyPatch.context() as patched:
            for name in _IN_THE_WAY:
                patched.delenv(name, raising=False)
            patched.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "false")  # else clients would use the real service
            for name, value in simulator.environment.items():
                patched.setenv(name, value)
            for name in ("NO_PROXY", "no_proxy"):  # requests to this machine must not go through a proxy
                patched.setenv(name, ",".join(filter(None, [os.environ.get(name), *_HERE])))
            yield simulator
    except UnusedFaultError as error:
        raise failure(str(error)) from None


def _as_marked(node: pytest.Item | pytest.Collector) -> Simulator:
    settings = marked(node)
    if "clock" in settings:
        raise _refusal("it takes no clock, which all tests of the mark would share: give time_scale, or virtual_time")
    known = sorted((inspect.signature(Simulator).parameters.keys() | {"scenario", _VIRTUAL}) - {"clock"})
    for name in settings.keys() - known:
        raise _refusal(f"there is no setting {name!r}, but {', '.join(known)}")
    try:
        check_settings(**settings)
        if settings.pop(_VIRTUAL, False):
            if "time_scale" in settings:
                raise _refusal("give virtual_time or time_scale, not both")
            settings |= {"in_process": True, "clock": VirtualClock()}
        file = settings.pop("scenario", None)
        scenario = Scenario() if file is None else Scenario.load(node.path.parent / file)
        if scenario.time_scale is None and "clock" not in settings:
            settings = {"time_scale": _TIME_SCALE, **settings}
        return scenario.simulator(**settings)
    except (TypeError, ValueError) as error:
        raise _refusal(str(error)) from None


def marked(node: pytest.Item | pytest.Collector) -> dict[str, Any]:
    """Return the settings of all marks of a test, or of what shares a simulator."""
    settings: dict[str, Any] = {}
    for mark in reversed([*node.iter_markers("omics")]):  # the closest mark comes last, and takes precedence
        if mark.args:
            raise _refusal(f"it takes settings by name, such as life=..., and no {mark.args[0]!r}")
        settings |= mark.kwargs
    return settings


@contextmanager
def time_of(item: pytest.Item) -> Generator[None]:
    """Give every event loop that is made in this block virtual time, if the test's marks ask for it."""
    with pytest.MonkeyPatch.context() as patched:
        if marked(item).get(_VIRTUAL):
            for module in (asyncio, asyncio.events):  # asyncio.Runner looks into the second
                patched.setattr(module, "new_event_loop", VirtualTimeLoop)
        yield


def _refusal(why: str) -> BaseException:
    return failure(f"@pytest.mark.omics: {why}")


def failure(message: str) -> BaseException:
    """Return an exception that fails a test with a message and without a traceback."""
    return pytest.fail.Exception(message, pytrace=False)
