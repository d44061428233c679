"""The docs are whole: each public name is documented, links lead somewhere, policies allow what is needed."""

from __future__ import annotations

import ast
import inspect
import json
import re
from dataclasses import fields, is_dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
import state_diagram
from botocore.loaders import Loader
from module_map import MAP, Graph, drawn, read_graph
from pydantic import BaseModel

import omics_batch
from omics_batch import OmicsBatchClient, testing
from omics_batch.testing import Life, Simulator
from tests.virtual_time import running_clock

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

ROOT: Final = Path(__file__).parent.parent
DOCS: Final = ROOT / "docs"
DOCUMENTS: Final = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "examples").rglob("*.md")])

LINK: Final = re.compile(r"\]\(([^)\s]+)\)|^:file: (\S+)$", re.MULTILINE)
BLOCK: Final = re.compile(
    r"^```(?:python|yaml|console|sh|json|text|\{code-block\} \w+)\n(.*?)^```", re.MULTILINE | re.DOTALL
)
COLUMNS: Final = 92
"""What is seen of a line of code at once, in a window of 1,200 points."""

MODULES: Final = (omics_batch, testing)
NAMED: Final = [(module, name) for module in MODULES for name in module.__all__ if name != "__version__"]


def test_links_to_files_lead_somewhere() -> None:
    """Those within the docs are Sphinx's to check, anchors included; these are seen on other sites too."""
    for page in DOCUMENTS:
        for found in LINK.finditer(page.read_text(encoding="utf-8")):
            target = (found[1] or found[2]).partition("#")[0]
            if target and "://" not in target and not target.startswith("mailto:"):
                assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_code_is_seen_without_scrolling() -> None:
    """No line of a block is longer than the page is wide."""
    lines = [
        (page.name, line)
        for page in sorted(DOCS.glob("*.md"))
        for block in BLOCK.findall(page.read_text(encoding="utf-8"))
        for line in block.splitlines()
    ]
    assert [(page, line) for page, line in lines if len(line) > COLUMNS] == []


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "docs/how-it-is-built.md"])
def test_every_source_file_that_a_page_names_is_there(name: str) -> None:
    """Files move; a reader who is sent to one that has gone stops there."""
    source = Path(omics_batch.__file__).parent
    named = re.findall(r"`(_[a-z_/]+(?:\.py|/))`", (DOCS.parent / name).read_text(encoding="utf-8"))
    assert named
    assert [path for path in named if not (source / path).exists()] == []


def test_every_public_name_has_its_place_in_the_reference() -> None:
    """Nothing is exported that the API page does not report."""
    page = (DOCS / "api.md").read_text(encoding="utf-8")
    absent = [name for _, name in NAMED if f":: {name}\n" not in page and f".{name}\n" not in page]
    assert absent == ["Fault"]  # what the functions of `faults` return: nothing is done with it by name


def test_every_method_of_the_client_has_its_place_in_the_reference() -> None:
    """They are listed there by what they are for, so that a new one has to be put somewhere."""
    page = (DOCS / "api.md").read_text(encoding="utf-8")
    absent = [name for name, _ in members_of(OmicsBatchClient) if not re.search(rf":: {name}\n", page)]
    assert absent == []


def members_of(kind: type) -> Iterator[tuple[str, Any]]:
    """Find the public methods and properties of a class that are ours, inherited ones too."""
    ours = [base for base in kind.__mro__ if base.__module__.startswith("omics_batch")]
    for name, member in {name: member for base in reversed(ours) for name, member in vars(base).items()}.items():
        is_called = isinstance(member, (property, classmethod, staticmethod)) or inspect.isfunction(member)
        if is_called and not name.startswith("_"):
            yield name, member


def field_docstrings(kind: type[Any]) -> dict[str, str | None]:
    """Find what is reported the fields of a model or a dataclass."""
    if issubclass(kind, BaseModel):
        return {name: field.description for name, field in kind.model_fields.items()}
    if not is_dataclass(kind):
        return {}
    reported: dict[str, str | None] = {field.name: None for field in fields(kind) if not field.name.startswith("_")}
    for base in (base for base in reversed(kind.__mro__) if base.__module__.startswith("omics_batch")):
        (definition,) = ast.parse(inspect.getsource(base)).body
        assert isinstance(definition, ast.ClassDef)
        for node, after in pairwise(definition.body):
            match node, after:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                    reported[name] = text
                case _:
                    pass
    return reported


