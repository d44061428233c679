"""The settings of a batch, made from what the service shows of it and of its runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from omics_batch._errors import InvalidInputError
from omics_batch._models.request import DefaultRunSettingInput
from omics_batch._words import one_line

if TYPE_CHECKING:
    from omics_batch._models.batch import Batch
    from omics_batch._models.run import Run

_ALIKE: Final = ("name", "outputUri", "priority", "engineSettings")
"""What a run's own setting and GetRun call the same."""


def default_of(batch: Batch) -> DefaultRunSettingInput:
    """Return what the runs of a batch share.

    Raises:
        InvalidInputError: GetBatch shows none of it, or nothing that could be sent again.
    """
    shown = batch.default_run_setting
    if shown is None:
        raise InvalidInputError(
            f"GetBatch shows no settings of batch {one_line(batch.id)}: give its request or manifest"
        )
    members = shown.model_dump(mode="json", by_alias=True, exclude_none=True)
    for unknown in shown.model_extra or {}:
        members.pop(unknown, None)
    return DefaultRunSettingInput.model_validate(members)


def setting_of(run_setting_id: str, run: Run, default: DefaultRunSettingInput) -> dict[str, Any]:
    """Return a run's own setting: what differs from what all runs share.

    Args:
        run_setting_id: The run's name.
        run: The run as GetRun shows it, which has both merged.
        default: What all runs share.
    """
    shown = run.model_dump(mode="json", by_alias=True, exclude_none=True)
    shared = default.model_dump(mode="json", by_alias=True, exclude_none=True)
    own: dict[str, Any] = {name: shown[name] for name in _ALIKE if name in shown and shown[name] != shared.get(name)}
    if (parameters := _difference(shown.get("parameters"), shared.get("parameters"))) is not None:
        own["parameters"] = parameters
    tags = {key: value for key, value in (run.tags or {}).items() if not key.startswith("aws:")}
    if own_tags := _difference(tags, shared.get("runTags")):
        own["runTags"] = own_tags
    return {"runSettingId": run_setting_id, **own}


def _difference(merged: Any, shared: Any) -> Any:  # noqa: ANN401 - documents
    """Return what a run had before it was merged with what all runs share; None for nothing."""
    if merged == shared:
        return None
    if not _are_objects(merged, shared):
        return merged
    return {name: value for name, value in merged.items() if name not in shared or shared[name] != value} or None


def _are_objects(*documents: object) -> bool:
    return all(isinstance(document, dict) for document in documents)
