"""Scenarios: what a file may say, what it becomes, and what is reported a file that says something else."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from contextlib import suppress
from dataclasses import fields
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from omics_batch import InvalidInputError, Outcome
from omics_batch.testing import Life, ManualClock, PlacedBatch, Scenario, ScenarioError, faults
from tests.documents import Writer

SCHEMA = Path(__file__).parents[2] / "docs" / "scenario.schema.json"

TRIO = """
region: eu-west-1
time_scale: 10
quota: 5
list_lag: PT20S
batches:
  - name: trio
    runs: [NA12878, "12891"]
    life:
      run_length: [20, PT20M]
      failed_submissions: {"12891": [ValidationException, no such input]}
      failed_cancels: [NA12878]
  - runs: 96
life:
  failed_runs: 0.1
  submission_rate: .inf
faults:
  - throttled: {times: 2, retry_after_ms: 100}
  - reset
  - closed:
  - not_http: {data: héllo, operation: "*"}
  - delayed: {duration: PT3S}
"""


BOMB = "a: &a [x]\n" + "\n".join(
    f"{letter}: &{letter} [{', '.join([f'*{before}'] * 9)}]" for before, letter in pairwise("abcdefghi")
)
"""A billion laughs."""


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    return Writer(tmp_path, "scenario.yaml", Scenario.load, ScenarioError)


def test_runs_fail_for_reasons_of_their_own_and_a_rerun_lives_otherwise(write: Writer) -> None:
    text = "life: {failed_runs: {a: out of memory, b: [INSTANCE_RESERVATION_FAILED, no capacity]}}\nrerun_life: {}\n"
    failed: dict[str, str | tuple[str, str]] = {
        "a": "out of memory",
        "b": ("INSTANCE_RESERVATION_FAILED", "no capacity"),
    }
    assert Scenario.load(write(text)) == Scenario(life=Life(failed_runs=failed), rerun_life=Life())


async def test_a_rerun_lives_as_the_scenario_says() -> None:
    """What is done about the failures helps."""
    life = Life(failed_runs={"a": ("INSTANCE_RESERVATION_FAILED", "no capacity"), "b": "out of memory"})
    scenario = Scenario(batches=[PlacedBatch(runs=["a", "b", "c"])], life=life, rerun_life=Life())
    async with scenario.simulator(time_scale=100_000) as omics, omics.client() as client:
        batch = await client.wait_until_processed("7123456")
        failed = {run.run_setting_id: run.reason for run in await client.failed_runs(batch)}
        assert failed == {"a": "INSTANCE_RESERVATION_FAILED", "b": "RUN_TASK_FAILED"}
        plan = await client.plan_resubmission(batch)
        assert [run.run_setting_id for run in plan.runs] == ["a"]
        assert plan.request is not None
        rerun = await client.wait_until_processed(await client.start_run_batch(plan.request))
        assert rerun.outcome is Outcome.SUCCEEDED


def test_a_file_says_what_could_be_said_in_python(write: Writer) -> None:
    trio = Life(
        run_length=(20.0, timedelta(minutes=20)),
        failed_submissions={"12891": ("ValidationException", "no such input")},
        failed_cancels=("NA12878",),
    )
    assert Scenario.load(write(TRIO)) == Scenario(
        region_name="eu-west-1",
        time_scale=10.0,
        quota=5.0,
        list_lag=20.0,
        batches=(PlacedBatch(name="trio", runs=["NA12878", "12891"], life=trio), PlacedBatch(runs=96)),
        life=Life(failed_runs=0.1, submission_rate=float("inf")),
        faults=(
            faults.throttled(times=2, retry_after_ms=100),
            faults.reset(),
            faults.closed(),
            faults.not_http("héllo".encode(), operation=faults.ANY),
            faults.delayed(3),
        ),
    )


@pytest.mark.parametrize("text", ["{}", "# nothing is said\n{}\n"])
def test_what_is_left_out_is_as_ever(write: Writer, text: str) -> None:
    assert Scenario.load(write(text)) == Scenario()


def test_json_says_the_same(write: Writer) -> None:
    document = {"batches": [{"runs": 3}], "faults": ["reset", {"html": {"status": 502}}]}
    text = json.dumps(document)
    assert Scenario.load(write(text, "a.json")) == Scenario.load(write(text, "a.yaml"))
    assert Scenario.load(write(b"\xef\xbb\xbf" + text.encode(), "a.JSON")).batches == (PlacedBatch(runs=3),)


def test_an_anchor_may_be_used_again(write: Writer) -> None:
    text = "life: &slow {run_length: 60}\nbatches:\n  - {runs: 1, life: *slow}\n"
    scenario = Scenario.load(write(text))
    assert scenario.batches[0].life == scenario.life == Life(run_length=60)


def test_times_and_other_kinds_of_yaml_stay_the_text_that_they_are(write: Writer) -> None:
    assert Scenario.load(write("batches: [{runs: [2025-03-15, =, !!str 7]}]")).batches == (
        PlacedBatch(runs=["2025-03-15", "=", "7"]),
    )


def test_a_folder_is_sought_from_the_file_and_a_url_is_a_url(write: Writer, tmp_path: Path) -> None:
    assert Scenario.load(write("s3: objects")).s3 == tmp_path / "objects"
    assert Scenario.load(write("s3: http://127.0.0.1:5000")).s3 == "http://127.0.0.1:5000"


def test_every_member_of_a_life_and_every_fault_can_be_written() -> None:
    """What is added to `Life` or to `faults` is in the schema without anybody's doing."""
    definitions: dict[str, Any] = Scenario.schema()["$defs"]
    life = definitions["Life"]["properties"]
    assert life.keys() == {field.name for field in fields(Life)}
    assert all(member["description"] for member in life.values())

    functions = {name for name in faults.__all__ if inspect.isfunction(getattr(faults, name))}
    short, long = definitions["Fault"]["anyOf"]
    assert long["properties"].keys() == functions
    assert set(short["enum"]) < functions
    for name in functions:
        assert definitions[name]["properties"].keys() == inspect.signature(getattr(faults, name)).parameters.keys()


