"""Pages of a real browser that fail their test for whatever goes wrong in them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, Request

SLOW: Final = 60_000
"""Milliseconds that a page may take on a machine that has much else to do."""

_HERE: Final = ("127.0.0.1", "localhost")
_NO_NETWORK: Final = ("data", "blob", "file", "about")


@dataclass
class Pages:
    """Opens pages, and keeps what none of them may do: log an error, raise one, ask another machine for anything."""

    browser: Browser
    complaints: list[str] = field(default_factory=list[str])
    _contexts: list[BrowserContext] = field(default_factory=list["BrowserContext"])
    _expected: list[re.Pattern[str]] = field(default_factory=list[re.Pattern[str]])

    def open(self, url: str | None = None, *, dark: bool = False, width: int = 1000, height: int = 700) -> Page:
        """Open a page in a context of its own, without a cookie or a cache of the others.

        Args:
            url: Where to go at once, if anywhere.
            dark: Whether the browser asks for dark pages.
            width: The viewport's width in CSS pixels.
            height: Its height.
        """
        context = self.browser.new_context(
            color_scheme="dark" if dark else "light", viewport={"width": width, "height": height}
        )
        self._contexts.append(context)
        context.set_default_timeout(SLOW)
        page = context.new_page()
        page.on("console", self._on_console)
        page.on("pageerror", self._on_error)
        page.on("request", self._on_request)
        if url is not None:
            page.goto(url)
        return page

    def expect(self, pattern: str) -> None:
        """Let errors be logged whose text or place matches: such as those of a connection that the test cuts."""
        self._expected.append(re.compile(pattern))

    def close(self) -> None:
        """Close all pages, and fail if one of them did what none may."""
        for context in self._contexts:
            context.close()
        assert self.complaints == []

    def _on_console(self, message: ConsoleMessage) -> None:
        said = f"{message.text} ({message.location['url']})"
        if message.type == "error" and not any(pattern.search(said) for pattern in self._expected):
            self.complaints.append(f"console: {said}")

    def _on_error(self, error: Error) -> None:
        self.complaints.append(f"error: {error}")

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in _NO_NETWORK and parts.hostname not in _HERE:
            self.complaints.append(f"request to {request.url}")
