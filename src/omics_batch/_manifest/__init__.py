"""Manifests: a sheet of samples, and how its rows become the runs of batches. Nothing here but reads the files."""
