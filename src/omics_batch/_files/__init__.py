"""A document that a user wrote into a file of YAML or JSON: what it says, where, and what is wrong with it."""

from omics_batch._files.document import name_of, read_document
from omics_batch._files.problems import Place, TextError, problems_in, unknown_among

__all__ = ["Place", "TextError", "name_of", "problems_in", "read_document", "unknown_among"]
