import assert from "node:assert/strict";
import { test } from "node:test";

import {
  coursePath,
  errorKindsFeed,
  kindTitle,
  leftOutText,
  nodesText,
} from "../../flask_dispy/static/js/data/errorkinds.js";
import { complete, isHalfTyped, parseQuery, problemOf } from "../../flask_dispy/static/js/data/query.js";

const KIND = /** @type {any} */ ({
  id: "58b4f3b2a4",
  type: "ValueError",
  message: "bad #",
  nodes: [
    { ip_addr: "10.0.0.2", count: 7 },
    { ip_addr: "10.0.0.3", count: 2 },
    { ip_addr: "10.0.0.4", count: 1 },
  ],
  nodes_total: 5,
});

test("a kind is called by its type and message, or what there is of them", () => {
  assert.equal(kindTitle(KIND), "ValueError: bad #");
  assert.equal(kindTitle({ ...KIND, message: null }), "ValueError");
  assert.equal(kindTitle({ ...KIND, type: "" }), "bad #");
  assert.equal(kindTitle({ ...KIND, type: "", message: "" }), "Error without a text");
});

test("two nodes are named, the others counted", () => {
  assert.equal(nodesText(KIND), "10.0.0.2 (7), 10.0.0.3 (2), 3 more");
});

test("what is in no kind, or not listed, is said", () => {
  const kinds = /** @type {any} */ ({ items: [KIND], total: 3, other: 2, failed: 12 });
  assert.equal(leftOutText(kinds), "2 rarer kinds not listed, 2 failed jobs in no kind");
  assert.equal(leftOutText({ ...kinds, total: 1, other: 0 }), "");
});

test("a course is a bar for each step with failures, within its box", () => {
  const box = { from: 0, to: 40, width: 80, height: 10 };
  const path = coursePath({ start_at: 0, step_sec: 10, counts: [4, 0, 2] }, box);
  assert.equal(path, "M0.0 10v-10.0h19.5v10.0zM40.0 10v-5.0h19.5v5.0z");
});

test("kinds are read where more jobs failed, and not again without need", async () => {
  let asked = 0;
  const api = { get: () => Promise.resolve({ total: (asked += 1) }) };
  const seen = /** @type {any[]} */ ([]);
  const onChange = (/** @type {any} */ kinds) => seen.push(kinds.total);
  const feed = errorKindsFeed({ api, cluster: "compute", limit: () => 5, onChange });
  const summary = /** @type {any} */ ({ jobs: { failed: 0, done: 3 } });
  feed.update(summary);
  feed.update({ ...summary, jobs: { failed: 1, done: 4 } });
  await new Promise((done) => setImmediate(done));
  feed.update({ ...summary, jobs: { failed: 1, done: 4 } });
  await new Promise((done) => setImmediate(done));
  assert.deepEqual(seen, [1]);
});

test("error-kind: is a qualifier, whose values are the kinds that are known", () => {
  const [term] = parseQuery("error-kind:58b4f3b2a4");
  assert.deepEqual([term.field, term.value], ["error-kind", "58b4f3b2a4"]);
  const vocabulary = { errorKinds: [{ id: KIND.id, title: kindTitle(KIND) }] };
  const { items } = complete("error-kind:val", 14, vocabulary);
  assert.deepEqual(items, [{ text: "error-kind:58b4f3b2a4 ", label: "58b4f3b2a4", hint: "ValueError: bad #" }]);
  assert.equal(isHalfTyped("error-kind:58b4", 15, vocabulary), true);
  assert.equal(isHalfTyped("error-kind:0123456789", 21, vocabulary), false);
  assert.equal(problemOf("-error-kind:58b4f3b2a4"), null);
  assert.equal(problemOf("error-kind:"), "error-kind: needs a value");
});
