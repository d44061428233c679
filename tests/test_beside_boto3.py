"""The two scripts of the page on blocking code, side by side: what the page's table says of them."""

from __future__ import annotations

import os
import re
import runpy
import signal
import subprocess
import sys
import time
from contextlib import redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from botocore.exceptions import ClientError

from omics_batch import blocking
from omics_batch.blocking import BlockingClient
from omics_batch.testing import Life, Simulator, faults

if TYPE_CHECKING:
    from omics_batch.testing import Fault

pytestmark = pytest.mark.slow

PAGE: Final = Path(__file__).parent.parent / "docs" / "without-asyncio.md"
SCRIPTS: Final = dict(
    re.findall(r"^:caption: (with_\w+\.py)\n\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
)
OURS: Final = "with_blocking.py"
BOTO3: Final = "with_boto3.py"
SCALE: Final = 1000.0
LIFE: Final = Life(
    failed_runs={"NA12891": "out of memory"}, failed_submissions={"NA12892": ("ValidationException", "no input")}
)


def lines_of(script: str) -> int:
    return len([line for line in SCRIPTS[script].splitlines() if line])


def run(script: str, script_of_faults: list[Fault], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Run a script on a clock that is a thousand times as fast; return what it prints, or how it ended."""
    path = tmp_path / script
    path.write_text(SCRIPTS[script], encoding="utf-8")
    sleep = time.sleep

    def sleep_shortly(seconds: float) -> None:
        sleep(seconds / SCALE)

    with Simulator(life=LIFE, time_scale=SCALE) as omics, monkeypatch.context() as patched:
        assert omics.start_batch(["NA12878", "NA12891", "NA12892"]) == "7123456"
        for name, value in omics.environment.items():
            patched.setenv(name, value)
        patched.setattr(time, "sleep", sleep_shortly)
        patched.setattr(blocking, "BlockingClient", partial(BlockingClient, clock=omics.clock))
        omics.script(*script_of_faults)
        with redirect_stdout(StringIO()) as printed:
            try:
                runpy.run_path(str(path))
            except (ClientError, KeyError) as error:
                omics.forget_script()
                return "ClientError" if isinstance(error, ClientError) else repr(error)
        return printed.getvalue()


def test_ours_is_shorter() -> None:
    assert [lines_of(OURS), lines_of(BOTO3)] == [6, 21]


ALL: Final = {
    OURS: "PARTIAL\nNA12891 out of memory\nNA12892 no input\n",
    BOTO3: "PROCESSED\nNA12892 no input\nNA12891 out of memory\n",
}


@pytest.mark.parametrize(
    ("met", "becomes_of"),
    [
        ([], {OURS: None, BOTO3: None}),
        ([faults.status(503, times=4)], {OURS: None, BOTO3: None}),
        ([faults.status(503, times=20)], {OURS: None, BOTO3: "ClientError"}),
        ([faults.throttled(times=4)], {OURS: None, BOTO3: None}),
        ([faults.throttled(times=20)], {OURS: None, BOTO3: "ClientError"}),
        ([faults.html(200)], {OURS: None, BOTO3: "KeyError('status')"}),
    ],
    ids=["nothing", "four 503", "twenty 503", "four throttles", "twenty throttles", "a page of a proxy"],
)
def test_what_becomes_of_them(
    met: list[Fault], becomes_of: dict[str, str | None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ends = {script: run(script, met, monkeypatch, tmp_path) for script in becomes_of}
    assert ends == {script: end or ALL[script] for script, end in becomes_of.items()}


def test_a_redirect_is_refused_by_both(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The client of this package goes on waiting; neither sends the signed request on."""
    with Simulator() as elsewhere:
        met = [faults.redirected(307, f"{elsewhere.endpoint_url}/runBatch/7123456")]
        ends = {script: run(script, met, monkeypatch, tmp_path) for script in SCRIPTS}
        assert elsewhere.connections == 0
    assert ends == {OURS: ALL[OURS], BOTO3: "ClientError"}


def interrupted(process: subprocess.Popen[str], *, may_be_lost: bool) -> tuple[str, str]:
    """Interrupt a script as Ctrl-C does, and return what it wrote.

    Args:
        process: The script.
        may_be_lost: Whether to interrupt it once more where it goes on. Python drops a KeyboardInterrupt that comes in
            a callback, such as that of a weak reference while boto3 reads an answer.
    """
    process.send_signal(signal.SIGINT)
    try:
        return process.communicate(timeout=20 if may_be_lost else 60)
    except subprocess.TimeoutExpired:
        if not may_be_lost:
            raise
    return interrupted(process, may_be_lost=False)


@pytest.mark.parametrize("fault", [None, faults.unanswered()], ids=["between two polls", "in a request"])
@pytest.mark.parametrize("script", SCRIPTS)
def test_ctrl_c_ends_both_at_once(script: str, fault: Fault | None, tmp_path: Path) -> None:
    path = tmp_path / script
    path.write_text(SCRIPTS[script], encoding="utf-8")
    with Simulator(life=Life(run_length=1e9)) as omics:
        omics.start_batch(3)
        if fault is not None:
            omics.script(fault)
        environment: dict[str, Any] = {**os.environ, **omics.environment}
        process = subprocess.Popen([sys.executable, path], env=environment, stderr=subprocess.PIPE, text=True)
        while not omics.requests_of("GetBatch"):
            time.sleep(0.01)
        _, complaints = interrupted(process, may_be_lost=script == BOTO3)
    assert complaints.rstrip().endswith("KeyboardInterrupt")
    assert process.returncode in {-signal.SIGINT, 1}
