"""Fixtures of the tests of manifests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.manifest._support import Cohort

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def cohort(tmp_path: Path) -> Cohort:
    return Cohort(tmp_path)
