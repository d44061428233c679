"""Scenarios: batches and faults, from a file or in Python."""

from omics_batch.testing._scenario.scenario import PlacedBatch, Scenario, ScenarioError

__all__ = ["PlacedBatch", "Scenario", "ScenarioError"]
