"""Whether a request or manifest is the one that started a batch, by what GetBatch shows of the batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from omics_batch._errors import InvalidInputError
from omics_batch._manifest.canonical import canonical
from omics_batch._manifest.lineage import PARENT_TAG, attempt_of
from omics_batch._manifest.started import request_id_of
from omics_batch._words import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from omics_batch._manifest.manifest import Manifest
    from omics_batch._manifest.setting_changes import SettingChanges
    from omics_batch._models.batch import Batch
    from omics_batch._models.request import DefaultRunSettingInput

_EVEN_IF_ABSENT: Final = frozenset({"workflowVersionName", "roleArn", "outputUri"})
"""What differs also where one side has none; of other settings the service may show defaults of its own."""

_MOST: Final = 3
"""How many settings a note names."""


def check_workflow(given: DefaultRunSettingInput, changed: DefaultRunSettingInput, batch: Batch, source: str) -> None:
    """Refuse the settings of another workflow than that of a batch.

    Args:
        given: What all runs share in the request or manifest.
        changed: The same after the caller's changes, which may name the batch's workflow.
        batch: The batch.
        source: `request` or `manifest`.

    Raises:
        InvalidInputError: They are of another workflow.
    """
    shown = batch.default_run_setting and batch.default_run_setting.workflow_id
    if shown and shown not in {given.workflow_id, changed.workflow_id}:
        raise InvalidInputError(
            f"the {source} has the workflow {given.workflow_id}, and batch {one_line(batch.id)} the workflow "
            f"{one_line(shown)}: give the {source} that started this batch, or none: then the settings are those that "
            "the service shows"
        )


def other_settings(given: DefaultRunSettingInput, batch: Batch, source: str, changes: SettingChanges) -> Iterator[str]:
    """Yield a note if settings of a batch are others than those of the request or manifest, and are not changed."""
    if batch.default_run_setting is None:
        return
    mine = given.model_dump(mode="json", by_alias=True, exclude_none=True)
    shown = batch.default_run_setting.model_dump(mode="json", by_alias=True, exclude_none=True)
    names = sorted((mine.keys() & shown.keys() | _EVEN_IF_ABSENT) - changes.default.keys() - {"workflowId"})
    pairs = [pair for name in names for pair in _pairs(name, mine.get(name), shown.get(name), changes.parameters)]
    if not pairs:
        return
    other = ", ".join(
        f"{one_line(name)} {_text(ours)} (batch: {_text(theirs)})" for name, ours, theirs in pairs[:_MOST]
    )
    more = f" and {len(pairs) - _MOST:,} more" if len(pairs) > _MOST else ""
    yield f"The rerun takes these settings from the {source}, and the batch has others: {other}{more}."


def other_content(manifest: Manifest, batch: Batch) -> Iterator[str]:
    """Yield a note if the tags of a batch name another request than those of the manifest."""
    request_id = request_id_of(batch)
    if not request_id or PARENT_TAG in (batch.tags or {}):  # a rerun's request is made from a plan
        return
    if request_id not in {request.request_id for request in manifest.requests(attempt=attempt_of(batch.tags))}:
        name = one_line(batch.id)
        yield (
            f"Batch {name} was not started from just these runs and settings: the manifest or its sheet has changed "
            f"since batch {name} was started, or only some of its runs were started. Check what runs again."
        )


def _pairs(name: str, mine: Any, shown: Any, changed: Mapping[str, object]) -> Iterator[tuple[str, Any, Any]]:  # noqa: ANN401 - documents
    """Yield what differs in a setting, by its name: of parameters, each one that is not changed."""
    if name == "parameters" and isinstance(mine, dict) and isinstance(shown, dict):
        ours, theirs = cast("dict[str, Any]", mine), cast("dict[str, Any]", shown)
        for key in sorted((ours.keys() | theirs.keys()) - changed.keys()):
            yield from _pairs(f"{name}.{key}", ours.get(key), theirs.get(key), {})
    elif _comparable(mine) != _comparable(shown):
        yield name, mine, shown


def _comparable(value: Any) -> Any:  # noqa: ANN401 - documents
    """Return a value as it is compared: a URI with a slash at its end is the same place."""
    return value.rstrip("/") if isinstance(value, str) else value


def _text(value: Any) -> str:  # noqa: ANN401 - documents
    if value is None:
        return "none"
    return one_line(value if isinstance(value, str) else canonical(value), limit=64)
