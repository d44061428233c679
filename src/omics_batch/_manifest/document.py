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
    """The sheet's file, relative to the manifest's folder."""


def read_manifest(document: object, problems: Problems, *, is_json: bool) -> ManifestDocument | None:
    """Read a document; report what is wrong and return None if there is any problem.

    Args:
        document: The content of the file, or what a program gave.
        problems: Takes what is wrong.
        is_json: Whether it has JSON's types only, as the content of a file has.
    """
    try:
        if is_json:
            return ManifestDocument.model_validate_json(json.dumps(document))
        return ManifestDocument.model_validate(document)
    except ValidationError as error:
        unknown = partial(unknown_member, ManifestDocument)
        for place, texts in problems_by_place(
            error.errors(include_url=False), document, problems.lines, unknown=unknown
        ):
            problems.add_at(place, *texts)
        return None
