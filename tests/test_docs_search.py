"""What a search of the docs finds, on a small index. `make docs` checks the real one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import docs_search
from docs_search import POINTS, Index, Result, missed, read_index, search

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

INDEX: Final[Index] = {
    "docnames": ["api", "rerun", "waits", "zoo"],
    "titles": ["API", "Rerun samples", "Waits", "A zoo"],
    "alltitles": {
        "API": [(0, None)],
        "Rerun samples": [(1, None)],
        "Waits": [(2, None)],
        "A zoo": [(3, None)],
        "Retry": [(2, "retry")],
    },
    "indexentries": {"retries": [(3, "module-retries", True)], "retry()": [(3, "retry", False)]},
    "objects": {
        "": [(0, 0, 0, "-", "retry")],
        "client": [(0, 1, 1, "", "Retry"), (0, 1, 1, "policy", "RetryPolicy"), (0, 1, 1, "", "close")],
        "client.Retry": [(0, 1, 9, "", "close")],
    },
    "objnames": {"0": ("py", "module", "Python module"), "1": ("py", "class", "Python class")},
    "terms": {"rerun": [1, 2], "retri": 3, "csv": [0, 3]},
    "titleterms": {"rerun": [1], "sampl": 1, "retri": [2], "zookeep": 3},
}


def stem(word: str) -> str:
    return word[:-1] + "i" if word.endswith("y") else word


def test_a_word_in_a_heading_comes_before_one_in_the_text() -> None:
    assert search(INDEX, "Rerun", stem) == [
        Result("rerun", "Rerun samples", "", POINTS["title"]),
        Result("waits", "Waits", "", POINTS["term"]),
    ]


def test_headings_pages_and_objects_are_in_the_order_of_their_points() -> None:
    """A heading that is the word itself, a page with it in a heading, and objects by how much of their name it is."""
    assert [(result.title, result.anchor, result.score) for result in search(INDEX, "retry", stem)] == [
        ("Waits", "", 30),
        ("Waits > Retry", "retry", 30),
        ("retry", "module-retry", 26),
        ("client.Retry", "client.Retry", 16),
        ("client.RetryPolicy", "policy", 11),
        ("A zoo", "", 5),
        ("client.Retry.close", "client.Retry.close", 0),
        ("A zoo", "retry", 71),
    ]


def test_a_heading_counts_by_the_share_that_the_word_is() -> None:
    """The title of a page has one point more; a word that is less than half of a heading has none."""
    assert search(INDEX, "wait", stem)[0] == Result("waits", "Waits", "", 25)
    assert search(INDEX, "samp", stem)[0] == Result("rerun", "Rerun samples", "", POINTS["partialTitle"])


def test_a_main_entry_of_the_index_comes_first() -> None:
    assert search(INDEX, "retries", stem)[0] == Result("zoo", "A zoo", "module-retries", 100)


def test_a_part_of_a_longer_word_counts_less() -> None:
    assert search(INDEX, "keep", stem) == [Result("zoo", "A zoo", "", POINTS["partialTitle"])]
    assert search(INDEX, "sv", stem) == []
    assert search(INDEX, "reru", stem) == [
        Result("rerun", "Rerun samples", "", POINTS["partialTitle"]),
        Result("waits", "Waits", "", POINTS["partialTerm"]),
    ]


def test_equal_points_are_in_the_order_of_the_alphabet() -> None:
    assert [result.title for result in search(INDEX, "csv", stem)] == ["A zoo", "API"]


def test_a_page_that_is_not_among_the_first_results_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docs_search, "SHOWN", 1)
    assert missed(INDEX, {"rerun": "rerun", "csv": "api", "nothing": "rerun"}, stem) == [
        "csv: api is not among the first 1: A zoo (zoo, 5)",
        "nothing: rerun is not among the first 1: nothing",
    ]


def test_what_sphinx_writes_is_read(tmp_path: Path) -> None:
    path = tmp_path / "searchindex.js"
    path.write_text('Search.setIndex({"docnames":["api"]})', encoding="utf-8")
    assert read_index(path)["docnames"] == ["api"]


def test_every_page_that_is_expected_is_there() -> None:
    pages = {path.stem for path in (docs_search.ROOT / "docs").glob("*.md")}
    assert pages.issuperset(docs_search.EXPECTED.values())
