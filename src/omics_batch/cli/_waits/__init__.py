"""Waiting for one batch or many, and the result."""
