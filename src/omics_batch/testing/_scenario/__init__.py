"""Scenarios: cohorts and faults, written in a file or in Python."""

from omics_batch.testing._scenario._error import ScenarioError
from omics_batch.testing._scenario._placed import PlacedBatch
from omics_batch.testing._scenario._scenario import Scenario

__all__ = ["PlacedBatch", "Scenario", "ScenarioError"]