def test_the_schema_that_editors_read_is_the_present_one() -> None:
    """If it is not: `omics-batch simulate --scenario-schema > docs/scenario.schema.json`."""
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == Scenario.schema()


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("", ["it is empty"]),
        ("- a", ["line 1: the scenario: should be an object"]),
        ("batches:\n  - name: x\n", ["line 2: batches[0].runs: is missing"]),
        ("batches: [{runs: 0}]", ["line 1: batches[0].runs: "]),
        ("batches:\n- runs:\n  - a\n  - 7\n", ["line 4: batches[0].runs[1]: should be a valid string"]),
        (
            "batches:\n- runs: 1\n  lief: 2\n",
            ["line 3: batches[0].lief: unknown field; did you mean life?"],
        ),
        ("speed: 3", ["line 1: speed: unknown field"]),
        (
            "life:\n  failed_runs: yes\n",
            ["line 2: life.failed_runs: should be an object or a valid integer or a valid number"],
        ),
        ("life: {run_length: [1]}", ["line 1: life.run_length[1]: is missing"]),
        ("life: {failed_runs: {a: 1}}", ["line 1: life.failed_runs.a: should be a valid string"]),
        ("life:\n  creating: -1\n", ["line 1: life: creating has to be a finite number of seconds"]),
        ("batches:\n- runs: 1\n  life: {lief: 1}\n", ["line 3: batches[0].life.lief: unknown field"]),
        ("time_scale: .inf", ["line 1: time_scale: should be a finite number"]),
        ("quota: 0", ["line 1: quota: should be greater than 0"]),
        ("list_lag: -1", ["line 1: list_lag: list_lag has to be a finite number of seconds"]),
        ("region: US WEST", ["line 1: region: String should match pattern '^[a-z0-9-]+$'"]),
        ("faults: reset", ["line 1: faults: should be a valid array"]),
        ("faults:\n- 7\n", ["line 2: faults[0]: should be an object"]),
        ("faults: [status]", ["line 1: faults[0].status.code: is missing"]),
        ("faults: [{status: {code: 99}}]", ["line 1: faults[0]: a HTTP status that ends an exchange is 200 to 599"]),
        ("faults: [{reset: , closed: }]", ["line 1: faults[0]: has to have the name of one fault"]),
        ("faults: [explode]", ["line 1: faults[0].explode: unknown field"]),
        (
            "faults: [{reset: {tiems: 2}}]",
            ["line 1: faults[0].reset.tiems: unknown field; did you mean times?"],
        ),
        ("faults: [{reset: {operation: Get}}]", ["line 1: faults[0].reset.operation: String should match pattern"]),
        ("faults: [{reset: {times: 0}}]", ["line 1: faults[0]: times has to be 1 or more, not 0"]),
        (
            "quota: x\ntime_scale: y\n",
            ["line 1: quota: should be a valid number", "line 2: time_scale: should be a valid number"],
        ),
        ("a: [", ["line 1: while parsing a flow node, expected the node content, but found '<stream end>'"]),
        ("a: 1\nb: ]\n", ["line 2: "]),
        ("a: 1\n---\nb: 2\n", ["line 2: expected a single document in the stream, but found another document"]),
        ("quota: 1\nquota: 2\n", ["line 2: quota is there twice"]),
        ("? [a]\n: b\n", ["line 1: a member's name is a text"]),
        ("life: {<<: {creating: 1}}", ["line 1: merging (<<) is not YAML 1.2: write it out"]),
        ('life: {"<<": 1}', ["line 1: life.<<: unknown field"]),
        ("quota: !!int x", ["line 1: x cannot be read as int"]),
        ("quota: !!bool x", ["line 1: x cannot be read as bool"]),
        ("quota: " + "9" * 5000, ["line 1: " + "9" * 61 + "... cannot be read as int"]),
        ("a: \0", ["unacceptable character #x0000"]),
        ("a: &a [*a]", ["it is nested too deeply"]),
        ("[" * 600, ["it is nested too deeply"]),
        (b"a: \xff", ["not a UTF-8 text file"]),
        ('region: "\\ud800"', ["a text in it holds half a character"]),
        (BOMB, ["it has more than 300000 entries"]),
        (f"a: &a {'x' * 100_000}\nb: [{'*a, ' * 200}]", ["it has more than 16000000 characters"]),
        pytest.param(
            f"a: &a {{{'x' * 900}: 1}}\nb: [{'*a, ' * 20_000}]",
            ["it has more than 16000000 characters"],
            marks=pytest.mark.slow,
        ),
    ],
)
def test_what_is_wrong_is_reported_with_its_place(write: Writer, text: str | bytes, problems: list[str]) -> None:
    reported = write.problems(text)
    assert [line[: len(start)] for line, start in zip(reported, problems, strict=True)] == problems


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{\n 'a'}", "line 2: Expecting property name enclosed in double quotes"),
        ('{"quota": 1, "quota": 2}', "quota is there twice"),
        ('{"quota": -1}', "quota: should be greater than 0"),
        ('{"quota": ' + "9" * 5000 + "}", "Exceeds the limit"),
        ("[" * 100_000, "it is nested too deeply"),
    ],
)
def test_json_is_reported_as_well(write: Writer, text: str, problem: str) -> None:
    (reported,) = write.problems(text, "scenario.json")
    assert reported.startswith(problem)


