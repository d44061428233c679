"""Who imports whom in the package, read from its sources."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE: Final = "omics_batch"


def _house() -> Path:
    """Find the package: where it is installed, or else beside this file."""
    installed = find_spec(PACKAGE)
    root = Path(__file__).parent.parent / "src" / PACKAGE
    return root if installed is None or installed.origin is None else Path(installed.origin).parent


HOUSE: Final = _house()


@dataclass(frozen=True)
class Import:
    """One import that is executed: which file says it, and what it asks for."""

    file: Path
    module: str
    """A module, or a name of the package's root."""

    @property
    def room(self) -> str:
        """The room that imports."""
        return room_of(self.file)

    @property
    def library(self) -> str:
        """The package that is imported from."""
        return self.module.partition(".")[0]

    @property
    def is_ours(self) -> bool:
        """Whether it is imported from a room."""
        return self.library == PACKAGE

    @property
    def target(self) -> str:
        """The room that is imported from; of the root and its public names it is `__init__`."""
        return self.name if is_room(self.name) else "__init__"

    @property
    def name(self) -> str:
        """What of the package's root is imported: a room or a public name."""
        return [*self.module.split("."), "__init__"][1]


def room_of(file: Path) -> str:
    """Name the room that a file of the package belongs to."""
    return file.relative_to(HOUSE).parts[0].removesuffix(".py")


def executed(nodes: list[ast.stmt]) -> Iterator[ast.Import | ast.ImportFrom]:
    """Yield the imports among some statements and all they hold, but for those that only type checkers see."""
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
    """Name the modules that a statement imports from, and what it imports from the package's root."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if node.level:
        raise ValueError("imports are absolute, so that they can be read here")
    if node.module == PACKAGE:
        return [f"{PACKAGE}.{alias.name}" for alias in node.names]
    return [node.module or ""]


def is_room(name: str) -> bool:
    """Whether a name of the root is a module or a package."""
    return (HOUSE / f"{name}.py").exists() or (HOUSE / name).is_dir()


def sources() -> list[Path]:
    """Find all files of the package, in order."""
    return sorted(HOUSE.rglob("*.py"))


@cache
def all_imports() -> list[Import]:
    """Read every import that is executed."""
    return [
        Import(path, module)
        for path in sources()
        for node in executed(ast.parse(path.read_text(encoding="utf-8")).body)
        for module in modules_in(node)
    ]


def purpose(room: str) -> str:
    """Return the first line of what a room says of itself."""
    module = HOUSE / f"{room}.py"
    path = module if module.exists() else HOUSE / room / "__init__.py"
    return (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]
