"""Search the built documentation as its own search page does, and check which pages common words find.

    .venv-check/bin/python tools/docs_search.py [WORD...]

Without a word it checks `EXPECTED`, as `make docs` does after Sphinx; with words it prints what each of them finds.

The rules are those of `searchtools.js` in Sphinx 9, for a query of one word, with the points of `docs/scorer.js`. A
result is one of these:

- a heading that contains the word, and is at most twice as long: `title` points by the share of the heading that the
  word is, and one more for the title of a page;
- an entry of the index, by the same share of 100 points, shown after all others unless it is a main entry;
- an object of the reference whose name contains the word: `objNameMatch` points if it is the last part of the name,
  `objPartialMatch` if it is in that part, and more or less by the object's priority, `objPrio`;
- a page with the word's stem in a heading (`title`), else in its text (`term`); as a part of a longer stem, where the
  index does not have the stem itself, `partialTitle` and `partialTerm`.

The highest score comes first, and equal scores are in the order of the alphabet.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, TypedDict, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ROOT: Final = Path(__file__).parent.parent
INDEX: Final = ROOT / "build" / "docs" / "searchindex.js"
SCORER: Final = ROOT / "docs" / "scorer.js"

SHOWN: Final = 3
"""How many results a reader looks at."""

EXPECTED: Final = {
    "rerun": "rerun",
    "resubmit": "rerun",
    "retry": "retries",
    "csv": "more-than-100-samples",
    "s3": "more-than-100-samples",
    "timeout": "wait",
    "progress": "wait",
    "sso": "endpoints",
    "proxy": "endpoints",
    "failed": "failed-samples",
    "cancel": "cancel",
    "error": "errors",
    "pytest": "testing",
    "fastapi": "service",
}
"""What people search for, and the page that has to be among the first results."""

SHORTEST_PART: Final = 3
"""A shorter word is not sought as a part of another."""

POINTS: Final = {
    name: int(number) for name, number in re.findall(r"(\w+): (-?\d+)", SCORER.read_text(encoding="utf-8"))
}

OneOrMany = int | list[int]


class Index(TypedDict):
    """What `searchindex.js` has; pages are numbers, places in `docnames`."""

    docnames: list[str]
    titles: list[str]
    alltitles: dict[str, list[tuple[int, str | None]]]
    indexentries: dict[str, list[tuple[int, str, bool]]]
    objects: dict[str, list[tuple[int, int, int, str, str]]]
    objnames: dict[str, tuple[str, str, str]]
    terms: dict[str, OneOrMany]
    titleterms: dict[str, OneOrMany]


class Result(NamedTuple):
    """One line of the search page."""

    page: str
    title: str
    anchor: str
    score: int
    is_last: bool = False
    """Whether it comes after all results that are not."""


def read_index(path: Path) -> Index:
    """Read what Sphinx wrote: a document of JSON in a call."""
    text = path.read_text(encoding="utf-8")
    return cast("Index", json.loads(text.removeprefix("Search.setIndex(").removesuffix(")")))


def search(index: Index, word: str, stem: Callable[[str], str]) -> list[Result]:
    """Return what a word finds, in the order of the search page."""
    word = word.lower()
    found = [
        *_headings(index, word),
        *_index_entries(index, word),
        *_objects(index, word),
        *_pages(index, stem(word)),
    ]
    ordered = sorted(found, key=lambda result: (result.is_last, -result.score, result.title.lower()))
    return list({result[:3]: result for result in reversed(ordered)}.values())[::-1]


def _headings(index: Index, word: str) -> Iterator[Result]:
    for heading, places in index["alltitles"].items():
        if word in heading.lower() and len(word) >= len(heading) / 2:
            for page, anchor in places:
                title = index["titles"][page]
                shown = heading if heading == title else f"{title} > {heading}"
                score = _rounded(POINTS["title"] * len(word) / len(heading)) + (heading == title)
                yield Result(index["docnames"][page], shown, anchor or "", score)


def _index_entries(index: Index, word: str) -> Iterator[Result]:
    for entry, places in index["indexentries"].items():
        if word in entry and len(word) >= len(entry) / 2:
            score = _rounded(100 * len(word) / len(entry))
            for page, anchor, is_main in places:
                yield Result(index["docnames"][page], index["titles"][page], anchor, score, is_last=not is_main)


def _objects(index: Index, word: str) -> Iterator[Result]:
    for prefix, objects in index["objects"].items():
        for page, kind, priority, anchor, name in objects:
            full = f"{prefix}.{name}" if prefix else name
            place = {"": full, "-": f"{index['objnames'][str(kind)][1]}-{full}"}.get(anchor, anchor)
            last = full.lower().rpartition(".")[2]
            if word in full.lower():
                score = POINTS.get(str(priority), POINTS["objPrioDefault"])
                if word in {last, full.lower()}:
                    score += POINTS["objNameMatch"]
                elif word in last:
                    score += POINTS["objPartialMatch"]
                yield Result(index["docnames"][page], full, place, score)


def _pages(index: Index, stem: str) -> Iterator[Result]:
    scores: dict[int, int] = {}
    for terms, points in (index["terms"], "term"), (index["titleterms"], "title"):
        scores |= dict.fromkeys(_many(terms.get(stem, [])), POINTS[points])
    for terms, points in (index["terms"], "partialTerm"), (index["titleterms"], "partialTitle"):
        if len(stem) >= SHORTEST_PART and stem not in terms:
            longer = [pages for term, pages in terms.items() if stem in term]
            for pages in longer:  # a later match replaces an earlier one, as it does there
                scores |= dict.fromkeys(_many(pages), POINTS[points])
    for page, score in scores.items():
        yield Result(index["docnames"][page], index["titles"][page], "", score)


def _many(pages: OneOrMany) -> list[int]:
    return [pages] if isinstance(pages, int) else pages


def _rounded(number: float) -> int:
    return int(number + 0.5)  # as JavaScript does it


def missed(index: Index, expected: Mapping[str, str], stem: Callable[[str], str]) -> list[str]:
    """Return a line for each word whose page is not among the first results."""
    lines: list[str] = []
    for word, page in expected.items():
        first = search(index, word, stem)[:SHOWN]
        if page not in {result.page for result in first}:
            lines.append(f"{word}: {page} is not among the first {SHOWN}: {written(first)}")
    return lines


def written(results: list[Result]) -> str:
    """Write results in one line."""
    return "; ".join(f"{result.title} ({result.page}, {result.score})" for result in results) or "nothing"


def main(words: list[str]) -> int:
    """Print what words find, or check what is expected."""
    from sphinx.search.en import SearchEnglish  # noqa: PLC0415 - it is in .venv-check alone

    index, stem = read_index(INDEX), SearchEnglish({}).stem
    if words:
        for word in words:
            print(f"{word}: {written(search(index, word, stem)[:SHOWN])}")
        return 0
    lines = missed(index, EXPECTED, stem)
    print(*lines, sep="\n", end="\n" if lines else "")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
