"""The version, of which pyproject.toml's build reads this one copy."""

from typing import Final

VERSION: Final = "0.1.0"