def is_sentence(text: str | None) -> bool:
    """Whether a docstring begins with a whole sentence."""
    first = (text or "").strip().partition("\n\n")[0]
    return bool(re.match(r"[A-Z0-9`]", first)) and first.endswith(".")


def test_every_public_name_says_what_it_is() -> None:
    """In a whole sentence; so do its methods, properties and fields."""
    texts: dict[tuple[str, str], str | None] = {}
    for module, name in NAMED:
        thing = getattr(module, name)
        if inspect.isclass(thing):
            texts[name, ""] = vars(thing).get("__doc__")
            texts |= {(name, member): inspect.getdoc(found) for member, found in members_of(thing)}
            texts |= {(name, field): text for field, text in field_docstrings(thing).items()}
        elif name not in {"BatchReference", "Duration"}:  # aliases: in the source
            texts[name, ""] = inspect.getdoc(thing)
    assert [named for named, text in texts.items() if not is_sentence(text)] == []


OPERATIONS: Final = frozenset(Loader().load_service_model("omics", "service-2")["operations"])
NOT_AN_OPERATION: Final = {"aws", "close", "close_at_signals", "open", "retry_quota"}


def test_every_call_says_which_operation_of_aws_it_is() -> None:
    """Its last paragraph names them, and AWS has them; the reference makes links of them."""
    calls = [call for name, call in members_of(OmicsBatchClient) if name not in NOT_AN_OPERATION]
    assert calls
    for call in calls:
        source = (inspect.getdoc(call) or "").rpartition("\n\n")[2]
        assert source.startswith(("Source: the AWS operation ", "Source: the AWS operations ")), call
        named = re.findall(r"\b[A-Z][a-z]+[A-Z]\w+", source)
        assert named
        assert OPERATIONS.issuperset(named)


def test_the_diagram_of_states_is_that_of_the_code() -> None:
    """Where this fails: `PYTHONPATH=src python3 tools/state_diagram.py` draws it again."""
    assert state_diagram.DIAGRAM.read_text(encoding="utf-8") == state_diagram.drawn()
    assert state_diagram.TABLE.read_text(encoding="utf-8") == state_diagram.table()


def test_the_map_shows_todays_modules() -> None:
    """Where this fails: `python3 tools/module_map.py` draws it again."""
    assert MAP.read_text(encoding="utf-8") == drawn(read_graph())


def test_a_circle_of_imports_is_not_drawn() -> None:
    """Modules that use each other are on no layer."""
    circle = Graph({"a": frozenset({"b"}), "b": frozenset({"a"}), "c": frozenset()})
    with pytest.raises(ValueError, match=r"use each other: \['a', 'b'\]"):
        drawn(circle)


def test_a_line_that_a_detour_shows_is_left_out() -> None:
    """It is there for whoever points at the module."""
    graph = Graph({"a": frozenset({"b", "c"}), "b": frozenset({"c"}), "c": frozenset()})
    picture = drawn(graph)
    assert 'class="from-a to-c known"' in picture
    assert 'class="from-a to-b"' in picture


async def read_and_wait(client: OmicsBatchClient, batch_id: str) -> None:
    await client.get_batch(batch_id)
    await client.wait_until_processed(batch_id)
    async for _ in client.watch(batch_id):
        pass


async def wait_for_many(client: OmicsBatchClient, batch_id: str) -> None:
    async for _ in client.list_batch():
        pass
    await client.wait_until_processed(batch_id)


async def find_failed(client: OmicsBatchClient, batch_id: str) -> None:
    await client.wait_until_processed(batch_id)
    assert [run async for run in client.failed_runs(batch_id)]


async def cancel(client: OmicsBatchClient, batch_id: str) -> None:
    await client.cancel_and_wait(batch_id)


async def delete(client: OmicsBatchClient, batch_id: str) -> None:
    await client.wait_until_processed(batch_id)
    await client.delete_everything(batch_id)


