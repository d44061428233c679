"""`BlockingClient` over real HTTP, against the local HealthOmics in a thread of its own."""

from __future__ import annotations

import gc
import inspect
import io
import json
import random
import re
import signal
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import pytest
from aiobotocore.session import get_session

from omics_batch import (
    Batch,
    BatchCancelledError,
    BatchStatus,
    ClientClosedError,
    Event,
    InvalidInputError,
    Manifest,
    OmicsBatchClient,
    OmicsBatchError,
    Outcome,
    PollPolicy,
    ResourceNotFoundError,
    RunResult,
    StartRunBatchRequest,
    WaitEnded,
    WaitStarted,
    WaitTimeoutError,
)
from omics_batch._api.listing import Listing
from omics_batch.blocking import BlockingClient, BlockingIterator, BlockingListing
from omics_batch.testing import Life, Simulator
from tests.storms import InterruptedHereError, interrupting, storm

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

OFTEN: Final = PollPolicy(initial=1, maximum=60)
FOR_EVER: Final = Life(run_length=1e12)


@pytest.fixture(scope="module")
def omics() -> Iterator[Simulator]:
    with Simulator(time_scale=1000.0) as running:
        yield running


@pytest.fixture
def client(omics: Simulator) -> Iterator[BlockingClient]:
    with omics.blocking_client(poll=OFTEN, max_rate=None) as client:
        yield client


# It has what OmicsBatchClient has

ASYNCHRONOUS_ONLY: Final = {"aws"}
"""What it returns works only on the client's own event loop: boto3 is there for callers that block."""

RETURNED: Final = {"Listing[": "BlockingListing[", "AsyncGenerator[": "BlockingIterator["}
TAKEN: Final = {"Awaitable[object] | object": "object"}
SAID: Final = {
    ", or await them all": ", or take them `all`",
    ": for notebooks, where no `async with` spans the cells.": ".",
}


def members(kind: type) -> dict[str, Any]:
    return {name: member for name, member in inspect.getmembers(kind) if not name.startswith("_")}


def signature(method: Callable[..., Any]) -> str:
    """Write arguments with their kinds, defaults and annotations, and what is returned."""
    return re.sub(r"<([\w.]+) object at 0x\w+>", r"\1()", str(inspect.signature(method)))


def replaced(text: str, words: dict[str, str]) -> str:
    for word, other in words.items():
        text = text.replace(word, other)
    return text


def test_nothing_is_missing_and_nothing_is_its_own() -> None:
    assert set(members(OmicsBatchClient)) - set(members(BlockingClient)) == ASYNCHRONOUS_ONLY
    assert set(members(BlockingClient)) <= set(members(OmicsBatchClient))


@pytest.mark.parametrize("name", ["__init__", *members(BlockingClient)])
def test_a_method_has_the_arguments_and_the_result_of_the_asynchronous_one(name: str) -> None:
    theirs, ours = inspect.getattr_static(OmicsBatchClient, name), inspect.getattr_static(BlockingClient, name)
    first, *_ = str(inspect.getdoc(theirs)).splitlines()
    assert str(inspect.getdoc(ours)).splitlines()[0] == replaced(first, SAID)
    assert isinstance(ours, property) == isinstance(theirs, property)
    ours, theirs = (getattr(member, "fget", member) for member in (ours, theirs))
    assert not inspect.iscoroutinefunction(ours)
    assert signature(ours) == replaced(signature(theirs), RETURNED | TAKEN)


