"""A scenario: batches, lives and faults."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from omics_batch._clock import Duration
from omics_batch._errors import InvalidInputError
from omics_batch._manifest.lineage import attempt_of
from omics_batch.testing._life import Life
from omics_batch.testing._simulator import Simulator
from omics_batch.testing.faults import Fault


class ScenarioError(InvalidInputError):
    """A file is not a scenario; each line of the message names the file, the place and the problem."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedBatch:
    """A batch that exists from the start."""

    runs: int | Sequence[str]
    """The runSettingIds, or the number of runs (then the ids are `sample-1` and so on)."""
    name: str | None = None
    """Its name."""
    life: Life | None = None
    """Its life; the scenario's `life` if None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A scenario for a local HealthOmics.

    For example::

        scenario = Scenario.load("trio.yaml")
        async with scenario.simulator() as omics, omics.client() as client:
            ...
    """

    batches: Sequence[PlacedBatch] = ()
    """The batches that exist from the start, in the order of their ids."""
    life: Life = field(default_factory=Life)
    """The life of all other batches."""
    rerun_life: Life | None = None
    """The life of reruns, which have the tag `omics-batch:attempt`; `life` if None."""
    faults: Sequence[Fault] = ()
    """The faults, in this order."""
    quota: float | None = None
    """Requests a second beyond which the service throttles; None for no limit."""
    list_lag: Duration = 0.0
    """By how much ListBatch lags."""
    time_scale: float | None = None
    """How many simulated seconds pass in a real one; None leaves it to the user of the scenario."""
    region_name: str = "us-west-2"
    """The region of the service."""
    s3: Path | str | None = None
    """The objects of `s3UriSettings`: a folder, or the URL of a local S3."""

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a scenario from a file.

        Args:
            path: A JSON or YAML file, recognized by its name (`.json`, `.yaml`) or by its text; YAML needs the extra
                `cli`. A folder that it names as `s3` is relative to the file's folder.

        Raises:
            ScenarioError: The file cannot be read, or is not a scenario.
        """
        from omics_batch.testing._scenario.file import read_scenario  # noqa: PLC0415 - pydantic, for files alone

        return cls(**read_scenario(Path(path)))

    @staticmethod
    def schema() -> dict[str, Any]:
        """Return the JSON schema of a scenario's file, for editors."""
        from omics_batch.testing._scenario.file import ScenarioFile  # noqa: PLC0415 - pydantic, for files alone

        return {"$schema": "https://json-schema.org/draft/2020-12/schema", **ScenarioFile.model_json_schema()}

    @property
    def settings(self) -> dict[str, Any]:
        """The arguments of `Simulator`: all but the batches."""
        return {
            "life": self.life if self.rerun_life is None else self._life_of,
            "faults": self.faults,
            "quota": self.quota,
            "list_lag": self.list_lag,
            "region_name": self.region_name,
            "s3": self.s3,
            **({} if self.time_scale is None else {"time_scale": self.time_scale}),
        }

    def _life_of(self, request: Mapping[str, Any]) -> Life:
        return self.rerun_life if self.rerun_life and attempt_of(request.get("tags")) > 1 else self.life

    def simulator(self, **overrides: Any) -> Simulator:  # noqa: ANN401 - the simulator checks them
        """Make a simulator that plays the scenario, its batches placed.

        Args:
            overrides: Arguments of `Simulator` that replace the scenario's; a clock replaces the
                time scale.

        Raises:
            InvalidInputError: `Simulator` does not take a setting.
        """
        settings = {**self.settings, **overrides}
        if "clock" in overrides:
            settings.pop("time_scale", None)
        omics = Simulator(**settings)
        self.place(omics)
        return omics

    def place(self, omics: Simulator) -> list[str]:
        """Place the scenario's batches.

        Returns:
            Their ids, in the scenario's order.
        """
        return [omics.start_batch(batch.runs, name=batch.name, life=batch.life) for batch in self.batches]
