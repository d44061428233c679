"""The event loop that a client belongs to: eager tasks, and uses from other loops and threads."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import AsyncGenerator
from contextlib import aclosing, contextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest

from omics_batch import (
    Batch,
    ClientClosedError,
    InvalidInputError,
    Manifest,
    OmicsBatchClient,
    StartRunBatchRequest,
    WaitTimeoutError,
)
from omics_batch.testing import Life, Simulator
from tests.accounts import Account, cohort, ends, following
from tests.eager import EAGERLY
from tests.stories import ACCEPTED, BATCH_ID, EMPTY, OUTAGE, PROCESSED, seen, telling
from tests.virtual_time import StoryLoop, running_clock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Generator

    from tests.stories import Observation, Story

# Eager tasks


def lived(story: Callable[[], Awaitable[object]], factory: Any) -> object:
    """Live a story in virtual time, with the tasks of a factory; none of them is left."""

    async def live() -> object:
        asyncio.get_running_loop().set_task_factory(factory)
        result = await story()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return result

    with asyncio.Runner(loop_factory=StoryLoop) as runner:
        return runner.run(live())


def facts(story: Story, result: object) -> object:
    return result, story.transport.sent, story.transport.at, story.sleeps


async def _one_look() -> object:
    async with telling(PROCESSED) as story:
        return facts(story, await story.client.wait_until_processed(BATCH_ID, timeout=0))


async def _one_look_that_shows_no_end() -> object:
    async with telling(seen()) as story:
        with pytest.raises(WaitTimeoutError) as caught:
            await story.client.wait_until_processed(BATCH_ID, timeout=0)
        return facts(story, str(caught.value))


async def _a_wait_through_an_outage() -> object:
    async with telling(seen("PENDING"), OUTAGE, OUTAGE, OUTAGE, seen(), PROCESSED) as story:
        return facts(story, await story.client.wait_until_processed(BATCH_ID))


async def _a_wait_with_updates() -> object:
    updates: list[Batch] = []
    async with telling(seen(completed=1), seen(completed=2), PROCESSED) as story:
        await story.client.wait_until_processed(BATCH_ID, on_update=updates.append)
        return facts(story, updates)


async def _a_watch() -> object:
    async with telling(seen(completed=1), seen(completed=2), seen("CANCELLED")) as story:
        return facts(story, [batch async for batch in story.client.watch(BATCH_ID)])


async def _batches_as_they_end() -> object:
    account = Account({"1": ends(0), "2": ends(40, "FAILED"), "3": ends(100), "4": ends(1000)})
    async with following(account) as client:
        ended = [(batch_id, str(end)) async for batch_id, end in client.as_processed(account.lives, timeout=300)]
        return ended, account.sent


async def _one_look_at_each_of_many() -> object:
    account = Account({**cohort(20, ends(0))})
    async with following(account, max_rate=None) as client:
        ends_of = [(batch_id, str(end)) async for batch_id, end in client.as_processed(account.lives, timeout=0)]
        return ends_of, account.sent


async def _hundreds_of_waits() -> object:
    account = Account({**cohort(250, ends(100))})
    async with following(account) as client:
        batches = await asyncio.gather(*map(client.wait_until_processed, account.lives))
        return [batch.id for batch in batches], account.sent


async def _two_waits_that_share_a_last_look() -> object:
    async with telling(seen(), PROCESSED) as story:
        waits = [asyncio.create_task(story.client.wait_until_processed(BATCH_ID, timeout=3)) for _ in range(2)]
        return facts(story, await asyncio.gather(*waits))


async def _a_cancellation() -> object:
    others: dict[str, list[Observation]] = {"cancel_run_batch": [ACCEPTED]}
    async with telling(seen(), seen("STOPPING"), seen("CANCELLED"), others=others) as story:
        return facts(story, await story.client.cancel_and_wait(BATCH_ID))


async def _a_deletion() -> object:
    others: dict[str, list[Observation]] = {"delete_run_batch": [ACCEPTED], "delete_batch": [ACCEPTED]}
    async with telling(PROCESSED, seen("RUNS_DELETING"), seen("RUNS_DELETED"), others=others) as story:
        return facts(story, await story.client.delete_everything(BATCH_ID))


async def _a_list() -> object:
    async with telling(PROCESSED, others={"list_batch": [EMPTY]}) as story:
        return facts(story, await story.client.list_batch())


async def _a_client_that_is_closed_under_its_waits() -> object:
    account = Account({"1": ends(1000), "2": ends(1000)})
    async with following(account) as client:
        waits = [asyncio.create_task(client.wait_until_processed(batch_id)) for batch_id in account.lives]
        await running_clock().sleep(100)
        await client.close()
        return [str(error) for error in await asyncio.gather(*waits, return_exceptions=True)], account.sent


async def _an_iteration_that_is_left() -> object:
    account = Account({"1": ends(0), "2": ends(0, "FAILED"), "3": ends(1000)})
    async with following(account) as client:
        async with aclosing(client.as_processed(account.lives)) as outcomes:
            async for batch_id, _ in outcomes:
                return batch_id
        raise AssertionError


@pytest.mark.parametrize(
    "story",
    [
        _one_look,
        _one_look_that_shows_no_end,
        _a_wait_through_an_outage,
        _a_wait_with_updates,
        _a_watch,
        _batches_as_they_end,
        _one_look_at_each_of_many,
        _hundreds_of_waits,
        _two_waits_that_share_a_last_look,
        _a_cancellation,
        _a_deletion,
        _a_list,
        _a_client_that_is_closed_under_its_waits,
        _an_iteration_that_is_left,
    ],
    ids=lambda story: story.__name__.removeprefix("_"),
)
def test_eager_tasks_change_nothing(story: Callable[[], Awaitable[object]]) -> None:
    """The same requests are sent at the same moments, with the same result."""
    assert lived(story, EAGERLY) == lived(story, None)


# Other loops, and no loop

REQUEST: Final = StartRunBatchRequest.model_validate(
    {
        "requestId": "once",
        "defaultRunSetting": {
            "workflowId": "1",
            "roleArn": "arn:aws:iam::123456789012:role/R",
            "outputUri": "s3://bucket/",
        },
        "batchRunSettings": {"inlineSettings": [{"runSettingId": "NA12878"}]},
    }
)

MANIFEST: Final = Manifest(
    default_run_setting=REQUEST.default_run_setting,
    runs={"runSettingId": "{sample}"},
    rows=[{"sample": "NA12878"}],
)

AWAITED: Final[dict[str, Callable[[OmicsBatchClient], Awaitable[object]]]] = {
    "start_run_batch": lambda client: client.start_run_batch(REQUEST),
    "get_batch": lambda client: client.get_batch("7"),
    "cancel_run_batch": lambda client: client.cancel_run_batch("7"),
    "delete_run_batch": lambda client: client.delete_run_batch("7"),
    "delete_batch": lambda client: client.delete_batch("7"),
    "wait_until_processed": lambda client: client.wait_until_processed("7"),
    "wait_until_processed with on_update": lambda client: client.wait_until_processed("7", on_update=print),
    "cancel_and_wait": lambda client: client.cancel_and_wait("7"),
    "check_manifest": lambda client: client.check_manifest(MANIFEST),
    "find_manifest": lambda client: client.find_manifest(MANIFEST),
    "delete_everything": lambda client: client.delete_everything("7"),
    "plan_resubmission": lambda client: client.plan_resubmission("7"),
}
"""Methods that send something."""

ITERATED: Final[dict[str, Callable[[OmicsBatchClient, str], AsyncGenerator[Any]]]] = {
    "list_batch": lambda client, batch: client.list_batch(),
    "list_runs_in_batch": lambda client, batch: client.list_runs_in_batch(batch),
    "failed_runs": lambda client, batch: client.failed_runs(batch),
    "results": lambda client, batch: client.results(batch),
    "watch": lambda client, batch: client.watch(batch),
    "as_processed": lambda client, batch: client.as_processed([batch, "404"]),
    "start_manifest": lambda client, batch: client.start_manifest(MANIFEST),
}
"""Methods that give something to iterate over, of a batch or of all."""

READ: Final[dict[str, Callable[[OmicsBatchClient], object]]] = {
    "aws": lambda client: client.aws,
    "retry_quota": lambda client: client.retry_quota,
}

STEPS: Final[dict[str, Callable[[AsyncGenerator[Any]], Awaitable[object]]]] = {
    "anext": anext,
    "asend": lambda iterator: iterator.asend(None),
    "athrow": lambda iterator: iterator.athrow(KeyError()),
    "aclose": lambda iterator: iterator.aclose(),
}


FAILED: Final = {"sample-2": ("ValidationException", "It does not exist.")}


class Home:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Have something done on the loop, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    async def tasks(self) -> list[str]:
        """The tasks on the loop, once those that end have ended."""
        for _ in range(20):
            await asyncio.sleep(0)
        return [task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()]


@contextmanager
def loop_elsewhere() -> Generator[Home]:
    """Run a loop in another thread; no task and no thread is left of it."""
    threads, home = set(threading.enumerate()), Home()
    thread = threading.Thread(target=home.loop.run_forever, name="home")
    thread.start()
    try:
        yield home
        assert home.run(home.tasks()) == []
    finally:
        home.loop.call_soon_threadsafe(home.loop.stop)
        thread.join()
        home.loop.run_until_complete(home.loop.shutdown_default_executor())
        home.loop.close()
    for left in set(threading.enumerate()) - threads:  # one that looked up a name may be about to end
        left.join(20)
        assert not left.is_alive()


@contextmanager
def client_at_home(omics: Simulator) -> Generator[tuple[Home, OmicsBatchClient]]:
    """Open a client on a loop in another thread."""
    with loop_elsewhere() as home:
        client = omics.client(max_rate=None)
        home.run(client.__aenter__())
        try:
            yield home, client
        finally:
            home.run(client.close())


@pytest.fixture(scope="module")
def omics() -> Generator[Simulator]:
    life = Life(creating=0, pending=0, submission_rate=1e6, run_length=3600, failed_submissions=FAILED)
    with Simulator(life=life) as running:
        yield running


async def awaited(what: Awaitable[object]) -> object:
    """Await something, for as long as hanging takes at most."""
    async with asyncio.timeout(20):
        return await what


def from_elsewhere(use: Callable[[], Awaitable[object]]) -> str:
    """Return with which message a use from another loop is refused; no task is left there."""

    async def refused() -> str:
        with pytest.raises(InvalidInputError) as caught:
            await awaited(use())
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return str(caught.value)

    return asyncio.run(refused())


def test_every_public_name_of_a_client_is_tried_from_elsewhere() -> None:
    """A method that is added is to be added here."""
    names = {name for name in dir(OmicsBatchClient) if not name.startswith("_")}
    assert names == {name.partition(" ")[0] for name in (*AWAITED, *ITERATED, *READ)} | {
        "close",
        "close_at_signals",
        "open",
    }


@pytest.mark.parametrize("name", AWAITED)
def test_a_call_from_another_loop_or_from_none_is_refused(omics: Simulator, name: str) -> None:
    requests = len(omics.requests)
    with client_at_home(omics) as (_, client):
        assert "make one client for each loop" in from_elsewhere(lambda: AWAITED[name](client))
        work: Any = AWAITED[name](client)
        with pytest.raises(InvalidInputError, match="no asyncio event loop is running here"):
            work.send(None)
    assert len(omics.requests) == requests


@pytest.mark.parametrize("name", [*ITERATED, *READ])
def test_what_awaits_nothing_is_refused_on_another_loop_only(omics: Simulator, name: str) -> None:
    """Outside of any loop it may be asked for; an iterator is used on the client's loop then."""
    with client_at_home(omics) as (_, client):

        def use() -> object:
            return READ[name](client) if name in READ else ITERATED[name](client, "7")

        async def used() -> object:
            return use()

        assert "make one client for each loop" in from_elsewhere(used)
        assert use() is not None


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("name", ITERATED)
def test_an_iterator_is_advanced_and_closed_on_its_own_loop(omics: Simulator, name: str, step: str) -> None:
    """A step from elsewhere changes nothing: the iteration goes on where it stood."""
    batch_id = omics.start_batch(3)
    with client_at_home(omics) as (home, client):
        iterator = ITERATED[name](client, batch_id)
        assert "iterator belongs to another event loop" in from_elsewhere(lambda: STEPS[step](iterator))
        home.run(awaited(anext(iterator)))
        assert "iterator belongs to another event loop" in from_elsewhere(lambda: STEPS[step](iterator))
        coroutine: Any = STEPS[step](iterator)
        with pytest.raises(InvalidInputError, match="no asyncio event loop is running here"):
            coroutine.send(None)
        home.run(awaited(iterator.aclose()))
        with pytest.raises(StopAsyncIteration):
            home.run(awaited(anext(iterator)))


