"""The type hints of every public name resolve at run time: frameworks read them."""

from __future__ import annotations

import inspect
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, get_type_hints

import pydantic
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

import omics_batch
from omics_batch import Batch, FailedRun, FailedRunsError, OmicsBatchClient, OmicsBatchError, blocking, testing
from omics_batch.testing import Simulator

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator
    from types import ModuleType

_READ = {"__init__", "__aenter__", "__aexit__", "__enter__", "__exit__"}
"""Of the methods with underscores, those that users read the signatures of."""


def public(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """Yield each class and function that a module shows, and the methods and properties of the classes."""
    for name in module.__all__:
        thing = getattr(module, name)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            yield name, thing
        for parent in thing.__mro__ if inspect.isclass(thing) else ():
            for member, value in list(vars(parent).items()) if parent.__module__.startswith("omics_batch.") else ():
                function = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
                if inspect.isfunction(function) and (member in _READ or not member.startswith("_")):
                    yield f"{name}.{member}", function


@pytest.mark.parametrize("module", [omics_batch, blocking, testing, testing.faults], ids=lambda module: module.__name__)
def test_the_hints_of_each_public_name_resolve(module: ModuleType) -> None:
    unresolved: dict[str, NameError] = {}
    for name, thing in public(module):
        try:
            get_type_hints(thing, include_extras=True)
        except NameError as error:
            unresolved[name] = error
    assert unresolved == {}


def test_what_loads_late_is_the_class_that_is_meant() -> None:
    assert get_type_hints(OmicsBatchError)["batch"] == Batch | None
    assert get_type_hints(FailedRunsError.__init__)["runs"] == tuple[FailedRun, ...]
    assert get_type_hints(Simulator.client)["return"] is OmicsBatchClient


async def test_pydantic_checks_the_arguments_of_a_method() -> None:
    async with Simulator(in_process=True) as omics, omics.client() as client:
        batch_id = omics.start_batch(1)
        get_batch = pydantic.validate_call(config={"arbitrary_types_allowed": True})(client.get_batch)
        assert (await get_batch(batch_id)).id == batch_id
        with pytest.raises(pydantic.ValidationError):
            await get_batch(7.5)  # type: ignore[arg-type]  # a wrong type is what is tested


def test_a_method_of_the_client_is_a_route_of_fastapi() -> None:
    with Simulator() as omics:
        batch_id, client = omics.start_batch(1), omics.client()

        @asynccontextmanager
        async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
            async with client:
                yield

        app = FastAPI(lifespan=lifespan)
        app.post("/get_batch")(client.get_batch)
        with TestClient(app) as web:
            assert web.post("/get_batch", json=batch_id).json()["id"] == batch_id
            assert "/get_batch" in web.get("/openapi.json").json()["paths"]
