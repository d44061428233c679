"""What joined runs and their settings with botocore 1.44.8: read, sent where botocore can, and kept secret."""

from __future__ import annotations

import json
import logging
import traceback
from typing import Any, Final

import pytest
from pydantic import ValidationError

from omics_batch import (
    BatchRunSettings,
    DefaultRunSettingInput,
    InlineSetting,
    InvalidInputError,
    MalformedResponseError,
    OutputUriPrefixMode,
    RetryPolicy,
    Run,
    StartRunBatchRequest,
)
from omics_batch._api.listing import Rows
from omics_batch._words import without_signature
from omics_batch.testing import Life, Simulator, faults
from tests.testing._support import SETTING, wire_to

SIGNED: Final = "https://bucket.s3.amazonaws.com/params.json?X-Amz-Credential=AKIA&X-Amz-Signature=CANARY"
NEW: Final[dict[str, Any]] = {
    "requesterPaysEnabled": True,
    "outputUriPrefixMode": "NONE_WITH_OVERWRITE",
    "parametersUri": SIGNED,
}


def request_with(**setting: Any) -> StartRunBatchRequest:
    return StartRunBatchRequest(
        default_run_setting=DefaultRunSettingInput(**SETTING, **setting),
        batch_run_settings=BatchRunSettings(inline_settings=[InlineSetting(run_setting_id="a")]),
    )


def test_a_run_has_the_new_fields() -> None:
    run = Run.model_validate_json(json.dumps({"id": "1", "status": "COMPLETED", **NEW}))
    assert run.requester_pays_enabled is True
    assert run.output_uri_prefix_mode is OutputUriPrefixMode.NONE_WITH_OVERWRITE
    assert run.parameters_uri == SIGNED
    assert run.model_extra == {}
    assert {name: run.model_dump(by_alias=True)[name] for name in NEW} == NEW


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("s3://bucket/params.json", "s3://bucket/params.json"),
        (SIGNED, "https://bucket.s3.amazonaws.com/params.json?..."),
        ("https://host/a?b?Signature=x", "https://host/a?..."),
    ],
)
def test_a_uri_is_shown_without_its_signature(uri: str, shown: str) -> None:
    assert without_signature(uri) == shown
    assert f"parameters_uri='{shown}'" in repr(
        Run.model_validate({"id": "1", "status": "FAILED", "parametersUri": uri})
    )


async def test_a_signature_of_a_run_is_nowhere_but_in_its_field(caplog: pytest.LogCaptureFixture) -> None:
    """In an answer that cannot be read as well, whose error has a cause."""
    caplog.set_level(logging.DEBUG)
    once = RetryPolicy(max_attempts=1)
    life = Life(failed_runs=1, creating=0, pending=0, run_pending=0, run_starting=0, run_length=0)
    async with Simulator(life=life) as omics, omics.client(retry=once, max_rate=None) as client:
        batch_id = omics.start_batch(1)
        omics.advance(seconds=60)
        (listed,) = await client.failed_runs(batch_id)
        reported = {"id": listed.run_id, "status": "FAILED", **NEW}
        omics.script(
            faults.body(json.dumps(reported).encode(), operation="GetRun"),
            faults.body(json.dumps({**reported, "status": [SIGNED]}).encode(), operation="GetRun"),
        )
        failed = await client.failed_runs(batch_id)
        with pytest.raises(MalformedResponseError) as caught:
            await client.failed_runs(batch_id)
    (run,) = failed
    assert run.run is not None
    assert run.run.parameters_uri == SIGNED
    error = "".join(traceback.format_exception(caught.value))
    everywhere = [repr(failed), str(run), f"{run.run}", Rows(failed)._repr_html_(), error, caplog.text]
    assert [text for text in everywhere if text and "CANARY" in text] == []


async def test_what_the_installed_botocore_cannot_send_is_named() -> None:
    request = request_with(requester_pays_enabled=True)
    assert request.members()["defaultRunSetting"]["requesterPaysEnabled"] is True
    async with Simulator(in_process=True) as omics, omics.client() as client:
        try:
            started = await client.start_run_batch(request)
        except InvalidInputError as error:
            assert "requesterPaysEnabled (the first that can is 1.44.8)" in str(error)  # noqa: PT017 - or it is sent
        else:
            assert (await client.get_batch(started.id)).status == "CREATING"


@pytest.mark.parametrize("wrong", ["true", 1, "no"])
def test_a_flag_is_a_boolean(wrong: object) -> None:
    with pytest.raises(ValidationError, match="valid boolean"):
        request_with(requester_pays_enabled=wrong)


async def test_the_simulator_shows_what_it_was_reported() -> None:
    async with Simulator(life=Life(creating=0, pending=0)) as omics, wire_to(omics) as wire:
        setting = {**SETTING, "requesterPaysEnabled": True}
        batch_id = (await wire.start(defaultRunSetting=setting)).document["id"]
        omics.advance(seconds=60)
        async with omics.client() as client:
            batch = await client.get_batch(batch_id)
            assert batch.default_run_setting is not None
            assert batch.default_run_setting.requester_pays_enabled is True
            (run,) = await client.list_runs_in_batch(batch_id)
        shown = Run.model_validate((await wire.get(f"/run/{run.run_id}")).document)
    assert shown.requester_pays_enabled is True