@pytest.mark.parametrize("name", ["list_batch", "list_runs_in_batch", "failed_runs"])
def test_a_list_is_awaited_on_its_own_loop(omics: Simulator, name: str) -> None:
    """From elsewhere it is not begun, and can still be had whole."""
    batch_id = omics.start_batch(3)
    with client_at_home(omics) as (home, client):
        listing: Any = ITERATED[name](client, batch_id)
        assert "iterator belongs to another event loop" in from_elsewhere(lambda: listing)
        assert home.run(awaited(listing))


def test_a_request_through_the_aws_client_is_refused_on_another_loop(omics: Simulator) -> None:
    """Whoever took it along would read from the sockets of the first loop."""
    requests = len(omics.requests)
    with client_at_home(omics) as (home, client):
        aws = client.aws
        assert "make one client for each loop" in from_elsewhere(lambda: aws.get_batch(batchId="7"))
        assert len(omics.requests) == requests
        assert home.run(awaited(aws.list_batch()))


@pytest.mark.parametrize("leave", ["close", "__aexit__"])
def test_a_client_is_closed_on_its_own_loop(omics: Simulator, leave: str) -> None:
    """From another one it is refused, and the message has what works; a wait under way goes on."""
    with client_at_home(omics) as (home, client):
        batch_id = omics.start_batch(1)
        wait = asyncio.run_coroutine_threadsafe(client.wait_until_processed(batch_id), home.loop)
        arguments = () if leave == "close" else (None, None, None)
        advice = "asyncio.run_coroutine_threadsafe(client.close(), loop)"
        assert advice in from_elsewhere(lambda: getattr(client, leave)(*arguments))
        assert home.run(awaited(client.get_batch(batch_id))).id == batch_id
        assert not wait.done()
        asyncio.run_coroutine_threadsafe(client.close(), home.loop).result(20)
        assert isinstance(wait.exception(20), ClientClosedError)
        asyncio.run(awaited(client.close()))


