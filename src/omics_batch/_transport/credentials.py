"""Sessions whose credential sources neither block the event loop nor outlive the client.

aiobotocore resolves and renews the credentials on the event loop. Our code runs the credential processes and asks for
MFA codes. Files are first read in a thread. One task renews the credentials for all requests.
"""

from __future__ import annotations

import asyncio
import os
from collections import defaultdict
from contextlib import suppress
from copy import copy
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aiobotocore.config import AioConfig
from aiobotocore.credentials import AioCredentialResolver, AioProcessProvider
from aiobotocore.session import AioSession

import omics_batch
from omics_batch._emitter import EventEmitter
from omics_batch._loop import start
from omics_batch._threads import in_thread
from omics_batch._transport.attempt import CURRENT
from omics_batch._transport.credential_process import CredentialProcess
from omics_batch._transport.credential_sources import Source, SourceError, explain, mfa_needed
from omics_batch._transport.http_session import OneRequestSession, OwnThreadsSession, use_own_threads
from omics_batch._transport.keys import check_keys
from omics_batch._transport.terminal import ask, can_ask, has_terminal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aiobotocore.credentials import AioRefreshableCredentials
    from botocore.credentials import CredentialProvider, ReadOnlyCredentials

_A_PERSON: Final = 120.0
"""Seconds that a person has to type an MFA code."""

_RETRIES_OF_SOURCES: Final = {"mode": "standard", "total_max_attempts": 2}
"""botocore's default takes so long that a time-out hides what went wrong."""

_LAST_MINUTE: Final = 60.0
"""Seconds before the expiry of credentials; from then on requests wait for new ones, instead of using the old ones."""

_NUMBERS: Final = {
    "metadata_service_timeout": "AWS_METADATA_SERVICE_TIMEOUT",
    "metadata_service_num_attempts": "AWS_METADATA_SERVICE_NUM_ATTEMPTS",
}
"""Settings of the instance metadata service that have to be numbers, and their variables."""

_UNREAD: Final = "the AWS configuration and token files could not be read"

_PAUSE: Final = 60.0
"""Seconds between two renewals while the credentials are still valid."""


