"""The batches of a manifest that is named in place of their ids."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from omics_batch import InvalidInputError
from omics_batch._words import one_line
from omics_batch.cli._exits import Exit, ProgramError
from omics_batch.cli._options import is_manifest_path
from omics_batch.cli._stderr import complain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omics_batch import Manifest, OmicsBatchClient
    from omics_batch.cli._connection import ConnectionOptions
    from omics_batch.cli._manifest_source import Selection

_LOOKS: Final = 12
"""How often it looks for a batch that was just started: the service's lists lag."""

_PAUSE: Final = 5.0
"""Seconds between two looks."""


def with_batches_of_manifests(
    words: Sequence[str], connection: ConnectionOptions, selection: Selection, *, is_new: bool = False
) -> Sequence[str]:
    """Put the ids of its batches in the place of each manifest among the arguments.

    Args:
        words: Ids, ARNs, paths of manifests, or - for stdin.
        connection: Where the batches are.
        selection: The sheet and the runs of the manifests, as they were started.
        is_new: Whether they were just started, so that the service's lists may not have them yet.

    Raises:
        ProgramError: No batch of a manifest was found, or a file is no manifest.
        typer.BadParameter: There is a selection, and no manifest.
        typer.Exit: Something in a manifest is wrong.
    """
    manifests = {word: loaded(word, selection) for word in words if is_manifest_path(word)}
    if not manifests:
        check_selection(selection)
        return words

    async def find(client: OmicsBatchClient) -> Mapping[str, list[str]]:
        return {
            word: await _last_attempt(client, word, manifest, is_new=is_new) for word, manifest in manifests.items()
        }

    found = connection.talk(find)
    return [batch for word in words for batch in found.get(word, [word])]


def check_selection(selection: Selection) -> None:
    """Refuse a selection without a manifest.

    Raises:
        typer.BadParameter: There is one.
    """
    if selection.is_given:
        raise typer.BadParameter("--sheet, --rows and --only go with a manifest's file.")


def loaded(word: str, selection: Selection) -> Manifest:
    """Read a manifest; print every problem, each on a line of its own, and end the program if there are any.

    Raises:
        ProgramError: The file is there, and is no manifest.
        typer.Exit: Something in it is wrong.
    """
    from omics_batch import Manifest  # noqa: PLC0415 - help starts without pydantic

    if Path(word).is_file() and not Manifest.is_manifest(word):
        raise ProgramError(f"{one_line(word)} is no manifest: give the batch's id", Exit.USAGE)
    try:
        return selection.of(word)
    except InvalidInputError as error:
        complain(*str(error).splitlines())
        raise typer.Exit(Exit.USAGE) from None


async def _last_attempt(client: OmicsBatchClient, word: str, manifest: Manifest, *, is_new: bool) -> list[str]:
    """Return the ids of a manifest's batches, of its last attempt."""
    wanted = len(manifest.batches)
    last: list[str] = []
    for look in range(_LOOKS if is_new else 1):
        if look:
            await asyncio.sleep(_PAUSE)
        found = await client.find_manifest(manifest)
        last = [each.id for each in found if each.attempt == found[-1].attempt]
        if len(last) == wanted:
            break
    name = one_line(word)
    if not last:
        raise ProgramError(
            f"no batch of {name} was found: give --sheet, --rows and --only as they were given to start, or the "
            "batch's id, as of one that FAILED",
            Exit.ERROR,
        )
    if len(last) < wanted:
        complain(f"{name} has {wanted} batches, and {len(last)} were found: start it again to start the others")
    return last