def test_it_does_what_the_asynchronous_client_does(omics: Simulator, client: BlockingClient) -> None:
    """Each method once, on a batch from its start to its end."""
    request = StartRunBatchRequest.model_validate(
        {
            "batchName": "trio",
            "defaultRunSetting": {"workflowId": "1", "roleArn": "arn:aws:iam::123456789012:role/OmicsRole"},
            "batchRunSettings": {"inlineSettings": [{"runSettingId": name} for name in ("NA12878", "NA12891")]},
        }
    )
    started = client.start_run_batch(request)
    assert client.get_batch(started).name == "trio"
    assert client.wait_until_processed(started).outcome is Outcome.SUCCEEDED
    assert [seen.status for seen in client.watch(started)][-1] == BatchStatus.PROCESSED
    assert [item.id for item in client.list_batch(name="trio")] == [started.id]
    assert [run.run_setting_id for run in client.list_runs_in_batch(started, submission_status="SUCCESS")] == [
        "NA12878",
        "NA12891",
    ]
    assert client.failed_runs(started, reasons=False).all() == []
    failing = omics.start_batch(["S1", "S2"], life=Life(failed_runs={"S2": "out of memory"}))
    ended = dict(client.as_processed([started.id, failing, "404"]))
    assert [type(ended[name]) for name in (started.id, failing, "404")] == [Batch, Batch, ResourceNotFoundError]
    assert [(run.run_setting_id, run.message) for run in client.failed_runs(failing)] == [("S2", "out of memory")]
    assert [run.status for run in client.results(started)] == ["COMPLETED", "COMPLETED"]
    assert client.plan_resubmission(failing).left_out[0].run.run_setting_id == "S2"
    client.delete_run_batch(failing)
    assert client.delete_everything(started).id == started.id
    with pytest.raises(ResourceNotFoundError):
        client.delete_batch(started)
    manifest = Manifest(
        default_run_setting=request.default_run_setting, runs={"runSettingId": "{sample}"}, rows=[{"sample": "NA12892"}]
    )
    assert len(client.check_manifest(manifest).unchecked) == 2
    assert [(each.index, each.existed) for each in client.start_manifest(manifest)] == [(0, False)]
    assert [each.index for each in client.find_manifest(manifest)] == [0]
    going = omics.start_batch(1, life=FOR_EVER)
    assert client.cancel_and_wait(going).status == BatchStatus.CANCELLED
    with pytest.raises(OmicsBatchError, match="CancelRunBatch"):
        client.cancel_run_batch(going)
    assert client.retry_quota > 0


def test_an_argument_that_cannot_be_right_is_refused_before_the_iteration(client: BlockingClient) -> None:
    with pytest.raises(InvalidInputError, match="no batch id"):
        client.watch("S1")
    with pytest.raises(InvalidInputError, match="several batches"):
        client.as_processed("7123456")
    with pytest.raises(InvalidInputError, match="session or profile_name"):
        BlockingClient(session=get_session(), profile_name="a")


# Lists in files


def test_a_listing_has_the_writers_of_the_asynchronous_one() -> None:
    awaited = {"aclose", "asend", "athrow"}  # of asynchronous generators
    assert set(members(Listing)) - awaited <= set(members(BlockingListing))
    for name in set(members(Listing)) - awaited:
        theirs, ours = getattr(Listing, name), getattr(BlockingListing, name)
        assert signature(ours) == signature(theirs)


def test_a_list_is_written_to_a_file(omics: Simulator, client: BlockingClient, tmp_path: Path) -> None:
    batch = client.wait_until_processed(omics.start_batch(["=S1", "S2"]))
    place = tmp_path / "results.csv"
    assert client.results(batch).to_csv(place, spreadsheet=True, delimiter=";") == 1
    header, *lines = place.read_text(encoding="utf-8-sig").splitlines()
    assert header.split(";")[0] == "run_setting_id"
    assert [line.split(";")[0] for line in lines] == ["'=S1", "S2"]
    client.list_runs_in_batch(batch).to_json_lines(tmp_path / "runs.jsonl")
    runs = map(json.loads, (tmp_path / "runs.jsonl").read_text().splitlines())
    assert [run["run_setting_id"] for run in runs] == ["=S1", "S2"]


def test_a_list_that_was_begun_or_breaks_off_leaves_the_file_as_it_was(
    omics: Simulator, client: BlockingClient, tmp_path: Path
) -> None:
    place = tmp_path / "runs.csv"
    place.write_text("kept")
    begun = client.results(client.wait_until_processed(omics.start_batch(2)))
    next(begun)
    with pytest.raises(InvalidInputError, match="make the call again"):
        begun.to_csv(place)
    with pytest.raises(ResourceNotFoundError):
        client.results("404").to_csv(place)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["kept"]


