"""Renew every lock under requirements/: versions and hashes for every platform and Python, and the host of no index."""

import sys
from pathlib import Path

from environment import uv

PROJECT = ("pyproject.toml", "--extra", "cli", "--extra", "notebook")
LOCKS: dict[str, tuple[str, ...]] = {
    "uv": (),
    "test": PROJECT,
    "browser": PROJECT,
    "check": PROJECT,
    "mutants": PROJECT,
    "bench": ("pyproject.toml", "--extra", "cli"),
    "lowest": (*PROJECT, "--resolution", "lowest-direct"),
}
COMPILE = (
    "pip compile --quiet --upgrade --python-version 3.11 --universal --fork-strategy fewest --generate-hashes "
    "--no-strip-extras --no-header --no-annotate --no-emit-index-url --no-emit-find-links"
)

if __name__ == "__main__":
    home = Path(sys.prefix)
    for name, sources in LOCKS.items():
        lock = f"requirements/{name}.txt"
        print(lock, flush=True)
        # --output-file writes the lock; the same text goes to standard output, unless --quiet is said twice
        uv(home, f"{COMPILE} --quiet", *sources, f"requirements/{name}.in", "--output-file", lock)