def test_a_long_document_is_refused_before_it_is_read_to_its_end(
    write: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("omics_batch._files.yaml12._MAX_NODES", 50)
    assert write.problems("[" + "1, " * 51 + "this is no end") == ["it has more than 50 entries"]


def test_of_a_hundred_thousand_names_the_one_that_is_there_twice_is_reported(write: Writer) -> None:
    names = ", ".join(f'"sample-{number}": 1' for number in [*range(100_000), 99_999])
    assert write.problems(f"{{{names}}}", "scenario.json") == ["sample-99999 is there twice"]


def test_of_many_problems_the_first_ten_are_reported(write: Writer) -> None:
    *ten, more = write.problems("\n".join(f"unknown{number}: 1" for number in range(50)))
    assert len(ten) == 10
    assert more == "and 40 more problems"


def test_a_file_that_is_not_there_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="it cannot be read: No such file"):
        Scenario.load(tmp_path / "nothing.yaml")


def test_without_yaml_json_still_works(write: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    (problem,) = write.problems("{}")
    assert problem.startswith("YAML cannot be read without PyYAML (JSON can): install the extra `cli`: pip install")
    assert Scenario.load(write("{}", "scenario.json")) == Scenario()


def test_nothing_is_imported_for_those_who_have_no_scenario() -> None:
    program = "import sys, omics_batch.testing as t; t.Scenario(); print({'yaml', 'pydantic'} & sys.modules.keys())"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "set()\n"


async def test_a_scenario_is_played(write: Writer) -> None:
    clock = ManualClock()
    async with Scenario.load(write(TRIO)).simulator(clock=clock, quota=None) as omics:
        assert omics.region_name == "eu-west-1"
        clock.advance(3000)
        omics.forget_script()
        async with omics.client(max_rate=None) as client:
            first = await client.get_batch("7123456")
            second = await client.get_batch("7123457")
    assert (first.name, first.total_runs) == ("trio", 2)
    assert first.submission_summary.failed_start_submission_count == 1
    assert (second.total_runs, second.run_summary.failed_run_count) == (96, 10)


def test_what_no_simulator_takes_is_refused(write: Writer) -> None:
    with pytest.raises(InvalidInputError, match="there is no folder .*nowhere"):
        Scenario.load(write("s3: nowhere")).simulator()


nodes = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from([*(field.name for field in fields(Life)), "runs", "name", "life", "times", "operation", "code"])
entries = st.dictionaries(names, nodes, max_size=4)
documents = st.fixed_dictionaries(
    {},
    optional={
        "batches": st.lists(entries | nodes, max_size=3) | nodes,
        "life": entries | nodes,
        "faults": st.lists(st.dictionaries(st.sampled_from(faults.__all__), entries | nodes, max_size=2), max_size=3),
        "quota": nodes,
        "list_lag": nodes,
        "time_scale": nodes,
        "region": nodes,
        "s3": nodes,
    },
)


def assert_a_scenario_or_an_error(path: Path) -> None:
    try:
        scenario = Scenario.load(path)
    except ScenarioError as error:
        for line in str(error).splitlines():
            assert line.startswith(f"{path}: ")
            assert line.isprintable()
        return
    with suppress(InvalidInputError):
        scenario.simulator()


anything = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@anything
@given(content=st.binary() | st.text("{}[]:-,&*!'\"|> \nabatches1.~<=").map(str.encode))
@pytest.mark.parametrize("name", ["scenario.yaml", "scenario.json"])
def test_any_bytes_are_a_scenario_or_a_clear_error(write: Writer, name: str, content: bytes) -> None:
    assert_a_scenario_or_an_error(write(content, name))


@anything
@given(document=documents)
@pytest.mark.parametrize("name", ["scenario.yaml", "scenario.json"])
def test_any_document_is_a_scenario_or_a_clear_error(write: Writer, name: str, document: object) -> None:
    assert_a_scenario_or_an_error(write(json.dumps(document), name))
