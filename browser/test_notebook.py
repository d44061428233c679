"""The example notebook, executed and looked at; and names that somebody chose to do harm."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import nbclient
import nbconvert
import nbformat
import pytest

from browser.contrast import poor_contrasts
from omics_batch import (
    Batch,
    BatchListItem,
    BatchStatus,
    FailedRun,
    FailureKind,
    Rows,
    RunSummary,
    SubmissionSummary,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from browser.pages import Pages

NOTEBOOK: Final = Path(__file__).parent.parent / "examples" / "notebook.ipynb"

# None of them has types.
nbformats: Any = nbformat
nbclients: Any = nbclient
nbconverts: Any = nbconvert

MEASURES: Final = """
() => [...document.querySelectorAll(".omics-batch")].map((card) => {
  const rects = (bar) => [...bar.querySelectorAll("rect")];
  return {
    background: getComputedStyle(card).backgroundColor,
    bars: [...card.querySelectorAll("svg[role=img]")].map((bar) => ({
      width: bar.getBoundingClientRect().width,
      parts: rects(bar).map((part) => part.getBoundingClientRect().width),
      fills: rects(bar).map((part) => getComputedStyle(part).fill),
    })),
    outside: [...card.querySelectorAll("*")]
      .filter((element) => !element.closest("style, .ob-wide table"))
      .filter((element) => {
        const box = element.getBoundingClientRect();
        return box.left < 0 || box.right > innerWidth + 0.5;
      })
      .map((element) => element.outerHTML),
  };
})
"""
"""Of each card: what is behind it, its bars, and what sticks out of the page; wide tables scroll by themselves."""

LIGHT: Final = "rgb(255, 255, 255)"
DARK: Final = "rgb(22, 27, 34)"


def measured(page: Page) -> list[dict[str, Any]]:
    """Measure the cards of a page, and see to what holds for every one of them."""
    cards: list[dict[str, Any]] = page.evaluate(MEASURES)
    for card in cards:
        assert card["outside"] == []
        for bar in card["bars"]:
            assert sum(bar["parts"]) == pytest.approx(bar["width"], abs=0.5)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert poor_contrasts(page) == []
    return cards


@pytest.fixture(scope="module")
def executed() -> Any:
    """The notebook with its outputs; an error in a cell is an error here."""
    notebook = nbformats.read(NOTEBOOK, as_version=4)
    execution = nbclients.NotebookClient(notebook, timeout=60, kernel_name="python3")
    with ThreadPoolExecutor(1) as another:  # Playwright's loop runs in this thread
        return another.submit(lambda: asyncio.run(execution.async_execute())).result()


def outputs(notebook: Any) -> list[str]:
    """What the cells show, each as HTML."""
    return [output.data["text/html"] for cell in notebook.cells for output in cell.get("outputs", [])]


def test_the_notebook_is_kept_without_its_outputs() -> None:
    notebook = nbformats.read(NOTEBOOK, as_version=4)
    nbformats.validate(notebook)
    for cell in notebook.cells:
        assert (cell.get("outputs", []), cell.get("execution_count")) == ([], None)


def test_every_cell_shows_what_it_promises(executed: Any) -> None:
    bar, batch, listed, failed, plan, again = outputs(executed)
    for html in (bar, batch):
        assert "PROCESSED" in html
        assert "37 completed, 2 failed, 1 not submitted" in html
    assert "Batches: 2" in listed
    assert "exomes" in listed
    assert [f"sample-{number}<" in failed for number in (7, 21, 33, 8)] == [True, True, True, False]
    assert "Runs that run again, as attempt 2 of batch 7123457: 2" in plan
    assert "Runs that are left out: 1" in plan
    assert "2 completed" in again


@pytest.mark.parametrize("browser_is_dark", [False, True], ids=["light-browser", "dark-browser"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_its_page_is_as_light_as_its_theme(  # whatever the browser would like
    executed: Any,
    pages: Pages,
    tmp_path: Path,
    shots: Path,
    theme: str,
    *,
    browser_is_dark: bool,
) -> None:
    exporter = nbconverts.HTMLExporter(theme=theme, require_js_url="", mathjax_url="")  # neither is needed here
    html, _ = exporter.from_notebook_node(executed)
    path = tmp_path / "notebook.html"
    path.write_text(html, encoding="utf-8")
    page = pages.open(path.as_uri(), dark=browser_is_dark)

    assert page.get_by_text("PROCESSED", exact=True).count() == 5
    assert page.get_by_text("The aligner ran out of memory.", exact=True).count() == 4
    assert page.get_by_text("ValidationException", exact=True).count() == 2
    if browser_is_dark is (theme == "dark"):
        page.screenshot(path=shots / f"notebook-{theme}.png", full_page=True)
    page.add_style_tag(content=".jp-InputArea, .jp-OutputPrompt { display: none }")  # which have colours of others
    cards = measured(page)
    assert [len(card["bars"]) for card in cards] == [1, 1, 0, 0, 0, 1]
    assert {card["background"] for card in cards} == {LIGHT if theme == "light" else DARK}


# Batches in every state, and names of every kind

NOW: Final = datetime(2025, 3, 15, 12, tzinfo=UTC)
STATES: Final = ("completed", "failed", "cancelled", "deleted", "stopping", "running", "starting", "pending")
EVERY_STATE: Final = Batch(
    id="7123456",
    name="every-state",
    status=BatchStatus.STOPPING,
    total_runs=120,
    creation_time=NOW - timedelta(hours=3),
    submission_summary=SubmissionSummary(failed_start_submission_count=10, pending_start_submission_count=10),
    run_summary=RunSummary(**dict.fromkeys((f"{state}_run_count" for state in STATES), 10)),
)
HARM: Final = "window.harmed = true"
HOSTILE: Final = {
    "a script": f"<script>{HARM}</script>",
    "an image": f'<img src="x" onerror="{HARM}">',
    "an end": f"</bdi></span></div></style></svg><svg onload='{HARM}'><style>* {{ display: none }}",
    "escapes": "\x1b[2J\x1b[31mred\x1b]8;;http://elsewhere.example\x07link\x00",
    "wide": "東" * 64,
    "one word": "W" * 64,
    "right to left": "\u202e\u2067שלום עולם <b>olleh",
    "marks": "e" + "\u0301" * 63,
}


def shown(*things: Any, where: str = "<body>") -> str:
    """A bare page of what things show of themselves."""
    return f"<!doctype html><meta charset=utf-8>{where}" + "".join(thing._repr_html_() for thing in things)


def everything(text: str) -> list[Any]:
    """All that shows itself, with one text wherever there is one."""
    batch = EVERY_STATE.model_copy(
        update={"id": text, "name": text, "status": BatchStatus(text), "failure_reason": text, "failed_time": NOW}
    )
    item = BatchListItem(id=text, name=text, status=BatchStatus(text), workflow_id=text, created_at=NOW)
    run = FailedRun(run_setting_id=text, kind=FailureKind.RUN, run_id=text, reason=text, message=text)
    return [batch, Rows([batch, EVERY_STATE]), Rows([item]), Rows([run])]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_in_a_plain_page_it_is_as_the_browser_likes(pages: Pages, shots: Path, *, dark: bool) -> None:
    page = pages.open(dark=dark)
    ended = EVERY_STATE.model_copy(
        update={
            "status": BatchStatus.PROCESSED,
            "submission_summary": SubmissionSummary(successful_start_submission_count=120),
            "run_summary": RunSummary(completed_run_count=118, failed_run_count=2),
            "processed_time": NOW,
        }
    )
    runs = Rows([FailedRun(run_setting_id=f"NA128{number}", kind=kind) for number, kind in enumerate(FailureKind, 78)])
    page.set_content(shown(EVERY_STATE, ended, Rows([EVERY_STATE, ended]), runs))
    cards = measured(page)
    assert {card["background"] for card in cards} == {DARK if dark else LIGHT}
    (bar,) = cards[0]["bars"]
    assert len(set(bar["fills"])) == len(bar["fills"]) == 11
    page.screenshot(path=shots / f"batches-{'dark' if dark else 'light'}.png", full_page=True)


@pytest.mark.parametrize(
    ("where", "dark"),
    [
        ('<body data-jp-theme-light="true">', False),
        ('<body data-jp-theme-light="false">', True),
        ('<body data-vscode-theme-kind="vscode-light">', False),
        ('<body data-vscode-theme-kind="vscode-dark">', True),
        ('<body data-vscode-theme-kind="vscode-high-contrast">', True),
        ('<body data-vscode-theme-kind="vscode-high-contrast-light">', False),
        ('<html theme="dark">', True),
        ('<html theme="light">', False),
        ('<body data-theme="dark">', True),
        ('<body data-theme="light">', False),
        ('<body class="notebook_app">', False),
    ],
)
def test_it_is_as_the_notebook_around_it(pages: Pages, where: str, *, dark: bool) -> None:
    """The browser likes the opposite."""
    page = pages.open(dark=not dark)
    page.set_content(shown(EVERY_STATE, where=where))
    (card,) = measured(page)
    assert card["background"] == (DARK if dark else LIGHT)


@pytest.mark.parametrize("width", [360, 1000])
@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_does_harm(pages: Pages, shots: Path, name: str, width: int) -> None:
    """Nothing of it runs, nothing sticks out, and what stands beside it stays there."""
    page = pages.open(dark=False, width=width)
    page.set_content(shown(*everything(HOSTILE[name])))
    page.screenshot(path=shots / f"hostile-{name.replace(' ', '-')}-{width}.png", full_page=True)
    assert len(measured(page)) == 4
    assert page.evaluate("window.harmed") is None
    assert page.locator("script, img, b, [onload], [onerror]").count() == 0
    text = page.locator("body").inner_text()
    assert not [char for char in text if char < " " and char not in "\n\t"]
    assert page.locator(".ob-name").is_visible()


def test_a_name_from_right_to_left_turns_nothing_around_it(pages: Pages) -> None:
    page = pages.open(width=1000)
    page.set_content(shown(EVERY_STATE.model_copy(update={"name": HOSTILE["right to left"]})))
    name, status, number = (page.locator(f".ob-head .ob-{part}").bounding_box() for part in ("name", "badge", "id"))
    assert name is not None
    assert status is not None
    assert number is not None
    assert name["x"] + name["width"] <= status["x"] < number["x"]
    assert page.locator(".ob-id").inner_text() == "Batch 7123456"
    assert page.locator(".ob-name bdi").evaluate("(name) => getComputedStyle(name).direction") == "rtl"
