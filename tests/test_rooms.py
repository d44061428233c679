"""The plan of the house: who may import whom."""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

import omics_batch

if TYPE_CHECKING:
    from collections.abc import Iterator

HOUSE: Final = Path(omics_batch.__file__).parent

ROOMS: Final = (
    "_version",
    "__init__",
    "_log",
    "_text",
    "_reasons",
    "_errors",
    "_statuses",
    "_clock",
    "_answer",
    "_settings",
    "_models",
    "_runs",
    "_progress",
    "_inputs",
    "_requests",
    "_faults",
    "_retry",
    "_pace",
    "_transport",
    "_reading",
    "_wait",
    "_caller",
    "_lister",
    "_sweep",
    "_looker",
    "_failures",
    "_changer",
    "_watcher",
    "_endings",
    "_connection",
    "_operations",
    "_client",
    "testing",
    "cli",
)
"""An import points upwards in this list only; imports for types alone are free."""

OWNERS: Final = {
    "aiobotocore": {"_transport", "testing"},
    "aiohttp": {"_transport", "testing"},
    "botocore": {"_transport", "testing"},
    "pydantic": {"_answer", "_models", "_reading", "_requests", "_runs", "_settings", "_sweep", "testing"},
    "pydantic_core": {"_answer"},
    "rich": {"cli"},
    "tenacity": {"_retry"},
    "typer": {"cli"},
    "yaml": {"testing"},
    "pytest": {"testing"},
}
"""Who may import a library; what is not here is Python's own."""


@dataclass(frozen=True)
class Import:
    """One import that is executed: which file says it, and what it asks for."""

    file: str
    module: str

    @property
    def room(self) -> str:
        return room_of(self.file)

    @property
    def library(self) -> str:
        return self.module.partition(".")[0]

    @property
    def is_ours(self) -> bool:
        return self.library == "omics_batch"

    @property
    def target(self) -> str:
        """The room that is imported from; the root itself is `__init__`."""
        return [*self.module.split("."), "__init__"][1]


def room_of(file: str) -> str:
    return file.partition("/")[0].removesuffix(".py")


def executed(nodes: list[ast.stmt]) -> Iterator[ast.Import | ast.ImportFrom]:
    """The imports among some statements and all they hold, but for those that only type checkers see."""
    for node in nodes:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            yield from executed(node.orelse)
        else:
            for part in ast.iter_child_nodes(node):
                if isinstance(part, ast.stmt):
                    yield from executed([part])
                elif isinstance(part, (ast.ExceptHandler, ast.match_case)):
                    yield from executed(part.body)


def modules_in(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    assert node.level == 0, "imports are absolute, so that this test can read them"
    if node.module == "omics_batch":  # of a room, or of a public name
        return [f"omics_batch.{alias.name}" if is_room(alias.name) else "omics_batch" for alias in node.names]
    return [node.module or ""]


def is_room(name: str) -> bool:
    return (HOUSE / f"{name}.py").exists() or (HOUSE / name).is_dir()


def all_imports() -> list[Import]:
    return [
        Import(path.relative_to(HOUSE).as_posix(), module)
        for path in sorted(HOUSE.rglob("*.py"))
        for node in executed(ast.parse(path.read_text(encoding="utf-8")).body)
        for module in modules_in(node)
    ]


IMPORTS: Final = all_imports()


def test_the_plan_shows_every_room() -> None:
    files = {room_of(path.relative_to(HOUSE).as_posix()) for path in HOUSE.rglob("*.py")}
    assert files == set(ROOMS)
    assert len(ROOMS) == len(set(ROOMS))


def test_an_import_points_upwards() -> None:
    ours = [found for found in IMPORTS if found.is_ours and found.target != found.room]
    assert len(ours) > 50
    downwards = [found for found in ours if ROOMS.index(found.target) > ROOMS.index(found.room)]
    assert downwards == []


def test_each_library_stays_with_its_owners() -> None:
    strangers = [
        found
        for found in IMPORTS
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
    assert {found.room for found in IMPORTS if found.library == library} - {"testing"} == {room}


def test_the_command_line_uses_what_everybody_can() -> None:
    """Whatever it needs, users need too: so it has to be public."""
    targets = {found.target for found in IMPORTS if found.room == "cli" and found.is_ours}
    assert targets <= {"__init__", "testing", "cli"}
    private = [found for found in IMPORTS if found.room == "cli" and found.module.startswith("omics_batch.testing._")]
    assert private == []


def test_nobody_needs_the_local_healthomics_or_the_command_line() -> None:
    needed = {found.target for found in IMPORTS if found.is_ours and found.room not in {"testing", "cli"}}
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
    assert found == ["json", "otherwise", "omics_batch", "omics_batch._client", "tried", "instead", "matched"]
