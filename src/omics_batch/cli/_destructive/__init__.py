"""Bringing a batch to an end: what it means, the question, the deed, and what came of it."""
