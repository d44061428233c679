"""Options that commands share."""

from __future__ import annotations

import re
import unicodedata
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import typer

from omics_batch._words import meant, one_line
from omics_batch.cli._durations import Span, span_of

if TYPE_CHECKING:
    from collections.abc import Callable

STDIN: Final = "-"
"""The argument for reading the batches from stdin."""

_OF_MANIFESTS: Final = {".yaml", ".yml", ".json"}
_NUMBER: Final = re.compile(r"[0-9]{1,18}", re.ASCII)
_SHAPE: Final = re.compile(r"[0-9]{1,18}|arn:aws[a-z-]*:omics:[^:]*:[0-9]{12}:runBatch/[0-9]{1,18}", re.ASCII)


def is_manifest_path(word: str) -> bool:
    """Whether an argument names a manifest's file, and no batch."""
    return Path(word).suffix.lower() in _OF_MANIFESTS


def batch_of(text: str) -> str:
    """Take a batch's id or ARN.

    Raises:
        typer.BadParameter: It is neither.
    """
    # The library checks the region of an ARN. The rest is checked here, since it needs no region.
    text = text.strip()
    if not _SHAPE.fullmatch(text):
        raise typer.BadParameter(f"{text[:100]!a} is neither 1 to 18 digits, such as 7123456, nor a batch's ARN.")
    return text


def _batches_of(text: str) -> str:
    return text if text == STDIN or is_manifest_path(text) else batch_of(text)


def _number_of(text: str) -> str:
    if not _NUMBER.fullmatch(text):
        raise typer.BadParameter(f"{one_line(text, limit=100)!a} is not 1 to 18 digits, such as 7123456.")
    return text


def word_among(known: Callable[[], list[str]]) -> Callable[[str], str]:
    """Make a parser for the values of an enum, in upper or lower case.

    Args:
        known: Returns the values.
    """

    def word_of(text: str) -> str:
        word, words = text.upper(), known()
        if word in words:
            return word
        similar = meant(word, words)
        which = f"it is one of {', '.join(words)}." if similar is None else f"did you mean {similar}?"
        raise typer.BadParameter(f"{one_line(text, limit=64)!a} is not known: {which}")

    return word_of


def text_up_to(most: int) -> Callable[[str], str]:
    """Make a parser for texts that the service takes.

    Args:
        most: The most characters that they may have.
    """

    def text_of(text: str) -> str:
        if not 1 <= len(text) <= most or any(unicodedata.category(character)[0] == "C" for character in text):
            raise typer.BadParameter(f"should be 1 to {most} characters, without tabs and line breaks.")
        return text

    return text_of


def _span_of(text: str) -> Span:
    try:
        return span_of(text)
    except ValueError as error:
        raise typer.BadParameter(f"{error}.") from None


def _span_to_send_of(text: str) -> Span:
    span = _span_of(text)
    if not span.seconds:
        raise typer.BadParameter(f"{text} leaves no time to send anything.")
    return span


NumberOption: Final = partial(typer.Option, metavar="ID", parser=_number_of)
"""An option for a number of the service, such as a run's id."""

BatchId: TypeAlias = Annotated[
    str, typer.Argument(metavar="ID", parser=batch_of, help="The batch's id, such as 7123456, or its ARN.")
]
BatchIds: TypeAlias = Annotated[
    list[str],
    typer.Argument(
        metavar="ID",
        parser=_batches_of,
        help="Ids such as 7123456, ARNs, or a manifest's file; - reads ids from stdin, one a line.",
    ),
]
Region: TypeAlias = Annotated[
    str | None, typer.Option(metavar="NAME", help="AWS region, if not the environment's or the profile's.")
]
Profile: TypeAlias = Annotated[str | None, typer.Option(metavar="NAME", help="Profile of the AWS configuration files.")]
EndpointUrl: TypeAlias = Annotated[
    str | None, typer.Option(metavar="URL", help="Another endpoint, such as a local simulator's.")
]
AllowHttp: TypeAlias = Annotated[
    bool, typer.Option("--allow-http", help="Let plain http go to other machines than this one.")
]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Write JSON, in the service's own names.")]
Verbose: TypeAlias = Annotated[bool, typer.Option("--verbose", "-v", help="Log to stderr what the client does.")]
Timeout: TypeAlias = Annotated[
    Span | None,
    typer.Option(metavar="SPAN", parser=_span_of, help="Stop waiting after 90s, 30m, 24h, 2d, ...; 0 looks once."),
]
StartTimeout: TypeAlias = Annotated[
    Span | None,
    typer.Option(
        "--timeout",
        metavar="SPAN",
        parser=_span_to_send_of,
        help="Retry a throttled or failed request for 60s, 10m, ...; without it, three attempts at most.",
    ),
]
Limit: TypeAlias = Annotated[int | None, typer.Option(min=1, metavar="N", help="Stop after N results.")]
