"""Small things in which the simulator answers as the service does, so that other SDKs meet the same on both."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from omics_batch.testing import Life, Simulator, faults
from omics_batch.testing._service.serialization import read_request
from omics_batch.testing._service.service_model import service_model
from omics_batch.testing._service.shape_check import WrongTypeError, find_breaches
from tests.testing._support import SETTING, Wire, botocore_auth, signed

if TYPE_CHECKING:
    from omics_batch.testing import ManualClock

START: dict[str, Any] = {
    "requestId": "1",
    "defaultRunSetting": SETTING,
    "batchRunSettings": {"inlineSettings": [{"runSettingId": "a"}]},
}


async def test_a_change_is_accepted_without_a_body(omics: Simulator, clock: ManualClock, wire: Wire) -> None:
    cancelled, processed = omics.start_batch(1, life=Life(run_length=9999)), omics.start_batch(1)
    clock.advance(60)
    bodies: list[tuple[int, bytes]] = []
    for method, path, body in (
        ("POST", "/runBatch/cancel", {"batchId": cancelled}),
        ("POST", "/runBatch/delete", {"batchId": processed}),
    ):
        response = await wire.ask(method, path, body)
        bodies.append((response.status, response.body))
    clock.advance(60)
    response = await wire.ask("DELETE", f"/runBatch/{cancelled}")
    assert [*bodies, (response.status, response.body)] == [(202, b"")] * 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"batchRunSettings": []},
        {"batchRunSettings": "s3://bucket/key"},
        {"batchRunSettings": {"inlineSettings": {"runSettingId": "a"}}},
        {"batchRunSettings": {"inlineSettings": [None]}},
        {"defaultRunSetting": {**SETTING, "priority": "5"}},
        {"defaultRunSetting": {**SETTING, "priority": 5.5}},
        {"defaultRunSetting": {**SETTING, "storageCapacity": True}},
        {"batchName": 5, "requestId": ""},
        {"tags": {"a": None}},
        {"tags": []},
    ],
    ids=str,
)
async def test_a_value_of_a_wrong_type_cannot_be_read(wire: Wire, wrong: dict[str, Any]) -> None:
    """As long as it is one of the right type that is not allowed, it is no problem of reading it."""
    response = await wire.ask("POST", "/runBatch", {**START, **wrong})
    assert (response.status, response.code) == (400, "SerializationException")
    assert next(iter(wrong)) in response.message


async def test_a_number_of_the_query_is_a_number(wire: Wire) -> None:
    assert (await wire.get("/runBatch?maxItems=ten")).code == "SerializationException"
    assert (await wire.get("/runBatch?maxItems=0")).code == "ValidationException"


def test_a_boolean_is_true_or_false() -> None:
    model: Any = type(service_model())
    shapes = {
        "Flag": {"type": "boolean"},
        "Input": {
            "type": "structure",
            "members": {
                "flag": {"shape": "Flag"},
                "asked": {"shape": "Flag", "location": "querystring", "locationName": "asked"},
            },
        },
    }
    http = {"method": "POST", "requestUri": "/"}
    one = {"name": "One", "http": http, "input": {"shape": "Input"}}
    operation = model({"shapes": shapes, "operations": {"One": one}}).operation_model("One")
    assert read_request(operation, {}, {"asked": ["true"]}, b'{"flag": false}') == {"flag": False, "asked": True}
    wrong: list[object] = ["true", 1, 0, []]
    for value in wrong:
        with pytest.raises(WrongTypeError, match="'flag'.*boolean"):
            find_breaches(operation.input_shape, {"flag": value})
    with pytest.raises(Exception, match="SerializationException.*asked"):
        read_request(operation, {}, {"asked": ["yes"]}, b"{}")


async def test_a_client_that_waits_to_be_asked_for_its_body_is_asked(omics: Simulator) -> None:
    """As curl and some SDKs do; without an answer they wait for a second, or for ever."""
    body = json.dumps(START).encode()
    headers = signed("POST", f"{omics.endpoint_url}/runBatch", body)
    async with aiohttp.ClientSession() as session:
        url = f"{omics.endpoint_url}/runBatch"
        async with session.post(url, data=body, headers=headers, expect100=True) as response:
            assert response.status == 201
        async with session.post(url, data=body, headers={**headers, "Expect": "a miracle"}) as response:
            assert (response.status, response.headers["x-amzn-errortype"]) == (417, "ExpectationFailedException")


@pytest.mark.parametrize("seconds", [-900.0, 900.0])
@pytest.mark.parametrize("times", [1, 2])
async def test_an_sdk_that_corrects_its_clock_succeeds(
    omics: Simulator, wire: Wire, monkeypatch: pytest.MonkeyPatch, seconds: float, times: int
) -> None:
    """It signs again by the Date of the refusal; one whose clock is wrong for another reason is refused still."""
    batch_id = omics.start_batch(1)
    omics.script(faults.skewed_clock(seconds, times=times))
    assert (await wire.get(f"/runBatch/{batch_id}")).code == "InvalidSignatureException"
    for corrected, status in ((seconds, 200), (seconds, 200), (2 * seconds, 403), (0.0, 200)):
        monkeypatch.setattr(
            botocore_auth,
            "get_current_datetime",
            partial(time_off_by, corrected),
        )
        assert (await wire.get(f"/runBatch/{batch_id}")).status == status


def time_off_by(seconds: float, **_: object) -> datetime:
    """What botocore takes for the time."""
    return datetime.now(UTC).replace(tzinfo=None) + timedelta(seconds=seconds)


async def test_ids_of_deleted_runs_come_again_and_uuids_do_not(
    omics: Simulator, clock: ManualClock, wire: Wire
) -> None:
    first, other = omics.start_batch(3), omics.start_batch(1)
    clock.advance(60)
    ids = await runs_of(wire, first)
    await wire.ask("POST", "/runBatch/delete", {"batchId": first})
    early = omics.start_batch(1)  # the runs are not deleted yet
    clock.advance(60)
    assert not set(await runs_of(wire, early)) & set(ids)

    larger, again, third = omics.start_batch(4), omics.start_batch(2), omics.start_batch(1)
    clock.advance(60)
    assert list(await runs_of(wire, again)) == list(ids)[:2]
    assert not set((await runs_of(wire, again)).values()) & set(ids.values())
    for batch_id in (other, early, larger, third):
        assert not set(await runs_of(wire, batch_id)) & set(ids)
    run = (await wire.get(f"/run/{next(iter(ids))}")).document
    assert run["batchId"] == again
    assert (await wire.get(f"/run/{list(ids)[2]}")).status == 404
    assert await runs_of(wire, first) == ids  # as long as its record is there

    omics.remove_batch(first)
    assert (await wire.get(f"/run/{next(iter(ids))}")).document["batchId"] == again


async def runs_of(wire: Wire, batch_id: str) -> dict[str, str]:
    """The UUIDs of a batch's runs, by their ids."""
    runs = (await wire.get(f"/runBatch/{batch_id}/run")).document["runs"]
    return {run["runId"]: run["runInternalUuid"] for run in runs}
