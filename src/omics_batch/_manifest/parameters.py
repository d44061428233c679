"""The parameters of a manifest's runs, held against the parameter template of their workflow. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from omics_batch._manifest.problems import Problems
from omics_batch._words import meant, named, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from omics_batch._files import Place
    from omics_batch._manifest.reading import Reading
    from omics_batch._models.workflow import ParameterTemplate, Workflow

_CELL: Final = re.compile(r"\{[^{}]+\}")
_DEFAULTS: Final = ("defaultRunSetting", "default_run_setting")


@dataclass(frozen=True, slots=True)
class ManifestCheck:
    """What was found when a manifest was checked: nothing wrong, and some things that cannot be known in advance."""

    workflow_name: str | None
    """The name of the workflow; None where it has none, or a version was asked for."""
    unchecked: tuple[str, ...]
    """What was not checked, a sentence each."""


def checked_parameters(reading: Reading, workflow: Workflow) -> ManifestCheck:
    """Check which parameters the runs have: once for all, as the manifest writes them.

    Raises:
        InvalidInputError: Some are unknown, some that are needed are missing, or the workflow cannot be run.
    """
    problems = Problems(reading.name, reading.lines)
    defaults = _spelled(reading)
    if workflow.status not in {None, "ACTIVE"}:
        problem = f"the workflow is {one_line(workflow.status or '')}: runs can be started while it is ACTIVE"
        problems.add_at((defaults, "workflowId"), problem)
    template = _template_of(reading, workflow)
    given = _parameters(reading, defaults)
    if template:
        for name, place in given.items():
            if name not in template:
                problems.add_at(place, f"the workflow has no such parameter; {_instead(name, template)}")
        for name, parameter in template.items():
            if name not in given and not parameter.optional:
                problems.add_at(("runs", "parameters"), f"{one_line(name)} is missing: the workflow needs it")
    problems.raise_any()
    return ManifestCheck(workflow.name, tuple(_unchecked(reading, template)))


def _spelled(reading: Reading) -> str:
    """Return how the manifest spells `defaultRunSetting`: a program has it in snake_case."""
    return _DEFAULTS[not reading.name or (_DEFAULTS[1],) in reading.lines]


def _parameters(reading: Reading, defaults: str) -> Mapping[str, Place]:
    """Return the parameters that runs have, and where the manifest names each."""
    shared = _members(reading.document.default_run_setting.parameters)
    own = _members(_members(reading.document.runs).get("parameters"))
    return {
        **{name: (defaults, "parameters", name) for name in shared},
        **{name: ("runs", "parameters", name) for name in own},
    }


def _template_of(reading: Reading, workflow: Workflow) -> ParameterTemplate:
    """Return the workflow's template, with those of the profiles that the engine's settings name."""
    documents = (reading.document.default_run_setting.engine_settings, _engine_settings(reading))
    texts = {text for document in documents for text in _texts(document)}
    template = dict(workflow.parameter_template)
    for profile, parameters in workflow.profile_parameter_templates.items():
        if profile in texts:
            template |= parameters
    return template


def _engine_settings(reading: Reading) -> object:
    runs = _members(reading.document.runs)
    return runs.get("engineSettings", runs.get("engine_settings"))


def _texts(document: object) -> Iterator[str]:
    """Yield the texts in a document, and the parts of those with commas: a profile may stand beside others."""
    match document:
        case str():
            yield from (part.strip() for part in document.split(","))
        case dict():
            for part in cast("dict[str, object]", document).values():
                yield from _texts(part)
        case list():
            for part in cast("list[object]", document):
                yield from _texts(part)
        case _:
            pass


def _members(document: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", document) if isinstance(document, dict) else {}


def _instead(name: str, template: ParameterTemplate) -> str:
    similar = meant(name, template)
    return f"it has {named(list(template))}" if similar is None else f"did you mean {one_line(similar)}?"


def _may_be_absent(value: object) -> bool:
    """Whether a value is a cell, so that a run with an empty one has no such parameter."""
    match value:
        case str():
            return _CELL.fullmatch(value) is not None
        case dict():
            return "column" in value and "empty" not in value
        case _:
            return False


def _unchecked(reading: Reading, template: ParameterTemplate) -> Iterator[str]:
    shared = _members(reading.document.default_run_setting.parameters)
    for name, value in _members(_members(reading.document.runs).get("parameters")).items():
        is_needed = name in template and not template[name].optional
        if is_needed and name not in shared and _may_be_absent(value):
            yield f"Whether each run has {one_line(name)}: an empty cell leaves it out."
    if template:
        yield "The types of the parameters: the workflow's template has names alone."
    else:
        yield "The parameters: the workflow has no parameter template."
    if any(file.inline is None for file in reading.files):
        yield f"Whether files can be written to {one_line(reading.document.settings_uri or '')}: only writing shows it."
    yield "Whether the role can read the input and write the output: the runs show it."
