import assert from "node:assert/strict";
import { test } from "node:test";

import {
  requestFor,
  barAt,
  barsWithin,
  barTop,
  bucketAt,
  clampView,
  followView,
  indexByLane,
  laneAt,
  laneHeight,
  layoutLanes,
  panView,
  pinchView,
  covers,
  SHORTEST_SEC,
  tally,
  viewFromParams,
  viewToParams,
  visibleLanes,
  zoomView,
} from "../../flask_dispy/static/js/widgets/timeline-layout.js";

const limits = { oldest: 0, now: 1000 };
/** @param {number} slots */
const lane = (slots) => ({ node: "10.0.0.1", name: "alpha", slots });

/** @returns {import("../../flask_dispy/static/js/widgets/timeline-layout.js").Answer} */
const answer = () => ({
  from: 0,
  to: 1000,
  now: 1000,
  oldest: 0,
  mode: "bars",
  total: 3,
  color: "state",
  classes: ["running", "finished", "failed", "terminated", "cancelled", "abandoned"].map((key) => ({
    key,
    label: key,
    detail: null,
  })),
  lanes: [lane(2), lane(2)],
  queue: { t: [], depth: [] },
  bars: {
    lane: [1, 0, 1],
    slot: [0, 1, 5],
    serial: [7, 8, 9],
    id: ["a", "", "c"],
    start: [100, 200, 900],
    end: [300, 250, null],
    state: ["finished", "terminated", "running"],
    failed: [false, true, false],
  },
});

test("following shows now a little before the right edge", () => {
  const view = followView(600, 1000);
  assert.equal(Math.round(view.to - view.from), 600);
  assert.ok(view.to > 1000 && view.to < 1030);
});

test("zooming keeps the time under the pointer in its place", () => {
  const view = zoomView({ from: 400, to: 600 }, 0.5, 450, limits);
  assert.deepEqual(view, { from: 425, to: 525 });
});

test("zoom ends at what can be told apart and at the whole history", () => {
  const close = zoomView({ from: 400, to: 401 }, 1e-9, 400, limits);
  assert.ok(Math.abs(close.to - close.from - SHORTEST_SEC) < 1e-9);
  const whole = zoomView({ from: 400, to: 600 }, 1e9, 500, limits);
  assert.ok(whole.from <= 0 && whole.to >= 1000);
});

test("panning stops at both ends and keeps the width", () => {
  for (const seconds of [-1e6, 1e6]) {
    const view = panView({ from: 400, to: 600 }, seconds, limits);
    assert.ok(Math.abs(view.to - view.from - 200) < 1e-9);
    assert.ok(view.from >= -20 && view.to <= 1020);
  }
});

test("a history shorter than the window ends at now", () => {
  const view = clampView({ from: 0, to: 30 }, { oldest: 995, now: 1000 });
  assert.ok(view.to >= 1000);
});

test("a pinch keeps both times under their fingers", () => {
  const view = pinchView([400, 500], [100, 300], 400, limits);
  assert.deepEqual(view, { from: 350, to: 550 });
  assert.deepEqual(pinchView([400, 500], [100, 101], 400, limits), { from: 400, to: 500 });
});

test("an answer serves until the window leaves it or wants more detail", () => {
  const view = { from: 400, to: 600 };
  const asked = requestFor(view);
  assert.deepEqual(asked, { from: 300, to: 700 });
  assert.ok(covers(asked, "aggregate", view, limits));
  assert.ok(covers(asked, "aggregate", { from: 320, to: 520 }, limits));
  assert.ok(!covers(asked, "aggregate", { from: 250, to: 450 }, limits));
  assert.ok(!covers(asked, "aggregate", { from: 450, to: 500 }, limits));
  assert.ok(covers(asked, "bars", { from: 450, to: 500 }, limits));
  assert.ok(!covers(null, "bars", view, limits));
});

test("what lies before the history or after now is not asked for again", () => {
  assert.ok(covers({ from: -100, to: 1030 }, "bars", { from: -500, to: 1030 }, { oldest: 0, now: 1000 }));
});

test("slots grow into the room and never vanish", () => {
  assert.equal(layoutLanes([lane(2), lane(2)], 400, "bars").slotHeight, 24);
  const many = layoutLanes(
    Array.from({ length: 500 }, () => lane(8)),
    400,
    "bars",
  );
  assert.equal(many.slotHeight, 3);
  assert.equal(many.total, 500 * (8 * 3 + 5));
});

