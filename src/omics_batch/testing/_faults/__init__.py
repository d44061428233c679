"""Faults that tests inject: what is done to a request, and in which order."""
