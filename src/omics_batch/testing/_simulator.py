"""`Simulator`: a local HealthOmics with one account."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

import omics_batch
from omics_batch._clock import Clock, Duration, in_seconds
from omics_batch._errors import InvalidInputError
from omics_batch.testing._clock import ScaledClock
from omics_batch.testing._faults.script import Script
from omics_batch.testing._http.background import in_background
from omics_batch.testing._http.request_log import ReceivedRequest, RequestLog, Requests
from omics_batch.testing._http.server import Server
from omics_batch.testing._http.sigv4 import ACCESS_KEY, SECRET_KEY
from omics_batch.testing._life import Life
from omics_batch.testing._s3 import is_url, open_objects
from omics_batch.testing._service.exchange import Service
from omics_batch.testing._service.quota import Quota
from omics_batch.testing._service.store import ACCOUNT_ID, Lives, Store
from omics_batch.testing._settings import check_settings
from omics_batch.testing.faults import Fault

if TYPE_CHECKING:
    import omics_batch.blocking
    from omics_batch.testing._in_process import InProcessServer


_LONGEST_ID: Final = 128


class Simulator:
    """A local HealthOmics over real HTTP: a `Life` decides how its batches go, and a script its faults.

    For example::

        async with Simulator(life=Life(failed_runs={"NA12878": "out of memory"})) as omics:
            batch_id = omics.start_batch(["NA12878", "NA12891"])
            async with omics.client() as client:
                batch = await client.get_batch(batch_id)

    Code without an event loop uses `with Simulator() as omics:`, which runs it in a thread.

    boto3, aiobotocore, the AWS command line and other SDKs work with it too: `environment` has
    the variables that they need.

    Args:
        life: The life of batches: one for all, or a function that chooses one by the StartRunBatch request.
        clock: The clock of the simulator; a `ManualClock` stands still until it is moved.
        time_scale: Without a clock: how many simulated seconds pass in a real one.
        faults: The script's first faults; `script` adds more. Or a function that returns the fault of a request for
            which the script has none, or None for the normal response. It gets the name of the operation and the
            request's members (empty if they are refused). The operation and times of its faults are ignored.
        quota: Requests a second beyond which the service throttles; None for no limit.
        list_lag: By how much ListBatch lags: it shows the batches of that long ago, so new ones are missing, and
            deleted ones are still there. GetBatch never lags.
        host: The address to listen on. Any but a loopback address opens the simulator to others.
        port: The port to listen on; 0 takes a free one.
        region_name: The region of the service; requests have to be signed for it.
        s3: The objects of `s3UriSettings`: a folder, in which `s3://bucket/key` is the file
            `bucket/key`, or the URL of a local S3 that accepts `access_key` and `secret_key`. With a folder, the
            simulator serves S3 too: PutObject, HeadObject and GetObject. With a URL, clients ask that S3.
        workflows: The responses of GetWorkflow, and of GetWorkflowVersion for those with a `versionName`; see
            `put_workflow`. If there are none, every workflow exists, without a parameter template.
        epoch: The wall-clock time at the start; the real time if None.
        advertise: The URL at which others reach it, such as http://omics:8080 in a network of containers: `environment`
            has it in place of `endpoint_url`.
        in_process: Take requests of clients in this process, without a socket. Nothing else
            can reach it. It works with any clock, and with virtual time: `clock=VirtualClock()`.

    Raises:
        InvalidInputError: A setting has a wrong type, a clock and a time scale were given, a scale or quota is
            not positive, a lag is negative, `s3` does not exist, or `advertise` is not a URL.
    """

    access_key: ClassVar[str] = ACCESS_KEY
    """The access key that it accepts: it is not a secret, and the same for all simulators."""
    secret_key: ClassVar[str] = SECRET_KEY
    """The secret key for `access_key`."""

    def __init__(
        self,
        *,
        life: Lives = Life(),  # noqa: B008 - frozen
        clock: Clock | None = None,
        time_scale: float = 1.0,
        faults: Iterable[Fault] | Callable[[str, Mapping[str, Any]], Fault | None] = (),
        quota: float | None = None,
        list_lag: Duration = 0.0,
        host: str = "127.0.0.1",
        port: int = 0,
        region_name: str = "us-west-2",
        epoch: datetime | None = None,
        s3: Path | str | None = None,
        workflows: Sequence[Mapping[str, Any]] = (),
        advertise: str | None = None,
        in_process: bool = False,
    ) -> None:
        check_settings(
            life=life,
            time_scale=time_scale,
            faults=faults,
            quota=quota,
            host=host,
            port=port,
            region_name=region_name,
            epoch=epoch,
            s3=s3,
            workflows=workflows,
            advertise=advertise,
            in_process=in_process,
        )
        if clock is not None and time_scale != 1.0:
            raise InvalidInputError("give a clock or a time_scale, not both")
        if not re.fullmatch("[a-z0-9-]+", region_name):
            raise InvalidInputError(f"region_name has to be a region such as us-west-2, not {region_name!r}")
        if advertise is not None:
            from omics_batch._transport.endpoint import check_endpoint  # noqa: PLC0415 - others need no client

            check_endpoint(advertise, allow_http=True)
        self._advertised = advertise
        self._clock: Clock = ScaledClock(time_scale) if clock is None else clock
        self._region_name = region_name
        self._script = Script(faults if callable(faults) else None)
        self._script.add(() if callable(faults) else faults)
        self._account = Store(
            region_name=region_name,
            clock=self._clock,
            epoch=epoch or datetime.now(UTC),
            lives=life,
            list_lag=in_seconds("list_lag", list_lag),
        )
        for workflow in workflows:
            self._account.workflows.put(workflow)
        self._service = Service(
            account=self._account,
            script=self._script,
            clock=self._clock,
            quota=None if quota is None else Quota(quota, self._clock),
            objects=None if s3 is None else open_objects(s3, region_name),
        )
        self._server: Server | InProcessServer = Server(self._service, host, port)
        if in_process:
            from omics_batch.testing._in_process import InProcessServer  # noqa: PLC0415 - others need no client

            self._server = InProcessServer(self._service)
        self._s3_url = s3 if isinstance(s3, str) and is_url(s3) else None
        self._endpoint_url: str | None = None
        self._background = ExitStack()

    def __enter__(self) -> Self:
        """Listen in a background thread, for code that blocks or runs its own event loop."""
        self._background.enter_context(in_background(self))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop listening, as `async with` does at its end."""
        self._background.__exit__(kind, error, traceback)

    async def __aenter__(self) -> Self:
        """Listen."""
        self._endpoint_url = await self._server.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop listening.

        Raises:
            UnusedFaultError: No request met some of the faults, and the block has not failed.
            InvalidInputError: Another event loop is running than the simulator's, which is not closed.
        """
        await self._server.stop()
        self._endpoint_url = None
        if error is None:
            self._script.check_used()

    @property
    def endpoint_url(self) -> str:
        """The URL for clients; it exists only inside of the `async with` block."""
        if self._endpoint_url is None:
            raise RuntimeError("The simulator is not running: use it as `async with Simulator() as omics:`")
        return self._endpoint_url

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that point boto3, the AWS command line or another SDK to it.

        They set its URL and its credentials, and switch off the host prefix. They exist only inside of the
        `async with` block.
        """
        variables = {
            "AWS_ENDPOINT_URL_OMICS": self._advertised or self.endpoint_url,
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
            "AWS_DEFAULT_REGION": self._region_name,
            "AWS_REGION": self._region_name,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
        }
        return {**variables, "AWS_ENDPOINT_URL_S3": self._s3_url or self._advertised or self.endpoint_url}

    @property
    def region_name(self) -> str:
        """The region of the service."""
        return self._region_name

    @property
    def clock(self) -> Clock:
        """The clock of the simulator."""
        return self._clock

    def advance(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Move the simulator's clock forward, in addition to the time that passes.

        The batches change at once. Sleeps on a running clock do not end sooner; on a `ManualClock`, sleeps that are due
        end.

        Args:
            days: Days to add; a clock never goes back.
            hours: Hours to add.
            minutes: Minutes to add.
            seconds: Seconds to add.

        Raises:
            InvalidInputError: The sum is negative, or the simulator has a clock of your own without `advance`.
        """
        advance = getattr(self._clock, "advance", None)
        if advance is None:
            raise InvalidInputError("the simulator has a clock of your own, which has no advance(): move it yourself")
        advance(timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds))

    @property
    def requests(self) -> Sequence[ReceivedRequest]:
        """Every request so far, in the order of arrival."""
        return Requests(self._service.requests)

    @property
    def connections(self) -> int:
        """How many TCP connections clients have opened so far."""
        return self._server.connections

    def requests_of(self, operation: str) -> int:
        """Count the requests of one operation, such as `GetBatch`."""
        return self._service.requests.count(operation)

    def forget_requests(self) -> None:
        """Forget the requests so far, and count from 0: for long simulations, where memory matters."""
        self._service.requests = RequestLog()

    def script(self, *faults: Fault) -> None:
        """Add faults to the end of the script."""
        self._script.add(faults)

    def forget_script(self) -> None:
        """Remove the faults that are left: for random tests, which do not know how many faults are used."""
        self._script.clear()

    def start_batch(
        self,
        run_settings: int | Iterable[str],
        *,
        name: str | None = None,
        life: Life | None = None,
        age: Duration = 0.0,
    ) -> str:
        """Place a batch as StartRunBatch would, without a request.

        Args:
            run_settings: The runSettingIds, or the number of runs (then the ids are `sample-1` and so on).
            name: The batch's name.
            life: Its life; the simulator's `life` if None.
            age: How long ago it was started. In lists it has the same place as a batch that is started now.

        Returns:
            The batch's id.

        Raises:
            InvalidInputError: There are no runs, or the age is negative.
        """
        ids = (
            [f"sample-{number + 1}" for number in range(run_settings)]
            if isinstance(run_settings, int)
            else run_settings
        )
        if isinstance(ids, str):
            raise InvalidInputError(f"the runs are several runSettingIds, or a number of runs, not the text {ids!r}")
        settings: list[dict[str, Any]] = [{"runSettingId": run_setting_id} for run_setting_id in ids]
        if not settings:
            raise InvalidInputError("a batch has one run or more")
        for setting in settings:
            if not (isinstance(setting["runSettingId"], str) and 0 < len(setting["runSettingId"]) <= _LONGEST_ID):
                raise InvalidInputError(f"a runSettingId is a text of 1 to {_LONGEST_ID} characters")
        request: dict[str, Any] = {
            "requestId": str(uuid.uuid4()),
            "defaultRunSetting": {
                "workflowId": "1234567",
                "roleArn": f"arn:aws:iam::{ACCOUNT_ID}:role/OmicsRole",
                "outputUri": "s3://my-bucket/output/",
            },
            "batchRunSettings": {"inlineSettings": settings},
        }
        if name is not None:
            request["batchName"] = name
        return self._account.start(request, settings, life, in_seconds("age", age)).id

    def remove_batch(self, batch_id: str) -> None:
        """Remove a batch and its runs completely: for long simulations, where memory matters.

        GetBatch no longer knows it; ListBatch still shows it for `list_lag`.

        Args:
            batch_id: Its id; any status is allowed.

        Raises:
            InvalidInputError: There is no batch of this id.
        """
        try:
            self._account.remove(batch_id)
        except KeyError:
            raise InvalidInputError(f"there is no batch {batch_id!r} to remove") from None

    def put_batch(self, document: Mapping[str, Any], *, after: Duration = 0.0) -> str:
        """Make GetBatch return exactly this document for its id, until another one replaces it.

        It may have unknown statuses, and missing or unknown members: nothing is checked or added. Datetimes are written
        as the service writes them.

        Args:
            document: The response of GetBatch; ListBatch shows the members that its items have.
            after: The delay before it is shown, in seconds of the clock: several calls make a sequence of states.

        Returns:
            The document's id.

        Raises:
            InvalidInputError: The document has no id, or the seconds are negative.
        """
        if not isinstance(document.get("id"), str):
            raise InvalidInputError("a batch's document has an id, a string")
        return self._account.put(dict(document), self._clock.now() + in_seconds("after", after))

    def put_workflow(self, document: Mapping[str, Any]) -> None:
        """Let GetWorkflow answer this document for its `id`; from the first one on, no other workflow is there.

        For example::

            omics.put_workflow({"id": "1234567", "parameterTemplate": {"reads": {"optional": False}}})

        Args:
            document: What GetWorkflow answers; or GetWorkflowVersion, if it has `workflowId` and `versionName`.
                `arn`, `status` and `type` are added where it has none.

        Raises:
            InvalidInputError: It is not as the service's model says, or has no id.
        """
        self._account.workflows.put(document)

    def client(self, **overrides: Any) -> omics_batch.OmicsBatchClient:  # noqa: ANN401 - the client checks them
        """Make a client for this service, with its clock; arguments are those of `OmicsBatchClient`."""
        return local_client(self.endpoint_url, **self._of_clients(overrides))

    def blocking_client(self, **overrides: Any) -> omics_batch.blocking.BlockingClient:  # noqa: ANN401 - the client checks them
        """Make a client for this service, for code without asyncio; arguments are those of `BlockingClient`."""
        from omics_batch.blocking import BlockingClient  # noqa: PLC0415 - the simulator serves others without it

        return BlockingClient(**_local(self.endpoint_url, self._of_clients(overrides)))

    def _of_clients(self, overrides: Mapping[str, Any]) -> dict[str, Any]:
        own = {"region_name": self._region_name, "clock": self._clock, "storage_url": self._s3_url}
        return {**own, **overrides}


def local_client(
    endpoint_url: str,
    *,
    storage_url: str | None = None,
    **overrides: Any,  # noqa: ANN401 - the client checks them
) -> omics_batch.OmicsBatchClient:
    """Make a client for a simulator that runs elsewhere, such as `omics-batch simulate` in another process.

    It ignores the AWS configuration, and has its own credentials.

    Args:
        endpoint_url: Where the simulator listens.
        storage_url: The S3 of the simulator, if it was given the URL of one.
        overrides: Arguments of `OmicsBatchClient`; the default region is us-west-2.
    """
    from omics_batch._client import OmicsBatchClient  # noqa: PLC0415 - the simulator serves others without it

    return OmicsBatchClient(**_local(endpoint_url, {**overrides, "storage_url": storage_url}))


def _local(endpoint_url: str, overrides: Mapping[str, Any]) -> dict[str, Any]:
    from omics_batch._transport.session import static_session  # noqa: PLC0415 - the simulator serves others without it

    others = dict(overrides)
    storage_url = others.pop("storage_url", None) or endpoint_url
    return {
        "region_name": "us-west-2",
        "endpoint_url": endpoint_url,
        "session": static_session(ACCESS_KEY, SECRET_KEY, storage_url),
        **others,
    }
