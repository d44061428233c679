"""What importing takes: fresh processes in turn, and in each round the CPU of each above the bare interpreter's."""

from __future__ import annotations

import resource
import subprocess
import sys
from typing import Final

from benchmarks.results import RATIO, Findings, Measure

ROUNDS: Final = 21
PACKAGE_BOUND: Final = 30.0
MODEL_BOUND: Final = 1.8
HELP_BOUND: Final = 300.0

NOTHING: Final = "pass"
PACKAGE: Final = "import omics_batch"
MODEL: Final = "from omics_batch import Batch"
ONE_FIELD: Final = "from pydantic import BaseModel\nclass Model(BaseModel):\n    id: str"
CLIENT: Final = "from omics_batch import OmicsBatchClient"
HELP: Final = "import sys\nfrom omics_batch.cli import main\nsys.exit(main(['wait', '--help']))"
PEERS: Final = ("import aiobotocore.session", "import boto3", "from capo_omics import AsyncOmicsClient")
_PROGRAMS: Final = (NOTHING, PACKAGE, MODEL, ONE_FIELD, CLIENT, HELP, *PEERS)
_COUNT: Final = f"import sys; {PACKAGE}; print(sum(name.startswith('pydantic') for name in sys.modules))"


def measure() -> Findings:
    """Measure the package, the model and the client, and what there is to compare them with."""
    for program in _PROGRAMS:
        _milliseconds(program)  # the files are in the system's memory from now on
    rounds = [{program: _milliseconds(program) for program in _PROGRAMS} for _ in range(ROUNDS)]
    above = {program: [one[program] - one[NOTHING] for one in rounds] for program in _PROGRAMS}
    models = [ours / theirs for ours, theirs in zip(above[MODEL], above[ONE_FIELD], strict=True)]
    clients = [ours / theirs for ours, theirs in zip(above[CLIENT], above[PEERS[0]], strict=True)]
    loaded = int(_run(_COUNT))
    peers = [Measure.of(f"`{peer}`, above the bare interpreter", above[peer], unit="ms") for peer in PEERS]
    return Findings(
        measures=[
            Measure.of(f"`{PACKAGE}`, above the bare interpreter", above[PACKAGE], unit="ms", bound=PACKAGE_BOUND),
            Measure(name=f"modules of pydantic that `{PACKAGE}` loads", value=loaded, bound=0),
            Measure.of(f"`{MODEL}`, against a pydantic model of one field", models, unit=RATIO, bound=MODEL_BOUND),
            Measure.of(f"`{CLIENT}`, against `{PEERS[0]}`", clients, unit=RATIO),
            Measure.of("`omics-batch wait --help`", [one[HELP] for one in rounds], unit="ms", bound=HELP_BOUND),
            *peers,
        ]
    )


def _milliseconds(program: str) -> float:
    began = _cpu_of_children()
    _run(program)
    return (_cpu_of_children() - began) * 1e3


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _run(program: str) -> str:
    return subprocess.run([sys.executable, "-I", "-c", program], check=True, stdout=subprocess.PIPE, text=True).stdout