async def start(client: OmicsBatchClient, _: str) -> None:
    await client.start_run_batch(
        omics_batch.StartRunBatchRequest.model_validate(
            {
                "defaultRunSetting": {"workflowId": "1", "roleArn": "arn:aws:iam::123456789012:role/OmicsRole"},
                "batchRunSettings": {"inlineSettings": [{"runSettingId": "NA12878"}]},
            }
        )
    )


def cohort(runs: int, **settings: object) -> omics_batch.Manifest:
    setting = omics_batch.DefaultRunSettingInput.model_validate(
        {"workflowId": "1", "roleArn": "arn:aws:iam::123456789012:role/OmicsRole", **settings}
    )
    return omics_batch.Manifest(
        default_run_setting=setting,
        runs={"runSettingId": "{sample}"},
        rows=[{"sample": f"S{number}"} for number in range(runs)],
        settings_uri="s3://my-bucket/settings/",
    )


async def check_manifest(client: OmicsBatchClient, _: str) -> None:
    await client.check_manifest(cohort(1))
    await client.check_manifest(cohort(1, workflowVersionName="2"))


async def start_manifest(client: OmicsBatchClient, _: str) -> None:
    first = [started.existed async for started in client.start_manifest(cohort(101))]
    assert [*first, *[started.existed async for started in client.start_manifest(cohort(101))]] == [False, True]


USES: Final[dict[str, tuple[Callable[[OmicsBatchClient, str], Coroutine[Any, Any, None]], set[str]]]] = {
    "Read a batch, wait for one": (read_and_wait, set()),
    "Wait for many": (wait_for_many, set()),
    "Find the failed samples": (find_failed, set()),
    "Start a batch": (start, {"omics:StartRun", "iam:PassRole"}),
    "Check a manifest": (check_manifest, set()),
    "Start a cohort from a sheet": (
        start_manifest,
        {"omics:StartRun", "omics:TagResource", "omics:CancelRunBatch", "iam:PassRole"},
    ),
    "Cancel a batch": (cancel, set()),
    "Delete a batch": (delete, set()),
}
"""By the page's headings: what a use does, and what it takes that is no request of the client."""


S3: Final = {"PutObject": "s3:PutObject", "HeadObject": "s3:GetObject"}
"""What allows the requests to S3."""

OWN_ARNS: Final = ("arn:aws:omics:", "arn:aws:iam:", "arn:aws:s3:::my-bucket/")


def policies() -> dict[str, dict[str, Any]]:
    """Read the page's policies by the headings above them."""
    page = (DOCS / "permissions.md").read_text(encoding="utf-8")
    return {
        heading: json.loads(document)
        for heading, document in re.findall(
            r"^## ([^\n]+)\n(?:(?!^## ).)*?^```json\n(.*?)^```", page, re.MULTILINE | re.DOTALL
        )
    }


def test_there_is_a_policy_for_each_use() -> None:
    """And no other policy on the page."""
    assert policies().keys() == USES.keys()
    assert (DOCS / "permissions.md").read_text(encoding="utf-8").count("```json") == len(USES)


@pytest.mark.virtual_time
@pytest.mark.parametrize("use", USES)
async def test_a_policy_allows_what_its_use_needs_and_no_more(use: str, tmp_path: Path) -> None:
    """Reported by the requests that the use sends."""
    run, besides = USES[use]
    life = Life(failed_runs={"NA12878": "out of memory"}, creating=1.0, pending=1e7 if run is cancel else 1.0)
    (tmp_path / "my-bucket").mkdir()
    simulator = Simulator(in_process=True, life=life, clock=running_clock(), s3=tmp_path)
    async with simulator as omics, omics.client() as client:
        await run(client, omics.start_batch(["NA12878", "NA12891"]))
        operations = {request.operation for request in omics.requests}
    sent = {S3.get(operation, f"omics:{operation}") for operation in operations}
    policy = policies()[use]
    assert policy["Version"] == "2012-10-17"
    allowed: set[str] = set()
    for statement in policy["Statement"]:
        assert statement.keys() <= {"Effect", "Action", "Resource", "Condition"}
        assert statement["Effect"] == "Allow"
        assert statement["Resource"] == "*" or statement["Resource"].startswith(OWN_ARNS)
        actions = statement["Action"]
        allowed |= {actions} if isinstance(actions, str) else set(actions)
    assert allowed == sent | besides
