import assert from "node:assert/strict";
import { test } from "node:test";

import {
  areaPath,
  byteTicks,
  lastKnown,
  linePath,
  maximum,
  nearest,
  niceStep,
  runsOf,
  scale,
  spread,
  timeTicks,
  valueTicks,
} from "../../flask_dispy/static/js/widgets/chart-scale.js";

const UTC = () => 0;
/** @param {number} value */
const same = (value) => value;

test("a scale maps ends to ends, and a domain without width to the middle", () => {
  const map = scale(10, 20, 0, 100);
  assert.deepEqual([map(10), map(15), map(20)], [0, 50, 100]);
  assert.equal(scale(5, 5, 0, 100)(5), 50);
});

test("steps are 1, 2 or 5 times a power of ten", () => {
  assert.deepEqual([niceStep(7, 3), niceStep(1, 3), niceStep(1000, 4), niceStep(0.3, 3)], [5, 0.5, 500, 0.1]);
});

test("value ticks begin at 0 and reach the largest value", () => {
  assert.deepEqual(valueTicks(96, 2), [0, 50, 100]);
  assert.deepEqual(valueTicks(0.37, 3), [0, 0.2, 0.4]);
  assert.deepEqual(valueTicks(0, 3), [0, 0.5, 1]);
});

test("counts get no ticks between whole numbers", () => {
  assert.deepEqual(valueTicks(2, 3, true), [0, 1, 2]);
  assert.deepEqual(valueTicks(0, 3, true), [0, 1]);
});

test("ticks of bytes are round in the unit that is shown", () => {
  const GiB = 1024 ** 3;
  assert.deepEqual(byteTicks(21 * GiB, 3), [0, 10 * GiB, 20 * GiB, 30 * GiB]);
  assert.deepEqual(byteTicks(900, 3), [0, 500, 1000]);
  assert.deepEqual(byteTicks(0, 3), [0, 0.5, 1]);
});

test("time ticks go below a second, without drifting from the round times", () => {
  const labels = timeTicks(1e9, 1e9 + 0.5, 10, UTC).map((tick) => tick.label);
  assert.deepEqual(labels.slice(0, 3), ["01:46:40.00", "01:46:40.05", "01:46:40.10"]);
  assert.equal(labels.length, 11);
  assert.deepEqual(
    timeTicks(1e9 + 0.1, 1e9 + 2, 4, UTC).map((tick) => tick.label),
    ["01:46:40.5", "01:46:41.0", "01:46:41.5", "01:46:42.0"],
  );
});

test("time ticks fall on times that people name", () => {
  const labels = timeTicks(1e9, 1e9 + 600, 5, UTC).map((tick) => tick.label);
  assert.deepEqual(labels, ["01:48", "01:50", "01:52", "01:54", "01:56"]);
});

test("short windows show seconds, long ones the day where it begins", () => {
  assert.deepEqual(
    timeTicks(0, 10, 5, UTC).map((tick) => tick.label),
    ["00:00:00", "00:00:02", "00:00:04", "00:00:06", "00:00:08", "00:00:10"],
  );
  const day = timeTicks(86400 - 7200, 86400 + 7200, 4, UTC).map((tick) => tick.label);
  assert.deepEqual(day, ["22:00", "23:00", "01-02", "01:00", "02:00"]);
});

test("ticks stand on whole hours of the viewer's zone", () => {
  const labels = timeTicks(0, 7200, 2, () => 5.5 * 3600).map((tick) => tick.label);
  assert.deepEqual(labels, ["06:00", "07:00"]);
});

test("a line breaks where nothing is known, and a lone sample is a dot", () => {
  assert.equal(linePath([0, 10, 20, 30], [1, null, 2, 3], same, same), "M0 1h0M20 2L30 3");
  assert.deepEqual(runsOf([null, 1, 2, null, 3]), [
    [1, 2],
    [4, 4],
  ]);
  assert.equal(linePath([], [], same, same), "");
});

test("samples that share a pixel keep their extremes", () => {
  const t = Array.from({ length: 1000 }, (_, index) => index / 100);
  const values = t.map((_, index) => (index === 555 ? 99 : 1));
  const path = linePath(t, values, same, same);
  assert.match(path, / 99L/);
  assert.ok(path.length < 600, `${path.length} characters for 10 pixels`);
});

test("the region under a line closes each stretch along the bottom", () => {
  assert.equal(areaPath("M0 1h0M20 2L30 3", 50), "M20 2L30 3L30 50L20 50Z");
});

test("finds the nearest time and the last known value", () => {
  assert.deepEqual(
    [nearest([], 3), nearest([0, 10, 20], 14), nearest([0, 10, 20], 15), nearest([0, 10, 20], 99)],
    [-1, 1, 1, 2],
  );
  assert.deepEqual(lastKnown([1, 2, null]), { index: 1, value: 2 });
  assert.equal(lastKnown([null]), null);
  assert.equal(maximum([[1, null, 7], [3]]), 7);
});

test("labels keep their distance and stay within bounds", () => {
  assert.deepEqual(spread([50, 50, 10], 14, 0, 60), [46, 60, 10]);
  const placed = spread([58, 59, 60], 14, 0, 60);
  assert.deepEqual(placed, [32, 46, 60]);
});
