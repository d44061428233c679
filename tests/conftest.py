"""What all tests share: virtual time for the stories that take hours."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import Phase, settings

from tests import machine
from tests.virtual_time import StoryLoop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

MEASURING: Final = "COVERAGE_PROCESS_CONFIG"
"""The variable by which coverage measures a process that is started."""

MEASURED: Final = {name: value for name, value in os.environ.items() if name == MEASURING}
"""The environment of a process that is measured; empty where nothing is."""

gc.set_threshold(20_000, 20, 20)  # looking for garbage as often as Python does is a tenth of the time

settings.register_profile("quick", parent=settings.get_profile("ci"), max_examples=15)
# A mutant is noticed by any failure: looking for the smallest one takes most of the time.
settings.register_profile("mutants", parent=settings.get_profile("quick"), phases=[Phase.explicit, Phase.generate])


def pytest_configure(config: pytest.Config) -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in the background of a shell: programs would inherit it
        signal.signal(signal.SIGINT, signal.default_int_handler)
    machine.forget()
    config.addinivalue_line(
        "markers", "slow: takes seconds, and covers nothing that others do not: `make test` leaves it out"
    )
    config.addinivalue_line("markers", "virtual_time: time jumps to the next sleeper whenever nothing else can run")


def pytest_collection_finish() -> None:
    """Look for garbage among what the tests make alone: a million objects that were imported and collected stay."""
    gc.freeze()


def pytest_xdist_auto_num_workers() -> int:
    """Run one more test at a time than there are cores: some of them wait for sockets and processes."""
    return 1 + (os.cpu_count() or 1)


def pytest_asyncio_loop_factories(
    config: pytest.Config,
    item: pytest.Item,
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run the tests marked with `virtual_time` on a loop whose clock jumps."""
    return {"virtual": StoryLoop} if item.get_closest_marker("virtual_time") else {"real": asyncio.new_event_loop}


@pytest.fixture(scope="session", autouse=True)
def _made_once() -> Iterator[None]:
    """What a process makes once is made once for all tests, not for each of the programs that they run in this one.

    That is what botocore's sessions read of its data files, nine tenths of making a client, and typer's commands, a
    third of running one.
    """
    import botocore.session  # noqa: PLC0415 - the process that only hands out the tests needs none
    import typer.main  # noqa: PLC0415 - the process that only hands out the tests needs none

    with pytest.MonkeyPatch.context() as patched:
        # A process that a test starts is measured only where it asks for that: it takes twice the time.
        patched.delenv(MEASURING, raising=False)
        patched.setattr(botocore.session, "create_loader", cache(botocore.session.create_loader))
        patched.setattr(typer.main, "get_command", cache(typer.main.get_command))
        yield


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """A port of this machine at which no server listens, nor can while the test runs."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@pytest.fixture
async def let_pass(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let seconds pass at once, for the event loop and for a process's limit, once a test has seen what hangs.

    A limit that is short enough to wait for is too short for a busy machine.
    """
    # Imported late: the process that only hands out the tests needs none of it.
    from omics_batch._clock import monotonic  # noqa: PLC0415 - the process that only hands out the tests needs none
    from omics_batch._transport import credential_process  # noqa: PLC0415 - the process that only hands out the tests needs none

    loop, passed = asyncio.get_running_loop(), [0.0]
    time = loop.time
    monkeypatch.setattr(loop, "time", lambda: time() + sum(passed))
    monkeypatch.setattr(credential_process, "monotonic", lambda: monotonic() + sum(passed))
    return passed.append


@pytest.fixture
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let clients in this process wait a twentieth of their time between requests, for tests of what, not of when.

    The limits of attempts keep theirs; those of calls and waits are as short, so no test of a time-out takes this.
    """
    from omics_batch._clock import SystemClock, monotonic  # noqa: PLC0415 - the process that only hands out the tests needs none

    def now(_: SystemClock) -> float:
        return 20 * monotonic()

    async def sleep(_: SystemClock, seconds: float) -> None:
        await asyncio.sleep(seconds / 20)

    monkeypatch.setattr(SystemClock, "now", now)
    monkeypatch.setattr(SystemClock, "sleep", sleep)


@pytest.fixture
def let_processes_age(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let seconds pass at once for the limit of a process alone: whoever waits for it has all of their time left."""
    from omics_batch._clock import monotonic  # noqa: PLC0415 - the process that only hands out the tests needs none
    from omics_batch._transport import credential_process  # noqa: PLC0415 - the process that only hands out the tests needs none

    passed = [0.0]
    monkeypatch.setattr(credential_process, "monotonic", lambda: monotonic() + sum(passed))
    return passed.append


@pytest.fixture(autouse=True)
def _kept_environment() -> Iterator[None]:
    """No test leaves variables behind: which test comes next differs from run to run."""
    before = _environment()
    yield
    assert _environment() == before


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}


@pytest.fixture(scope="session")
def imported() -> None:
    """Import what tests under pytester use: it forgets what a run within this process imports, so that each would."""
    for package in ("omics_batch", "omics_batch.testing"):
        module = import_module(package)
        for name in module.__all__:
            getattr(module, name)
    import_module("omics_batch.testing._scenario.file")
    import_module("boto3").client("omics", region_name="us-west-2")
