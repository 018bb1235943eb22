import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError, clusterPath, Api } from "../../flask_dispy/static/js/data/api.js";
import { attentionNeeded } from "../../flask_dispy/static/js/data/attention.js";
import { headline, watchEnd } from "../../flask_dispy/static/js/frame/headline.js";
import { nodeFilter, nodeFilterProblem } from "../../flask_dispy/static/js/data/nodefilter.js";
import { foremost } from "../../flask_dispy/static/js/widgets/nodechooser.js";
import { outlookWords } from "../../flask_dispy/static/js/widgets/outlook.js";
import { notEnded, pastWords, whenText } from "../../flask_dispy/static/js/frame/pastrun.js";
import { createLiveSeries, resolutionFor } from "../../flask_dispy/static/js/data/series.js";
import { initialInterval, intervalText } from "../../flask_dispy/static/js/frame/settings.js";
import { quietNote } from "../../flask_dispy/static/js/widgets/trends.js";
import { createUrlState, pageHref } from "../../flask_dispy/static/js/lib/url.js";

/** @param {object} jobs @param {object} [more] @returns {any} */
const summary = (jobs, more = {}) => ({
  name: "compute",
  state: "open",
  progress: 0.5,
  eta_sec: 240,
  eta_confidence: "good",
  jobs_per_sec: 2,
  cpus: { busy: 3, total: 4 },
  jobs: { submitted: 10, pending: 5, queued: 1, running: 4, terminated: 0, failed: 0, ...jobs },
  ...more,
});

const bytes = (/** @type {string} */ text) => new TextEncoder().encode(text).buffer;

test("names are encoded into the path", () => {
  assert.equal(clusterPath("a/b c", "nodes", "::1"), "clusters/a%252Fb%2520c/nodes/%3A%3A1");
  assert.equal(clusterPath("*", "jobs", 7), "clusters/*/jobs/7");
});

test("unsafe requests carry the token, and an error keeps the server's words", async () => {
  /** @type {any} */
  let sent;
  const answer = {
    ok: false,
    status: 422,
    arrayBuffer: async () =>
      bytes(JSON.stringify({ error: { code: "bad_request", message: "No host", field: "host" } })),
  };
  const fetch = /** @type {any} */ (
    async (/** @type {string} */ url, /** @type {any} */ init) => ((sent = { url, ...init }), answer)
  );
  const api = new Api({ base: "api/v1/", csrfToken: "t", fetch });
  await assert.rejects(
    api.send("POST", "x", {}),
    (error) =>
      error instanceof ApiError && error.status === 422 && error.field === "host" && error.message === "No host",
  );
  assert.equal(sent.headers["X-CSRFToken"], "t");
});

test("a proxy's page instead of JSON is an error with its status", async () => {
  const fetch = /** @type {any} */ (async () => ({ ok: false, status: 502, arrayBuffer: async () => bytes("<html>") }));
  await assert.rejects(
    new Api({ base: "", fetch }).get("x"),
    (error) => error instanceof ApiError && error.status === 502,
  );
});

test("no answer at all is an ApiError too", async () => {
  const fetch = /** @type {any} */ (async () => Promise.reject(new TypeError("failed")));
  await assert.rejects(
    new Api({ base: "", fetch }).get("x"),
    (error) => error instanceof ApiError && error.code === "unreachable",
  );
});

test("a list in the query repeats its name", () => {
  const api = new Api({ base: "api/", fetch: /** @type {any} */ (null) });
  assert.equal(
    api.url("jobs", { state: ["running", "queued"], q: "", node: null }),
    "api/jobs?state=running&state=queued",
  );
});

test("the combined view is not named in addresses", () => {
  assert.equal(pageHref("node.html", { cluster: "*", host: "10.0.0.1" }), "node.html?host=10.0.0.1");
  assert.equal(pageHref("jobs.html", { cluster: "a b" }), "jobs.html?cluster=a+b");
});

test("state in the address keeps what it does not name", () => {
  const location = { search: "?cluster=x&q=old", hash: "#n", pathname: "/d/" };
  /** @type {string[]} */
  const seen = [];
  const history = /** @type {any} */ ({
    replaceState: (/** @type {unknown} */ _state, /** @type {string} */ _unused, /** @type {string} */ to) =>
      void seen.push(to),
  });
  const url = createUrlState({ location, history, addEventListener: () => {} });
  url.set({ q: null, sort: "-busy" });
  url.set({ q: "old" });
  assert.deepEqual(seen, ["/d/?cluster=x&sort=-busy#n"]);
});

