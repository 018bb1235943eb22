import assert from "node:assert/strict";
import { test } from "node:test";

import {
  choicesFrom,
  classOf,
  countByClass,
  markOf,
  sharesOf,
  stackOf,
} from "../../flask_dispy/static/js/widgets/timeline-classes.js";

/** @import {Answer, ColorBy} from "../../flask_dispy/static/js/widgets/timeline-layout.js" */

/** @param {string[]} keys */
const classes = (keys) => keys.map((key) => ({ key, label: key, detail: null }));

const WORDS = ["running", "finished", "failed", "terminated", "cancelled", "abandoned"];

/** @param {ColorBy} color @param {string[]} keys @returns {Answer} */
const answer = (color, keys) => ({
  from: 0,
  to: 100,
  now: 100,
  oldest: 0,
  mode: "bars",
  total: 3,
  color,
  classes: classes(keys),
  lanes: [{ node: "10.0.0.1", name: "alpha", slots: 2 }],
  queue: { t: [], depth: [] },
});

/** @param {ColorBy} color @param {string[]} keys */
const bars = (color, keys, of = /** @type {number[]|undefined} */ (undefined)) => ({
  ...answer(color, keys),
  bars: {
    lane: [0, 0, 0],
    slot: [0, 1, 0],
    serial: [1, 2, 3],
    id: ["", "", ""],
    start: [0, 10, 60],
    end: [20, 30, null],
    state: /** @type {import("../../flask_dispy/static/js/data/types.js").JobState[]} */ ([
      "finished",
      "terminated",
      "running",
    ]),
    failed: [false, true, false],
    ...(of && { class: of }),
  },
});

test("a bar's class is its word, or what the server says", () => {
  const byState = bars("state", WORDS);
  assert.deepEqual(
    [0, 1, 2].map((item) => WORDS[classOf(byState, item)]),
    ["finished", "failed", "running"],
  );
  assert.deepEqual(countByClass(byState, { from: 0, to: 100 }), [1, 1, 1, 0, 0, 0]);
  const byFunction = bars("function", ["0", "1"], [1, 0, 1]);
  assert.deepEqual(countByClass(byFunction, { from: 0, to: 100 }), [1, 2]);
  assert.deepEqual(countByClass(byFunction, { from: 50, to: 100 }), [0, 1]);
});

test("an aggregate has the classes of the bars", () => {
  const found = answer("error", ["none", "0", "other"]);
  found.buckets = {
    bucket_sec: 10,
    lane: [0, 0],
    bucket: [0, 5],
    busy: [1.5, 2],
    busy_by: { none: [1, 2], 0: [0.5, 0] },
    ended_by: { none: [3, 4], 0: [1, 0] },
    finished: [3, 4],
    failed: [1, 0],
    terminated: [0, 0],
    cancelled: [0, 0],
    abandoned: [0, 0],
  };
  assert.deepEqual(countByClass(found, { from: 0, to: 100 }), [7, 1, 0]);
  assert.deepEqual(countByClass(found, { from: 0, to: 20 }), [3, 1, 0]);
  assert.deepEqual(sharesOf(found, 0, stackOf(found)), [
    { place: 1, busy: 0.5, ended: 1 },
    { place: 2, busy: 0, ended: 0 },
    { place: 0, busy: 1, ended: 3 },
  ]);
  found.color = "state";
  found.classes = classes(WORDS);
  delete found.buckets.ended_by;
  assert.deepEqual(countByClass(found, { from: 0, to: 100 }), [0, 7, 1, 0, 0, 0]);
});

test("what needs attention stands at the foot", () => {
  const order = (/** @type {ColorBy} */ color, /** @type {string[]} */ keys) =>
    stackOf(answer(color, keys)).map((place) => keys[place]);
  assert.equal(order("state", WORDS)[0], "failed");
  assert.deepEqual(order("ran", ["0", "1", "2", "none"]), ["2", "1", "0", "none"]);
  assert.deepEqual(order("error", ["none", "0", "1", "other"]), ["0", "1", "other", "none"]);
});

test("no two classes look the same", () => {
  for (const [color, keys] of /** @type {[ColorBy, string[]][]} */ ([
    ["state", WORDS],
    ["function", ["0", "1", "2", "3", "4", "5", "6", "other"]],
    ["error", ["none", "0", "1", "2", "3", "4", "5", "6", "other"]],
    ["ran", ["0", "1", "2", "3", "4", "5", "none"]],
  ])) {
    const found = answer(color, keys);
    const looks = keys.map((_, place) => markOf(found, place)).map(({ token, pattern }) => `${token} ${pattern}`);
    assert.equal(new Set(looks).size, keys.length, color);
  }
});

test("an unknown choice is the usual one", () => {
  assert.deepEqual(choicesFrom("ran", "slow"), { color: "ran", sort: "slow" });
  for (const name of [null, "", "constructor", "STATE"])
    assert.deepEqual(choicesFrom(name, name), { color: "state", sort: "address" });
});
