"""A request to start a batch, in words: what would be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from omics_batch._words import one_line

if TYPE_CHECKING:
    from omics_batch import BatchRunSettings, StartRunBatchRequest

_NAMED: Final = 3
"""So many runs are named."""


def has_own_id(request: StartRunBatchRequest) -> bool:
    """Whether somebody gave the request its id, who can send it again under it."""
    return "request_id" in request.model_fields_set


def facts(request: StartRunBatchRequest) -> list[tuple[str, str]]:
    """Tell what matters of a request, as labels and values; what it does not say is left out."""
    default = request.default_run_setting
    found = [
        ("Name", request.batch_name),
        ("Request", request.request_id if has_own_id(request) else "a new one each time: the file has no requestId"),
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
    more = "" if len(names) <= _NAMED else f" and {len(names) - _NAMED} more"
    return f"{len(names)}: {', '.join(names[:_NAMED])}{more}"
