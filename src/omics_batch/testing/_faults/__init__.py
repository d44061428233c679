"""Faults that tests inject: their actions and their order."""
