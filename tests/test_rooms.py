"""The plan of the house: who may import whom."""

from __future__ import annotations

import ast
import sys
from typing import Final

import pytest
from rooms import all_imports, executed, modules_in, room_of, sources

ROOMS: Final = (
    "_version",
    "__init__",
    "_words",
    "_hosts",
    "_threads",
    "_errors",
    "_loop",
    "_document_file",
    "_statuses",
    "_advice",
    "_clock",
    "_events",
    "_emitter",
    "_frozen",
    "_answer",
    "_settings",
    "_html",
    "_models",
    "_runs",
    "_rows",
    "_progress",
    "_inputs",
    "_requests",
    "_faults",
    "_retry",
    "_rate_limiter",
    "_transport",
    "_reading",
    "_caller",
    "_lister",
    "_run_lister",
    "_looker",
    "_failures",
    "_changer",
    "_waiting",
    "_connection",
    "_operations",
    "_client",
    "notebook",
    "testing",
    "cli",
)
"""An import points upwards in this list only; imports for types alone are free."""

OWNERS: Final = {
    "IPython": {"notebook"},
    "aiobotocore": {"_transport", "testing"},
    "aiohttp": {"_transport", "testing"},
    "botocore": {"_transport", "testing"},
    "pydantic": {"_answer", "_models", "_reading", "_requests", "_runs", "_settings", "_waiting", "testing"},
    "pydantic_core": {"_answer"},
    "rich": {"cli"},
    "tenacity": {"_retry"},
    "typer": {"cli"},
    "yaml": {"_document_file"},
    "pytest": {"testing"},
}
"""Who may import a library; what is not here is Python's own."""


def test_the_plan_shows_every_room() -> None:
    files = {room_of(path) for path in sources()}
    assert files == set(ROOMS)
    assert len(ROOMS) == len(set(ROOMS))


def test_an_import_points_upwards() -> None:
    ours = [found for found in all_imports() if found.is_ours and found.target != found.room]
    assert len(ours) > 50
    downwards = [found for found in ours if ROOMS.index(found.target) > ROOMS.index(found.room)]
    assert downwards == []


def test_each_library_stays_with_its_owners() -> None:
    strangers = [
        found
        for found in all_imports()
        if not found.is_ours
        and found.library not in sys.stdlib_module_names
        and found.room not in OWNERS.get(found.library, set())
    ]
    assert strangers == []


@pytest.mark.parametrize(
    ("library", "room"),
    [("tenacity", "_retry"), ("aiobotocore", "_transport"), ("aiohttp", "_transport"), ("botocore", "_transport")],
)
def test_a_library_has_one_owner_in_the_client(library: str, room: str) -> None:
    assert {found.room for found in all_imports() if found.library == library} - {"testing"} == {room}


def test_the_command_line_uses_what_everybody_can() -> None:
    """What it needs of batches, users need too: so it has to be public. Threads and how things are written are not."""
    targets = {found.target for found in all_imports() if found.room == "cli" and found.is_ours}
    assert targets <= {"__init__", "_threads", "_words", "testing", "cli"}
    private = [
        found for found in all_imports() if found.room == "cli" and found.module.startswith("omics_batch.testing._")
    ]
    assert private == []


def test_nobody_needs_the_local_healthomics_or_the_command_line() -> None:
    needed = {found.target for found in all_imports() if found.is_ours and found.room not in {"testing", "cli"}}
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
    found = [module for node in executed(ast.parse(source).body) for module in modules_in(node)]
    assert found == ["json", "otherwise", "omics_batch.Batch", "omics_batch._client", "tried", "instead", "matched"]
