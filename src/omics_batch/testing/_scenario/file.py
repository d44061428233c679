"""The format of a scenario file.

The members of a life are those of `Life`, and the faults are the functions of `faults`. New members and functions there
can be used in scenarios without a change here.
"""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Collection
from dataclasses import fields
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias, cast, get_args, get_origin, get_type_hints

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, create_model, model_validator

from omics_batch._clock import Duration, in_seconds
from omics_batch._files import TextError, name_of, problems_in, read_document, unknown_among
from omics_batch.testing import faults
from omics_batch.testing._life import Life
from omics_batch.testing._s3 import is_url
from omics_batch.testing._scenario.scenario import PlacedBatch, ScenarioError
from omics_batch.testing._service.operations import HANDLERS
from omics_batch.testing._service.schedule import MAX_RUNS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from omics_batch._files import Place
    from omics_batch.testing.faults import Fault

"""The types in the annotations that are read here; their modules import them for type checkers only."""

_MAX_PROBLEMS: Final = 10

_OPERATION: Final = f"^({'|'.join(HANDLERS)}|\\*)$"


RunSettingId: TypeAlias = Annotated[str, Field(min_length=1, max_length=128)]


class Entry(BaseModel):
    """A part of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    @property
    def given(self) -> dict[str, Any]:
        """The members that the file has; for others the default of the class or function applies."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class LifeEntry(Entry):
    """The life of batches. A time is a number of seconds, or a text such as "PT20M"."""

    def life(self) -> Life:
        """Return the life."""
        return Life(**self.given)

    @model_validator(mode="after")
    def _can_be_lived(self) -> LifeEntry:
        self.life()
        return self


def _in_two_spellings(schema: dict[str, Any]) -> None:
    """Set in the schema that a fault has exactly one name, and may be only that name."""
    short = [name for name, arguments in ARGUMENTS.items() if not arguments.model_json_schema().get("required")]
    long = {name: schema.pop(name) for name in ("type", "properties", "additionalProperties")}
    for fault in long["properties"].values():
        del fault["default"]
    schema["anyOf"] = [{"enum": short}, {**long, "minProperties": 1, "maxProperties": 1}]


class FaultEntry(Entry):
    """A fault by its name, with its arguments; the name alone if it needs none."""

    model_config = ConfigDict(json_schema_extra=_in_two_spellings)

    def fault(self) -> Fault:
        """Return the fault."""
        ((name, arguments),) = self.given.items()
        return FAULTS[name](**arguments.given)

    @model_validator(mode="after")
    def _can_happen(self) -> FaultEntry:
        if len(self.model_fields_set) != 1:
            raise ValueError("has to have the name of one fault, with its arguments below that")
        self.fault()
        return self


def _docs_of(kind: type) -> dict[str, str]:
    """Read the docstrings of a class's fields."""
    found: dict[str, str] = {}
    (definition,) = ast.parse(inspect.getsource(kind)).body
    for pair in pairwise(cast("ast.ClassDef", definition).body):
        match pair:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = " ".join(text.split())
            case _:
                pass
    return found


def _life_fields() -> type[LifeEntry]:
    hints, docs, usual = get_type_hints(Life), _docs_of(Life), Life()
    members: dict[str, Any] = {}
    for field in fields(Life):
        hint, default = hints[field.name], getattr(usual, field.name)
        if get_origin(hint) is Collection:  # pydantic does not know it
            hint, default = tuple.__class_getitem__((*get_args(hint), ...)), tuple(default)
        members[field.name] = (hint, Field(default, description=docs[field.name]))
    return create_model("Life", __base__=LifeEntry, __doc__=LifeEntry.__doc__, **members)


def _arguments_of(name: str, function: Callable[..., Fault]) -> type[Entry]:
    hints = get_type_hints(function)
    members: dict[str, Any] = {}
    for parameter in inspect.signature(function).parameters.values():
        default: Any = ... if parameter.default is parameter.empty else parameter.default
        pattern = _OPERATION if parameter.name == "operation" else None
        members[parameter.name] = (hints[parameter.name], Field(default, pattern=pattern))
    return create_model(name, __base__=Entry, __doc__=function.__doc__, **members)


FAULTS: Final[Mapping[str, Callable[..., Fault]]] = {
    name: getattr(faults, name) for name in faults.__all__ if inspect.isfunction(getattr(faults, name))
}
ARGUMENTS: Final = {name: _arguments_of(name, function) for name, function in FAULTS.items()}

if TYPE_CHECKING:
    LifeFields: TypeAlias = LifeEntry
    FaultFields: TypeAlias = FaultEntry
