"""Checking the parameters of a manifest's runs against the template of their workflow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from omics_batch import (
    AccessDeniedError,
    Advice,
    AdviceKind,
    InvalidInputError,
    MalformedResponseError,
    Manifest,
    ManifestCheck,
    ResourceNotFoundError,
    RetryPolicy,
)
from omics_batch.testing import Simulator, faults
from tests.manifest._support import BY_SAMPLE, DEFAULTS, ROLE

if TYPE_CHECKING:
    from tests.manifest._support import Cohort

TEMPLATE: Final = {
    "reads": {"description": "The reads", "optional": False},
    "reference": {},
    "threads": {"optional": True},
}
TYPES: Final = "The types of the parameters: the workflow's template has names alone."
ROLES: Final = "Whether the role can read the input and write the output: the runs show it."


def manifest_of(own_parameters: dict[str, Any], *, runs: int = 1, engine: object = None, **defaults: Any) -> Manifest:
    own: dict[str, object] = {**BY_SAMPLE, "parameters": own_parameters}
    if engine is not None:
        own["engine_settings"] = engine
    return Manifest(
        default_run_setting=DEFAULTS.model_copy(update=defaults),
        runs=own,
        rows=[{"sample": f"S{number}", "bam": ""} for number in range(runs)],
        settings_uri="s3://my-bucket/settings/",
    )


async def checked(manifest: Manifest, *workflows: dict[str, Any], script: Any = ()) -> ManifestCheck:
    simulator = Simulator(in_process=True, workflows=workflows, faults=script)
    async with simulator as omics, omics.client(retry=RetryPolicy(max_attempts=1)) as client:
        return await client.check_manifest(manifest)


async def problems_of(manifest: Manifest, *workflows: dict[str, Any]) -> list[str]:
    with pytest.raises(InvalidInputError) as caught:
        await checked(manifest, *workflows)
    return str(caught.value).splitlines()


def workflow(**members: Any) -> dict[str, Any]:
    return {"id": "1234567", "name": "align", "parameterTemplate": TEMPLATE, **members}


async def test_the_parameters_that_a_workflow_takes_are_those_that_a_manifest_gives() -> None:
    manifest = manifest_of({"reads": ["{sample}"], "threads": 4}, parameters={"reference": "hg38"})
    assert await checked(manifest, workflow()) == ManifestCheck("align", (TYPES, ROLES))


async def test_every_problem_is_named_at_once() -> None:
    manifest = manifest_of({"read": "{sample}", "thread": 4, "strange": 1}, parameters={"refernce": "hg38"})
    assert await problems_of(manifest, workflow(status="INACTIVE")) == [
        "default_run_setting.workflowId: the workflow is INACTIVE: runs can be started while it is ACTIVE",
        "default_run_setting.parameters.refernce: the workflow has no such parameter; did you mean reference?",
        "runs.parameters.read: the workflow has no such parameter; did you mean reads?",
        "runs.parameters.thread: the workflow has no such parameter; did you mean threads?",
        "runs.parameters.strange: the workflow has no such parameter; it has reads, reference, threads",
        "runs.parameters: reads is missing: the workflow needs it",
        "runs.parameters: reference is missing: the workflow needs it",
    ]


@pytest.mark.parametrize("spelled", ["defaultRunSetting", "default_run_setting"])
async def test_problems_have_the_line_of_the_file(cohort: Cohort, spelled: str) -> None:
    cohort.write("samples.csv", "sample\nS1\n")
    path = cohort.write(
        "cohort.yaml",
        f"{spelled}:\n  workflowId: '1234567'\n  roleArn: {ROLE}\n  parameters:\n    refernce: hg38\n"
        "sheet: samples.csv\nruns:\n  runSettingId: '{sample}'\n  parameters:\n    read: 1\n",
    )
    assert await problems_of(Manifest.load(path), workflow(status="DELETED")) == [
        f"{path}:2: {spelled}.workflowId: the workflow is DELETED: runs can be started while it is ACTIVE",
        f"{path}:5: {spelled}.parameters.refernce: the workflow has no such parameter; did you mean reference?",
        f"{path}:9: runs.parameters: reads is missing: the workflow needs it",
        f"{path}:9: runs.parameters: reference is missing: the workflow needs it",
        f"{path}:10: runs.parameters.read: the workflow has no such parameter; did you mean reads?",
    ]


async def test_what_is_not_checked_is_said() -> None:
    cells: dict[str, Any] = {"reads": "{bam}", "reference": {"column": "bam"}, "threads": "{bam}"}
    assert (await checked(manifest_of(cells, runs=101), workflow())).unchecked == (
        "Whether each run has reads: an empty cell leaves it out.",
        "Whether each run has reference: an empty cell leaves it out.",
        TYPES,
        "Whether files can be written to s3://my-bucket/settings/: only writing shows it.",
        ROLES,
    )
    null = manifest_of({"reads": {"column": "bam", "empty": None}, "reference": "{bam}"}, parameters={"reference": 1})
    assert (await checked(null, workflow())).unchecked == (TYPES, ROLES)
    nothing = "The parameters: the workflow has no parameter template."
    assert await checked(manifest_of({"anything": 1})) == ManifestCheck(None, (nothing, ROLES))


async def test_a_version_has_a_template_of_its_own() -> None:
    version: dict[str, Any] = {"workflowId": "1234567", "versionName": "2.0", "parameterTemplate": {"bam": {}}}
    manifest = manifest_of({"bam": "x"}, workflow_version_name="2.0", workflow_owner_id="123456789012")
    assert (await checked(manifest, workflow(), version)).workflow_name is None
    with pytest.raises(ResourceNotFoundError, match=r"GetWorkflowVersion of workflow 1234567, version 3"):
        await checked(manifest_of({}, workflow_version_name="3"), workflow(), version)


@pytest.mark.parametrize(
    ("shared", "own"),
    [({"profile": "docker, gpu"}, None), (None, {"profiles": ["gpu"]}), ({"x": 1}, {"y": {"value": "gpu"}})],
)
async def test_the_profiles_that_the_engine_uses_add_parameters(shared: object, own: object) -> None:
    profiles: dict[str, Any] = {"gpu": {"cards": {}, "reference": {"optional": True}}, "cpu": {"cores": {}}}
    known = workflow(profiles=["gpu", "cpu"], profileParameterTemplates=profiles)
    manifest = manifest_of({"reads": "x", "cards": 1}, engine=own, engine_settings=shared)
    assert (await checked(manifest, known)).workflow_name == "align"
    assert await problems_of(manifest_of({"reads": "x", "reference": "x", "cards": 1}), known) == [
        "runs.parameters.cards: the workflow has no such parameter; it has reads, reference, threads"
    ]


async def test_a_workflow_that_cannot_be_read_is_named_with_the_permission() -> None:
    denied = faults.error("AccessDeniedException", 403, operation="GetWorkflow")
    with pytest.raises(AccessDeniedError, match="GetWorkflow of workflow 1234567: .*Allow omics:GetWorkflow") as caught:
        await checked(manifest_of({}), script=[denied])
    assert caught.value.advice == Advice(AdviceKind.ALLOW_OPERATION, {"operation": "omics:GetWorkflow"})
    with pytest.raises(ResourceNotFoundError, match="GetWorkflow of workflow 1234567"):
        await checked(manifest_of({}), {"id": "7"})


@pytest.mark.parametrize("body", [b'{"id": "7"}', b"{}", b'{"id": "1234567", "versionName": "1"}', b"[]"])
async def test_an_answer_about_something_else_is_not_believed(body: bytes) -> None:
    with pytest.raises(MalformedResponseError):
        await checked(manifest_of({}), script=[faults.body(body, operation="GetWorkflow")])


async def test_only_a_manifest_is_checked() -> None:
    strange: Any = {"runs": {}}
    with pytest.raises(InvalidInputError, match="a manifest is a Manifest, as Manifest.load reads it, not a dict"):
        await checked(strange)
