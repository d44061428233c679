"""aiobotocore sessions of our own, without botocore's repeated work."""

from __future__ import annotations

import os
from copy import copy
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from aiobotocore.hooks import AioHierarchicalEmitter
from aiobotocore.session import AioSession
from botocore.handlers import BUILTIN_HANDLERS, REGISTER_FIRST, REGISTER_LAST
from botocore.hooks import EventAliaser
from botocore.loaders import Loader, create_loader

from omics_batch._transport.credentials import OwnSession
from omics_batch._transport.parsers import Parsers
from omics_batch._transport.user_agent import RememberedUserAgent

if TYPE_CHECKING:
    from collections.abc import Mapping


def own_session(*, profile_name: str | None = None, variables: Mapping[str, Any] | None = None) -> OwnSession:
    """Return a new session with credentials of its own."""
    # Registering its hundred handlers is half of botocore's time to make a client. moto adds a handler at import.
    hooks = copy(_registered(tuple(BUILTIN_HANDLERS)))
    return OwnSession(dict(variables or {}), hooks, include_builtin_handlers=False, profile=profile_name)


def static_session(access_key: str, secret_key: str, storage_url: str | None = None) -> OwnSession:
    """Return a session with fixed credentials that ignores this machine's configuration.

    It is for the local HealthOmics: AWS_* variables, profiles and proxies do not change it.

    Args:
        access_key: The access key.
        secret_key: The secret key.
        storage_url: The endpoint of S3.
    """
    alone = {name: (None, None, default, kind) for name, (_, _, default, kind) in AioSession.SESSION_VARIABLES.items()}
    files = dict.fromkeys(("config_file", "credentials_file"), (None, None, os.devnull, None))
    session = own_session(variables={**alone, **files})
    session.set_credentials(access_key, secret_key)
    session.storage_url = storage_url
    make_cheap(session)
    return session


def make_cheap(session: AioSession) -> None:
    """Let a session of our own share botocore's data files with others, and do less for each request.

    Raises:
        ProfileNotFound: The session's profile is not there.
    """
    # Reading the data files is nine tenths of the time to make a client.
    session.register_component("data_loader", _loader(session.get_config_variable("data_path")))
    session.register_component("user_agent_creator", RememberedUserAgent.from_environment())
    session.register_component("response_parser_factory", Parsers())


@cache
def _loader(data_path: str | None) -> Loader:
    return create_loader(data_path)


@lru_cache(maxsize=1)
def _registered(handlers: tuple[tuple[Any, ...], ...]) -> AioHierarchicalEmitter:
    """Return hooks with these handlers, in botocore's notation, as its sessions register them."""
    hooks = AioHierarchicalEmitter()
    events = EventAliaser(hooks)
    registers = {REGISTER_FIRST: events.register_first, REGISTER_LAST: events.register_last}
    for event, handler, *place in handlers:
        register = registers[place[0]] if place else events.register
        register(event, handler)
    return hooks
