"""What the paths of files say."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_OF_MANIFESTS: Final = {".yaml", ".yml", ".json"}


def is_manifest_path(word: str) -> bool:
    """Whether an argument names a manifest's file, and no batch."""
    return Path(word).suffix.lower() in _OF_MANIFESTS