else:
    LifeFields = _life_fields()
    FaultFields = create_model(
        "Fault",
        __base__=FaultEntry,
        __doc__=FaultEntry.__doc__,
        **{name: (arguments, Field(None, description=FAULTS[name].__doc__)) for name, arguments in ARGUMENTS.items()},
    )


class BatchEntry(Entry, use_attribute_docstrings=True):
    """A batch that exists from the start."""

    runs: Annotated[int, Field(ge=1, le=MAX_RUNS)] | Annotated[list[RunSettingId], Field(min_length=1)]
    """How many runs it has, `sample-1` and so on; or their runSettingIds."""
    name: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    """The batch's name."""
    life: LifeFields | None = None
    """Its life; the scenario's `life` if left out."""

    def batch(self) -> PlacedBatch:
        """Return the batch."""
        return PlacedBatch(runs=self.runs, name=self.name, life=None if self.life is None else self.life.life())


class ScenarioFile(Entry, use_attribute_docstrings=True):
    """A scenario for a local HealthOmics: `omics-batch simulate --scenario FILE`."""

    batches: list[BatchEntry] = []
    """The batches that exist from the start, in the order of their ids."""
    life: LifeFields = LifeFields()
    """The life of batches that have none of their own, also of batches that are started later."""
    rerun_life: LifeFields | None = None
    """The life of reruns, as `omics-batch resubmit` starts them, by their tag `omics-batch:attempt`; else it is
    `life`."""
    faults: list[FaultFields] = []
    """The faults, in this order: each fault applies to the next requests of its operation."""
    quota: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    """Requests a second beyond which the service throttles; left out, there is no limit."""
    list_lag: Annotated[Duration, AfterValidator(partial(in_seconds, "list_lag"))] = 0.0
    """By how much ListBatch lags: a number of seconds, or a text such as "PT20S"."""
    time_scale: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    """How many simulated seconds pass in a real one; if left out, the user of the scenario decides (`simulate`: 1)."""
    region: Annotated[str, Field(pattern="^[a-z0-9-]+$")] = "us-west-2"
    """The region of the service."""
    s3: str | None = None
    """The objects of `s3UriSettings`: a folder, relative to the file's folder, or the URL of a local S3."""

    def scenario(self, folder: Path) -> dict[str, Any]:
        """Return the members of the `Scenario`; `folder` is the file's folder."""
        return {
            "batches": tuple(entry.batch() for entry in self.batches),
            "life": self.life.life(),
            "rerun_life": None if self.rerun_life is None else self.rerun_life.life(),
            "faults": tuple(entry.fault() for entry in self.faults),
            "quota": self.quota,
            "list_lag": self.list_lag,
            "time_scale": self.time_scale,
            "region_name": self.region,
            "s3": self.s3 if self.s3 is None or is_url(self.s3) else folder / self.s3,
        }


def read_scenario(path: Path) -> dict[str, Any]:
    """Read a file.

    Returns:
        The members of the `Scenario`.

    Raises:
        ScenarioError: It cannot be read, or has another form.
    """
    name = name_of(path)
    try:
        document, lines = read_document(path)
    except TextError as error:
        raise ScenarioError(f"{name}: {error}") from None
    document = _spelled_out(document)
    try:
        # As JSON: in strict mode, Python values would need tuples in place of lists.
        return ScenarioFile.model_validate_json(json.dumps(document)).scenario(path.parent)
    except ValidationError as error:
        found = error.errors(include_url=False)
        texts = problems_in(found, document, lines, whole="the scenario", unknown=_unknown, limit=_MAX_PROBLEMS)
        raise ScenarioError("\n".join(f"{name}: {problem}" for problem in texts)) from None


def _spelled_out(document: object) -> object:
    """Give every fault arguments: none, if only its name is written."""
    match document:
        case {"faults": list()}:
            said = cast("dict[str, list[object]]", document)
            return {**said, "faults": [_with_arguments(entry) for entry in said["faults"]]}
        case _:
            return document


def _with_arguments(entry: object) -> object:
    if isinstance(entry, str):
        return {entry: {}}
    if isinstance(entry, dict):
        nothing: dict[str, object] = {}
        said = cast("dict[str, object]", entry)
        return {name: nothing if arguments is None else arguments for name, arguments in said.items()}
    return entry


def _unknown(place: Place) -> str:
    """Return the message for an unknown member, with the known members of its entry."""
    entries: dict[str, type[Entry]] = {**ARGUMENTS, "batches": BatchEntry, "life": LifeFields, "faults": FaultFields}
    entries["rerun_life"] = LifeFields
    parent = next((part for part in reversed(place[:-1]) if isinstance(part, str)), None)
    return unknown_among((ScenarioFile if parent is None else entries[parent]).model_fields, str(place[-1]))
