"""Manifests: a sheet of samples, and how its rows become the runs of batches. No I/O except reading the files."""
