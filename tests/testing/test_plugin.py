"""The pytest plugin as its users have it: pytest runs their tests, within this process where that is the same."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

import pytest

from tests.conftest import MEASURED

if TYPE_CHECKING:
    from collections.abc import Callable

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.usefixtures("imported")

Run: TypeAlias = "Callable[..., pytest.RunResult]"

STRICT: Final = """
[pytest]
strict = true
filterwarnings = error
"""

LOOP_SCOPE: Final = "asyncio_default_fixture_loop_scope = function"
"""What only pytest-asyncio needs in its settings."""


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run tests as a user's project has them."""
    monkeypatch.setenv("COLUMNS", "200")
    for name, value in MEASURED.items():
        monkeypatch.setenv(name, value)

    def run_tests(tests: str, *arguments: str, settings: str = LOOP_SCOPE, here: bool = True) -> pytest.RunResult:
        pytester.makeini(STRICT + settings)
        pytester.makepyfile(tests)
        start = pytester.runpytest_inprocess if here else pytester.runpytest_subprocess
        return start("-p", "no:cacheprovider", "-rA", *arguments)

    return run_tests


def test_code_that_blocks_finds_the_simulator_by_itself(run: Run) -> None:
    """boto3 without an argument, in functions and classes; what was there before comes back."""
    result = run(
        """
        import os

        import boto3
        import pytest

        from omics_batch.testing import Life, faults

        def status(batch_id):
            return boto3.client("omics").get_batch(batchId=batch_id)["status"]

        def configuration():
            return {name: value for name, value in os.environ.items() if name.startswith("AWS_")}

        @pytest.fixture(autouse=True, scope="module")
        def own_configuration():
            with pytest.MonkeyPatch.context() as own:
                own.setenv("AWS_PROFILE", "production")
                own.setenv("HTTP_PROXY", "http://127.0.0.1:9")
                own.setenv("http_proxy", "http://127.0.0.1:9")
                own.setenv("AWS_SESSION_TOKEN", "production")
                own.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
                before = configuration()
                yield
                assert configuration() == before

        def test_in_a_function(omics_simulator):
            assert omics_simulator.clock.scale == 1000
            batch_id = omics_simulator.start_batch(3)
            while status(batch_id) != "PROCESSED":
                pass
            assert omics_simulator.requests_of("GetBatch") >= 1

        @pytest.mark.omics(life=Life(creating=1e6), time_scale=1)
        class TestInAClass:
            def test_the_class_has_a_mark(self, omics_simulator):
                assert status(omics_simulator.start_batch(3)) == "CREATING"

            @pytest.mark.omics(life=Life(creating=0, pending=1e6))
            def test_the_closest_mark_wins(self, omics_simulator):
                assert omics_simulator.clock.scale == 1
                assert status(omics_simulator.start_batch(3)) == "PENDING"

        @pytest.mark.omics(faults=[faults.status(404)])
        def test_the_mark_is_enough():
            omics = boto3.client("omics")
            with pytest.raises(omics.exceptions.ResourceNotFoundException):
                omics.get_batch(batchId="7123456")

        @pytest.mark.parametrize("runs", [pytest.param(3, marks=pytest.mark.omics(life=Life(creating=1e6)))])
        def test_a_parameter_may_have_a_mark(omics_simulator, runs):
            assert status(omics_simulator.start_batch(runs)) == "CREATING"
        """
    )
    result.assert_outcomes(passed=5)


