"""What tests read in HTML: as strictly as XML, and as a browser does."""

from __future__ import annotations

from html.parser import HTMLParser
from xml.etree.ElementTree import Element, fromstring


def read(html: str | None) -> Element:
    """The elements of what is shown, without the style."""
    assert html is not None
    root = fromstring(html)  # noqa: S314 - it is ours, and has to be well-formed
    root.remove(root[0])
    return root


def words(root: Element) -> str:
    return " ".join(" ".join(root.itertext()).split())


def cells(html: str | None) -> list[list[str]]:
    return [[words(cell) for cell in row] for row in read(html).iter("tr")]


class Skeleton(HTMLParser):
    """The elements and the names of their attributes, as a browser takes them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, ...]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, *(name for name, _ in attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.found.append((f"/{tag}",))

    def handle_comment(self, data: str) -> None:
        self.found.append(("comment",))

    def handle_decl(self, decl: str) -> None:
        self.found.append(("declaration",))

    def handle_pi(self, data: str) -> None:
        self.found.append(("instruction",))

    def unknown_decl(self, data: str) -> None:
        self.found.append(("section",))
