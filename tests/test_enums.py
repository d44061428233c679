"""Open enums: the service may use a word that this release does not know."""

from __future__ import annotations

import json
from enum import Enum, StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from omics_batch import BatchStatus, FailureKind, Outcome, StorageType, SubmissionStatus
from omics_batch._models import enums
from omics_batch._models.enums import RUNS_DELETION, TERMINAL, OpenEnum
from tests.support import copies_of

OPEN_ENUMS = sorted(OpenEnum.__subclasses__(), key=lambda kind: kind.__name__)


def test_every_enum_of_the_service_is_open() -> None:
    ours = {kind for kind in vars(enums).values() if isinstance(kind, type) and issubclass(kind, Enum)}
    assert ours - {Enum, OpenEnum, StrEnum} == {*OPEN_ENUMS, FailureKind, Outcome}
    assert [kind.__name__ for kind in OPEN_ENUMS] == [
        "Accelerators",
        "BatchStatus",
        "CacheBehavior",
        "NetworkingMode",
        "OutputUriPrefixMode",
        "RunLogLevel",
        "RunRetentionMode",
        "RunStatus",
        "ScratchStorageMode",
        "StorageType",
        "SubmissionStatus",
        "WorkflowType",
    ]


@pytest.mark.parametrize("kind", OPEN_ENUMS)
def test_a_member_is_named_and_spelt_as_the_service_spells_it(kind: type[OpenEnum]) -> None:
    for member in kind:
        assert member == member.name == member.value == str(member)
        assert kind(member.value) is member
        assert member.is_known


@pytest.mark.parametrize("kind", OPEN_ENUMS)
@given(text=st.text())
def test_an_unknown_text_becomes_a_value_that_equals_it(kind: type[OpenEnum], text: str) -> None:
    value = kind(text)
    assert isinstance(value, kind)
    assert value == text
    assert hash(value) == hash(text)
    assert str(value) == value.value == value.name == text
    assert value.is_known == (text in kind.__members__)
    assert value == kind(text)


def test_an_unknown_value_is_no_member() -> None:
    unknown = BatchStatus("RUNS_ARCHIVING")
    assert not unknown.is_known
    assert unknown not in list(BatchStatus)
    assert unknown != BatchStatus.PROCESSED
    assert "RUNS_ARCHIVING" not in BatchStatus.__members__
    assert repr(unknown) == "<BatchStatus.RUNS_ARCHIVING: 'RUNS_ARCHIVING'>"


def test_a_words_other_spelling_is_another_word() -> None:
    assert not BatchStatus("processed").is_known
    assert not BatchStatus("PROCESSED ").is_known
    assert BatchStatus("processed") not in TERMINAL


@pytest.mark.parametrize("value", [None, 5, 1.0, b"PROCESSED", True, {}, []], ids=repr)
def test_what_is_no_text_is_no_value(value: Any) -> None:
    """The openness is for words alone."""
    with pytest.raises(ValueError, match="is not a valid BatchStatus"):
        BatchStatus(value)


def test_every_value_survives_pickle_and_copy() -> None:
    values: list[Enum] = [*BatchStatus, *SubmissionStatus, BatchStatus("RUNS_ARCHIVING"), StorageType(""), *Outcome]
    for value, twin in [(each, copied) for each in values for copied in copies_of(each)]:
        assert twin == value
        assert type(twin) is type(value)
        assert (twin.name, twin.value) == (value.name, value.value)


@pytest.mark.parametrize("value", [BatchStatus.PROCESSED, BatchStatus("RUNS_ARCHIVING")])
def test_every_value_survives_json(value: BatchStatus) -> None:
    adapter = TypeAdapter(BatchStatus)
    assert json.dumps(value) == f'"{value}"'
    assert adapter.dump_json(value) == f'"{value}"'.encode()
    twin = adapter.validate_json(adapter.dump_json(value))
    assert (type(twin), twin, twin.is_known) == (BatchStatus, value, value.is_known)


@pytest.mark.parametrize("body", [b"null", b"5", b"true", b"[]", b"{}"])
def test_json_that_is_no_text_is_refused(body: bytes) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(BatchStatus).validate_json(body)


@pytest.mark.parametrize("kind", OPEN_ENUMS)
def test_a_json_schema_says_string_and_gives_the_known_values_as_examples(kind: type[OpenEnum]) -> None:
    """A closed `enum` would make generated clients refuse the words to come."""
    for mode in ("validation", "serialization"):
        assert TypeAdapter(kind).json_schema(mode=mode) == {
            "type": "string",
            "title": kind.__name__,
            "examples": [member.value for member in kind],
        }


def test_the_named_sets_of_statuses() -> None:
    assert set(BatchStatus) - TERMINAL == {"CREATING", "PENDING", "SUBMITTING", "INPROGRESS", "STOPPING"}
    assert {"RUNS_DELETING", "RUNS_DELETED", "RUNS_DELETE_FAILED"} == RUNS_DELETION
    assert RUNS_DELETION < TERMINAL
    assert BatchStatus("RUNS_ARCHIVING") not in TERMINAL


def test_the_repr_of_an_unknown_text_acts_on_no_terminal_and_no_log() -> None:
    assert repr(BatchStatus("\x1b[31mPAUSED\r\nX")) == r"<BatchStatus.[31mPAUSED X: '\x1b[31mPAUSED\r\nX'>"
    assert repr(BatchStatus.PENDING) == "<BatchStatus.PENDING: 'PENDING'>"
