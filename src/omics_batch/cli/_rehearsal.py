"""Starting a batch where it costs nothing: on a local HealthOmics in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from omics_batch import StartRunBatchRequest


async def rehearse(request: StartRunBatchRequest) -> None:
    """Send a request to a HealthOmics that is gone afterwards.

    So it goes through all that a real one goes through: the checks of the client, the model and the serializer of the
    botocore that is installed, and the service's own checks. Where its runs are in S3, one stands for them.

    Raises:
        InvalidInputError: It cannot be sent.
        OmicsBatchError: It would be refused.
    """
    from omics_batch import BatchRunSettings, InlineSetting  # noqa: PLC0415 - help starts without pydantic
    from omics_batch.testing import Simulator  # noqa: PLC0415 - no other command needs a server

    if request.batch_run_settings.inline_settings is None:
        stand_in = BatchRunSettings(inline_settings=[InlineSetting(run_setting_id="stand-in")])
        request = request.model_copy(update={"batch_run_settings": stand_in})
    async with Simulator() as omics, omics.client() as client:
        await client.start_run_batch(request)