def test_a_list_is_written_as_it_comes(omics: Simulator, client: BlockingClient) -> None:
    """While the last of a thousand runs is written, hardly more than a page of them is there."""
    alive: list[int] = []

    class Stream(io.StringIO):
        def write(self, text: str) -> int:
            if text.startswith("sample-1000,"):
                gc.collect()
                alive.append(sum(type(each) is RunResult for each in gc.get_objects()))
            return super().write(text)

    batch = client.wait_until_processed(omics.start_batch(1000, life=Life(submission_rate=1e6, run_length=1)))
    client.results(batch).to_csv(stream := Stream())
    assert len(stream.getvalue().splitlines()) == 1001
    assert len(alive) == 1
    assert alive[0] <= 200


# Opening and closing


def test_it_opens_at_its_first_call_and_closes_once(omics: Simulator) -> None:
    client = omics.blocking_client()
    batch_id = omics.start_batch(1)
    assert client.get_batch(batch_id).id == batch_id
    assert client.open() is client
    with client as same:
        assert same is client
    client.close()
    for call in (client.open, lambda: client.get_batch(batch_id)):
        with pytest.raises(ClientClosedError, match="was closed: make another one"):
            call()


def test_first_calls_at_once_open_it_once(omics: Simulator) -> None:
    batch_id = omics.start_batch(1)
    together = threading.Barrier(8)

    def call(_: int) -> str:
        together.wait()
        return shared.get_batch(batch_id).id

    with closing(omics.blocking_client(max_rate=None)) as shared, ThreadPoolExecutor(8) as callers:
        assert set(callers.map(call, range(8))) == {batch_id}


def test_where_opening_fails_the_next_call_opens_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(BlockingClient(endpoint_url="http://127.0.0.1:9")) as client:
        with pytest.raises(InvalidInputError, match="region"):
            client.open()
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
        assert client.open().retry_quota > 0


def test_closing_ends_the_calls_of_other_threads(omics: Simulator) -> None:
    started = threading.Event()
    batch_id = omics.start_batch(1, life=FOR_EVER)

    def note(event: Event) -> None:
        if isinstance(event, WaitStarted):
            started.set()

    client = omics.blocking_client(on_event=note)
    with ThreadPoolExecutor(1) as other:
        waiting = other.submit(client.wait_until_processed, batch_id)
        assert started.wait(60)
        client.close()
        with pytest.raises(ClientClosedError) as caught:
            waiting.result()
    assert caught.value.batch_id == batch_id


def test_a_signal_closes_it_for_all_threads(omics: Simulator) -> None:
    """And goes on to the server's own handler."""
    recorded: list[int] = []

    def note(number: int, _: object) -> None:
        recorded.append(number)

    before = signal.signal(signal.SIGTERM, note)
    try:
        with omics.blocking_client() as client:
            watch = client.watch(omics.start_batch(1, life=FOR_EVER))
            next(watch)
            client.close_at_signals()
            signal.raise_signal(signal.SIGTERM)
            with pytest.raises(ClientClosedError):
                _ = list(watch)
        assert recorded == [signal.SIGTERM]
        assert signal.getsignal(signal.SIGTERM) is note
    finally:
        signal.signal(signal.SIGTERM, before)


def test_one_that_nobody_keeps_is_closed(omics: Simulator) -> None:
    others = threading.enumerate()

    def use_it() -> None:
        batches = omics.blocking_client().list_batch()
        gc.collect()
        assert next(batches).id  # an iteration keeps its client

    omics.start_batch(1)
    use_it()
    gc.collect()
    for thread in set(threading.enumerate()) - set(others):
        thread.join(60)
        assert not thread.is_alive()


# Waiting


def test_on_update_is_called_where_the_caller_is(omics: Simulator, client: BlockingClient) -> None:
    """It may use what belongs to a thread, and the client."""
    seen: list[tuple[BatchStatus, threading.Thread, str]] = []

    def note(batch: Batch) -> None:
        seen.append((batch.status, threading.current_thread(), client.get_batch(batch).id))

    batch_id = omics.start_batch(3)
    client.wait_until_processed(batch_id, on_update=note)
    assert seen[-1] == (BatchStatus.PROCESSED, threading.current_thread(), batch_id)


def test_what_on_update_raises_the_wait_raises(omics: Simulator, client: BlockingClient) -> None:
    batch_id = omics.start_batch(1, life=FOR_EVER)

    def leave(_: Batch) -> None:
        sys.exit("enough")

    with pytest.raises(SystemExit, match="enough"):
        client.wait_until_processed(batch_id, on_update=leave)

    async def too_late(_: Batch) -> None:
        raise AssertionError

    with pytest.raises(InvalidInputError, match="plain function"):
        client.wait_until_processed(batch_id, on_update=too_late)
    with pytest.raises(InvalidInputError, match="plain function"):
        client.wait_until_processed(batch_id, on_update=lambda _: Awaitable())
    assert client.get_batch(batch_id).status


