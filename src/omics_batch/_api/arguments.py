"""Batch ids and ARNs that callers pass, checked before anything is sent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeAlias

from omics_batch._advice import invalid
from omics_batch._errors import Advice, AdviceKind, InvalidInputError
from omics_batch._models.base import ResponseModel
from omics_batch._models.batch import Batch, BatchListItem, StartRunBatchResponse
from omics_batch._words import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

BatchReference: TypeAlias = str | Batch | BatchListItem | StartRunBatchResponse
"""A batch: its id, its ARN in the client's region, or an answer that is about it."""

_BATCH_ID: Final = re.compile(r"[0-9]{1,18}", re.ASCII)
_BATCH_ARN: Final = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):(?P<service>[^:]*):(?P<region>[^:]*):(?P<account>[0-9]{12}):(?P<resource>.+)",
    re.ASCII,
)


def batch_id_of(batch: object, region_name: str) -> str:
    """Return the id in what a caller gave for a batch: its id, its ARN, or an answer that is about it.

    The id goes into the request's path, so nothing else may pass.

    Args:
        batch: 1 to 18 ASCII digits, `arn:aws:omics:REGION:ACCOUNT:runBatch/ID`, or one of the answers.
        region_name: The client's region, which the ARN's has to be.

    Raises:
        InvalidInputError: It is none of these, or belongs to another region or service.
    """
    if isinstance(batch, (Batch, StartRunBatchResponse)) and (parts := _BATCH_ARN.fullmatch(batch.arn or "")):
        _check_region(parts, region_name)  # nothing else: the ARN in a response may have a newer form
    if isinstance(batch, (Batch, BatchListItem, StartRunBatchResponse)):
        batch = batch.id
    if not isinstance(batch, str):
        raise InvalidInputError(f"batch has to be an id or ARN as text, not {type(batch).__name__}")
    if is_batch_id(batch):
        return batch
    if not batch.startswith("arn:"):
        raise InvalidInputError(
            f"{_shown(batch)} is no batch id: give 1 to 18 digits, such as 7123456, or the batch's ARN",
        )
    return _id_in_arn(batch, region_name)


def several(batches: Iterable[BatchReference]) -> list[BatchReference]:
    """Return the batches that a caller gave for many.

    Raises:
        InvalidInputError: It is one batch, which could be iterated over.
    """
    if isinstance(batches, (str, ResponseModel)):
        raise InvalidInputError("as_processed takes several batches, such as a list of ids: for one, wait for it")
    return list(batches)


def is_batch_id(text: str) -> bool:
    """Whether a text is a batch's id: 1 to 18 ASCII digits."""
    return _BATCH_ID.fullmatch(text) is not None


def _id_in_arn(arn: str, region_name: str) -> str:
    parts = _BATCH_ARN.fullmatch(arn)
    if parts is None:
        raise InvalidInputError(
            f"{_shown(arn)} is no ARN of a run batch: those read arn:aws:omics:REGION:ACCOUNT:runBatch/ID",
        )
    if parts["service"] != "omics":
        raise InvalidInputError(f"{_shown(arn)} belongs to the service {_shown(parts['service'])}, not to omics")
    kind, _, batch_id = parts["resource"].partition("/")
    if kind != "runBatch" or not is_batch_id(batch_id):
        raise InvalidInputError(f"{_shown(arn)} names no run batch: its last part has to be runBatch/ID")
    _check_region(parts, region_name)
    return batch_id


def _check_region(arn: re.Match[str], region_name: str) -> None:
    if arn["region"] != region_name:
        problem = f"{_shown(arn[0])} is in {_shown(arn['region'])}, and this client uses {region_name}."
        raise invalid(problem, Advice(AdviceKind.USE_REGION, {"region": one_line(arn["region"], limit=100)}))


def _shown(text: str) -> str:
    return ascii(one_line(text, limit=100))
