"""What `omics_batch` offers, and what it costs to ask for it."""

from __future__ import annotations

import ast
import enum
import inspect
import json
import re
import subprocess
import sys
from importlib import import_module
from typing import Final

import pytest

import omics_batch
from omics_batch._version import VERSION

NAMES: Final = [name for name in omics_batch.__all__ if name != "__version__"]


def names_for_type_checkers() -> dict[str, str]:
    """The names that type checkers see, each with its module."""
    tree = ast.parse(inspect.getsource(omics_batch))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    assert ast.unparse(block.test) == "TYPE_CHECKING"
    return {
        alias.name: (node.module or "").removeprefix("omics_batch.")
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def test_no_name_is_there_twice() -> None:
    assert len(set(omics_batch.__all__)) == len(omics_batch.__all__)
    assert len(" ".join(omics_batch._MODULES.values()).split()) == len(NAMES)


def test_the_members_of_every_enum_are_texts_which_every_writer_of_json_takes() -> None:
    """A view of Django, a log in JSON: none of them knows enums."""
    enums = [
        kind for kind in map(omics_batch.__getattr__, NAMES) if inspect.isclass(kind) and issubclass(kind, enum.Enum)
    ]
    assert len(enums) > 15
    for kind in enums:
        assert json.loads(json.dumps([*kind])) == [f"{member}" for member in kind] == [member.value for member in kind]


def test_type_checkers_see_the_names_that_there_are() -> None:
    assert names_for_type_checkers() == omics_batch._MODULE_OF


def test_a_name_comes_from_its_module_and_stays() -> None:
    for name in NAMES:
        module = import_module(f"omics_batch.{omics_batch._MODULE_OF[name]}")
        value = getattr(omics_batch, name)
        assert value is getattr(module, name)
        assert vars(omics_batch)[name] is value
        if isinstance(value, type):
            assert (value.__module__, value.__qualname__) == (module.__name__, name)


def test_what_is_public_in_a_module_is_offered() -> None:
    """Exceptions, enums and models are what a caller may meet, so each has to be importable."""
    inner = {"BatchTemplate", "OpenEnum", "RunListItem", "RequestPart", "checked", "unknown_member"}
    models = ("enums", "settings", "batch", "run", "request", "request_part")
    for path in ("_errors", *(f"_models.{model}" for model in models)):
        module = import_module(f"omics_batch.{path}")
        own = {name for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__}
        missing = {name for name in own - set(NAMES) if not name.startswith("_")}
        assert missing <= inner, path


def test_dir_shows_the_names() -> None:
    assert dir(omics_batch) == omics_batch.__all__


def test_a_star_brings_them_all() -> None:
    namespace: dict[str, object] = {}
    exec("from omics_batch import *", namespace)  # noqa: S102 - a star is allowed at a module's top only
    assert set(omics_batch.__all__) <= set(namespace)


def test_a_name_that_there_is_not_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"^module 'omics_batch' has no attribute 'Btach'$"):
        _ = omics_batch.Btach
    assert not hasattr(omics_batch, "_MODULES_")
    with pytest.raises(ImportError, match="cannot import name 'Btach'"):
        exec("from omics_batch import Btach", {})  # noqa: S102 - it is to fail


def test_the_version_is_a_version() -> None:
    assert omics_batch.__version__ == VERSION
    assert re.fullmatch(r"\d+\.\d+\.\d+", VERSION)


# Documentation

CLASSES: Final = [name for name in NAMES if isinstance(getattr(omics_batch, name), type)]


def test_only_what_arguments_may_be_is_no_class() -> None:
    assert set(NAMES) - set(CLASSES) == {"BatchReference", "Duration"}


def test_every_name_says_in_a_whole_sentence_what_it_is() -> None:
    for name in CLASSES:
        kind: type = getattr(omics_batch, name)
        assert kind.__doc__ is not kind.__base__.__doc__, name
        first, *_ = inspect.cleandoc(kind.__doc__ or "").splitlines()
        assert re.match(r"[A-Z`].*\.$", first), (name, first)


def own_members(kind: type) -> list[tuple[str, object]]:
    return [
        (name, member)
        for name, member in vars(kind).items()
        if not name.startswith("_")
        and (inspect.isroutine(member) or isinstance(member, (property, classmethod, staticmethod)))
    ]


def test_every_method_and_property_is_documented() -> None:
    members = {
        f"{name}.{member_name}": member
        for name in CLASSES
        for member_name, member in own_members(getattr(omics_batch, name))
    }
    assert [name for name, member in members.items() if not inspect.getdoc(member)] == []


@pytest.mark.parametrize("name", ["PollPolicy", "RetryPolicy"])
def test_every_setting_of_a_policy_is_documented(name: str) -> None:
    kind = getattr(omics_batch, name)
    source = inspect.getsource(kind)
    for setting in kind.__dataclass_fields__:
        assert re.search(rf'^    {setting}: [^\n]+\n    """[A-Z0-9]', source, re.MULTILINE), setting


def test_every_enum_is_exported_with_all_of_its_members() -> None:
    enums = [name for name in CLASSES if issubclass(getattr(omics_batch, name), enum.Enum)]
    assert [name for name in enums if not list(getattr(omics_batch, name))] == []


# Lazy loading, each in an interpreter of its own

SHOWN: Final = "omics_batch._html"
LATE: Final = (
    *("omics_batch._models.request", "omics_batch._models.run", "omics_batch._api.failed_runs"),
    "omics_batch._events",
)
HEAVY: Final = ("aiobotocore", "aiohttp", "botocore", "pydantic", "tenacity", "asyncio", SHOWN, *LATE)


def modules_after(statement: str) -> set[str]:
    """The heavy modules that a statement brings along."""
    program = f"{statement}\nimport sys\nprint(*sys.modules.keys() & {set(HEAVY)})"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("statement", "brought"),
    [
        ("import omics_batch", set[str]()),
        ("import omics_batch; omics_batch.__version__; dir(omics_batch)", set[str]()),
        ("from omics_batch import ThrottlingError, WaitTimeoutError", set[str]()),
        ("from omics_batch import BatchStatus, Outcome", set[str]()),
        ("from omics_batch import Batch, DefaultRunSetting, RunBatchListItem", {"pydantic"}),
    ],
)
def test_a_name_brings_no_more_than_it_needs(statement: str, brought: set[str]) -> None:
    assert modules_after(statement) - {"asyncio"} == brought


def test_a_policy_of_looks_brings_no_network() -> None:
    assert not {"aiobotocore", "aiohttp", "botocore", "tenacity"} & modules_after("from omics_batch import PollPolicy")


def test_the_client_brings_what_it_works_with_and_nothing_that_a_reader_of_a_batch_never_uses() -> None:
    """If it brought nothing, the tests above would prove nothing."""
    assert modules_after("from omics_batch import OmicsBatchClient") == {*HEAVY} - {SHOWN, "tenacity", *LATE}
    assert modules_after("import tenacity; import omics_batch._events") >= {"tenacity", "omics_batch._events"}


def test_what_notebooks_show_is_brought_when_it_is_shown() -> None:
    statement = "from omics_batch import Batch; Batch(id='7123456', status='PENDING')"
    assert SHOWN in modules_after(f"{statement}._repr_html_()")
