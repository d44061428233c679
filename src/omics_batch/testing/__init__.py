"""A local HealthOmics to test against: no account, no network, no waiting."""

from omics_batch.testing import faults
from omics_batch.testing._clock import ManualClock, ScaledClock
from omics_batch.testing._life import Life
from omics_batch.testing._script import UnusedFaultError
from omics_batch.testing._server import ReceivedRequest
from omics_batch.testing._simulator import Simulator, local_client
from omics_batch.testing.faults import Fault

__all__ = [
    "Fault",
    "Life",
    "ManualClock",
    "ReceivedRequest",
    "ScaledClock",
    "Simulator",
    "UnusedFaultError",
    "faults",
    "local_client",
]
