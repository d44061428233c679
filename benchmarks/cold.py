"""What it takes from nothing to the first answer of `get_batch`: fresh processes in turn, ours and bare aiobotocore's.

Each program says how much CPU its process has used, the interpreter's start included, when everything is imported, when
the client is open, and when it has the answer.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Final

from benchmarks.results import RATIO, Findings, Measure
from benchmarks.service import service
from omics_batch.testing import Simulator

if TYPE_CHECKING:
    from collections.abc import Mapping

ROUNDS: Final = 31
BOUND: Final = 1.35
CREDENTIALS: Final = {"AWS_ACCESS_KEY_ID": Simulator.access_key, "AWS_SECRET_ACCESS_KEY": Simulator.secret_key}
STAGES: Final = ("imports", "opening the client", "the first call")

_FRAME: Final = """
import asyncio, json, sys, time
{imports}
async def main():
    endpoint_url, batch_id = sys.argv[1:]
    moments = [time.process_time()]
    async with {client} as client:
        moments.append(time.process_time())
        {call}
        moments.append(time.process_time())
    print(json.dumps(moments))
asyncio.run(main())
"""
_BARE: Final = _FRAME.format(
    imports="from aiobotocore.config import AioConfig\nfrom aiobotocore.session import AioSession\n{model}",
    client=(
        "AioSession().create_client('omics', region_name='us-west-2', endpoint_url=endpoint_url,"
        " config=AioConfig(inject_host_prefix=False))"
    ),
    call="{read}(await client.get_batch(batchId=batch_id))",
)
_ONE_MODEL: Final = """
from pydantic import BaseModel
class Batch(BaseModel):
    id: str
"""
BARE: Final = "aiobotocore, a dict"
OURS: Final = "omics-batch, a Batch"
PROGRAMS: Final[Mapping[str, str]] = {
    BARE: _BARE.format(model="", read=""),
    "aiobotocore, then a pydantic model of one field": _BARE.format(model=_ONE_MODEL, read="Batch.model_validate"),
    "aiobotocore, then Batch.model_validate": _BARE.format(
        model="from omics_batch import Batch", read="Batch.model_validate"
    ),
    OURS: _FRAME.format(
        imports="from omics_batch import OmicsBatchClient",
        client="OmicsBatchClient(region_name='us-west-2', endpoint_url=endpoint_url)",
        call="await client.get_batch(batch_id)",
    ),
}


def measure() -> Findings:
    """Measure every program against bare aiobotocore in the same round, and split ours and its by stage."""
    with service() as omics:
        arguments = [omics.endpoint_url, omics.batch_ids[0]]
        _round(arguments)  # the files are in the system's memory from now on
        rounds = [_round(arguments) for _ in range(ROUNDS)]
    ratios = {name: [one[name][-1] / one[BARE][-1] for one in rounds] for name in PROGRAMS}
    return Findings(
        measures=[
            Measure.of(OURS, ratios.pop(OURS), unit=RATIO, bound=BOUND),
            *(Measure.of(name, values, unit=RATIO) for name, values in ratios.items()),
            *(
                Measure.of(f"{name}: {stage}", [_spent(one[name], at) / one[BARE][-1] for one in rounds], unit=RATIO)
                for name in (OURS, BARE)
                for at, stage in enumerate(STAGES)
            ),
        ]
    )


def _spent(moments: list[float], at: int) -> float:
    return moments[at] - (moments[at - 1] if at else 0.0)


def _round(arguments: list[str]) -> dict[str, list[float]]:
    return {name: _run(program, arguments) for name, program in PROGRAMS.items()}


def _run(program: str, arguments: list[str]) -> list[float]:
    command = [sys.executable, "-I", "-c", program, *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ | CREDENTIALS)
    moments: list[float] = json.loads(done.stdout)
    return moments
