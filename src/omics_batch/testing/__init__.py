"""A local HealthOmics to test against: no account, no network, no waiting.

Names load what they need when they are first used: pytest imports this package for its plugin.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from omics_batch.testing import faults
    from omics_batch.testing._clock import ManualClock, ScaledClock
    from omics_batch.testing._faults.script import UnusedFaultError
    from omics_batch.testing._http.request_log import ReceivedRequest
    from omics_batch.testing._life import Life
    from omics_batch.testing._scenario import PlacedBatch, Scenario, ScenarioError
    from omics_batch.testing._simulator import Simulator, local_client
    from omics_batch.testing._virtual_time import VirtualClock, VirtualTimeLoop
    from omics_batch.testing.faults import Fault

__all__ = [
    "Fault",
    "Life",
    "ManualClock",
    "PlacedBatch",
    "ReceivedRequest",
    "ScaledClock",
    "Scenario",
    "ScenarioError",
    "Simulator",
    "UnusedFaultError",
    "VirtualClock",
    "VirtualTimeLoop",
    "faults",
    "local_client",
]

_MODULES = {
    "Fault": "faults",
    "Life": "_life",
    "ManualClock": "_clock",
    "PlacedBatch": "_scenario",
    "ReceivedRequest": "_http.request_log",
    "ScaledClock": "_clock",
    "Scenario": "_scenario",
    "ScenarioError": "_scenario",
    "Simulator": "_simulator",
    "UnusedFaultError": "_faults.script",
    "VirtualClock": "_virtual_time",
    "VirtualTimeLoop": "_virtual_time",
    "faults": "faults",
    "local_client": "_simulator",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any of the names above
    path = _MODULES.get(name)
    if path is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{path}")
    globals()[name] = value = module if name == path else getattr(module, name)
    return value
