"""The example service's page in a real browser, before the local HealthOmics."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from signal import SIGINT, SIGTERM, Signals
from subprocess import PIPE
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from browser.contrast import poor_contrasts
from examples.service import app as app_module
from examples.service.app import create_app
from omics_batch import PollPolicy
from omics_batch.testing import Life, ManualClock, Simulator
from tests.service import running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI
    from playwright.sync_api import Page

    from browser.pages import Pages

ROOT: Final = Path(__file__).parent.parent

COHORT: Final = Life(
    submission_rate=8,
    run_length=(20, 60),
    failed_runs={"sample-3": "the aligner ran out of memory", "sample-40": "the aligner ran out of memory"},
    failed_submissions={"sample-7": ("ValidationException", "The input s3://cohort/7.cram does not exist")},
)
"""Some 80 seconds, which are 4 of the tests' clock."""

MARKUP: Final = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script><b>bold</b>"
ESCAPES: Final = "\x1b]0;run\x07\x1b[31mred\x1b[2J\u202eright to left\u2066"
WIDE: Final = "寬" * 64
HEBREW: Final = "דגימה מספר שלוש של הקוהורט"
HOSTILE: Final = {"markup": MARKUP, "escapes": ESCAPES, "wide": WIDE, "hebrew": HEBREW, "long": "x" * 64}

WATCH_BAR: Final = """
() => {
  const bar = document.getElementById("bar");
  window.seen = [];
  new MutationObserver(() => window.seen.push(Number(bar.getAttribute("aria-valuenow"))))
    .observe(bar, { attributes: true, attributeFilter: ["aria-valuenow"] });
}
"""


@pytest.fixture
def omics() -> Iterator[Simulator]:
    with Simulator(time_scale=20, life=COHORT) as simulator:
        yield simulator


def service_of(omics: Simulator) -> FastAPI:
    return create_app(lambda: omics.client(poll=PollPolicy(initial=2, maximum=2)))


@pytest.fixture
def app(omics: Simulator) -> FastAPI:
    return service_of(omics)


@pytest.fixture
def url(app: FastAPI) -> Iterator[str]:
    with running(app) as place:
        yield place


def document(status: str = "INPROGRESS", **counts: int) -> dict[str, Any]:
    """A batch of 96 submitted runs as GetBatch tells it."""
    starts = {"successfulStartSubmissionCount": 96}
    return {"id": "7000001", "status": status, "totalRuns": 96, "submissionSummary": starts, "runSummary": counts}


def ended(page: Page) -> None:
    """Wait until the page shows the batch's end."""
    expect(page.locator("#status")).to_have_text("PROCESSED")


def bar_of(page: Page) -> list[tuple[str, int]]:
    """The parts of the bar as they are drawn: which state, and how many pixels of it."""
    page.evaluate("Promise.all(document.getAnimations().map(moves => moves.finished))")
    parts: list[Any] = page.eval_on_selector_all(
        "#bar > span", "parts => parts.map(part => [part.dataset.state ?? '', part.getBoundingClientRect().width])"
    )
    return [(state, round(width)) for state, width in parts if width]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def url_of_a_cohort(clock: ManualClock) -> Iterator[str]:
    with Simulator(clock=clock, life=COHORT) as omics, running(service_of(omics)) as place:
        yield f"{place}/?batch={omics.start_batch(96, name='genomics-cohort-analysis')}"


def go_on(page: Page, clock: ManualClock) -> None:
    """Let the time come that somebody waits for, such as that of the next look."""
    if (wake := clock.next_wake) is not None:
        clock.advance(max(0.0, wake - clock.now()))
    page.wait_for_timeout(20)


