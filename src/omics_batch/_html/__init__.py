"""Batches and lists as HTML, for notebooks. Pure; all text is escaped."""

from omics_batch._html.card import card, line
from omics_batch._html.table import plan, table

__all__ = ["card", "line", "plan", "table"]
