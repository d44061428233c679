"""`one_line`, under the name that it had before it came to `_words`."""

from omics_batch._words import one_line as one_line  # noqa: PLC0414 - it is for others