def test_a_cohort_from_its_start_to_its_end(
    url_of_a_cohort: str, clock: ManualClock, pages: Pages, shots: Path
) -> None:
    """The bar grows and never shrinks; while the counts lag it says so; at the end it names who failed, and why."""
    page = pages.open(url_of_a_cohort)
    page.evaluate(WATCH_BAR)
    bar = page.get_by_role("progressbar", name="runs that have finished")
    expect(page.get_by_role("heading", level=1)).to_have_text("genomics-cohort-analysis")
    expect(page.get_by_text("Connected", exact=True)).to_be_visible()
    while clock.now() < 45:
        go_on(page, clock)
    expect(page.locator("#status")).to_have_text("INPROGRESS")
    expect(page.get_by_text("These counts lag behind the runs.")).to_be_visible()
    expect(page.locator("#left")).to_have_text(re.compile("second|minute"))
    page.screenshot(path=shots / "service-under-way.png")
    while page.locator("#runs tr").count() < 3:
        go_on(page, clock)
    ended(page)

    expect(bar).to_have_attribute("aria-valuenow", "100.0")
    seen: list[float] = page.evaluate("seen")
    assert seen == sorted(seen)
    assert len(set(seen)) >= 5
    expect(page.locator("#verdict")).to_have_text("PROCESSED: 3 runs failed")
    expect(page.get_by_text("These counts lag behind the runs.")).to_be_hidden()
    expect(page.locator("#counts li")).to_have_text(["93 completed", "2 failed", "1 not submitted"])
    expect(page.locator("#runs tr")).to_have_text(
        [
            "sample-3failedthe aligner ran out of memory",
            "sample-7not submittedThe input s3://cohort/7.cram does not exist",
            "sample-40failedthe aligner ran out of memory",
        ]
    )
    parts = bar_of(page)
    assert [state for state, _ in parts] == ["completed", "failed", "not submitted"]
    assert parts[0][1] > 20 * parts[1][1] > 20 * parts[2][1] > 0
    assert page.title() == "100.0 % · \u2068genomics-cohort-analysis\u2069"
    page.screenshot(path=shots / "service-processed.png")


def test_a_connection_that_is_lost_comes_back(omics: Simulator, app: FastAPI, pages: Pages, shots: Path) -> None:
    """The service stops and starts again: the page says so, keeps what it shows, and goes on, never backwards."""
    pages.expect("ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE")
    batch_id = omics.put_batch(document(completedRunCount=40, runningRunCount=56))
    with running(app) as url:
        page = pages.open(f"{url}/?batch={batch_id}")
        page.evaluate(WATCH_BAR)
        expect(page.locator("#counts li")).to_have_text(["40 completed", "56 running"])
    connection = page.get_by_role("status")
    expect(connection).to_have_text("Connection lost, trying again")
    expect(page.locator("#counts li")).to_have_text(["40 completed", "56 running"])
    page.screenshot(path=shots / "service-connection-lost.png")
    omics.put_batch(document(completedRunCount=38, runningRunCount=58))
    with running(app, port=urlsplit(url).port or 0):
        expect(connection).to_have_text("Connected again")
        expect(page.locator("#counts li")).to_have_text(["38 completed", "58 running"])
        expect(page.locator("#finished")).to_have_text("41.7 %")
        omics.put_batch(document("PROCESSED", completedRunCount=96))
        ended(page)
    assert (seen := page.evaluate("seen")) == sorted(seen)
    expect(page.locator("#verdict")).to_have_text("PROCESSED: all runs completed")
    expect(connection).to_have_text("")


def test_a_proxy_that_has_lost_its_service_is_asked_again(omics: Simulator, url: str, pages: Pages) -> None:
    """A browser gives up at an error's status: the page does not."""
    pages.expect("503")
    batch_id = omics.start_batch(3, life=Life(run_length=1))
    page = pages.open()
    refused: list[str] = []

    def once(route: Any) -> None:
        refused.append(route.request.url)
        route.fulfill(status=503, body="no service") if len(refused) == 1 else route.continue_()

    page.route("**/events", once)
    page.goto(f"{url}/?batch={batch_id}")
    expect(page.get_by_role("status")).to_have_text("Connection lost, trying again")
    ended(page)
    assert len(refused) == 2


def see(page: Page, *, hidden: bool) -> None:
    """Bring a page to the front, or hide it behind another tab: without a window all pages are in front."""
    page.evaluate(
        """
        (hidden) => {
          Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
          document.dispatchEvent(new Event("visibilitychange"));
        }
        """,
        hidden,
    )


def test_more_tabs_than_a_browser_has_connections(omics: Simulator, url: str, pages: Pages) -> None:
    """The one in front follows the batch; those behind it hold no stream, and go on when they come to the front."""
    batch_id = omics.put_batch(document(completedRunCount=24, runningRunCount=72) | {"name": "cohort"})
    first = pages.open(f"{url}/?batch={batch_id}")
    tabs = [first, *(first.context.new_page() for _ in range(7))]
    for tab in tabs:
        tab.goto(f"{url}/?batch={batch_id}")
        expect(tab).to_have_title("25.0 % · \u2068cohort\u2069")
        with tab.expect_event("requestfailed", lambda request: request.url.endswith("/events")):
            see(tab, hidden=True)
        expect(tab).to_have_title("\u2068cohort\u2069")
    omics.put_batch(document(completedRunCount=48, runningRunCount=48) | {"name": "cohort"})
    see(first, hidden=False)
    expect(first).to_have_title("50.0 % · \u2068cohort\u2069")
    expect(first.get_by_role("status")).to_have_text("Connected")
    omics.put_batch(document("PROCESSED", completedRunCount=96))
    ended(first)
    see(first, hidden=True)
    see(first, hidden=False)
    expect(first.get_by_role("status")).to_have_text("")
    expect(tabs[-1].locator("#counts li")).to_have_text(["24 completed", "72 running"])