class OwnSession(AioSession):
    """A session whose sources of credentials keep to the limit that `open` sets."""

    limit: float = 30.0
    """Seconds that a source may take."""
    events: EventEmitter = EventEmitter()
    """Publishes the results of renewals."""
    _may_ask: bool = False
    storage_url: str | None = None
    """Where S3 is for this session; None where the configuration says it, or else the region."""
    trying: str = ""
    """botocore's name of the provider that is being tried."""
    _found_none: bool = False
    _renewing: RenewedCredentials | None = None
    _codes: Mapping[str, list[str]] = {}
    """The MFA codes that were typed, by botocore's questions."""

    async def open(self, limit: float, *, may_ask: bool) -> None:
        """Find credentials, if there are any; a role with an MFA code is assumed now, while a person can type it.

        Args:
            limit: Seconds that a source may take.
            may_ask: Whether a source may ask on the terminal.

        Raises:
            ProfileNotFound: The session's profile is not there.
            SourceError: A source fails, or does not answer.
        """
        self.limit = limit
        self._may_ask = may_ask and can_ask()
        try:
            async with asyncio.timeout(limit):
                await in_thread(self._read_files)
                self._check_numbers()
                found = await self.get_credentials()
        except TimeoutError:
            raise self._silence() from None
        except asyncio.CancelledError as stopped:  # perhaps by a time-out of the caller
            stopped.add_note(self._waited_for())
            raise
        try:
            if getattr(found, "method", "") == "assume-role" and (serials := self.source("assume-role").mfa_serials):
                await self._assume_with_mfa(serials)
        finally:
            self._may_ask = False

    async def _assume_with_mfa(self, serials: list[str]) -> None:
        if not self._may_ask:
            raise mfa_needed(self.source("assume-role"))
        codes: defaultdict[str, list[str]] = defaultdict(list)
        try:
            async with asyncio.timeout(_A_PERSON):
                for serial in serials:
                    question = f"Enter MFA code for {serial}: "
                    codes[question].append(await ask(question))
        except TimeoutError:
            raise SourceError(f"no MFA code was typed within {_A_PERSON:g} s", "Run it again.") from None
        except asyncio.CancelledError as stopped:
            stopped.add_note("no MFA code was typed yet")
            raise
        except Exception:  # noqa: BLE001 - a notebook's getpass may raise anything
            codes.clear()
        if not all(typed for answers in codes.values() for typed in answers) or not codes:
            raise mfa_needed(self.source("assume-role"))
        self._codes = codes
        credentials = await self.get_credentials()
        await credentials.get_frozen_credentials()

    def get_credentials(self) -> Any:
        """Wait for the credentials; those that expire are renewed by one task for all requests."""
        return self._credentials_found()

    async def _credentials_found(self) -> Any:
        if self._found_none:
            return None
        found: Any = await super().get_credentials()
        # Or each client and each request of this session would look again, and wait for a metadata service in vain.
        self._found_none = found is None
        if not hasattr(found, "refresh_needed"):
            return found
        if self._renewing is None:
            check_keys(found._frozen_credentials, self.source(found.method))
            self._renewing = RenewedCredentials(found, self)
        return self._renewing

    async def aclose(self) -> None:
        """End a renewal that is under way; its credential process is killed."""
        if self._renewing is not None:
            await self._renewing.close()

    def source(self, method: str) -> Source:
        """Describe one of the sources of this session, by botocore's name of its provider."""
        return source_in(self, method)

    async def check_files(self) -> None:
        """Read the token files in a thread first: aiobotocore reads them on the event loop."""
        container, web = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE"
        named = [os.environ[name] for name in (container, web) if os.environ.get(name)]
        if files := [*named, *self.source("").token_files]:
            await in_thread(partial(_read_once, files))

    async def _create_client(self, *arguments: Any, config: AioConfig | None = None, **options: Any) -> Any:
        """Make a client. Clients of providers, such as STS, do not use the application's threads either."""
        chosen: Any = copy(config) or AioConfig()
        if not issubclass(chosen.http_session_cls, OneRequestSession):
            chosen.http_session_cls = OwnThreadsSession
            chosen.retries = _RETRIES_OF_SOURCES
        above: Any = super()
        return await above._create_client(*arguments, config=chosen, **options)

    def _create_credential_resolver(self) -> AioCredentialResolver:
        above: Any = super()
        return _Resolver(above._create_credential_resolver().providers, self)

    def _read_files(self) -> None:
        # The session keeps the content of the files.
        _read_once([self.get_config_variable("config_file"), self.get_config_variable("credentials_file")])
        _ = self.full_config

    def _check_numbers(self) -> None:
        for setting, variable in _NUMBERS.items():
            try:
                self.get_config_variable(setting)
            except ValueError:
                problem = f"{variable}, or the profile's {setting}, is not a number"
            else:
                continue
            raise SourceError(problem, "Correct it, or leave it out.")

    def _silence(self) -> SourceError:
        if not self.trying:
            return SourceError(f"{_UNREAD} within {self.limit:g} s", self._check_disk())
        return self.source(self.trying).silent(self.limit)

    def _waited_for(self) -> str:
        """Write which source has not answered so far, and what to do about it."""
        if not self.trying:
            return f"{_UNREAD} yet. {self._check_disk()}"
        source = self.source(self.trying)
        return f"{source.words} gave no answer yet. {source.next_step}"

    def _check_disk(self) -> str:
        return f"Check the disk of {self.get_config_variable('config_file')}."

    def _code(self, question: str) -> str:
        """Return the code that was typed for a question of botocore's."""
        return self._codes[question].pop(0)

    def _process_provider(self, profile_name: str) -> AioProcessProvider:
        process = CredentialProcess(profile_name, self.limit, lambda: self._may_ask and has_terminal())
        return AioProcessProvider(profile_name, lambda: self.full_config, popen=process.popen)


class _Resolver(AioCredentialResolver):
    """The chain of providers; each failure names its source."""

    def __init__(self, providers: Iterable[CredentialProvider], session: OwnSession) -> None:
        """Take botocore's providers, and replace how they run processes, ask for codes and use threads."""
        self._session = session
        super().__init__([self._equipped(provider) for provider in providers])

    def _equipped(self, provider: Any) -> Any:
        session: Any = self._session
        if provider.METHOD == "custom-process":
            return session._process_provider(provider._profile_name)
        if provider.METHOD == "container-role":
            use_own_threads(provider._fetcher._session)
        if provider.METHOD == "iam-role":
            use_own_threads(provider._role_fetcher._session)
        if provider.METHOD == "assume-role":
            provider._prompter = session._code
            provider._profile_provider_builder._create_process_provider = session._process_provider
        return provider

    def load_credentials(self) -> Any:
        """Wait for the credentials of the first provider that has some."""
        return self._first_found()

    async def _first_found(self) -> Any:
        await self._session.check_files()
        providers: list[Any] = self.providers
        for provider in providers:
            self._session.trying = provider.METHOD
            try:
                found = await provider.load()
            except Exception as error:  # noqa: BLE001 - a source of credentials may raise anything
                problem = explain(error, self._session.source(provider.METHOD))
            else:
                if found is not None:
                    return found
                continue
            # Raised outside of the except block: the source's exception may contain the credentials.
            raise problem
        return None


