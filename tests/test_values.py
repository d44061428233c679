"""Models are values: equal and hashable by their fields, the same for all who share one, and shown in short."""

from __future__ import annotations

import json
import pickle
from copy import copy, deepcopy
from typing import Any, ClassVar, Final

import pytest
from pydantic import computed_field

from omics_batch import Batch, DefaultRunSetting, InlineSetting, Run
from omics_batch._models.frozen import FrozenDict, FrozenList, frozen

DOCUMENT: Final[dict[str, Any]] = {
    "id": "7123456",
    "status": "PENDING",
    "tags": {"cohort": "trio", "year": "2026"},
    "defaultRunSetting": {"parameters": {"reads": ["a.fq", {"lane": 1}], "threads": 4}},
    "novelty": {"parts": [1, 2]},
}


def batch() -> Batch:
    return Batch.model_validate_json(json.dumps(DOCUMENT))


def test_equal_models_are_one_in_a_set() -> None:
    """With tags, documents and unknown fields."""
    reordered = {**DOCUMENT, "tags": dict(reversed(DOCUMENT["tags"].items()))}
    assert {batch(), batch(), Batch.model_validate(DOCUMENT), Batch.model_validate(reordered)} == {batch()}
    bare = Batch.model_validate({"id": "7123456", "status": "PENDING"})
    assert len({batch(), batch().model_copy(update={"tags": {"cohort": "other"}}), bare}) == 3
    changed = Batch.model_validate({**DOCUMENT, "novelty": {"parts": [2, 1]}})
    assert len({batch(), changed}) == 2


def test_models_of_different_classes_differ() -> None:
    class Mine(Batch, frozen=True):
        pass

    mine = Mine.model_validate(DOCUMENT)
    assert mine != batch()
    assert len({mine, batch()}) == 2


def test_requests_are_values_too() -> None:
    """Whatever was given: it is not the caller's dict that is kept."""
    given: Any = {"reads": ["a.fq"]}
    setting = InlineSetting(run_setting_id="NA12878", parameters=given, run_tags={"a": "b"})
    assert {setting, setting.model_copy()} == {setting}
    given["reads"].append("b.fq")
    assert setting.parameters == {"reads": ["a.fq"]}


READS: Final = ("default_run_setting", "parameters", "reads")

CHANGES: Final[list[tuple[tuple[Any, ...], str, tuple[Any, ...]]]] = [
    (("tags",), "update", ({"cohort": "mine"},)),
    (("tags",), "pop", ("cohort",)),
    (("tags",), "setdefault", ("a", "b")),
    (("tags",), "__setitem__", ("cohort", "mine")),
    (("tags",), "__delitem__", ("cohort",)),
    (("tags",), "__ior__", ({"a": "b"},)),
    (READS, "append", ("b.fq",)),
    (READS, "sort", ()),
    (READS, "__setitem__", (0, "b.fq")),
    (READS, "__iadd__", (["b.fq"],)),
    ((*READS, 1), "update", ({"lane": 2},)),
    (("novelty", "parts"), "append", (3,)),
    (("model_extra",), "clear", ()),
]


def part_of(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        value = getattr(value, step) if isinstance(step, str) and hasattr(value, step) else value[step]
    return value


@pytest.mark.parametrize(("path", "change", "arguments"), CHANGES)
def test_no_part_of_a_model_can_be_changed(path: tuple[Any, ...], change: str, arguments: tuple[Any, ...]) -> None:
    """Two waits for one batch are given the same `Batch`."""
    shared = batch()
    with pytest.raises(TypeError, match=r"^this (dict|list) belongs to a frozen model: change a copy of it$"):
        getattr(part_of(shared, path), change)(*arguments)
    assert shared == batch()


def test_every_way_to_change_a_dict_or_a_list_is_refused() -> None:
    """What Python adds to them later shows here."""
    reading = {
        *("__class_getitem__", "__contains__", "__eq__", "__ge__", "__getattribute__", "__getitem__", "__gt__"),
        *("__init__", "__iter__", "__le__", "__len__", "__lt__", "__ne__", "__new__", "__or__", "__repr__"),
        *("__reversed__", "__ror__", "__sizeof__", "__doc__", "__hash__", "__add__", "__mul__", "__rmul__"),
        *("copy", "fromkeys", "get", "items", "keys", "values", "count", "index"),
    }
    for kind, base in ((FrozenDict, dict), (FrozenList, list)):
        assert vars(base).keys() - vars(kind).keys() <= reading


def test_what_is_frozen_reads_as_dicts_and_lists() -> None:
    parameters: Any = part_of(batch(), READS[:2])
    assert issubclass(type(parameters), dict)
    assert issubclass(type(parameters["reads"]), list)
    assert parameters == DOCUMENT["defaultRunSetting"]["parameters"]
    assert json.loads(json.dumps(parameters)) == parameters
    assert repr(parameters) == repr(DOCUMENT["defaultRunSetting"]["parameters"])
    assert {**parameters, "more": 1}["more"] == 1
    mine = dict(parameters)
    mine["threads"] = 8
    assert frozen(parameters) is parameters


def test_copies_are_equal_and_frozen() -> None:
    original = batch()
    twins: list[Any] = [copy(original), deepcopy(original), pickle.loads(pickle.dumps(original))]
    for twin in twins:
        assert twin == original
        assert hash(twin) == hash(original)
        with pytest.raises(TypeError):
            twin.tags["a"] = "b"
    assert original.model_dump(mode="json", by_alias=True) == DOCUMENT


def test_a_computed_field_of_a_subclass_is_in_the_dump() -> None:
    class Priced(Batch, frozen=True):
        def _price(self) -> int:
            return 100 * (self.total_runs or 0)

        price: ClassVar[Any] = computed_field(alias="priceInEuro")(property(_price))

    priced = Priced.model_validate({"id": "7123456", "status": "PENDING", "totalRuns": 2})
    named = {"id": "7123456", "status": "PENDING", "totalRuns": 2, "priceInEuro": 200}
    assert priced.model_dump(mode="json", by_alias=True) == named
    assert priced.model_dump(mode="json") == {"id": "7123456", "status": "PENDING", "total_runs": 2, "price": 200}


def test_repr_leaves_out_what_is_none() -> None:
    shown = repr(batch())
    assert shown.startswith("Batch(id='7123456', ")
    assert "None" not in shown
    assert "novelty=" in shown
    assert repr(DefaultRunSetting(name="trio")) == "DefaultRunSetting(name='trio')"
    assert "None" not in str(Run.model_validate({"id": "1", "status": "PENDING"}))
