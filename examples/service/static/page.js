// Follows one batch: /?batch=7123456. Whatever the service says is set as text, never as markup.

const RETRY_AFTER = 3000; // milliseconds, where the browser does not try again by itself

const STATES = [
  "completed",
  "failed",
  "not submitted",
  "cancelled",
  "deleted",
  "stopping",
  "running",
  "starting",
  "pending",
];

const SPANS = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

const KINDS = { SUBMISSION: "not submitted", RUN: "failed", CANCELLED: "cancelled" };

const batch = new URLSearchParams(location.search).get("batch") ?? "";
const furthest = { submitted: 0, finished: 0 };

let events; // the stream, while the page is seen
let wasLost = false;
let isOver = false;

function $(id) {
  return document.getElementById(id);
}

/** Sets a text that has changed: a screen reader reads a live region aloud whenever it is set. */
function set(id, text) {
  if ($(id).textContent !== text) $(id).textContent = text;
}

function element(tag, text = "", state = undefined) {
  const made = document.createElement(tag);
  made.textContent = text;
  if (state) made.dataset.state = state;
  return made;
}

function number(value) {
  return value.toLocaleString("en");
}

function plural(value, noun) {
  return `${number(value)} ${noun}${value === 1 ? "" : "s"}`;
}

function percent(value) {
  const text = value.toFixed(1);
  return `${text === "100.0" && value < 100 ? "99.9" : text} %`; // 99.96 % is not 100 % yet
}

/** The largest two parts: "2 hours 5 minutes". */
function duration(seconds) {
  let left = Math.round(seconds);
  const largest = SPANS.findIndex(([, length]) => left >= length);
  const words = [];
  for (const [noun, length] of SPANS.slice(largest).slice(0, 2)) {
    const value = Math.floor(left / length);
    left -= value * length;
    if (value) words.push(plural(value, noun));
  }
  return words.join(" ") || "less than a second";
}

/** What became of the batch, after its status and before the service's own reason. */
function said(look) {
  const failed = look.failedRuns ? `${plural(look.failedRuns, "run")} failed` : "";
  const words = {
    IN_PROGRESS: failed,
    PARTIAL: failed || "not all runs completed",
    SUCCEEDED: "all runs completed",
    FAILED: look.failureReason ? "" : "no run completed",
    UNKNOWN: look.status === "PROCESSED" && !look.countsAreFinal
      ? "the counts do not add up to its runs"
      : "how the deleted runs ended is lost",
  };
  return words[look.outcome] ?? failed;
}

function drawBar(look) {
  const counted = Object.values(look.runCounts).reduce((sum, runs) => sum + runs, 0);
  const drawn = STATES.reduce((sum, state) => sum + (look.runCounts[state] ?? 0), 0);
  const rest = Math.max(look.totalRuns ?? 0, counted, 1) - drawn;
  for (const part of $("bar").children) {
    const runs = part.dataset.state ? (look.runCounts[part.dataset.state] ?? 0) : rest;
    part.style.flexGrow = runs;
    part.hidden = runs === 0;
  }
  $("bar").setAttribute("aria-valuenow", furthest.finished.toFixed(1));
  $("bar").setAttribute("aria-valuetext", `${percent(furthest.finished)} of the runs have finished`);
  $("counts").replaceChildren(
    ...Object.entries(look.runCounts).map(([state, runs]) => element("li", `${number(runs)} ${state}`, state)),
  );
  $("lag").hidden = look.outcome !== "IN_PROGRESS" || look.countsAreFinal || counted === 0;
}

