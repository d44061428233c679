"""A real Chromium, driven by Playwright: `make test-browser`."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from playwright.sync_api import expect, sync_playwright

from browser.pages import SLOW, Pages
from tests import machine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

SHOTS: Final = Path(__file__).parent.parent / "build" / "browser"

QUIET: Final = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""It looks for no updates, and needs no graphics."""


def pytest_configure() -> None:
    machine.forget()
    expect.set_options(timeout=SLOW)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The machine's own Chromium: the one that CHROMIUM names, or the one on the PATH."""
    named = os.environ.get("CHROMIUM")
    found = named or next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.exit("there is no Chromium: apt-get install chromium, or name one in CHROMIUM", returncode=1)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def pages(chromium: Browser) -> Iterator[Pages]:
    """Pages that fail the test on an error logged or raised, and on a request to another machine."""
    opened = Pages(chromium)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def shots() -> Path:
    """The folder of the screenshots, for people to look at."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    return SHOTS
