import assert from "node:assert/strict";
import test from "node:test";
import {
  filtersOf,
  barsOf,
  edgeOf,
  queryDuration,
  jobsIn,
  rangeOf,
  ticksOf,
  withRange,
} from "../../flask_dispy/static/js/data/durations.js";

/** @param {number} first @param {number[]} finished @param {number[]} [failed] */
const spread = (first, finished, failed = finished.map(() => 0)) => ({
  jobs: 1,
  median_sec: 1,
  p95_sec: 1,
  longest_sec: 1,
  edges_sec: [...finished, 0].map((_, i) => Number(edgeOf(first - 1 + i).toPrecision(6))),
  counts: { finished, failed },
});

test("bars hold every job, whatever room there is for them", () => {
  const counts = Array.from({ length: 100 }, (_, i) => i % 7);
  const all = counts.reduce((sum, n) => sum + n, 0);
  for (const width of [60, 320, 700, 5000]) {
    const bars = barsOf(spread(-30, counts, counts), width);
    assert.equal(
      bars.map(jobsIn).reduce((sum, n) => sum + n, 0),
      2 * all,
    );
    assert.ok(width / bars.length >= 5 || bars[0].to / bars[0].from > 9);
    for (const [i, bar] of bars.entries()) if (i > 0) assert.equal(bar.from, bars[i - 1].to);
  }
});

test("a bar's jobs ran as long as it says", () => {
  const [bar] = barsOf(spread(24, [3], [2]), 400).filter((one) => jobsIn(one) > 0);
  assert.deepEqual(bar.counts, [3, 2, 0]);
  assert.ok(Math.abs(bar.to - 10) < 1e-9 && Math.abs(bar.from - 10 ** (23 / 24)) < 1e-9);
});

test("jobs of one length fill no more than a bar of a power of ten", () => {
  const bars = barsOf(spread(0, [5]), 400);
  assert.equal(bars.length, 24);
  assert.equal(bars.filter((bar) => jobsIn(bar) > 0).length, 1);
});

test("a spread of no job has no bar, and jobs of no time have one", () => {
  assert.deepEqual(barsOf({ ...spread(0, []), edges_sec: [] }, 400), []);
  const instant = { ...spread(-96, [4]), edges_sec: [0, 0.0001] };
  assert.equal(
    barsOf(instant, 400)
      .map(jobsIn)
      .reduce((sum, n) => sum + n, 0),
    4,
  );
});

test("ticks are durations that people name, apart from each other", () => {
  assert.deepEqual(ticksOf(0.8, 700, 5), [1, 10, 60, 600]);
  const many = ticksOf(0.001, 1e6, 9);
  assert.ok(many.length <= 9 && many.includes(60) && many.includes(3600));
});

test("a range replaces the one that the search had and keeps its other words", () => {
  assert.equal(
    withRange('state:failed slower:2m "two words" faster:1h', { fromSec: 0.2154, toSec: 12.345 }),
    'state:failed "two words" slower:215ms faster:12.35s',
  );
  assert.equal(withRange("slower:1s a", { fromSec: null, toSec: null }), "a");
});

test("a search's range is read, the narrowest of several", () => {
  assert.deepEqual(rangeOf("slower:500ms slower:2s faster:5m faster:1h"), { fromSec: 2, toSec: 300 });
  assert.deepEqual(rangeOf("a faster:soon"), { fromSec: null, toSec: null });
  assert.deepEqual(rangeOf(`slower:${queryDuration(0.5)}`), { fromSec: 0.5, toSec: null });
});

test("durations are asked for the search's node and for those of its states that have any", () => {
  assert.deepEqual(filtersOf("state:failed state:running node:10.0.0.2 word"), { state: ["failed"], node: "10.0.0.2" });
  assert.deepEqual(filtersOf("node:10.0.* is:failed"), { state: ["failed"], node: null });
  assert.deepEqual(filtersOf("node:a node:b"), { state: [], node: null });
});

test("a range of the time waited has a search of its own", () => {
  const found = withRange("slower:2m waited:1h -waited:2h -node:a", { fromSec: 0.5, toSec: 2 }, "waited");
  assert.equal(found, "slower:2m -node:a waited:500ms -waited:2s");
  assert.deepEqual(rangeOf(found, "waited"), { fromSec: 0.5, toSec: 2 });
  assert.deepEqual(rangeOf(found), { fromSec: 120, toSec: null });
  assert.deepEqual(rangeOf("-slower:2m waited:1s OR waited:5s", "waited"), { fromSec: null, toSec: null });
});
