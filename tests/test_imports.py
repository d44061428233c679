"""Which module may import which."""

from __future__ import annotations

import ast
import sys
from typing import Final

import pytest
from imports import all_imports, executed, modules_in, sources, top_level_module

MODULES: Final = (
    "_version",
    "__init__",
    "_patterns",
    "_words",
    "_threads",
    "_signals",
    "_errors",
    "_loop",
    "_loop_thread",
    "_files",
    "_clock",
    "_advice",
    "_models",
    "_emitter",
    "_events",
    "_html",
    "_transport",
    "_api",
    "_waiting",
    "_manifest",
    "_connection",
    "_client",
    "blocking",
    "notebook",
    "testing",
    "cli",
)
"""An import at the top of a file points upwards in this list only. Imports for types alone are free, and lazy ones."""

OWNERS: Final = {
    "IPython": {"notebook"},
    "aiobotocore": {"_transport", "testing"},
    "aiohttp": {"_transport", "testing"},
    "botocore": {"_transport", "testing"},
    "pydantic": {"_api", "_manifest", "_models", "_waiting", "testing"},
    "pydantic_core": {"_models"},
    "rich": {"cli"},
    "tenacity": {"_api"},
    "typer": {"cli"},
    "yaml": {"_files"},
    "pytest": {"testing"},
}
"""Who may import a library; what is not here is Python's own."""


def test_the_list_has_every_module() -> None:
    assert {top_level_module(path) for path in sources()} == set(MODULES)
    assert len(MODULES) == len(set(MODULES))


def test_an_import_points_upwards() -> None:
    ours = [found for found in all_imports() if found.is_ours and not found.is_lazy and found.target != found.source]
    assert len(ours) > 50
    downwards = [found for found in ours if MODULES.index(found.target) > MODULES.index(found.source)]
    assert downwards == []


def test_each_library_stays_with_its_owners() -> None:
    strangers = [
        found
        for found in all_imports()
        if not found.is_ours
        and found.library not in sys.stdlib_module_names
        and found.source not in OWNERS.get(found.library, set())
    ]
    assert strangers == []


@pytest.mark.parametrize(
    ("library", "module"),
    [("tenacity", "_api"), ("aiobotocore", "_transport"), ("aiohttp", "_transport"), ("botocore", "_transport")],
)
def test_a_library_has_one_owner_in_the_client(library: str, module: str) -> None:
    assert {found.source for found in all_imports() if found.library == library} - {"testing"} == {module}


def test_the_command_line_uses_what_everybody_can() -> None:
    """What it needs of batches, users need too. Threads, and how texts and files are written, are not of batches."""
    targets = {found.target for found in all_imports() if found.source == "cli" and found.is_ours}
    assert targets <= {"__init__", "_files", "_threads", "_words", "testing", "cli"}
    private = [
        found for found in all_imports() if found.source == "cli" and found.module.startswith("omics_batch.testing._")
    ]
    assert private == []


def test_nobody_needs_the_local_healthomics_or_the_command_line() -> None:
    needed = {found.target for found in all_imports() if found.is_ours and found.source not in {"testing", "cli"}}
    assert not needed & {"testing", "cli"}


def test_imports_for_types_alone_are_free() -> None:
    """What the reading of the sources takes for executed, and what it does not."""
    source = """
import json
if TYPE_CHECKING:
    import typed
else:
    import otherwise
def later():
    from omics_batch import Batch, _client
    try:
        import tried
    except ImportError:
        import instead
    match later:
        case 1:
            import matched
"""
    found = [(module, is_lazy) for node, is_lazy in executed(ast.parse(source).body) for module in modules_in(node)]
    assert [module for module, is_lazy in found if not is_lazy] == ["json", "otherwise"]
    lazy = ["omics_batch.Batch", "omics_batch._client", "tried", "instead", "matched"]
    assert [module for module, is_lazy in found if is_lazy] == lazy
