"""A workflow and its parameter template, as far as a manifest is checked against them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from omics_batch._models.base import NullIsEmpty, ResponseModel


class WorkflowParameter(ResponseModel, frozen=True, defer_build=True):
    """A parameter of a workflow (GetWorkflow `parameterTemplate`)."""

    optional: bool | None = None
    """Whether a run may leave it out."""


ParameterTemplate = Annotated[dict[str, Annotated[WorkflowParameter, NullIsEmpty]], NullIsEmpty]
"""Parameters by their names; empty where the workflow has no template."""


class Workflow(ResponseModel, frozen=True, defer_build=True):
    """A workflow (GetWorkflow), or a version of one (GetWorkflowVersion)."""

    id: str | None = None
    """The workflow; None for a version."""
    workflow_id: str | None = None
    """The workflow that it is a version of."""
    version_name: str | None = None
    """The version's name."""
    name: str | None = None
    """The workflow's name."""
    status: str | None = None
    """ACTIVE, where runs can be started."""
    parameter_template: ParameterTemplate = Field(default_factory=dict)
    """What runs may have, and have to."""
    profile_parameter_templates: Annotated[dict[str, ParameterTemplate], NullIsEmpty] = Field(default_factory=dict)
    """The same, for each Nextflow profile of the workflow."""