def test_an_iterator_that_is_dropped_elsewhere_ends_on_its_own_loop(omics: Simulator) -> None:
    """Garbage collection in any thread hands it to the client's loop, where its waits end."""
    batch_id = omics.start_batch(1)
    with client_at_home(omics) as (home, client):
        iterators = [client.watch(batch_id), client.as_processed(["404", batch_id])]
        for place in range(len(iterators)):
            home.run(awaited(anext(iterators[place])))
        assert home.run(home.tasks()) != []
        iterators.clear()
        asyncio.run(asyncio.to_thread(gc.collect))
        assert home.run(home.tasks()) == []


def test_a_client_whose_loop_was_closed_is_closed_anywhere(omics: Simulator) -> None:
    """Its waits have ended with the loop: nothing is waited for."""
    client, batch_id = omics.client(), omics.start_batch(1)
    iterators: list[AsyncGenerator[Any]] = []

    async def begin() -> None:
        await client.__aenter__()
        iterators.extend([client.watch(batch_id), client.as_processed([batch_id]), client.list_batch()])
        await anext(iterators[0])
        iterators.append(client.watch(batch_id))

    asyncio.run(begin())

    async def end() -> None:
        for iterator in iterators:
            await awaited(iterator.aclose())
            with pytest.raises(InvalidInputError, match="belongs to another event loop"):
                await awaited(anext(iterator))
        with pytest.raises(InvalidInputError, match="make one client for each loop"):
            await client.get_batch(batch_id)
        await awaited(client.close())
        with pytest.raises(ClientClosedError):
            await client.get_batch(batch_id)

    asyncio.run(end())


