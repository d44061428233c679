"""The page of errors shows for each party what a client really says, word for word."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from omics_batch import (
    BatchRunSettings,
    DefaultRunSettingInput,
    InlineSetting,
    OmicsBatchClient,
    OmicsBatchError,
    Party,
    RetryPolicy,
    StartRunBatchRequest,
)
from omics_batch.testing import Fault, Life, Simulator, faults
from tests.test_own_queue import with_a_full_queue
from tests.virtual_time import running_clock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

DOCS: Final = Path(__file__).parent.parent / "docs"
TITLE: Final = "## Whose fault it is\n"

SECTIONS: Final = {
    Party.CALLER: "The caller's input",
    Party.MACHINE: "This machine's configuration",
    Party.OWN_QUEUE: "This client's own queue",
    Party.NETWORK: "The network",
    Party.IN_BETWEEN: "Something in between",
    Party.SERVICE: "The service",
}

REQUEST: Final = StartRunBatchRequest(
    default_run_setting=DefaultRunSettingInput(
        workflow_id="1234567", role_arn="arn:aws:iam::123456789012:role/OmicsRole", output_uri="s3://my-bucket/out/"
    ),
    batch_run_settings=BatchRunSettings(inline_settings=[InlineSetting(run_setting_id="NA12878")]),
)
DENIED: Final = "User: arn:aws:iam::123456789012:user/me is not authorized to perform: omics:GetBatch"
QUOTA: Final = "The maximum number of active run batches is reached"


async def get(client: OmicsBatchClient, batch_id: str) -> object:
    return await client.get_batch(batch_id)


async def get_another(client: OmicsBatchClient, _: str) -> object:
    return await client.get_batch("run-7")


async def cancel_once_ended(client: OmicsBatchClient, batch_id: str) -> None:
    await client.wait_until_processed(batch_id)
    await client.cancel_run_batch(batch_id)


async def wait(client: OmicsBatchClient, batch_id: str) -> object:
    return await client.wait_until_processed(batch_id, timeout=86400)


async def start(client: OmicsBatchClient, _: str) -> object:
    return await client.start_run_batch(REQUEST)


@dataclass(frozen=True)
class Simulated:
    """What a call is met by on the local HealthOmics, in virtual time."""

    call: Callable[[OmicsBatchClient, str], Awaitable[object]]
    fault: Fault | None = None
    life: Life = field(default_factory=Life)

    async def produce(self) -> object:
        script = [] if self.fault is None else [self.fault]
        simulator = Simulator(in_process=True, clock=running_clock(), life=self.life, faults=script)
        async with simulator as omics, omics.client(random=lambda: 0.0) as client:
            try:
                return await self.call(client, omics.start_batch(["NA12878"]))
            finally:
                omics.forget_script()


@dataclass(frozen=True)
class Queued:
    """A call, or a wait, beside a queue that is full."""

    call: Callable[[OmicsBatchClient], Awaitable[object]]

    async def produce(self) -> object:
        async with with_a_full_queue(max_rate=0.1) as story:
            return await self.call(story.client)


@dataclass(frozen=True)
class Configured:
    """A client on a machine that is set up so."""

    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    config: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])

    async def produce(self) -> object:
        at_once = RetryPolicy(base=0.0)
        async with OmicsBatchClient(retry=at_once, random=lambda: 0.0, **self.settings) as client:
            return await client.get_batch("7123456")


KEYS: Final = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}
REGION: Final = {"AWS_DEFAULT_REGION": "us-west-2"}
ROLE: Final = "[profile lab]\nrole_arn = arn:aws:iam::123456789012:role/lab\n"

IN_VIRTUAL_TIME: Final[Mapping[Party, tuple[Simulated | Queued, ...]]] = {
    Party.CALLER: (
        Simulated(get_another),
        Simulated(get, faults.status(404)),
        Simulated(cancel_once_ended),
    ),
    Party.MACHINE: (
        Simulated(get, faults.error("AccessDeniedException", 403, DENIED)),
        Simulated(get, faults.expired_token()),
    ),
    Party.OWN_QUEUE: (
        Queued(lambda client: client.get_batch("7123456", timeout=2)),
        Queued(lambda client: client.wait_until_processed("7123456", timeout=2)),
    ),
    Party.NETWORK: (
        Simulated(get, faults.unanswered(times=3)),
        Simulated(wait, faults.unanswered(times=1000)),
    ),
    Party.IN_BETWEEN: (
        Simulated(get, faults.html(200, times=3)),
        Simulated(get, faults.html(403, times=3)),
        Simulated(get, faults.html(502, times=3)),
        Simulated(get, faults.redirected(302, "https://login.example.org/")),
    ),
    Party.SERVICE: (
        Simulated(get, faults.throttled(times=3)),
        Simulated(get, faults.status(500, times=3)),
        Simulated(start, faults.error("ServiceQuotaExceededException", 402, QUOTA, "StartRunBatch")),
        Simulated(wait, life=Life(failure_reason="The role cannot be assumed")),
    ),
}

IN_REAL_TIME: Final[Mapping[Party, tuple[Configured, ...]]] = {
    Party.MACHINE: (
        Configured(KEYS),
        Configured({**REGION, "AWS_PROFILE": "nope"}),
        Configured({**REGION, "AWS_EC2_METADATA_DISABLED": "true"}),
        Configured({**REGION, "AWS_PROFILE": "lab"}, config=ROLE),
        Configured({**REGION, **KEYS, "AWS_SESSION_TOKEN": "token\n"}),
        Configured({**REGION, **KEYS, "HTTPS_PROXY": "socks5://127.0.0.1:9"}),
    ),
    Party.NETWORK: (
        Configured(KEYS, settings={"endpoint_url": "https://omics.lab.invalid", "region_name": "us-west-2"}),
    ),
}


def section(party: Party) -> str:
    """Read what the page says of a party."""
    (page,) = (text for path in DOCS.glob("*.md") if TITLE in (text := path.read_text(encoding="utf-8")))
    found = re.search(rf"^### {SECTIONS[party]}\n(.*?)(?=^##|\Z)", page.partition(TITLE)[2], re.MULTILINE | re.DOTALL)
    assert found, f"the page lacks {SECTIONS[party]}"
    return found[1]


def shown(party: Party) -> list[str]:
    """Read the messages that the page shows of a party, each as one line."""
    return [
        " ".join(block.split())
        for block in re.findall(r"^```text\n(.*?)^```", section(party), re.MULTILINE | re.DOTALL)
    ]


async def said_by(case: Simulated | Queued | Configured, party: Party) -> str:
    with pytest.raises(OmicsBatchError) as caught:
        await case.produce()
    assert caught.value.fault is party
    message = re.sub(r" \[request id [-0-9a-f]{36}\]", "", str(caught.value))
    return f"{type(caught.value).__name__}: {message}"


@pytest.mark.virtual_time
@pytest.mark.parametrize("party", IN_VIRTUAL_TIME, ids=lambda party: party.name)
async def test_the_messages_are_those_of_a_client(party: Party) -> None:
    said = [await said_by(case, party) for case in IN_VIRTUAL_TIME[party]]
    assert shown(party)[-len(said) :] == said


@pytest.mark.parametrize("party", IN_REAL_TIME, ids=lambda party: party.name)
async def test_the_messages_are_those_of_a_machine(
    party: Party, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".aws").mkdir()
    said: list[str] = []
    for case in IN_REAL_TIME[party]:
        (tmp_path / ".aws" / "config").write_text(case.config)
        with monkeypatch.context() as machine:
            for name, value in case.variables.items():
                machine.setenv(name, value)
            said.append(await said_by(case, party))
    assert shown(party)[: len(said)] == said


@pytest.mark.parametrize("party", Party, ids=lambda party: party.name)
def test_each_party_has_its_section_and_each_message_its_case(party: Party) -> None:
    """And each message is followed by what to do."""
    cases = len(IN_REAL_TIME.get(party, ())) + len(IN_VIRTUAL_TIME[party])
    assert len(shown(party)) == cases
    parts = re.split(r"^```text\n.*?^```\n", section(party), flags=re.MULTILINE | re.DOTALL)
    assert all(part.strip() for part in parts)
