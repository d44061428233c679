"""Which module of the package imports which, read from the sources."""

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


def _root() -> Path:
    """Find the package: where it is installed, or else beside this file."""
    installed = find_spec(PACKAGE)
    root = Path(__file__).parent.parent / "src" / PACKAGE
    return root if installed is None or installed.origin is None else Path(installed.origin).parent


ROOT: Final = _root()


@dataclass(frozen=True)
class Import:
    """One import that is executed: in which file, and what it imports."""

    file: Path
    module: str
    """A module, or a name of the package's root."""
    is_lazy: bool
    """Whether it is in a function, and runs when that is called."""

    @property
    def source(self) -> str:
        """The top-level module that imports."""
        return top_level_module(self.file)

    @property
    def library(self) -> str:
        """The package that is imported from."""
        return self.module.partition(".")[0]

    @property
    def is_ours(self) -> bool:
        """Whether it is imported from this package."""
        return self.library == PACKAGE

    @property
    def target(self) -> str:
        """The top-level module that is imported from; `__init__` for the root and its public names."""
        return self.name if is_module(self.name) else "__init__"

    @property
    def name(self) -> str:
        """What of the package's root is imported: a module or a public name."""
        return [*self.module.split("."), "__init__"][1]


def top_level_module(file: Path) -> str:
    """Name the module or package of the root that a file belongs to."""
    return file.relative_to(ROOT).parts[0].removesuffix(".py")


def executed(nodes: list[ast.stmt], *, is_lazy: bool = False) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    """Yield the imports in some statements, and whether each is lazy; not those that only type checkers see."""
    for node in nodes:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node, is_lazy
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            yield from executed(node.orelse, is_lazy=is_lazy)
        else:
            is_inside = is_lazy or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
            for part in ast.iter_child_nodes(node):
                if isinstance(part, ast.stmt):
                    yield from executed([part], is_lazy=is_inside)
                elif isinstance(part, (ast.ExceptHandler, ast.match_case)):
                    yield from executed(part.body, is_lazy=is_inside)


def modules_in(node: ast.Import | ast.ImportFrom) -> list[str]:
    """Name the modules that a statement imports from, and what it imports from the package's root."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if node.level:
        raise ValueError("imports are absolute, so that they can be read here")
    if node.module == PACKAGE:
        return [f"{PACKAGE}.{alias.name}" for alias in node.names]
    return [node.module or ""]


def is_module(name: str) -> bool:
    """Whether a name of the root is a module or a package."""
    return (ROOT / f"{name}.py").exists() or (ROOT / name).is_dir()


def sources() -> list[Path]:
    """Find all files of the package, in order."""
    return sorted(ROOT.rglob("*.py"))


@cache
def all_imports() -> list[Import]:
    """Read every import that is executed."""
    return [
        Import(path, module, is_lazy)
        for path in sources()
        for node, is_lazy in executed(ast.parse(path.read_text(encoding="utf-8")).body)
        for module in modules_in(node)
    ]


def purpose(module: str) -> str:
    """Return the first line of a top-level module's docstring."""
    file = ROOT / f"{module}.py"
    path = file if file.exists() else ROOT / module / "__init__.py"
    return (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]
