"""A compressed batch is restored as it was."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from omics_batch import Batch
from omics_batch._waiting.compressed import CompressedBatch

ANSWERS = sorted((Path(__file__).parent / "answers").glob("*.json"))


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda path: path.stem)
def test_what_is_folded_unfolds(answer: Path) -> None:
    """With absent fields, and with unknown ones."""
    batch = Batch.model_validate_json(answer.read_bytes())
    odd = Batch.model_validate({"id": "7", "status": "DEFRAGMENTING", "totalRuns": None, "moonPhase": [1, None]})
    for one in (batch, odd):
        unfolded = CompressedBatch(one).restored()
        assert unfolded == one
        assert unfolded.model_fields_set == one.model_fields_set
        assert sys.getsizeof(CompressedBatch(one)._json) < 1000
