"""The patterns of texts in requests, and what each means in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

DIGITS: Final = "^[0-9]+$"
ACCOUNT: Final = "^[0-9]{12}$"
ARN: Final = "^arn:.+$"
VISIBLE: Final = r"^[\p{L}\p{M}\p{Z}\p{S}\p{N}\p{P}]+$"
"""Text without control characters, as pydantic's own engine reads it."""

VISIBLE_OR_BREAK: Final = r"^[\p{L}\p{M}\p{Z}\p{S}\p{N}\p{P}\t\n\r]+$"
VERSION_NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9\-\._]*$"

_PATTERNS: Final = {
    DIGITS: "Input should be 1 to 18 digits, such as 1234567",
    ACCOUNT: "Input should be the 12 digits of an AWS account",
    ARN: "Input should be an ARN, such as arn:aws:iam::123456789012:role/NAME",
    VISIBLE: "Input should be text without control characters, such as tabs and line breaks",
    VISIBLE_OR_BREAK: "Input should be text without control characters",
    VERSION_NAME: "Input should be letters, digits, '-', '.' and '_', and begin with a letter or digit",
}
"""What a text has to be like, by the pattern that checks it."""


def in_words(problem: ErrorDetails) -> str:
    """Say what pydantic found wrong with a value, without regular expressions."""
    pattern: str = problem.get("ctx", {}).get("pattern", "")
    return _PATTERNS.get(pattern, problem["msg"].removeprefix("Value error, "))