class Awaitable:
    """What an asynchronous function may return too."""

    def __await__(self) -> Generator[None]:
        raise AssertionError


def test_ctrl_c_ends_the_wait_and_nothing_else(omics: Simulator) -> None:
    """The client goes on, and so do the waits of other threads; the batch is not touched."""
    batch_id = omics.start_batch(1, life=FOR_EVER)
    ended: list[WaitEnded] = []
    waiting = threading.Event()

    def note(event: Event) -> None:
        if isinstance(event, WaitStarted):
            if event.batch_id == batch_id:
                interrupt()
            else:
                waiting.set()
        elif isinstance(event, WaitEnded):
            ended.append(event)

    with ThreadPoolExecutor(1) as other, omics.blocking_client(on_event=note) as client, interrupting() as interrupt:
        others = omics.start_batch(1, life=FOR_EVER)
        theirs = other.submit(client.wait_until_processed, others, poll=OFTEN)
        assert waiting.wait(60)
        with pytest.raises(InterruptedHereError):
            client.wait_until_processed(batch_id)
        assert [event.batch_id for event in ended] == [batch_id]
        assert client.get_batch(batch_id).status != BatchStatus.CANCELLED
        client.cancel_and_wait(others)
        with pytest.raises(BatchCancelledError):
            theirs.result()


def test_a_call_from_on_event_is_refused(omics: Simulator) -> None:
    """It would wait for itself."""
    refused: list[str] = []

    def call(event: Event) -> None:
        with pytest.raises(InvalidInputError) as caught:
            hooked.get_batch("7123456")
        refused.append(str(caught.value))

    hooked = omics.blocking_client(on_event=call)
    with hooked:
        hooked.wait_until_processed(omics.start_batch(1), poll=OFTEN)
    assert "queue.SimpleQueue" in refused[0]


async def test_it_works_inside_of_a_running_loop(omics: Simulator, client: BlockingClient) -> None:
    """As in a notebook, or in a synchronous view of an asynchronous server."""
    batch_id = omics.start_batch(2)
    assert client.wait_until_processed(batch_id).is_processed
    assert len(client.list_runs_in_batch(batch_id).all()) == 2
    assert client.retry_quota > 0


# Iterating


def test_a_listing_can_be_read_once(omics: Simulator, client: BlockingClient) -> None:
    batch_id = omics.start_batch(110)
    client.wait_until_processed(batch_id)
    runs = client.list_runs_in_batch(batch_id)
    assert repr(runs) == "<BlockingListing: take `all()` of it, or iterate over it with `for`>"
    assert len([*islice(runs, 3)]) == 3
    with pytest.raises(InvalidInputError, match="read once"):
        runs.all()
    assert len([*runs]) == 107
    assert [*runs] == []
    rows = client.list_runs_in_batch(batch_id).all()
    assert len(rows.to_columns()["run_setting_id"]) == 110


def test_an_iteration_that_is_left_ends_its_wait(omics: Simulator) -> None:
    """Closed, or kept by nobody."""
    ended: list[WaitEnded] = []
    has_ended = threading.Semaphore(0)

    def note(event: Event) -> None:
        if isinstance(event, WaitEnded):
            ended.append(event)
            has_ended.release()

    with omics.blocking_client(on_event=note) as client:
        batch_id = omics.start_batch(1, life=FOR_EVER)
        with closing(client.watch(batch_id)) as watch:
            next(watch)
            assert ended == []
        assert len(ended) == 1
        assert [*watch] == []
        for _ in client.watch(batch_id):
            break
        assert has_ended.acquire(timeout=60)
        assert has_ended.acquire(timeout=60)
        watch = client.watch(batch_id)
        next(watch)
    watch.close()  # nothing is left of it


def test_an_iteration_is_over_after_an_error(omics: Simulator, client: BlockingClient) -> None:
    watch = client.watch(omics.start_batch(1, life=FOR_EVER), timeout=1)
    with pytest.raises(WaitTimeoutError):
        _ = [*watch]
    assert [*watch] == []