test("an entry of the history stays that of its panel while the address names it", () => {
  const location = { search: "?q=old", hash: "", pathname: "/d/" };
  /** @type {{state: any, search: string}[]} */
  const below = [];
  /** @type {() => void} */
  let listener = () => {};
  const history = /** @type {any} */ ({ state: null });
  history.replaceState = (/** @type {unknown} */ state, /** @type {string} */ _unused, /** @type {string} */ to) => {
    history.state = state;
    location.search = to.replace("/d/", "");
  };
  history.pushState = (/** @type {unknown} */ state, /** @type {string} */ unused, /** @type {string} */ to) => {
    below.push({ state: history.state, search: location.search });
    history.replaceState(state, unused, to);
  };
  history.back = () => {
    const entry = below.pop();
    assert.ok(entry);
    history.state = entry.state;
    location.search = entry.search;
    listener();
  };
  const url = createUrlState({ location, history, addEventListener: (_type, run) => (listener = run) });
  url.open("job", 7);
  url.set({ sort: "-busy" });
  assert.deepEqual([history.state, location.search], [{ panel: "job" }, "?q=old&job=7&sort=-busy"]);
  url.close("job");
  assert.deepEqual([history.state, location.search, below.length], [null, "?q=old&sort=-busy", 0]);
  url.open("job", 8);
  url.set({ view: "errors", job: null });
  assert.deepEqual([history.state, location.search], [null, "?q=old&sort=-busy&view=errors"]);
  url.open("kind", "ab");
  url.set({ q: "new" }, { step: true });
  assert.deepEqual([history.state, location.search], [null, "?q=new&sort=-busy&view=errors&kind=ab"]);
});

test("nodes that need attention stand first, then the busiest, and each is judged once", () => {
  let judged = 0;
  const nodes = Array.from({ length: 200 }, (_, i) => ({
    ip_addr: `10.0.0.${i}`,
    state: i === 7 ? "lost" : "up",
    busy: i % 50,
    get compared() {
      judged += 1;
      return { slow: i === 3 };
    },
  }));
  const found = foremost(/** @type {any} */ (nodes)).map(({ ip_addr: ip }) => ip.replace("10.0.0.", ""));
  assert.equal(judged, 199); // one is lost
  assert.deepEqual(found.slice(0, 4), ["7", "3", "199", "198"]);
  assert.deepEqual([found.length, found.at(-1)], [48, "39"]);
});

test("the filter's words must all match", () => {
  const row = /** @type {any} */ ({ ip_addr: "10.0.0.7", name: "Alpha", state: "silent", clusters: ["render"] });
  for (const text of ["10.0", "alpha 10", "state:silent", "name:alp cluster:rend", "silent"])
    assert.ok(nodeFilter(text)?.(row), text);
  for (const text of ["beta", "state:up", "alpha beta", "ip:0.7", "name:10"])
    assert.equal(nodeFilter(text)?.(row), false, text);
  const behind = { ...row, clock_offset_sec: -7200 };
  for (const text of ["clock:off", "clock:"]) assert.ok(nodeFilter(text)?.(behind), text);
  const little = { ...row, clock_offset_sec: 10 };
  assert.deepEqual([nodeFilter("clock:off")?.(little), nodeFilter("clock:")?.(little)], [false, true]);
  assert.equal(nodeFilter("clock:off")?.(row), false);
  assert.equal(nodeFilter("  "), null);
  assert.ok(nodeFilter('State:silent "alpha"')?.(row));
});

test("a filter with a qualifier that does not exist is refused with those that do", () => {
  assert.equal(
    nodeFilterProblem("node:alpha"),
    "There is no qualifier node: there are state, name, ip, cluster, clock, is. Text with a colon stands in quotes.",
  );
  for (const text of ["", "state:", "state:up", '"node:alpha"', "fe80::1", "alpha"])
    assert.equal(nodeFilterProblem(text), null, text);
});

