import assert from "node:assert/strict";
import { test } from "node:test";
import { boundedInterval, boundedSec } from "../../flask_dispy/static/js/data/interval.js";
import { initialInterval } from "../../flask_dispy/static/js/frame/settings.js";

const LONGEST_TIMER_MS = 2 ** 31 - 1;

test("seconds are from half a second to a day, or none", () => {
  for (const [given, used] of [
    [0.001, 0.5],
    [0.5, 0.5],
    [10, 10],
    [86_400, 86_400],
    [2_200_000, 86_400],
    [1e308, 86_400],
    [Infinity, 86_400],
    [0, 0],
    [-1, 0],
    [-Infinity, 0],
  ]) {
    assert.equal(boundedSec(given), used);
    assert.ok(used * 1000 < LONGEST_TIMER_MS);
  }
  assert.equal(boundedSec(NaN), null);
});

test("live is no number", () => {
  assert.equal(boundedInterval("live"), "live");
  assert.equal(boundedInterval(NaN), "live");
  assert.equal(boundedInterval(1e308), 86_400);
});

test("what a browser has kept is bounded too", () => {
  const keeps = (/** @type {string} */ text) => ({ getItem: () => text });
  assert.equal(initialInterval(keeps("2200000"), 10), 86_400);
  assert.equal(initialInterval(keeps("0.001"), 10), 0.5);
  assert.equal(initialInterval(keeps("1e308"), 10), 86_400);
  assert.equal(initialInterval(keeps("-3"), 10), 0);
  assert.equal(initialInterval(keeps("live"), 0), "live");
  for (const text of ["", " ", "soon", "NaN"]) assert.equal(initialInterval(keeps(text), 10), "live");
});
