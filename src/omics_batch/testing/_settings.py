"""Checks of the simulator's settings: the message names each setting of a wrong type."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import NoneType
from typing import Final, NamedTuple, cast

from omics_batch._clock import is_number
from omics_batch._errors import InvalidInputError
from omics_batch.testing._life import Life

_LARGEST_PORT: Final = 65535


class _Rule(NamedTuple):
    wanted: str
    """The allowed values, in words."""
    is_met: Callable[[object], bool]


def _one_of(*kinds: type) -> Callable[[object], bool]:
    return lambda value: isinstance(value, kinds)


def _is_function(value: object) -> bool:
    return callable(value) and not isinstance(value, type)


def _is_life(value: object) -> bool:
    return isinstance(value, Life) or _is_function(value)


def _are_faults(value: object) -> bool:
    return _is_function(value) or (isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping)))


def _are_documents(value: object) -> bool:
    is_list = isinstance(value, Sequence) and not isinstance(value, (str, bytes))
    return is_list and all(isinstance(document, Mapping) for document in cast("Sequence[object]", value))


def _is_quota(value: object) -> bool:
    return value is None or is_number(value)


def _is_host(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())  # an empty one is every address of the machine


def _is_port(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST_PORT


_RULES: Final = {
    "life": _Rule("a Life, or a function that gives one", _is_life),
    "time_scale": _Rule("a number above 0", is_number),
    "faults": _Rule("a list of faults, such as [faults.throttled()], or a function that chooses one", _are_faults),
    "quota": _Rule("a number of requests a second above 0", _is_quota),
    "host": _Rule("an address to listen on, such as 127.0.0.1", _is_host),
    "port": _Rule(f"a number from 0 to {_LARGEST_PORT}", _is_port),
    "region_name": _Rule("a region such as us-west-2", _one_of(str)),
    "epoch": _Rule("a datetime", _one_of(datetime, NoneType)),
    "workflows": _Rule("a list of documents, such as [{'id': '1234567'}]", _are_documents),
    "s3": _Rule("a folder or the URL of a local S3", _one_of(str, Path, NoneType)),
    "advertise": _Rule("a URL, such as http://omics:8080", _one_of(str, NoneType)),
    "in_process": _Rule("True or False", _one_of(bool)),
    "scenario": _Rule("the path of a file", _one_of(str, Path, NoneType)),
    "virtual_time": _Rule("True or False", _one_of(bool)),
}


def check_settings(**settings: object) -> None:
    """Refuse settings of a wrong type, all at once.

    Raises:
        InvalidInputError: The message names each of them, and the allowed values.
    """
    wrong = [
        f"{name} has to be {_RULES[name].wanted}, not {value!r}"
        for name, value in settings.items()
        if name in _RULES and not _RULES[name].is_met(value)
    ]
    if wrong:
        raise InvalidInputError("; ".join(wrong))
