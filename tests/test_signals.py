"""A client that is closed at the signals that show a process to stop."""

from __future__ import annotations

import asyncio
import signal
import threading
from typing import TYPE_CHECKING, Final

import pytest

from omics_batch import ClientClosedError
from omics_batch.testing import Life, Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Server:
    """What a server does at a signal: it notes it, and goes on serving what is open."""

    def __init__(self) -> None:
        self.recorded: list[int] = []

    def handle_exit(self, number: int, _: object) -> None:
        self.recorded.append(number)

    @property
    def has_the_signals(self) -> bool:
        return all(signal.getsignal(number) == self.handle_exit for number in SIGNALS)


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    before = [signal.signal(number, server.handle_exit) for number in SIGNALS]
    yield server
    for number, handler in zip(SIGNALS, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.parametrize("number", SIGNALS)
async def test_a_signal_ends_the_waits_and_then_goes_on_to_the_server(
    omics_simulator: Simulator, server: Server, number: signal.Signals
) -> None:
    batch_id = omics_simulator.start_batch(5, life=Life(run_length=1_000_000_000))
    async with omics_simulator.client() as client:
        client.close_at_signals()
        watch = client.watch(batch_id)
        await anext(watch)
        signal.raise_signal(number)
        async with asyncio.timeout(30):
            with pytest.raises(ClientClosedError):
                _ = [batch async for batch in watch]
        assert server.recorded == [number]
        assert server.has_the_signals
        signal.raise_signal(number)
    assert server.recorded == [number, number]


async def test_a_client_that_is_closed_leaves_the_signals_alone(omics_simulator: Simulator, server: Server) -> None:
    async with omics_simulator.client() as client:
        client.close_at_signals()
        assert not server.has_the_signals
    assert server.has_the_signals


async def test_a_handler_that_was_set_since_stays(omics_simulator: Simulator, server: Server) -> None:
    async with omics_simulator.client() as client:
        client.close_at_signals()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN
    assert signal.getsignal(signal.SIGINT) == server.handle_exit


async def test_a_signal_that_ends_the_process_still_ends_it(omics_simulator: Simulator, server: Server) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    async with omics_simulator.client() as client:
        client.close_at_signals()
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_outside_of_the_main_thread_there_are_no_signals(omics_simulator: Simulator, server: Server) -> None:
    """As in a test client, which runs a service in a thread."""

    async def serve() -> None:
        async with omics_simulator.client() as client:
            client.close_at_signals()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    thread.join()
    assert server.has_the_signals


def test_a_signal_after_the_loop_was_closed_goes_to_the_server(omics_simulator: Simulator, server: Server) -> None:
    """Whoever forgot to close the client loses no signal."""
    client = omics_simulator.client()
    loop = asyncio.new_event_loop()
    loop.run_until_complete(client.open())
    client.close_at_signals()
    loop.close()
    signal.raise_signal(signal.SIGINT)
    assert server.recorded == [signal.SIGINT]
    asyncio.run(client.close())
    assert server.has_the_signals


async def test_a_client_that_is_not_open_hears_no_signals(omics_simulator: Simulator, server: Server) -> None:
    with pytest.raises(ClientClosedError, match="is not open"):
        omics_simulator.client().close_at_signals()
    assert server.has_the_signals
