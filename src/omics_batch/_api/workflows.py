"""GetWorkflow and GetWorkflowVersion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omics_batch._api.response import read_answer, unreadable
from omics_batch._models.workflow import Workflow

if TYPE_CHECKING:
    from omics_batch._api.call import OperationCaller
    from omics_batch._models.request import DefaultRunSettingInput
    from omics_batch._transport.attempt import Response
    from omics_batch._transport.failure import CallFailure


async def get_workflow(caller: OperationCaller, setting: DefaultRunSettingInput, *, within: float | None) -> Workflow:
    """Return the workflow that runs execute, in its version if they name one.

    Args:
        caller: What the request goes through.
        setting: What names the workflow.
        within: Seconds for the whole call; None for no limit.
    """
    version = setting.workflow_version_name
    names = {"id": setting.workflow_id} if version is None else {"workflowId": setting.workflow_id}
    others = {"versionName": version, "workflowOwnerId": setting.workflow_owner_id}
    method = "get_workflow" if version is None else "get_workflow_version"
    operation = caller.transport.operation(method)

    def read(response: Response) -> Workflow | CallFailure:
        found = read_answer(Workflow, response, operation)
        shown = isinstance(found, Workflow) and (found.id or found.workflow_id, found.version_name)
        if shown and shown != (setting.workflow_id, version):
            return unreadable(operation, response, f"the answer is about workflow {shown[0]}, version {shown[1]}")
        return found

    return await caller.call(
        method,
        {**names, **{name: value for name, value in others.items() if value is not None}},
        read,
        batch_id=None,
        within=within,
        about=f"workflow {setting.workflow_id}" + ("" if version is None else f", version {version}"),
    )
