"""Waiting for a batch, or for many, and how that ended."""