UNLISTED: Final = "The samples that did not succeed could not be listed. {} Reload the page to try again."


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (None, "The service did not answer."),
        ({"status": 502, "content_type": "text/html", "body": "<h1>Bad gateway</h1>"}, "The service did not answer."),
        ({"status": 200, "content_type": "text/html", "body": "<h1>Log in</h1>"}, "The service did not answer."),
        ({"status": 503, "json": {"status": 503, "detail": "No time."}}, "No time."),
    ],
    ids=["lost", "proxy", "login", "service"],
)
def test_a_list_that_does_not_come_is_told_of_in_words(
    omics: Simulator, url: str, pages: Pages, answer: dict[str, Any] | None, why: str
) -> None:
    pages.expect("ERR_FAILED|50[23]")
    batch_id = omics.put_batch(document("PROCESSED", completedRunCount=95, failedRunCount=1))
    page = pages.open()
    meanwhile: list[str] = []

    def respond(route: Any) -> None:
        meanwhile.append(page.locator("#failed").inner_text())
        route.abort() if answer is None else route.fulfill(**answer)

    page.route("**/failed-runs", respond)
    page.goto(f"{url}/?batch={batch_id}")
    expect(page.get_by_role("alert")).to_have_text(UNLISTED.format(why))
    expect(page.locator("#failed")).to_be_hidden()
    assert [text.split("\n")[-1] for text in meanwhile] == ["Listing the samples that did not succeed…"]


@pytest.mark.parametrize(
    ("listed", "said"), [(0, "96 samples, which HealthOmics does not list"), (2, "and 94 more"), (96, "")]
)
def test_what_is_not_listed_is_counted(omics: Simulator, url: str, pages: Pages, listed: int, said: str) -> None:
    runs = [{"runSettingId": f"sample-{number}", "kind": "RUN"} for number in range(listed)]
    batch_id = omics.put_batch(document("PROCESSED", failedRunCount=96))
    page = pages.open()
    page.route("**/failed-runs", lambda route: route.fulfill(json=runs))
    page.goto(f"{url}/?batch={batch_id}")
    expect(page.get_by_role("heading", name="Samples that did not succeed")).to_be_visible()
    expect(page.locator("#runs tr")).to_have_count(listed)
    expect(page.locator("#more")).to_be_visible(visible=bool(said))
    if said:
        expect(page.locator("#more")).to_have_text(said)
    expect(page.get_by_role("table")).to_be_visible(visible=listed > 0)


@pytest.mark.parametrize("status", ["CANCELLED", "RUNS_DELETED"])
def test_counts_of_a_batch_that_is_no_more_lag_behind_nothing(
    omics: Simulator, url: str, pages: Pages, status: str
) -> None:
    page = pages.open(f"{url}/?batch={omics.put_batch(document(status, completedRunCount=40, cancelledRunCount=56))}")
    expect(page.locator("#counts li")).to_have_count(2)
    expect(page.get_by_text("These counts lag behind the runs.")).to_be_hidden()


@pytest.mark.parametrize(
    ("batch", "said"),
    [
        ("7000000", "There is no batch 7000000 in this account and region."),
        ("abc", "A batch is named by 1 to 18 digits, such as 7123456."),
        ("%3Cimg%20src=x%20onerror=alert(1)%3E", "A batch is named by 1 to 18 digits, such as 7123456."),
    ],
    ids=["unknown", "no id", "markup"],
)
def test_what_is_no_batch_is_said_to_be_none(url: str, pages: Pages, batch: str, said: str) -> None:
    page = pages.open(f"{url}/?batch={batch}")
    expect(page.get_by_role("alert")).to_have_text(said)
    expect(page.locator("main")).to_be_hidden()
    expect(page.get_by_role("status")).to_have_text("")


def test_a_batch_that_fails_itself_shows_why(omics: Simulator, url: str, pages: Pages, shots: Path) -> None:
    batch_id = omics.start_batch(3, name="cohort", life=Life(failure_reason=f"no such file: {MARKUP}"))
    page = pages.open(f"{url}/?batch={batch_id}")
    expect(page.locator("#verdict")).to_have_text(f"FAILED: no such file: {MARKUP}")
    assert page.locator("main b, main img, main script").count() == 0
    page.screenshot(path=shots / "service-failed.png")


