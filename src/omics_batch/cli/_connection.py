"""The options for region, profile and endpoint, and the client that they make."""

from __future__ import annotations

import asyncio
import inspect
import logging
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, TypeVar

from omics_batch import Advice, AdviceKind, InvalidInputError, ResourceNotFoundError, WaitTimeoutError
from omics_batch.cli import _program_name
from omics_batch.cli._exits import Exit, SetupError, message_of
from omics_batch.cli._options import AllowHttp, EndpointUrl, Profile, Region, Verbose
from omics_batch.cli._signals import SignalledError, until_signalled
from omics_batch.cli._stderr import complain, logged_to

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Generator

    from omics_batch import Event, OmicsBatchClient

T = TypeVar("T")

_ASIDE: Final = 2.0
"""Seconds for an additional request that improves an error message."""

_LEAST: Final = 5.0
"""The least seconds to find credentials, even if a time-out is shorter; a wait's last look has as many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionOptions:
    """The options of a command that talks to the service; None leaves a setting to the environment or the profile."""

    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None
    allow_http: bool = False
    verbose: bool = False
    on_event: Callable[[Event], object] | None = None
    """A function that is called with each event of the client; not an option."""

    @asynccontextmanager
    async def client(self, timeout: float | None = None) -> AsyncGenerator[OmicsBatchClient]:
        """Open a client.

        Args:
            timeout: Seconds for the whole command, finding credentials included; None is no limit.

        Raises:
            SetupError: There is no region, no such profile, or the endpoint is not acceptable.
            WaitTimeoutError: The time was over before the credentials were found.
        """
        from omics_batch import OmicsBatchClient  # noqa: PLC0415 - help and servers start without what clients need

        client = OmicsBatchClient(
            region_name=self.region,
            profile_name=self.profile,
            endpoint_url=self.endpoint_url,
            allow_http=self.allow_http,
            on_event=self.on_event,
        )
        limit = None if timeout is None else max(timeout, _LEAST)
        try:
            async with asyncio.timeout(limit):
                await client.open()
        except TimeoutError as late:
            notes = "; ".join(getattr(late.__cause__, "__notes__", ["the client is not open yet"]))
            raise WaitTimeoutError(f"the time-out was over after {limit:g} s: {notes}") from None
        except InvalidInputError as error:
            raise SetupError(message_of(error)) from error
        try:
            yield client
        except ResourceNotFoundError as error:
            await _know_a_run(client, error)
            raise
        finally:
            await client.close()

    def talk(self, work: Callable[[OmicsBatchClient], Awaitable[T]]) -> T:
        """Run work with a client, with the log on stderr, until it ends or a signal comes.

        Args:
            work: The work.

        Raises:
            SetupError: No client can be made.
            SignalledError: Ctrl-C or SIGTERM came.
        """
        with self.conversation() as conversation:
            return conversation.talk(work)

    @contextmanager
    def conversation(self) -> Generator[Conversation]:
        """Open one client for several pieces of work, at the first of them: credentials may need an MFA code."""
        with asyncio.Runner() as runner:
            conversation = Conversation(self, runner)
            try:
                yield conversation
            finally:
                conversation.close()

    @property
    def level(self) -> int:
        """The lowest log level that goes to stderr."""
        return logging.DEBUG if self.verbose else logging.WARNING

    def arguments(self) -> list[str]:
        """Write the options as they are typed."""
        given = [("--region", self.region), ("--profile", self.profile), ("--endpoint-url", self.endpoint_url)]
        flags = [("--allow-http", self.allow_http), ("--verbose", self.verbose)]
        words = [word for name, value in given if value is not None for word in (name, value)]
        return [*words, *(flag for flag, is_set in flags if is_set)]

    def command(self, *words: str) -> str:
        """Write a command of this program for a shell, with the same connection options."""
        return _program_name.command([*words, *self.arguments()])


async def _know_a_run(client: OmicsBatchClient, error: ResourceNotFoundError) -> None:
    """Set the advice of an error if GetRun shows that the given id is that of a run, not of a batch."""
    if error.batch_id is None:
        return
    try:
        async with asyncio.timeout(_ASIDE):
            run = await client.aws.get_run(id=error.batch_id)
    except Exception:  # noqa: BLE001 - denied, slow or no run: the error stays as it is
        return
    of_batch = f" of batch {run['batchId']}" if run.get("batchId") else ""
    error.advice = Advice(AdviceKind.CHECK_BATCH, {"run": error.batch_id, "of_batch": of_batch})


class Conversation:
    """A client that stays open between pieces of work, so that the user can be asked in between."""

    def __init__(self, options: ConnectionOptions, runner: asyncio.Runner) -> None:
        """Take how to open the client."""
        self._options = options
        self._runner = runner
        self._exits = AsyncExitStack()
        self._client: OmicsBatchClient | None = None

    def talk(self, work: Callable[[OmicsBatchClient], Awaitable[T]]) -> T:
        """Do a piece of work, as `ConnectionOptions.talk` does."""

        async def connect_and_work() -> T | SystemExit:
            if self._client is None:
                self._client = await self._exits.enter_async_context(self._options.client())
            try:
                return await work(self._client)
            except ResourceNotFoundError as error:
                await _know_a_run(self._client, error)
                raise
            except SystemExit as end:  # from rich, when the reader of a pipe has left; it must not stop the loop
                return end

        with logged_to(complain, self._options.level):
            result = self._runner.run(until_signalled(connect_and_work()))
        if isinstance(result, SystemExit):
            raise result
        return result

    def close(self) -> None:
        """Close the client; a signal during that does not change the result."""
        with suppress(SignalledError):
            self._runner.run(until_signalled(self._exits.aclose()))


_OPTIONS: Final[dict[str, tuple[object, object]]] = {
    "region": (Region, None),
    "profile": (Profile, None),
    "endpoint_url": (EndpointUrl, None),
    "allow_http": (AllowHttp, False),
    "verbose": (Verbose, False),
}
"""The options behind a `ConnectionOptions`: how typer reads each, and its default."""


def connected(command: Callable[..., Exit]) -> Callable[..., Exit]:
    """Add the connection options to a command, after its own options.

    Args:
        command: A function with a parameter `connection: ConnectionOptions`, which is hidden from typer.
    """
    own = [part for name, part in inspect.signature(command, eval_str=True).parameters.items() if name != "connection"]
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, (kind, default) in _OPTIONS.items()
    ]

    @wraps(command)
    def with_options(**given: Any) -> Exit:  # noqa: ANN401 - as typer read it
        options = {name: given.pop(name) for name in _OPTIONS}
        return command(connection=ConnectionOptions(**options), **given)

    signature: Any = with_options  # of which typer asks for the signature, not for the function behind it
    signature.__signature__ = inspect.Signature([*own, *added], return_annotation=Exit)
    signature.__annotations__ = {part.name: part.annotation for part in (*own, *added)}
    return with_options
