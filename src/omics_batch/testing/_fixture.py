"""The simulator of the pytest plugin: made from marks, and found by AWS clients."""

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
"""Where nothing else is said: an hour in 3.6 s, and yet a deadline of a minute outlasts a few requests."""

_VIRTUAL: Final = "virtual_time"

_IN_THE_WAY: Final = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")
"""What would be looked for in files, or sent along with the simulator's credentials."""

_HERE: Final = ("127.0.0.1", "localhost", "::1")


@contextmanager
def simulated(node: pytest.Item | pytest.Collector) -> Generator[Simulator]:
    """Serve the simulator that marks ask for, with the environment pointing to it.

    A mark that cannot be fails the test, and so do faults that no request met.

    Args:
        node: The test, or the class, module or session that shares the simulator.
    """
    try:
        with _as_marked(node) as simulator, pytest.MonkeyPatch.context() as patched:
            for name in _IN_THE_WAY:
                patched.delenv(name, raising=False)
            patched.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "false")  # else clients would ask the real service
            for name, value in simulator.environment.items():
                patched.setenv(name, value)
            for name in ("NO_PROXY", "no_proxy"):  # what is meant for this machine is not a proxy's to see
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
    for mark in reversed([*node.iter_markers("omics")]):  # the closest comes last, and has the last word
        if mark.args:
            raise _refusal(f"it takes settings by name, such as life=..., and no {mark.args[0]!r}")
        settings |= mark.kwargs
    return settings


@contextmanager
def time_of(item: pytest.Item) -> Generator[None]:
    """Let every event loop that is made in this block have virtual time, whoever makes it, if a test's marks say so."""
    with pytest.MonkeyPatch.context() as patched:
        if marked(item).get(_VIRTUAL):
            for module in (asyncio, asyncio.events):  # asyncio.Runner looks into the second
                patched.setattr(module, "new_event_loop", VirtualTimeLoop)
        yield


def _refusal(why: str) -> BaseException:
    return failure(f"@pytest.mark.omics: {why}")


def failure(message: str) -> BaseException:
    """Make what fails a test with a message, and no traceback from inside."""
    return pytest.fail.Exception(message, pytrace=False)
