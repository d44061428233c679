"""Draw the pictures of the terminal that the README and the docs show, into docs/screens/.

    make screens

Each command runs on a terminal of its own against a local HealthOmics, and the picture is what its screen shows.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from screen_picture import picture_of

from omics_batch.testing import Scenario
from tests.terminal import on_a_terminal

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT: Final = Path(__file__).resolve().parent.parent
FOLDER: Final = ROOT / "docs" / "screens"


@dataclass(frozen=True)
class Screen:
    """A picture to be taken."""

    command: str
    """What is typed."""
    until: str | None = None
    """What the screen shows at the moment of the picture; None is the command's end."""
    columns: int = 92
    lines: int = 30


MOVING: Final = {
    "demo": Screen("omics-batch demo"),
    "watch": Screen(
        "omics-batch watch 7123456 7123457 7123458 7123459",
        until=r"(?s)2 of 4.*\dm.*Errors retried",
        columns=104,
    ),
    "wait": Screen("omics-batch wait 7123456 --timeout 24h", until=r"[smhd] left"),
}
"""What is to be seen while batches are under way."""

STILL: Final = {
    "get": Screen("omics-batch get 7123457"),
    "list": Screen("omics-batch list"),
    "failed": Screen("omics-batch failed 7123457"),
    "delete": Screen("omics-batch delete 7123459", until=r"Type the batch's id"),
}
"""What is to be seen once some have ended."""


async def main() -> None:
    """Take every picture."""
    FOLDER.mkdir(exist_ok=True)
    cohorts = replace(Scenario.load(ROOT / "tools" / "screens.yaml"), time_scale=600.0)
    async with cohorts.simulator() as omics:
        for screens in (MOVING, STILL):
            await asyncio.gather(*(take(name, screen, omics.environment) for name, screen in screens.items()))


async def take(name: str, screen: Screen, environment: Mapping[str, str]) -> None:
    """Run a command until the moment of its picture, and draw it."""
    here = Path(sys.executable).parent
    found = {**os.environ, **environment, "PATH": f"{here}{os.pathsep}{os.environ['PATH']}"}
    program, *arguments = shlex.split(screen.command)
    async with on_a_terminal(
        [str(here / program), *arguments], found, columns=screen.columns, lines=screen.lines
    ) as terminal:
        if screen.until is None:
            await terminal.ended()
        else:
            await terminal.until(screen.until)
        picture = picture_of(terminal.screen, screen.command)
    (FOLDER / f"{name}.svg").write_text(picture, encoding="utf-8")
    print(f"{name}: {screen.command}", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