def test_a_scenario_is_played(run: Run, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is sought from the test's folder; its pace is its own, if it has one, but a mark has the last word."""
    batches = [{"runs": ["NA12878"], "name": "trio"}]
    folder = pytester.mkdir("below")
    (folder / "usual.json").write_text(json.dumps({"batches": batches}), encoding="utf-8")
    (folder / "slow.json").write_text(json.dumps({"batches": batches, "time_scale": 1}), encoding="utf-8")
    monkeypatch.chdir(folder)
    result = run(
        """
        import boto3
        import pytest

        @pytest.mark.parametrize(
            "scale",
            [
                pytest.param(1000, marks=pytest.mark.omics(scenario="below/usual.json")),
                pytest.param(1, marks=pytest.mark.omics(scenario="below/slow.json")),
                pytest.param(3, marks=pytest.mark.omics(scenario="below/slow.json", time_scale=3)),
            ],
        )
        def test_a_scenario(omics_simulator, scale):
            assert omics_simulator.clock.scale == scale
            assert boto3.client("omics").get_batch(batchId="7123456")["name"] == "trio"
        """,
        str(pytester.path),
    )
    result.assert_outcomes(passed=3)


def test_what_was_scripted_has_to_happen(run: Run) -> None:
    """Faults that no request met fail a test that passed; one that failed has reported enough."""
    result = run(
        """
        import pytest

        from omics_batch.testing import faults

        pytestmark = pytest.mark.omics(faults=[faults.throttled(times=2)])

        def test_that_asks_nothing(): pass

        def test_that_fails_first(): assert 1 == 2

        @pytest.mark.xfail(strict=True)
        def test_that_is_known_to_fail(): assert 1 == 2

        def test_that_is_skipped(): pytest.skip()
        """
    )
    result.assert_outcomes(passed=1, errors=1, failed=1, xfailed=1, skipped=1)
    message = "Scripted, but never met by a request: throttled on GetBatch, 2 times."
    result.stdout.fnmatch_lines(["*ERROR at teardown of test_that_asks_nothing*", message], consecutive=True)
    result.stdout.fnmatch_lines([f"ERROR *::test_that_asks_nothing - Failed: {message}"])


def test_a_mark_that_cannot_be_is_refused(run: Run) -> None:
    """In a sentence, and with no line of what is inside."""
    complaints = {
        "fault=[]": "there is no setting 'fault', but advertise, epoch, faults, *, scenario, time_scale, *, workflows",
        "scenario='none.json'": "*none.json: it cannot be read: No such file or directory",
        "scenario=7": "scenario has to be the path of a file, not 7",
        "'cohort.yaml'": "it takes settings by name, such as life=..., and no 'cohort.yaml'",
        "clock=None": "it takes no clock, which all tests of the mark would share: give time_scale, or virtual_time",
        "virtual_time=True, time_scale=9": "give virtual_time or time_scale, not both",
        "quota=-1": "quota has to be a number of requests a second above 0, not -1",
        "quota='10'": "quota has to be a number of requests a second above 0, not '10'",
        "time_scale='1', port='x'": "time_scale has to be a number above 0, not '1'; port has to be a number*",
        "faults=7": "faults has to be a list of faults, such as [[]faults.throttled()], or a function*",
        "virtual_time='yes'": "virtual_time has to be True or False, not 'yes'",
    }
    tests = "\n".join(f"@pytest.mark.omics({mark})\ndef test_{i}(): pass" for i, mark in enumerate(complaints))
    result = run(f"import pytest\n{tests}")
    result.assert_outcomes(errors=len(complaints))
    headings = [f"*ERROR at setup of test_{i} *" for i in range(len(complaints))]
    sentences = [f"@pytest.mark.omics: {why}" for why in complaints.values()]
    result.stdout.fnmatch_lines(
        [line for pair in zip(headings, sentences, strict=True) for line in pair], consecutive=True
    )


@pytest.mark.parametrize(
    ("mark", "arguments", "settings"),
    [
        pytest.param("asyncio", [], LOOP_SCOPE, id="pytest-asyncio, strict"),
        pytest.param("filterwarnings('error')", ["--asyncio-mode=auto"], LOOP_SCOPE, id="pytest-asyncio, auto"),
        pytest.param("anyio", ["-p", "anyio"], LOOP_SCOPE, id="anyio, beside pytest-asyncio"),
        pytest.param("anyio", ["-p", "no:asyncio"], "", id="anyio alone"),
    ],
)
def test_the_client_is_entered_on_the_loop_of_the_test(
    run: Run, mark: str, arguments: list[str], settings: str
) -> None:
    """Whoever runs the test; and clients of the test's own find the simulator too."""
    tests = """
        import asyncio

        import pytest

        from omics_batch import OmicsBatchClient
        from omics_batch.testing import faults

        pytestmark = pytest.mark.{mark}

        entered_on = []
        enter = OmicsBatchClient.__aenter__

        @pytest.fixture(autouse=True)
        def noted(monkeypatch):
            async def enter_and_note(client):
                entered_on.append(asyncio.get_running_loop())
                return await enter(client)

            monkeypatch.setattr(OmicsBatchClient, "__aenter__", enter_and_note)

        @pytest.fixture
        def anyio_backend():
            return "asyncio"

        @pytest.mark.omics(faults=[faults.throttled()])
        async def test_a_wait(omics_simulator, omics_client):
            assert entered_on == [asyncio.get_running_loop()]
            batch = await omics_client.wait_until_processed(omics_simulator.start_batch(3))
            assert batch.run_summary.completed_run_count == 3
            assert omics_simulator.requests_of("GetBatch") >= 2

        async def test_a_client_of_its_own(omics_simulator):
            async with OmicsBatchClient() as client:
                assert (await client.get_batch(omics_simulator.start_batch(3))).total_runs == 3
    """
    run(tests.replace("{mark}", mark), *arguments, settings=settings).assert_outcomes(passed=2)


def test_without_a_plugin_for_asynchronous_tests_it_says_what_to_install(run: Run) -> None:
    result = run("def test_it(omics_client): pass", "-p", "no:asyncio", settings="")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["omics_client needs a plugin that runs asynchronous tests: install pytest-asyncio"])