test("a lane is found by height, and only lanes in view are drawn", () => {
  const layout = layoutLanes(
    Array.from({ length: 1000 }, () => lane(4)),
    400,
    "aggregate",
  );
  for (const index of [0, 1, 500, 999]) assert.equal(laneAt(layout, layout.tops[index]), index);
  assert.equal(laneAt(layout, layout.total), -1);
  const [first, last] = visibleLanes(layout, layout.tops[100], 230);
  assert.equal(first, 100);
  assert.ok(last - first <= 11);
  assert.deepEqual(visibleLanes(layoutLanes([], 400, "bars"), 0, 400), [0, -1]);
});

test("items lie by lane in their order", () => {
  const { starts, order } = indexByLane([1, 0, 1, 2, 0], 4);
  assert.deepEqual([...starts], [0, 2, 4, 5, 5]);
  assert.deepEqual([...order], [1, 4, 0, 2, 3]);
});

test("a bar is found under the pointer, and beside it when it is thin", () => {
  const found = answer();
  const layout = layoutLanes(found.lanes, 400, "bars");
  const scene = { answer: found, layout, index: indexByLane(found.bars?.lane ?? [], 2) };
  const y = barTop(layout, found.lanes, /** @type {any} */ (found.bars), 0) + 1;
  assert.equal(barAt(scene, 200, y, 0), 0);
  assert.equal(barAt(scene, 301, y, 0), -1);
  assert.equal(barAt(scene, 301, y, 2), 0);
  assert.equal(barAt(scene, 200, layout.total + 5, 0), -1);
});

test("a running bar reaches now, and a slot beyond the node's lies with its last", () => {
  const found = answer();
  const layout = layoutLanes(found.lanes, 400, "bars");
  const scene = { answer: found, layout, index: indexByLane(found.bars?.lane ?? [], 2) };
  const y = layout.tops[1] + laneHeight(layout, 1) - 2;
  assert.equal(barAt(scene, 999, y, 0), 2);
});

test("a window's bars come newest first, and are counted", () => {
  assert.deepEqual(barsWithin(answer(), { from: 240, to: 2000 }), [2, 1, 0]);
  assert.deepEqual(tally(answer(), { from: 0, to: 150 }), {
    running: 0,
    finished: 1,
    failed: 0,
    terminated: 0,
    cancelled: 0,
    abandoned: 0,
  });
  assert.equal(tally(answer(), { from: 0, to: 500 }).failed, 1);
});

test("aggregates are found and counted by bucket", () => {
  const found = answer();
  delete found.bars;
  found.mode = "aggregate";
  found.buckets = {
    bucket_sec: 10,
    lane: [0, 1],
    bucket: [3, 3],
    busy: [1, 2],
    busy_by: { finished: [1, 2] },
    finished: [4, 5],
    failed: [1, 0],
    terminated: [0, 2],
    cancelled: [0, 0],
    abandoned: [0, 0],
  };
  const layout = layoutLanes(found.lanes, 400, "aggregate");
  const scene = { answer: found, layout, index: indexByLane(found.buckets.lane, 2) };
  assert.equal(bucketAt(scene, 35, layout.tops[1] + 1), 1);
  assert.equal(bucketAt(scene, 45, layout.tops[1] + 1), -1);
  assert.equal(tally(found, { from: 0, to: 100 }).finished, 9);
  assert.deepEqual([tally(found, { from: 0, to: 100 }).failed, tally(found, { from: 0, to: 100 }).terminated], [1, 2]);
  assert.equal(tally(found, { from: 50, to: 100 }).finished, 0);
});

test("the window lives in the address", () => {
  const read = (/** @type {string} */ text) => viewFromParams(new URLSearchParams(text));
  assert.deepEqual(read("from=100.5&to=200"), { view: { from: 100.5, to: 200 }, span: null });
  assert.deepEqual(read("span=60"), { view: null, span: 60 });
  assert.deepEqual(read("span=all"), { view: null, span: Infinity });
  assert.equal(viewToParams({ from: 0, to: 9 }, true, true).span, "all");
  for (const text of ["", "from=200&to=100", "from=x&to=9", "span=-4", "span=x"]) assert.equal(read(text), null, text);
  assert.deepEqual(viewToParams({ from: 100.04, to: 160.04 }, false), { from: "100.04", to: "160.04", span: null });
  assert.deepEqual(viewToParams({ from: 100, to: 160.04 }, true), { from: null, to: null, span: "60" });
});

test("the window that an address gives back is the same to the last digit", () => {
  for (const view of [
    { from: 1795376108.7123456, to: 1795376708.7123456 },
    { from: 0.1 + 0.2, to: 1 },
  ]) {
    const { from, to } = viewToParams(view, false);
    assert.deepEqual(viewFromParams(new URLSearchParams(`from=${from}&to=${to}`))?.view, view);
  }
});
