"""The workflows of an account, as GetWorkflow and GetWorkflowVersion show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from omics_batch._errors import InvalidInputError
from omics_batch._files import unknown_among
from omics_batch.testing._service.http_response import not_found
from omics_batch.testing._service.service_model import service_model
from omics_batch.testing._service.shape_check import find_problems

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from omics_batch.testing._service.service_model import Document, Shape

_LATER: Final = ("profiles", "profileParameterTemplates")
"""What a workflow has that older models of botocore lack."""


class Workflows:
    """Workflows and their versions; while there is none, every id is one of a workflow without a parameter template.

    Args:
        arn: Makes the ARN of a kind of resource and its id.
    """

    def __init__(self, arn: Callable[[str, str], str]) -> None:
        """Start with none."""
        self._arn = arn
        self._known: dict[tuple[str, str | None], Document] = {}

    def put(self, document: Mapping[str, Any]) -> None:
        """Keep what is answered about a workflow (`id`), or about a version of one (`workflowId` and `versionName`).

        Raises:
            InvalidInputError: It is not as the answer's shape says.
        """
        is_version = "versionName" in document
        workflow_id, version = document.get("workflowId" if is_version else "id"), document.get("versionName")
        if not isinstance(workflow_id, str) or not isinstance(version, str | None):
            raise InvalidInputError("a workflow's document has an id, and a version's has workflowId and versionName")
        shape: Shape = service_model().shape_for(f"GetWorkflow{'Version' * is_version}Response")
        known = {*shape.members, *_LATER}
        wrong = [f"{name}: {unknown_among(known, name)}" for name in document if name not in known]
        problems = "; ".join(wrong) or find_problems(shape, dict(document))
        if problems:
            raise InvalidInputError(f"workflow {workflow_id}: {problems}")
        self._known[workflow_id, version] = dict(document)

    def get(self, workflow_id: str, version: str | None = None) -> Document:
        """Show a workflow, or one of its versions.

        Raises:
            Refusal: There is no such workflow, or it has no such version.
        """
        kind = f"{workflow_id}/version/{version}" if version else workflow_id
        document = self._known.get((workflow_id, version))
        if document is None and self._known:
            about = f"Workflow version {version} of workflow {workflow_id}" if version else f"Workflow {workflow_id}"
            raise not_found(f"{about} does not exist.")
        identity = {"workflowId": workflow_id, "versionName": version} if version else {"id": workflow_id}
        usual = {"arn": self._arn("workflow", kind), "status": "ACTIVE", "type": "PRIVATE"}
        return {**identity, **usual, **(document or {})}
