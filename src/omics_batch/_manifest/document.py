"""The document of a manifest, as its file has it."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, ValidationError

from omics_batch._files import problems_by_place
from omics_batch._models.base import SentDocument  # noqa: TC001 - pydantic reads it
from omics_batch._models.request import BatchTemplate, unknown_member

if TYPE_CHECKING:
    from omics_batch._manifest.problems import Problems


class ManifestDocument(BatchTemplate, frozen=True):
    """A batch without its runs, the sheet, and how its rows become runs."""

    runs: SentDocument
    """How each row, or each group of rows, becomes a run."""
    sheet: Annotated[str, Field(min_length=1)] | None = None
    """The sheet's file, sought from the manifest's own folder."""


def read_manifest(document: object, problems: Problems, *, is_json: bool) -> ManifestDocument | None:
    """Read a document; None if something is wrong with it, which is reported.

    Args:
        document: What the file says, or a program.
        problems: Takes what is wrong.
        is_json: Whether it consists of JSON's types alone, as what a file says.
    """
    try:
        if is_json:
            return ManifestDocument.model_validate_json(json.dumps(document))
        return ManifestDocument.model_validate(document)
    except ValidationError as error:
        unknown = partial(unknown_member, ManifestDocument)
        for place, told in problems_by_place(
            error.errors(include_url=False), document, problems.lines, unknown=unknown
        ):
            problems.add_at(place, *told)
        return None
