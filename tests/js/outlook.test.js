import assert from "node:assert/strict";
import { test } from "node:test";
import {
  stuckJobs,
  stuckQuery,
  spanText,
  outlookLine,
  outlookWords,
} from "../../flask_dispy/static/js/widgets/outlook.js";

/** Noon of a day in the zone of the test. */
const NOON = new Date(2026, 2, 1, 12, 0, 0).getTime() / 1000;
const NOTHING = { jobs: null, nodes: null, oldest_sec: null, usual_sec: null, over_sec: null };

/** @param {object} outlook @param {object} [more] @returns {any} */
const summary = (outlook, more = {}) => ({
  name: "compute",
  jobs: {},
  state: "open",
  now: NOON,
  outlook: {
    message: "",
    cluster: "compute",
    since: NOON,
    eta_sec: null,
    eta_early_sec: null,
    eta_late_sec: null,
    bound: 0,
    stuck: NOTHING,
    ...outlook,
  },
  ...more,
});
const words = (/** @type {object} */ outlook, now = NOON) => outlookWords(summary(outlook), now);
const going = (/** @type {number} */ eta, /** @type {number} */ early, /** @type {number} */ late) =>
  words({ state: "going", reason: "estimated", eta_sec: eta, eta_early_sec: early, eta_late_sec: late }).head;

test("what goes on says until when, with a range", () => {
  assert.equal(going(2520, 1800, 4200), "Done about 12:42 (12:30 to 13:10)");
  assert.equal(going(600, 590, 620), "Done about 12:10 (12:09 to 12:10)");
  assert.equal(going(610, 605, 620), "Done about 12:10");
  assert.equal(going(46800, 39600, 54000), "Done about 03-02 01:00 (23:00 to 03-02 03:00)");
});

test("what is done soon says how soon", () => {
  assert.equal(going(42, 31, 58), "Done in about 40 s (30 s to 60 s)");
  assert.equal(going(0.2, 0.1, 0.4), "Done in about 1 s");
});

test("where nobody knows nothing is promised", () => {
  const none = words({ state: "going", reason: "no_estimate", message: "no job has finished yet." });
  assert.deepEqual(none, { tone: "going", head: "No estimate yet", note: "No job has finished yet." });
});

test("a stall says for how long, for whom it waits and what is usual, and time goes on", () => {
  const stalled = {
    state: "stalled",
    reason: "none_ended",
    since: NOON - 900,
    stuck: { jobs: 9, nodes: 5, oldest_sec: 1140, usual_sec: 1.7, over_sec: 60.4 },
  };
  assert.deepEqual(words(stalled), {
    tone: "stalled",
    head: "Stalled 15 min",
    note: "Waits for 9 jobs on 5 nodes, the oldest 19 min (usually 1.7 s).",
  });
  assert.equal(words(stalled, NOON + 120).head, "Stalled 17 min");
  assert.match(words(stalled, NOON + 120).note, /the oldest 21 min/);
  const one = { ...stalled, bound: 2, stuck: { ...stalled.stuck, jobs: 1 } };
  assert.equal(
    words(one).note,
    "Waits for 1 job, which has run for 19 min (usually 1.7 s). 2 queued jobs can't start: bound to a node that is gone.",
  );
  const { outlook } = summary(stalled);
  assert.deepEqual([stuckJobs(outlook), stuckQuery(outlook)], [9, "state:running slower:60s"]);
});

test("what waits says why", () => {
  const waits = {
    state: "waiting",
    reason: "no_node",
    since: NOON - 180,
    message: "5 jobs wait: no node has joined yet.",
  };
  assert.deepEqual(words(waits), { tone: "waiting", head: "Waiting 3 min", note: waits.message });
  assert.equal(outlookLine(summary(waits), NOON), `Waiting 3 min. ${waits.message}`);
  const closed = { state: "waiting", reason: "closed", message: "The cluster was closed; 5 jobs have not ended." };
  assert.deepEqual(words(closed), { tone: "closed", head: "Closed", note: closed.message });
});

test("the part that cannot go on stands beside the time", () => {
  const part = words({
    state: "going",
    reason: "part_blocked",
    eta_sec: 30,
    eta_early_sec: 20,
    eta_late_sec: 40,
    bound: 3,
    message: "About 30 s left, 20 s to 40 s. 3 of ...",
  });
  const { outlook } = summary({ state: "waiting", reason: "bound_to_gone_node", bound: 3 });
  assert.deepEqual([stuckJobs(outlook), stuckQuery(outlook)], [3, "is:bound"]);
  assert.deepEqual(
    [part.head, part.note],
    ["Done in about 30 s (20 s to 40 s)", "3 queued jobs can't start: bound to a node that is gone."],
  );
});

test("what ended says how, and when", () => {
  const ended = (/** @type {object} */ jobs, message = "") =>
    outlookWords(summary({ state: "done", reason: "all_ended", since: NOON - 60, message }, { jobs }), NOON);
  assert.equal(ended({ abandoned: 5 }).head, "All abandoned, 11:59");
  assert.equal(ended({ terminated: 5, failed: 5 }).head, "All failed, 11:59");
  assert.equal(ended({ finished: 1, terminated: 5, failed: 5 }).head, "All done, 11:59");
  const mixed = ended({ finished: 3, abandoned: 2 }, "All 5 jobs have ended: 3 finished, 2 were abandoned.");
  assert.deepEqual(Object.values(mixed).slice(1), [
    "All ended, 11:59",
    "All 5 jobs have ended: 3 finished, 2 were abandoned.",
  ]);
});

test("what is done says when", () => {
  assert.equal(words({ state: "done", reason: "all_done", since: NOON - 60 }).head, "All done, 11:59");
  assert.equal(words({ state: "done", reason: "no_jobs", since: null }).head, "No job yet");
  const unheard = words({ state: "done", reason: "none_pending", since: null, message: "What ran is not known." });
  assert.deepEqual([unheard.head, unheard.note], ["No job is pending", "What ran is not known."]);
});

test("names in a note cannot turn its direction", () => {
  assert.match(words({ state: "waiting", reason: "cpus_busy", message: "busy with \u202egnp" }).note, /⟨202E⟩gnp/);
});

test("durations have one unit in a sentence", () => {
  assert.deepEqual([0.012, 1.72, 80, 95, 1140, 7500].map(spanText), [
    "12 ms",
    "1.7 s",
    "80 s",
    "2 min",
    "19 min",
    "2 h 5 min",
  ]);
});