test("the title tells the progress of a run, the picture only while it lasts", () => {
  assert.deepEqual(headline("Monitor", undefined, "rest"), { title: "Monitor · dispy", favicon: "rest" });
  const during = headline("Monitor", summary({}), "rest");
  assert.equal(during.title, "50 % Monitor · compute · dispy");
  assert.equal(during.favicon, "ring-50.svg");
  assert.equal(headline("Monitor", summary({ pending: 0 }, { progress: 1 }), "rest").favicon, "rest");
});

test("the title says first that a run does not go on", () => {
  const held = (/** @type {string} */ state, reason = "") =>
    headline("Monitor", summary({}, { outlook: /** @type {any} */ ({ state, reason }) }), "a/rest.svg");
  assert.equal(held("stalled").title, "Stalled, 50 % Monitor · compute · dispy");
  assert.equal(held("waiting", "no_node").title, "Waiting, 50 % Monitor · compute · dispy");
  assert.equal(held("waiting", "closed").title, "Closed, 50 % Monitor · compute · dispy");
  assert.equal(held("going").title, "50 % Monitor · compute · dispy");
  assert.equal(held("stalled").favicon, "a/ring-50-held.svg");
});

test("the title of a run that ended says how", () => {
  const ended = (/** @type {object} */ jobs) =>
    headline("Monitor", summary({ pending: 0, submitted: 5, terminated: 0, ...jobs }, { progress: 1 }), "rest").title;
  const rest = "Monitor · compute · dispy";
  assert.equal(ended({ finished: 5 }), `✓ ${rest}`);
  assert.equal(ended({ abandoned: 5 }), `(1) Abandoned, ${rest}`);
  assert.equal(ended({ finished: 4, cancelled: 1 }), `Ended, ${rest}`);
});

test("title and picture count the kinds of things that need attention", () => {
  const attention = { failed: 3, abandoned: 0, silent: 0, lost: 2, stragglers: 1 };
  const busy = headline("Monitor", summary({ failed: 3 }, { attention }), "a/rest.svg");
  assert.deepEqual(busy, { title: "(3) 50 % Monitor · compute · dispy", favicon: "a/ring-50-3.svg" });
  const ended = headline("Monitor", summary({ pending: 0, finished: 9, failed: 1 }), "a/rest.svg");
  assert.match(ended.title, /^\(1\) /);
  assert.equal(ended.favicon, "a/ring-100-1.svg");
});

test("trouble that the outlook names is counted once", () => {
  const trouble = "The port is taken";
  assert.equal(attentionNeeded(summary({}, { trouble })), 1);
  assert.equal(attentionNeeded(summary({}, { trouble, outlook: { message: `5 jobs wait. ${trouble}.` } })), 0);
});

test("the end of a run is told once, and not while more comes", () => {
  /** @type {string[]} */
  const told = [];
  const watch = watchEnd((run) => void told.push(run.name));
  watch(summary({ pending: 0 }), 0);
  watch(summary({ pending: 2 }), 1);
  watch(summary({ pending: 0 }), 2);
  watch(summary({ pending: 1 }), 3);
  watch(summary({ pending: 0 }), 4);
  watch(summary({ pending: 0 }), 6.9);
  assert.deepEqual(told, []);
  watch(summary({ pending: 0 }), 7);
  watch(summary({ pending: 0 }), 20);
  assert.deepEqual(told, ["compute"]);
});

test("the stream comes first unless the server or the viewer said otherwise", () => {
  const stored = (/** @type {string|null} */ value) => ({ getItem: () => value });
  const limits = { poll_sec: 86_400, query_letters: 500, serials: 1000 };
  const config = (/** @type {number} */ poll_sec) => ({ poll_sec, limits });
  assert.equal(initialInterval(null, config(10)), "live");
  assert.equal(initialInterval(null, config(0)), 0);
  assert.equal(initialInterval(stored("2.5"), config(10)), 2.5);
  assert.equal(initialInterval(stored("live"), config(0)), "live");
  assert.deepEqual(
    ["live", 2.5, 0, -1].map((value) => intervalText(/** @type {any} */ (value))),
    ["", "2.5 s", "Off", "Off"],
  );
});

