import assert from "node:assert/strict";
import { test } from "node:test";
import { byWhom, eventHref, lineText, linesOf } from "../../flask_dispy/static/js/data/events.js";
import { seenNow, sinceText, wasAway } from "../../flask_dispy/static/js/frame/since.js";
import { pageHref } from "../../flask_dispy/static/js/lib/url.js";
import { markNear, placeMarks, tipLines } from "../../flask_dispy/static/js/widgets/eventmarks.js";

/** @param {string} kind @param {number} at @param {object} [more] @returns {any} */
const event = (kind, at, more = {}) => ({
  serial: at,
  at,
  kind,
  cluster: "c",
  text: kind,
  node: null,
  name: "",
  source: null,
  by: null,
  error_kind: null,
  job: null,
  type: null,
  ...more,
});

/** @param {object} [jobs] @param {object} [more] @returns {any} */
const summary = (jobs = {}, more = {}) => ({
  started_at: 1,
  jobs: { done: 0, failed: 0, ...jobs },
  jobs_per_sec: 27,
  events: { latest: 0 },
  ...more,
});

test("nodes that do the same are one line, unless time lies between", () => {
  const lines = linesOf([event("node_joined", 30), event("node_joined", 9), event("node_joined", 4), event("done", 3)]);
  assert.deepEqual(lines.map(lineText), ["node_joined", "2 nodes joined", "done"]);
});

test("an event says who did it, as far as that is known", () => {
  assert.equal(byWhom(event("cpus_set", 1, { by: "ann", source: "command" })), "by ann");
  assert.equal(byWhom(event("cpus_set", 1, { source: "program" })), "by the program");
  assert.equal(byWhom(event("cpus_set", 1)), "");
});

test("an event leads to what it concerns", () => {
  assert.equal(eventHref(event("node_lost", 1, { node: "10.0.0.1" }), pageHref), "node.html?host=10.0.0.1");
  assert.equal(
    eventHref(event("error_kind", 1, { error_kind: "ab", node: "n" }), pageHref),
    "jobs.html?q=error-kind%3Aab",
  );
  assert.equal(eventHref(event("settings_changed", 1), pageHref), null);
});

test("marks too near each other are one, which looks as the worst does", () => {
  const events = [
    event("done", 90),
    event("node_lost", 53),
    event("node_joined", 50),
    event("done", -3),
    event("done", -50),
  ];
  const marks = placeMarks(events, (at) => at, 0, 100, 5);
  assert.deepEqual(
    marks.map(({ x, look }) => [x, look]),
    [
      [0, "finished"],
      [50, "lost"],
      [90, "finished"],
    ],
  );
  assert.deepEqual(
    tipLines(marks[1]).map(({ label }) => label),
    ["node_lost", "node_joined"],
  );
  const looks = (/** @type {string[]} */ ...kinds) =>
    placeMarks(
      kinds.map((k) => event(k, 50)),
      (at) => at,
      0,
      100,
    )[0].look;
  assert.equal(looks("done", "history_failing"), "failed");
  assert.equal(looks("cpus_set", "node_overdue"), "silent");
  assert.equal(looks("node_joined", "node_closed"), "closed");
  assert.equal(looks("kind_of_a_newer_server", "node_lost"), "lost");
  assert.equal(markNear(marks, 56, 0)?.x, 50);
  assert.equal(markNear(marks, 70, 0), null);
});

test("one who was away for long, while something happened, is told", () => {
  const seen = seenNow(summary({ done: 5 }), 1000);
  assert.equal(wasAway(seen, summary({ done: 6 }), 1299), false);
  assert.equal(wasAway(seen, summary({ done: 6 }), 1300), true);
  assert.equal(wasAway(seen, summary({ done: 5 }), 1300), false);
  assert.equal(wasAway(seen, summary({ done: 5 }, { events: { latest: 1 } }), 1300), true);
  assert.equal(wasAway(seen, summary({ done: 6 }, { started_at: 2 }), 1300), false);
  assert.equal(wasAway(null, summary({ done: 6 }), 1300), false);
});

test("what happened meanwhile is one line", () => {
  const seen = seenNow(summary({ done: 100, failed: 2 }), 1_700_000_000);
  const events = [
    event("node_lost", 3, { name: "alpha" }),
    event("error_kind", 2, { type: "MemoryError" }),
    event("error_kind", 1, { type: "KeyError" }),
  ];
  const now = summary({ done: 1304, failed: 20 }, { jobs_per_sec: 15 });
  assert.match(
    sinceText(seen, now, events, 1_700_003_600),
    /^Since .*\d\d:\d\d: 1,204 done, 18 failed \(new: KeyError, MemoryError\), alpha lost, 27 to 15 a second$/,
  );
});