class RenewedCredentials:
    """Credentials that expire: one task renews them for all requests; if it fails, the old ones stay in use.

    aiobotocore would renew them within a request. The request's time-out would end the renewal, and the next request
    would start it again.
    """

    def __init__(self, found: AioRefreshableCredentials, session: OwnSession) -> None:
        """Take the credentials that a session has found."""
        self._found: Any = found
        self._session = session
        self._renewal: asyncio.Task[ReadOnlyCredentials] | None = None
        self._not_before = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._found, name)

    def refresh_needed(self, refresh_in: float = _LAST_MINUTE) -> bool:
        """Whether a request has to wait for new credentials."""
        return bool(self._found.refresh_needed(refresh_in))

    async def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Return credentials to sign with.

        Raises:
            SourceError: They have expired or soon will, and the source gives no new ones.
        """
        if not self.refresh_needed():
            if self._found.refresh_needed() and asyncio.get_running_loop().time() >= self._not_before:
                self._begin()
            valid: ReadOnlyCredentials = self._found._frozen_credentials
            return valid
        renewal = self._begin()
        await asyncio.wait({renewal})
        if renewal.cancelled():
            raise SourceError("looking for new credentials was cancelled", "Try again.", is_silence=True)
        return renewal.result()

    async def close(self) -> None:
        """End a renewal that is under way."""
        if self._renewal is not None:
            self._renewal.cancel()
            await asyncio.wait({self._renewal})

    def _begin(self) -> asyncio.Task[ReadOnlyCredentials]:
        if self._renewal is None or self._renewal.done():
            self._not_before = asyncio.get_running_loop().time() + _PAUSE
            self._renewal = start(self._renew(), "omics_batch credentials")
            self._renewal.add_done_callback(self._ended)
        return self._renewal

    def _ended(self, renewal: asyncio.Task[ReadOnlyCredentials]) -> None:
        if renewal.cancelled():
            return
        problem, events = renewal.exception(), self._session.events
        if problem is None:
            events.emit("CredentialsRenewed", lambda now: omics_batch.CredentialsRenewed(time=now))
        elif isinstance(problem, SourceError) and not self.refresh_needed():  # else requests fail with this error
            message = f"{problem}. {problem.next_step}"
            events.emit(
                "CredentialsRenewalFailed",
                lambda now: omics_batch.CredentialsRenewalFailed(time=now, message=message, are_valid=True),
            )

    async def _renew(self) -> ReadOnlyCredentials:
        CURRENT.set(None)  # no request of the client is sent by this task
        session, method = self._session, self._found.method
        try:
            async with asyncio.timeout(session.limit):
                await session.check_files()
                before = self._found._frozen_credentials
                renewed: ReadOnlyCredentials = await self._found.get_frozen_credentials()
            check_keys(renewed, session.source(method))
            if renewed is not before:
                return renewed
            # While the old ones are valid for a while, aiobotocore only logs the failure.
            problem = SourceError(f"{session.source(method).words} failed", session.source(method).next_step)
        except TimeoutError:
            problem = session.source(method).silent(session.limit)
        except Exception as error:  # noqa: BLE001 - a source of credentials may raise anything
            problem = explain(error, session.source(method))
        # Raised outside of the except block: the source's exception may contain the credentials.
        raise problem


def source_in(session: AioSession, method: str) -> Source:
    """Describe one of the sources of a session, by botocore's name of its provider."""
    return Source(
        method,
        session.get_config_variable("profile") or "default",
        session.full_config.get("profiles", {}),
        session.get_config_variable("config_file"),
        session.get_config_variable("credentials_file"),
    )


def _read_once(files: list[str]) -> None:
    """Read files that may exist, so that a disk that does not answer blocks only this thread.

    Raises:
        SourceError: One of them is a pipe, which cannot be read twice, or a device, which has no end.
    """
    for name in files:
        path = Path(os.path.expanduser(os.path.expandvars(name)))  # noqa: PTH111 - a Path raises where there is no HOME
        kind = ""
        with suppress(OSError):  # botocore reports a file that it cannot read, or does without it
            kind = "pipe" if path.is_fifo() else "device" if path.is_char_device() and name != os.devnull else ""
            if not kind:
                path.read_bytes()
        if kind:
            raise SourceError(f"{path} is a {kind}, and this file is read more than once", "Give a regular file.")
