"""The command line, `omics-batch`: the extra `cli` brings what it needs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from omics_batch._words import how_to_install

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

_EXTRA = ("rich", "typer")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `omics-batch` and return its exit code.

    Args:
        arguments: What follows the program's name; those that the process was started with if None.
    """
    try:
        from omics_batch.cli._app import run  # noqa: PLC0415 - it cannot be imported without the extra
    except ModuleNotFoundError as missing:
        if (library := (missing.name or "").partition(".")[0]) not in _EXTRA:
            raise
        sys.stderr.write(f"omics-batch: the command line cannot start without {library}: {how_to_install('cli')}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return run(sys.argv[1:] if arguments is None else arguments)
