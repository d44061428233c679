"""A dry run of `start`: the request is checked and described."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omics_batch._words import named, one_line

if TYPE_CHECKING:
    from omics_batch import BatchRunSettings, StartRunBatchRequest


def facts(request: StartRunBatchRequest) -> list[tuple[str, str]]:
    """Return the main facts of a request as labels and values; absent ones are left out."""
    default = request.default_run_setting
    has_own_id = "request_id" in request.model_fields_set
    found = [
        ("Name", request.batch_name),
        ("Request", request.request_id if has_own_id else "a new one each time: the file has no requestId"),
        ("Runs", _runs(request.batch_run_settings)),
        ("Workflow", " ".join(filter(None, [default.workflow_id, default.workflow_version_name]))),
        ("Role", default.role_arn),
        ("Output", default.output_uri),
    ]
    return [(label, one_line(value)) for label, value in found if value]


def _runs(settings: BatchRunSettings) -> str:
    if settings.inline_settings is None:
        return f"those in {settings.s3_uri_settings}, which the service reads: it was not read here"
    names = [setting.run_setting_id for setting in settings.inline_settings]
    return f"{len(names):,}: {named(names)}"


async def rehearse(request: StartRunBatchRequest) -> None:
    """Send a request to a simulator that exists for this request only.

    So it passes the same checks as a real request: those of the client, of the installed botocore's model and
    serializer, and of the service. If its runs are in S3, one placeholder run is sent instead.

    Raises:
        InvalidInputError: It cannot be sent.
        OmicsBatchError: It would be refused.
    """
    from omics_batch import BatchRunSettings, InlineSetting  # noqa: PLC0415 - help starts without pydantic
    from omics_batch.testing import Simulator  # noqa: PLC0415 - no other command needs a server

    if request.batch_run_settings.inline_settings is None:
        stand_in = BatchRunSettings(inline_settings=[InlineSetting(run_setting_id="stand-in")])
        request = request.model_copy(update={"batch_run_settings": stand_in})
    async with Simulator() as omics, omics.client() as client:
        await client.start_run_batch(request)
