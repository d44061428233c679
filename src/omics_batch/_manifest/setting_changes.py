"""What a rerun changes in the settings of runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from pydantic.alias_generators import to_camel

from omics_batch._advice import invalid
from omics_batch._errors import Advice, AdviceKind, InvalidInputError
from omics_batch._manifest.canonical import canonical
from omics_batch._manifest.run_fields import MAX_PARAMETERS
from omics_batch._models.request import DefaultRunSettingInput
from omics_batch._words import meant, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

_OF_THE_WORKFLOW: Final = re.compile(r"(mem(ory)?|ram|cpus?|vcpus?|gpus?|cores|threads|instancetype|timeout)(gi?b)?")
"""What people want to change in a run, in small letters, and what its workflow has."""

_RUNS_OWN: Final = ("name", "outputUri", "outputBucketOwnerId", "priority", "engineSettings", "runTags")
"""The members that a run can have of its own, which go before those that all runs share."""


@dataclass(frozen=True, slots=True)
class SettingChanges:
    """Changes, which were checked by their names."""

    default: Mapping[str, object]
    """Members of the default run setting, in the service's names."""
    parameters: Mapping[str, object]
    """Parameters of all runs."""

    def __bool__(self) -> bool:
        return bool(self.default or self.parameters)

    def default_of(self, default: DefaultRunSettingInput) -> DefaultRunSettingInput:
        """Return what all runs share afterwards.

        Raises:
            InvalidInputError: A value is not as the service takes it.
        """
        members = default.model_dump(mode="json", by_alias=True, exclude_none=True)
        for name, value in self.default.items():
            members[name] = _joined(members.get(name), value)
        if self.parameters:
            members["parameters"] = {**_object(members.get("parameters"), "all runs share"), **self.parameters}
        return DefaultRunSettingInput.model_validate(members)

    def setting_of(self, setting: Mapping[str, Any]) -> dict[str, Any]:
        """Return a run's own setting afterwards: what it has of its own goes where that is changed."""
        changed = dict(setting)
        for name in _RUNS_OWN:
            if name not in changed or name not in self.default:
                continue
            if isinstance(changed[name], dict) and isinstance(self.default[name], Mapping):
                changed[name] = _joined(changed[name], self.default[name])
            else:
                del changed[name]
        if self.parameters and "parameters" in changed:
            own = _object(changed["parameters"], f"run {one_line(setting['runSettingId'])} has")
            changed["parameters"] = {name: value for name, value in own.items() if name not in self.parameters}
        return changed


def checked_changes(default: object, parameters: object) -> SettingChanges:
    """Take what a caller wants to change.

    Args:
        default: Members of the default run setting, in the service's names or in snake_case; None for none.
        parameters: Parameters of all runs, by their names; None for none.

    Raises:
        InvalidInputError: A run has no such setting.
    """
    changed = {_member(name): value for name, value in _mapping(default, "default").items()}
    changes = SettingChanges(changed, _mapping(parameters, "parameters"))
    try:
        canonical([changes.default, changes.parameters])
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInputError(f"a change is JSON: {one_line(str(error))}") from None
    return changes


def check_size(setting: Mapping[str, Any], default: DefaultRunSettingInput) -> None:
    """Refuse a run whose parameters are more than the service takes.

    Raises:
        InvalidInputError: They are.
    """
    shared: object = default.parameters
    both = _joined(shared, setting["parameters"]) if "parameters" in setting else shared
    if (size := len(canonical(both).encode())) > MAX_PARAMETERS:
        raise InvalidInputError(
            f"run {one_line(setting['runSettingId'])} has {size:,} bytes of parameters: "
            f"a run takes {MAX_PARAMETERS:,} at most"
        )


def names_among(documents: Iterable[object]) -> set[str]:
    """Return the names of parameters that several documents have."""
    objects = [cast("dict[str, object]", document) for document in documents if isinstance(document, dict)]
    return {name for parameters in objects for name in parameters}


def _mapping(given: object, name: str) -> Mapping[str, object]:
    if given is None:
        return {}
    members = cast("Mapping[object, object]", given) if isinstance(given, Mapping) else {None: given}
    if not all(isinstance(key, str) for key in members):
        raise InvalidInputError(f"{name} is a mapping of names to values")
    return cast("Mapping[str, object]", members)


def _member(name: str) -> str:
    fields = DefaultRunSettingInput.model_fields
    member = to_camel(name)
    known = {to_camel(field) for field in fields} - {"parameters"}
    if member in known:
        return member
    if member == "parameters":
        raise invalid("parameters are changed by their names.", Advice(AdviceKind.GIVE_PARAMETERS))
    if member == "runSettingId":
        raise InvalidInputError("a rerun keeps the runSettingId of each run: it names the sample")
    if _OF_THE_WORKFLOW.fullmatch(member.lower()):
        raise InvalidInputError(
            f"a run has no {one_line(name)}: memory, CPUs and time limits of tasks are set in its workflow. Change a "
            "parameter that the workflow takes it from, or name another version of the workflow: workflowVersionName"
        )
    spelled = known if "_" not in name else set(fields) - {"parameters"}
    similar = meant(name, spelled)
    hint = "" if similar is None else f"; did you mean {similar}?"
    raise InvalidInputError(f"a run has no setting {one_line(name, limit=64)!a}{hint}")


def _joined(before: object, value: object) -> object:
    """Return a changed value: the members of an object replace those before, anything else replaces all."""
    if isinstance(before, dict) and isinstance(value, Mapping):
        return {**cast("dict[str, object]", before), **cast("Mapping[str, object]", value)}
    return value


def _object(parameters: object, whose: str) -> Mapping[str, object]:
    if parameters is None or isinstance(parameters, dict):
        return cast("Mapping[str, object]", parameters or {})
    raise InvalidInputError(f"the parameters that {whose} are no JSON object: single ones cannot be changed")