def test_by_keyboard(omics: Simulator, url: str, pages: Pages) -> None:
    """Without a mouse: the field has the focus, Enter sends it, and Tab leads on to the button."""
    batch_id = omics.start_batch(3, life=Life(run_length=1))
    page = pages.open(url)
    expect(page.get_by_label("Batch")).to_be_focused()
    page.keyboard.type("12a")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.matches(':invalid')")
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type(batch_id)
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Watch")).to_be_focused()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    ended(page)
    assert page.url == f"{url}/?batch={batch_id}"
    expect(page.get_by_label("Batch")).to_have_value(batch_id)
    expect(page.get_by_role("list", name="runs by state")).to_be_visible()
    expect(page.locator("#verdict")).to_have_attribute("aria-live", "polite")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1000])
def test_hostile_names_show_harmlessly(
    omics: Simulator, url: str, pages: Pages, shots: Path, *, dark: bool, width: int
) -> None:
    """Markup is text, nothing sticks out of the page, and each text is legible."""
    samples = {name[:128]: f"it broke: {name}" for name in HOSTILE.values()}
    life = Life(run_length=0, failed_runs=samples)
    batches = {kind: omics.start_batch([*samples, "good"], name=name, life=life) for kind, name in HOSTILE.items()}
    for kind, batch_id in batches.items():
        page = pages.open(f"{url}/?batch={batch_id}", dark=dark, width=width)
        ended(page)
        expect(page.locator("#runs tr")).to_have_count(len(samples))
        assert page.locator("h1").text_content() == HOSTILE[kind]
        assert page.title() != "run"
        assert page.locator("main :is(b, img, script), #failed :is(b, img, script)").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert sticking_out(page) == []
        assert poor_contrasts(page) == []
        page.screenshot(path=shots / f"service-{kind}-{width}-{'dark' if dark else 'light'}.png", full_page=True)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_everything_is_legible(omics: Simulator, url: str, pages: Pages, shots: Path, *, dark: bool) -> None:
    """Under way, at the end and in trouble: the ratios that WCAG 2 asks for."""
    look = "dark" if dark else "light"
    page = pages.open(f"{url}/?batch={omics.start_batch(96, name='genomics-cohort-analysis')}", dark=dark)
    expect(page.locator("#counts")).to_contain_text("completed")
    assert poor_contrasts(page) == []
    page.screenshot(path=shots / f"service-under-way-{look}.png")
    ended(page)
    expect(page.locator("#runs tr")).to_have_count(3)
    assert poor_contrasts(page) == []
    page.screenshot(path=shots / f"service-processed-{look}.png", full_page=True)
    page.goto(f"{url}/?batch=7000000")
    expect(page.get_by_role("alert")).to_be_visible()
    assert poor_contrasts(page) == []
    page.screenshot(path=shots / f"service-unknown-{look}.png")


@pytest.mark.parametrize("number", [SIGINT, SIGTERM])
def test_the_command_in_its_first_lines_serves_it(omics: Simulator, pages: Pages, number: Signals) -> None:
    """As a user starts it; and while a page is open, Ctrl-C and what stops a container end it without ado."""
    pages.expect("ERR_")
    batch_id = omics.start_batch(3, name="cohort", life=Life(run_length=1_000_000))
    (command,) = (line.split() for line in (app_module.__doc__ or "").splitlines() if line.startswith("    uvicorn"))
    program = [sys.executable, "-m", *command, "--port", "0"]
    with subprocess.Popen(
        program, cwd=ROOT, env={**os.environ, **omics.environment}, stderr=PIPE, text=True
    ) as service:
        try:
            assert service.stderr is not None
            said = iter(service.stderr)
            url = next(found[0] for line in said if (found := re.search(r"http://[0-9.:]+", line)))
            page = pages.open(f"{url}/?batch={batch_id}")
            expect(page.get_by_role("heading", level=1)).to_have_text("cohort")
            service.send_signal(number)
            _, rest = service.communicate(timeout=60)
        finally:
            service.kill()
    assert service.returncode in {0, -number}, rest
    assert rest.splitlines()[-1].startswith("INFO:     Finished server process")
    assert not re.search("Traceback|ERROR|WARNING|CRITICAL", rest)
    expect(page.get_by_role("status")).to_have_text("Connection lost, trying again")


def sticking_out(page: Page) -> list[str]:
    """The visible elements that reach over an edge of the viewport."""
    found: list[str] = page.evaluate(
        """
        () => [...document.body.querySelectorAll("*")]
          .filter((element) => element.checkVisibility() && !element.closest("thead"))
          .filter((element) => {
            const box = element.getBoundingClientRect();
            return box.left < 0 || box.right > document.documentElement.clientWidth;
          })
          .map((element) => `${element.tagName} ${element.id}`)
        """
    )
    return found
