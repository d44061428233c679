"""A dry run of `start`: the request is checked and described."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, cast

from rich.text import Text

from omics_batch import OmicsBatchError, ResourceNotFoundError
from omics_batch._words import named, one_line
from omics_batch.cli._exits import Exit, ProgramError, message_of
from omics_batch.cli._stderr import complain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

    from omics_batch import BatchRunSettings, DefaultRunSettingInput, OmicsBatchClient, StartRunBatchRequest
    from omics_batch.cli._connection import ConnectionOptions

SHOWN: Final = 3
"""How many runs a dry run shows as they would be sent."""


def facts(request: StartRunBatchRequest, stored: Sequence[Any] | None = None) -> list[tuple[str, str]]:
    """Return the main facts of a request as labels and values; absent ones are left out.

    Args:
        request: The request.
        stored: The run settings in S3 that it names, if they were read.
    """
    has_own_id = "request_id" in request.model_fields_set
    found = [
        ("Name", request.batch_name),
        ("Request", request.request_id if has_own_id else "a new one each time: the file has no requestId"),
        ("Settings", request.batch_run_settings.s3_uri_settings),
        ("Runs", _runs(request.batch_run_settings) if stored is None else runs_of(len(stored), stored)),
    ]
    return [*((label, one_line(value)) for label, value in found if value), *shared_facts(request.default_run_setting)]


def shared_facts(default: DefaultRunSettingInput) -> list[tuple[str, str]]:
    """Return the main facts of what all runs share as labels and values; absent ones are left out."""
    found = [
        ("Workflow", " ".join(filter(None, [default.workflow_id, default.workflow_version_name]))),
        ("Role", default.role_arn),
        ("Output", default.output_uri),
    ]
    return [(label, one_line(value)) for label, value in found if value]


def _runs(settings: BatchRunSettings) -> str:
    if settings.inline_settings is None:
        return "those of the settings in S3, which the service reads: they were not read here"
    names = [setting.run_setting_id for setting in settings.inline_settings]
    return f"{len(names):,}: {named(names)}"


def runs_of(number: int, settings: Iterable[Any]) -> str:
    """Say how many runs there are, and name the first ones."""
    return f"{number:,}, such as {named([setting['runSettingId'] for setting in islice(settings, SHOWN)])}"


def print_runs(output: Console, settings: Iterable[Any]) -> None:
    """Print the first runs as they would be sent."""
    for setting in islice(settings, SHOWN):
        output.print(Text(json.dumps(setting, indent=2)))


def read_settings(request: StartRunBatchRequest, connection: ConnectionOptions) -> Sequence[Any] | None:
    """Read and check the run settings in S3 that a request names; None if it names none, or they may not be read.

    Raises:
        ProgramError: They are not there, or are no run settings: the batch could not be started.
    """
    uri = request.batch_run_settings.s3_uri_settings
    if uri is None:
        return None

    async def read(client: OmicsBatchClient) -> bytes:
        return await client._opened().storage.read(uri)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - the same package's

    name = one_line(uri)
    try:
        content = connection.talk(read)
    except ResourceNotFoundError:
        raise ProgramError(f"{name}: there is no such object in S3", Exit.USAGE) from None
    except OmicsBatchError as error:
        complain(f"the settings in S3 were not read: {one_line(message_of(error), limit=1000)}")
        return None
    return _settings_in(content, name)


def _settings_in(content: bytes, name: str) -> list[dict[str, object]]:
    from omics_batch import InlineSetting  # noqa: PLC0415 - help starts without pydantic

    try:
        settings: Any = json.loads(content)
    except (ValueError, RecursionError):
        settings = None
    if not isinstance(settings, list) or not settings:
        raise ProgramError(f"{name} is not a JSON array of run settings: the batch would be FAILED", Exit.USAGE)
    names = {field.alias for field in InlineSetting.model_fields.values()}
    entries = cast("list[dict[str, object]]", settings)
    for number, setting in enumerate(entries, 1):
        try:
            InlineSetting.model_validate(setting)
        except ValueError as error:
            raise ProgramError(f"{name}: run {number:,}: {one_line(str(error), limit=1000)}", Exit.USAGE) from None
        if others := setting.keys() - names:  # which a request may have, and the service does not read
            raise ProgramError(f"{name}: run {number:,}: {named(sorted(others))}: not AWS's own name", Exit.USAGE)
    return entries


async def rehearse(request: StartRunBatchRequest) -> None:
    """Send a request to a simulator that exists for this request only.

    So it passes the same checks as a real request: those of the client, of the installed botocore's model and
    serializer, and of the service. If its runs are in S3, one placeholder run is sent instead.

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