def test_who_does_not_use_it_pays_nothing(run: Run) -> None:
    """The plugin is there, and nothing that takes time was imported for it."""
    result = run(
        """
        import sys

        def test_imports(pytestconfig):
            assert pytestconfig.pluginmanager.has_plugin("omics_batch")
            ours = {name for name in sys.modules if name.startswith("omics_batch")}
            assert ours == {"omics_batch", "omics_batch._version", "omics_batch.testing", "omics_batch.testing.plugin"}
            assert not sys.modules.keys() & {"aiobotocore", "aiohttp", "boto3", "botocore", "pydantic", "tenacity"}
        """,
        here=False,
    )
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize("page_name", ["testing.md", "virtual-time.md"])
def test_the_files_of_the_page_run_as_they_stand(run: Run, pytester: pytest.Pytester, page_name: str) -> None:
    """A reader who copies them sees them pass; `tests/test_examples.py` runs the other examples."""
    page = (Path(__file__).parents[2] / "docs" / page_name).read_text(encoding="utf-8")
    files = dict(re.findall(r"```{code-block} \w+\n:caption: (\S+)\n\n(.+?)```", page, re.DOTALL))
    assert len(files) == page.count("{code-block}")
    for name, text in files.items():
        (pytester.path / name).write_text(text, encoding="utf-8")
    run("", *(name for name in files if name.startswith("test_"))).assert_outcomes(passed=page.count("def test_"))


# Virtual time


def test_virtual_time_whoever_makes_the_loop(run: Run) -> None:
    """pytest-asyncio, anyio, unittest, and asyncio.run in code that blocks."""
    result = run(
        """
        import asyncio, unittest
        import pytest
        from omics_batch import OmicsBatchClient
        from omics_batch.testing import Life

        HOUR = 3600
        pytestmark = pytest.mark.omics(virtual_time=True, life=Life(run_length=HOUR))

        async def wait(omics):
            async with OmicsBatchClient() as client:
                await client.wait_until_processed(omics.start_batch(3))
            assert HOUR < omics.clock.now() < HOUR + 100

        @pytest.mark.asyncio
        async def test_asyncio(omics_simulator):
            await wait(omics_simulator)

        @pytest.mark.anyio
        async def test_anyio(omics_simulator, anyio_backend):
            await wait(omics_simulator)

        @pytest.fixture
        def anyio_backend():
            return "asyncio"

        def test_blocks(omics_simulator):
            asyncio.run(wait(omics_simulator))
            asyncio.run(asyncio.sleep(HOUR))
            assert omics_simulator.clock.now() < HOUR + 100  # no request came on the second loop

        class TestOld(unittest.IsolatedAsyncioTestCase):
            @pytest.fixture(autouse=True)
            def _simulator(self, omics_simulator):
                self.omics = omics_simulator

            async def test_unittest(self):
                await wait(self.omics)

        @pytest.mark.omics(virtual_time=False)
        def test_not_here(omics_simulator):
            assert omics_simulator.endpoint_url.startswith("http://127.0.0.1:")
            with asyncio.Runner() as runner:
                assert type(runner.get_loop()).__name__ != "VirtualTimeLoop"
        """
    )
    result.assert_outcomes(passed=5)


