import assert from "node:assert/strict";
import { test } from "node:test";
import { boundedSec } from "../../flask_dispy/static/js/data/interval.js";
import { initialInterval } from "../../flask_dispy/static/js/frame/settings.js";

const DAY_SEC = 86_400;
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
    assert.equal(boundedSec(given, DAY_SEC), used);
    assert.ok(used * 1000 < LONGEST_TIMER_MS);
  }
  assert.equal(boundedSec(NaN, DAY_SEC), null);
});

test("what a browser has kept is bounded too", () => {
  const config = { poll_sec: 10, limits: { poll_sec: DAY_SEC, query_letters: 500, serials: 1000 } };
  const keeps = (/** @type {string} */ text) => ({ getItem: () => text });
  assert.equal(initialInterval(keeps("2200000"), config), 86_400);
  assert.equal(initialInterval(keeps("0.001"), config), 0.5);
  assert.equal(initialInterval(keeps("1e308"), config), 86_400);
  assert.equal(initialInterval(keeps("-3"), config), 0);
  assert.equal(initialInterval(keeps("live"), config), "live");
  for (const text of ["", " ", "soon", "NaN"]) assert.equal(initialInterval(keeps(text), config), "live");
});
