"""Batches and lists of them as HTML, for notebooks: pure, and with every text of others made harmless."""

from omics_batch._html.card import card, line
from omics_batch._html.table import table

__all__ = ["card", "line", "table"]