def test_a_loop_that_was_made_before_the_test_has_no_virtual_time(run: Run) -> None:
    """In a sentence that says what to do."""
    result = run(
        """
        import pytest

        @pytest.mark.asyncio(loop_scope="module")
        async def test_first(): pass

        @pytest.mark.asyncio(loop_scope="module")
        @pytest.mark.omics(virtual_time=True)
        async def test_second(omics_simulator):
            omics_simulator.start_batch(3)
        """
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*InvalidInputError: VirtualClock works only on a VirtualTimeLoop: *"])


# Wider scopes, and other tools beside it


def test_a_module_may_share_a_simulator(run: Run) -> None:
    """The environment points to it for all tests of the module, and the module's mark sets it up."""
    result = run(
        """
        import boto3
        import pytest
        from omics_batch.testing import Life

        pytestmark = pytest.mark.omics(life=Life(creating=3600))
        seen = []

        @pytest.fixture(scope="module")
        def batch_id(omics_simulator):
            return omics_simulator.start_batch(2)

        @pytest.mark.parametrize("n", [1, 2])
        def test_it(omics_simulator, batch_id, n):
            seen.append(omics_simulator)
            assert boto3.client("omics").get_batch(batchId=batch_id)["arn"]
            assert len(omics_simulator.requests) == n and len(set(map(id, seen))) == 1
        """,
        settings="omics_scope = module\n" + LOOP_SCOPE,
    )
    result.assert_outcomes(passed=2)


def test_a_mark_on_one_test_does_not_set_up_what_a_module_shares(run: Run) -> None:
    result = run(
        """
        import pytest

        @pytest.mark.omics(quota=1)
        def test_it(omics_simulator):
            pass
        """,
        settings="omics_scope = module\n" + LOOP_SCOPE,
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*a single test needs a simulator of its own, and omics_scope shares one*"])


def test_a_fixture_of_a_wider_scope_hears_how_to_share_a_simulator(run: Run) -> None:
    result = run(
        """
        import pytest

        @pytest.fixture(scope="module")
        def cohort(omics_simulator):
            return omics_simulator.start_batch(3)

        def test_it(cohort):
            pass
        """
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*To share one, set `omics_scope = module`*"])


def test_unittest_and_sync_code_take_the_simulator_as_a_context(run: Run) -> None:
    result = run(
        """
        import asyncio
        import unittest
        from omics_batch.testing import Simulator

        class TestCohort(unittest.TestCase):
            @classmethod
            def setUpClass(cls):
                cls.omics = cls.enterClassContext(Simulator(time_scale=1_000_000))

            def test_it(self):
                async def wait():
                    async with self.omics.client() as client:
                        return await client.wait_until_processed(self.omics.start_batch(3))

                assert asyncio.run(wait()).outcome.value == "SUCCEEDED"
        """
    )
    result.assert_outcomes(passed=1)


def test_mock_aws_of_moto_may_stand_beside_it(run: Run) -> None:
    """It puts credentials of its own into the environment."""
    result = run(
        """
        import boto3
        import pytest
        from moto import mock_aws
        from omics_batch import OmicsBatchClient

        S3 = {"core": {"service_whitelist": ["s3"]}}  # loads no other service

        @mock_aws(config=S3)
        def test_boto3(omics_simulator):
            batch_id = omics_simulator.start_batch(1)
            assert boto3.client("omics").get_batch(batchId=batch_id)["id"] == batch_id

        @pytest.mark.asyncio
        async def test_ours(omics_simulator):
            with mock_aws(config=S3):
                async with OmicsBatchClient() as client:
                    assert (await client.get_batch(omics_simulator.start_batch(1))).arn
        """,
        "-W",
        "default",
        here=False,
    )
    result.assert_outcomes(passed=2)
