"""Faults that are injected: what is done to a request, and in which order."""