function draw(look) {
  furthest.submitted = Math.max(furthest.submitted, look.percentSubmitted); // a new stream knows nothing of the last
  furthest.finished = Math.max(furthest.finished, look.percentComplete);
  const name = look.name ?? `Batch ${look.batchId}`;
  const words = said(look);
  const unknown = look.outcome === "IN_PROGRESS" ? "not known yet" : "not known";
  document.title = `${percent(furthest.finished)} · \u2068${name}\u2069`; // isolated, as in <bdi>
  set("name", name);
  set("status", look.status);
  set("said", (words || look.failureReason ? ": " : "") + words);
  set("reason", look.failureReason ?? "");
  $("verdict").dataset.outcome = look.outcome;
  drawBar(look);
  set("total", look.totalRuns === null ? unknown : number(look.totalRuns));
  set("submitted", percent(furthest.submitted));
  set("finished", percent(furthest.finished));
  $("pace").hidden = $("time").hidden = look.outcome !== "IN_PROGRESS";
  set("rate", look.runsPerHour === null ? unknown : number(Math.round(look.runsPerHour)));
  set("left", look.secondsLeft === null ? unknown : duration(look.secondsLeft));
  $("look").hidden = false;
}

function showTrouble(text) {
  $("trouble").textContent = text;
  $("trouble").hidden = false;
}

function showConnection(text, state = "") {
  set("connection", text);
  $("connection").dataset.state = state;
}

/** Lists the failed runs; whoever stands between here and the service may answer with anything, or not at all. */
async function listFailedRuns(total) {
  set("more", "Listing the samples that did not succeed…");
  $("failed").hidden = false;
  const answer = await fetch(`/batches/${batch}/failed-runs`).catch(() => undefined);
  const runs = await answer?.json().catch(() => undefined);
  if (!answer?.ok || !Array.isArray(runs)) {
    $("failed").hidden = true;
    const why = runs?.detail ?? "The service did not answer.";
    showTrouble(`The samples that did not succeed could not be listed. ${why} Reload the page to try again.`);
    return;
  }
  for (const run of runs) {
    const row = document.createElement("tr");
    for (const text of [run.runSettingId, KINDS[run.kind] ?? run.kind, run.message ?? run.reason ?? ""]) {
      const cell = document.createElement("td");
      cell.append(element("bdi", text)); // isolated: its direction of writing turns nothing else around
      row.append(cell);
    }
    $("runs").append(row);
  }
  const rest = total - runs.length;
  $("table").hidden = runs.length === 0;
  $("more").hidden = rest <= 0;
  set("more", runs.length ? `and ${number(rest)} more` : `${plural(rest, "sample")}, which HealthOmics does not list`);
}

/** Follows the batch while the page is seen: a browser has six connections for all pages of a service. */
function follow() {
  events?.close();
  if (isOver) return;
  if (document.hidden) {
    document.title = document.title.replace(/^[0-9.]+ % · /, ""); // which would grow old in the tab
    return;
  }
  events = new EventSource(`/batches/${batch}/events`);
  const stop = () => {
    isOver = true;
    events.close();
    showConnection("");
  };
  events.onopen = () => {
    showConnection(wasLost ? "Connected again" : "Connected", "good");
    wasLost = false;
  };
  events.onerror = () => {
    wasLost = true;
    showConnection("Connection lost, trying again", "lost");
    if (events.readyState === EventSource.CLOSED) setTimeout(follow, RETRY_AFTER);
  };
  events.addEventListener("progress", (event) => draw(JSON.parse(event.data)));
  events.addEventListener("end", (event) => {
    const look = JSON.parse(event.data);
    stop();
    draw(look);
    if (look.failedRuns) listFailedRuns(look.failedRuns);
  });
  events.addEventListener("trouble", (event) => {
    stop();
    showTrouble(JSON.parse(event.data).detail);
  });
}

$("bar").append(...STATES.map((state) => element("span", "", state)), element("span"));
$("batch").value = batch;
if (/^[0-9]{1,18}$/.test(batch)) {
  showConnection("Connecting");
  document.addEventListener("visibilitychange", follow);
  follow();
} else if (batch) {
  showTrouble("A batch is named by 1 to 18 digits, such as 7123456.");
} else {
  $("batch").focus();
}