def test_batches_may_come_from_the_client_itself(omics: Simulator, client: BlockingClient) -> None:
    wanted = {omics.start_batch(1, name="from-a-list") for _ in range(3)}
    ended = client.as_processed(item for item in client.list_batch(name="from-a-list"))
    assert {batch_id for batch_id, _ in ended} == wanted


# Programs


PROGRAM: Final = """
import atexit, os, signal, sys, threading

@atexit.register  # called after those that the package registers
def last():
    print("left", [thread.name for thread in threading.enumerate()], flush=True)

from omics_batch import ClientClosedError, Event, WaitStarted
from omics_batch.blocking import BlockingClient

def note(event: Event) -> None:
    if isinstance(event, WaitStarted):
        os.kill(os.getpid(), signal.SIGINT)

client = BlockingClient(on_event=note, allow_http=True)
later = BlockingClient(allow_http=True)
batch_id = sys.argv[1]
try:
    client.wait_until_processed(batch_id)
except KeyboardInterrupt:
    print("interrupted", client.get_batch(batch_id).id, flush=True)

child = os.fork()
if child == 0:
    try:
        client.get_batch(batch_id)
    except ClientClosedError as error:
        print("in the child:", error, flush=True)
    client.close()
    print("later", later.get_batch(batch_id).id, flush=True)
    sys.exit(7)
print("child", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), client.get_batch(batch_id).id, flush=True)
"""


def test_a_program_is_interrupted_forks_and_ends(omics: Simulator) -> None:
    """What is open is closed at the end of the interpreter, also in a forked process."""
    batch_id = omics.start_batch(1, life=FOR_EVER)
    program = [sys.executable, "-W", "ignore::DeprecationWarning", "-W", "error::ResourceWarning", "-c", PROGRAM]
    done = subprocess.run(
        [*program, batch_id], env=omics.environment, capture_output=True, text=True, check=False, timeout=240
    )
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0] == f"interrupted {batch_id}"
    assert lines[1].startswith("in the child: the client was opened in process ")
    assert lines[1].endswith("Make one client in each process, or make its first call after the fork")
    assert lines[2:] == [
        f"later {batch_id}",
        "left ['MainThread']",
        f"child 7 {batch_id}",
        "left ['MainThread']",
    ]
    assert done.returncode == 0


# All at once


def ends_of_a_storm(omics: Simulator, batches: list[str], chance: random.Random) -> Counter[str]:
    """Let fifty threads call one client, two of them close it, and the main thread be interrupted."""
    client = omics.blocking_client(max_rate=None, poll=OFTEN)
    processed, going = batches
    choices: list[Callable[[], object]] = [
        lambda: client.get_batch(processed),
        lambda: client.list_runs_in_batch(processed).all(),
        lambda: [*client.failed_runs(processed)],
        lambda: next(client.watch(going)),
        lambda: client.wait_until_processed(going, timeout=30, on_update=str),
        lambda: dict(client.as_processed(batches, timeout=30)),
    ]

    def call() -> str:
        try:
            chance.choice(choices)()
        except ClientClosedError:
            return "refused"
        except WaitTimeoutError:
            return "over"
        return "done"

    def close() -> str:
        client.close()
        return "closed"

    calls = [[call, call, call] for _ in range(50)]
    for who_closes in chance.sample(calls, 2):
        who_closes.append(close)
    return storm(calls, call, chance.random() * 0.3)


@pytest.mark.slow
def test_fifty_threads_call_and_close_and_are_interrupted_a_hundred_times(omics: Simulator) -> None:
    """No call is left without an end."""
    chance = random.Random(20)  # noqa: S311 - the same each time
    with omics.blocking_client(poll=OFTEN) as client:
        processed = omics.start_batch(120)
        client.wait_until_processed(processed)
    going = omics.start_batch(3, life=FOR_EVER)
    total = sum((ends_of_a_storm(omics, [processed, going], chance) for _ in range(100)), Counter[str]())
    assert (total["closed"], total["interrupted"]) == (200, 100)
    assert min(total["done"], total["refused"]) > 0


def test_an_iterator_is_an_iterator(client: BlockingClient) -> None:
    assert isinstance(client.list_batch(), BlockingIterator)
