"""Finding the batches that were started from a manifest, by their tags."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from omics_batch._errors import ResourceNotFoundError
from omics_batch._manifest.lineage import ATTEMPT_TAG
from omics_batch._manifest.started import StartedBatch, may_be, request_id_of, tagged
from omics_batch._models.enums import BatchStatus

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

    from omics_batch._api.get_batch import BatchReader
    from omics_batch._api.pagination import Paginator
    from omics_batch._manifest.manifest import Manifest
    from omics_batch._models.batch import Batch
    from omics_batch._models.request import StartRunBatchRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestFinder:
    """Looks for batches in the account's list, and asks for the tags of those that may be of a manifest."""

    looker: BatchReader
    lister: Paginator
    within: float | None
    """Seconds for each call; None for no limit."""

    async def all_of(self, manifest: Manifest) -> tuple[StartedBatch, ...]:
        """Return the batches of all attempts, by attempt and by their order in the manifest."""
        requests: dict[int, dict[str, tuple[int, StartRunBatchRequest]]] = {}
        found: dict[tuple[int, int], StartedBatch] = {}
        runs = frozenset(batch.runs for batch in manifest.batches)
        async with aclosing(self.tagged(manifest.requests(), runs)) as batches:
            async for request_id, batch in batches:
                attempt = _attempt_of(batch)
                if attempt not in requests:
                    made = enumerate(manifest.requests(attempt=attempt))
                    requests[attempt] = {request.request_id: (index, request) for index, request in made}
                if request_id in requests[attempt]:
                    index, request = requests[attempt][request_id]
                    there = StartedBatch(index, batch, tagged(request, attempt), existed=True, attempt=attempt)
                    found.setdefault((attempt, index), there)
        return tuple(found[place] for place in sorted(found))

    async def of(self, requests: Sequence[StartRunBatchRequest], runs: frozenset[int]) -> Mapping[str, Batch]:
        """Return the batches of some requests, by the ids of the requests.

        Args:
            requests: The requests.
            runs: How many runs they have.
        """
        found: dict[str, Batch] = {}
        wanted = {request.request_id for request in requests}
        async with aclosing(self.tagged(requests, runs)) as batches:
            async for request_id, batch in batches:
                if request_id in wanted:
                    found.setdefault(request_id, batch)
                    if len(found) == len(wanted):
                        break
        return found

    async def tagged(
        self, requests: Sequence[StartRunBatchRequest], runs: frozenset[int]
    ) -> AsyncGenerator[tuple[str, Batch]]:
        """Yield each batch that may be one of the requests', with the request id that its tags name."""
        name = requests[0].batch_name
        async with aclosing(self.lister.batches({} if name is None else {"name": name})) as items:
            async for item in items:
                if not may_be(item, requests, runs):
                    continue
                batch = await self._batch(item.id)
                if batch is not None and (request_id := request_id_of(batch)):
                    yield request_id, batch

    async def _batch(self, batch_id: str) -> Batch | None:
        """Return a batch of a list; None if it is gone, or FAILED: of that, StartRunBatch has to decide."""
        try:
            batch = await self.looker.get(batch_id, within=self.within)
        except ResourceNotFoundError:
            return None
        return None if batch.status == BatchStatus.FAILED else batch


def _attempt_of(batch: Batch) -> int:
    """Return the attempt that a batch's tags name; 1 if they name none."""
    text = (batch.tags or {}).get(ATTEMPT_TAG, "")
    return max(int(text), 1) if text.isascii() and text.isdigit() else 1