test("the server's samples go on with what arrives", () => {
  const live = createLiveSeries(1);
  live.fill({ resolution_sec: 1, from: 100, columns: { queued: [null, 7, 8] } });
  live.append(102.5, summary({ queued: 9 }));
  assert.deepEqual(live.points().columns.queued, [null, 7, 9]);
  live.append(104.2, summary({ queued: 3 }));
  assert.deepEqual(live.points().t, [100, 101, 102, 103, 104]);
  assert.deepEqual(live.points().columns.queued, [null, 7, 9, 9, 3]);
});

test("a long silence is a gap in the series, not a flat line", () => {
  const live = createLiveSeries(1, 5);
  live.fill({ resolution_sec: 1, from: 100, columns: { queued: [7] } });
  live.append(110, summary({ queued: 3 }));
  assert.deepEqual(live.points().columns.queued, [7, ...Array(9).fill(null), 3]);
});

test("a series never grows beyond its span", () => {
  const live = createLiveSeries(1);
  live.fill({ resolution_sec: 1, from: 0, columns: { queued: Array(600).fill(1) } });
  for (let now = 600; now < 2000; now += 1) live.append(now, summary({}));
  assert.equal(live.points().columns.queued.length, 600);
  assert.equal(live.points().t.at(-1), 1999);
});

test("a past run says when it was, how it ended and what of it is lost", () => {
  const at = 1_700_000_000;
  const run = (/** @type {any} */ jobs, /** @type {any} */ more = {}) =>
    /** @type {any} */ ({ started_at: at, closed_at: at + 90, jobs: { queued: 0, running: 0, ...jobs }, ...more });
  assert.deepEqual(pastWords(run({})), [`Past run: ${whenText(at, at + 90)}.`]);
  assert.equal(
    pastWords(run({ queued: 2, running: 1 }, { cut_off: true }))[1],
    "3 jobs had not ended when it was cut off.",
  );
  assert.equal(pastWords(run({ queued: 1 }))[1], "1 job had not ended when it was closed.");
  assert.match(pastWords(run({}, { cut_off: true }))[1], /^It was cut off/);
  assert.match(pastWords(run({}, { combined: true }))[0], /^Past runs: /);
  assert.equal(pastWords(run({}, { unreadable: { jobs: 3, of: 12310 } }))[1], "3 of 12,310 jobs can't be read.");
  assert.equal(notEnded(run({ queued: 2, running: 1 }).jobs), 3);
  const history = { watching: "history", outlook: {} };
  assert.equal(
    outlookWords(run({ queued: 2 }, { ...history, cut_off: true }), at).head,
    "2 not ended when it was cut off",
  );
  assert.equal(outlookWords(run({ submitted: 1 }, history), at).head, "All done");
});

test("a short run is shown by its finest samples", () => {
  assert.deepEqual(
    [600, 7200, 86400].map((span) => resolutionFor(span, 240, false)),
    [1, 1, 1],
  );
  assert.deepEqual(
    [600, 7200, 86400].map((span) => resolutionFor(span, 5000, false)),
    [1, 10, 10],
  );
  assert.deepEqual(
    [600, 7200, 86400].map((span) => resolutionFor(span, 1e7, false)),
    [1, 10, 60],
  );
  assert.deepEqual(
    [60, 7000, 80000, 1e6, 1e9].map((run) => resolutionFor(Infinity, run, true)),
    [10, 10, 60, 600, 600],
  );
});

test("a flat chart says when the last job ended", () => {
  const t = [0, 300, 600];
  const run = (/** @type {any} */ jobs, /** @type {any} */ outlook) => /** @type {any} */ ({ jobs, outlook });
  const flat = { t, columns: { jobs_per_sec: [0, null, 0] } };
  const at = 1_700_000_000;
  assert.match(
    quietNote(flat, run({ done: 3 }, { state: "done", since: at })),
    /^No job ended in these 10 min\. The last did at 2023-/,
  );
  assert.equal(quietNote(flat, run({ done: 3 }, { state: "waiting", since: at })), "No job ended in these 10 min.");
  assert.equal(quietNote(flat, run({ done: 0 }, { state: "done", since: at })), "");
  assert.equal(
    quietNote({ t, columns: { jobs_per_sec: [0, 1, 0] } }, run({ done: 3 }, { state: "done", since: at })),
    "",
  );
});