def test_a_client_is_opened_on_a_loop(omics: Simulator) -> None:
    """Without one the client is not used up."""
    client = omics.client()
    opening: Any = client.__aenter__()
    with pytest.raises(InvalidInputError, match="no asyncio event loop is running here: use `async with`"):
        opening.send(None)

    async def use() -> None:
        async with client:
            await client.list_batch()

    asyncio.run(use())


async def test_an_iterator_is_an_async_generator(omics: Simulator) -> None:
    """As it always was: for type checks at run time, for `aclosing`, for a thread that hands a step to the loop."""
    async with omics.client() as client:
        batch_id = omics.start_batch(1)
        for name in ITERATED:
            iterator = ITERATED[name](client, batch_id)
            assert isinstance(iterator, AsyncGenerator)
            with pytest.raises(KeyError):
                await iterator.athrow(KeyError())
            await iterator.aclose()
            assert [item async for item in iterator] == []
        watching, loop = client.watch(batch_id), asyncio.get_running_loop()
        step: Any = anext(watching)
        seen_in_thread = await asyncio.to_thread(lambda: asyncio.run_coroutine_threadsafe(step, loop).result(20))
        assert seen_in_thread.id == batch_id
        await watching.aclose()


def test_a_simulator_is_left_on_its_own_loop() -> None:
    """From another one it is refused, and goes on."""
    with loop_elsewhere() as home:
        simulator = Simulator()
        home.run(simulator.__aenter__())
        assert "leave its `async with` there" in from_elsewhere(lambda: simulator.__aexit__(None, None, None))

        async def ask() -> object:
            async with simulator.client() as client:
                return await client.list_batch()

        assert home.run(ask()) == []
        home.run(simulator.__aexit__(None, None, None))


def test_a_simulator_whose_loop_was_closed_is_left_anywhere() -> None:
    """Its connections and its answers have ended with the loop: nothing is waited for."""
    simulator = Simulator()

    async def begin() -> OmicsBatchClient:
        await simulator.__aenter__()
        client = await simulator.client().__aenter__()
        await client.list_batch()
        return client

    # uvloop's own close hangs while a server listens.
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        client = runner.run(begin())
    asyncio.run(awaited(client.close()))
    asyncio.run(awaited(simulator.__aexit__(None, None, None)))
    with pytest.raises(RuntimeError, match="not running"):
        _ = simulator.endpoint_url
