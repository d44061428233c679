"""Reading YAML and JSON files of users, with the line of each problem."""

from omics_batch._files.document import members_once, name_of, read_document
from omics_batch._files.problems import (
    Place,
    TextError,
    described,
    nearest_line,
    problems_by_place,
    problems_in,
    unknown_among,
)

__all__ = [
    "Place",
    "TextError",
    "described",
    "members_once",
    "name_of",
    "nearest_line",
    "problems_by_place",
    "problems_in",
    "read_document",
    "unknown_among",
]
