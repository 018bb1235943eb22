import assert from "node:assert/strict";
import test from "node:test";
import { nodeFilter } from "../../flask_dispy/static/js/data/nodefilter.js";
import { rowsOf } from "../../flask_dispy/static/js/data/nodeblocks.js";
import {
  timesOthersText,
  failedText,
  rankText,
  timesText,
  verdictOf,
} from "../../flask_dispy/static/js/data/standing.js";

/** @param {Record<string, any>|null} compared @returns {any} */
const row = (compared) => ({
  ip_addr: "10.0.0.1",
  compared: compared && { failed: 0, failed_share: 0, times_others: null, slow: false, failing: false, ...compared },
});

test("failures are told with their share, none as such", () => {
  assert.equal(failedText(row(null)), "–");
  assert.equal(failedText(row({})), "none");
  assert.equal(failedText(row({ failed: 1, failed_share: 0.002 })), "1, 1 %");
  assert.equal(failedText(row({ failed: 59, failed_share: 0.26, failing: true })), "59, 26 %: failing");
});

test("a node is ranked among those that are known", () => {
  const rows = [3, 1.5, 1, 1, 0.5].map((times_others) => row({ times_others })).concat(row(null), row({}));
  assert.deepEqual(
    rows.map((one) => rankText(one, rows)),
    ["slowest of 5", "2nd slowest of 5", "3rd slowest of 5", "3rd slowest of 5", "fastest of 5", "", ""],
  );
  assert.equal(rankText(rows[0], [rows[0]]), "");
});

test("what is beyond chance is said in words", () => {
  assert.equal(timesOthersText(row({ times_others: 2.04, slow: true })), "2.0 ×: slow");
  assert.equal(timesText(null), "–");
  assert.equal(verdictOf(row({})), null);
  assert.equal(verdictOf(row({ slow: true, failing: true })), "slow and failing");
});

test("nodes are filtered by what is beyond chance", () => {
  const [slow, failing, fine, none] = [row({ slow: true }), row({ failing: true }), row({}), row(null)];
  for (const [text, found] of [
    ["is:slow", [slow]],
    ["is:failing", [failing]],
    ["is:odd", []],
  ]) {
    const passes = nodeFilter(String(text));
    assert.deepEqual(
      [slow, failing, fine, none].filter((one) => passes?.(one)),
      found,
    );
  }
});

test("a block's rows have what was compared, or nothing", () => {
  const compared = { failed: [3, null], failed_share: [0.5, null], slow: [true, null] };
  const [known, unknown] = rowsOf(/** @type {any} */ ([{ ip_addr: ["a", "b"], compared }]));
  assert.deepEqual(known.compared, { failed: 3, failed_share: 0.5, slow: true });
  assert.equal(unknown.compared, null);
});
