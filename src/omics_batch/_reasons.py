"""Reasons in words, under the name that they had before they came to `_words`."""

from omics_batch._words import by_reason as by_reason  # noqa: PLC0414 - they are for others
from omics_batch._words import told_by_reason as told_by_reason  # noqa: PLC0414 - the same
