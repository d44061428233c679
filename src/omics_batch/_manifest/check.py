"""Checking a manifest against the workflow of its runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omics_batch._api.workflows import get_workflow
from omics_batch._manifest.manifest import checked
from omics_batch._manifest.parameters import checked_parameters

if TYPE_CHECKING:
    from omics_batch._api.call import OperationCaller
    from omics_batch._manifest.manifest import Manifest
    from omics_batch._manifest.parameters import ManifestCheck


async def check_manifest(caller: OperationCaller, manifest: Manifest, *, within: float | None) -> ManifestCheck:
    """Check the parameters of a manifest's runs, all problems at once.

    Args:
        caller: What GetWorkflow, or GetWorkflowVersion, goes through.
        manifest: The manifest.
        within: Seconds for that call; None for no limit.

    Raises:
        InvalidInputError: Parameters are unknown or missing, or it is no manifest.
        OmicsBatchError: The workflow could not be read.
    """
    reading = checked(manifest)._reading  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - of this package
    workflow = await get_workflow(caller, reading.document.default_run_setting, within=within)
    return checked_parameters(reading, workflow)
