"""A local HealthOmics to test against: no account, no network, no waiting.

Names load what they need when they are first used: pytest imports this package for its plugin.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from omics_batch.testing import faults as faults
    from omics_batch.testing._clock import ManualClock as ManualClock
    from omics_batch.testing._clock import ScaledClock as ScaledClock
    from omics_batch.testing._faults.script import UnusedFaultError as UnusedFaultError
    from omics_batch.testing._http.request_log import ReceivedRequest as ReceivedRequest
    from omics_batch.testing._life import Life as Life
    from omics_batch.testing._scenario import (
        PlacedBatch as PlacedBatch,
    )
    from omics_batch.testing._scenario import (
        Scenario as Scenario,
    )
    from omics_batch.testing._scenario import (
        ScenarioError as ScenarioError,
    )
    from omics_batch.testing._simulator import Simulator as Simulator
    from omics_batch.testing._simulator import local_client as local_client
    from omics_batch.testing._virtual_time import VirtualClock as VirtualClock
    from omics_batch.testing._virtual_time import VirtualTimeLoop as VirtualTimeLoop
    from omics_batch.testing.faults import Fault as Fault

_MODULES = {
    "_clock": "ManualClock ScaledClock",
    "_faults.script": "UnusedFaultError",
    "_http.request_log": "ReceivedRequest",
    "_life": "Life",
    "_scenario": "PlacedBatch Scenario ScenarioError",
    "_simulator": "Simulator local_client",
    "_virtual_time": "VirtualClock VirtualTimeLoop",
    "faults": "Fault faults",
}
"""The public names by the module that each is loaded from: the one list of them at run time."""

_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names.split()}

__all__ = sorted(_MODULE_OF)  # noqa: PLE0605 # pyright: ignore[reportUnsupportedDunderAll] - the names are listed once


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any of the names above
    path = _MODULE_OF.get(name)
    if path is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{path}")
    globals()[name] = value = module if name == path else getattr(module, name)
    return value
