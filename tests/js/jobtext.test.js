import assert from "node:assert/strict";
import { test } from "node:test";

import { argumentsText } from "../../flask_dispy/static/js/widgets/jobcolumns.js";
import { blocksOf, comparedText, droppedText, plainLines, stepsOf } from "../../flask_dispy/static/js/data/jobtext.js";

/** @param {object} given */
const job = (given) => /** @type {import("../../flask_dispy/static/js/data/jobtext.js").JobDetail} */ (given);

test("what went wrong stands first, and what is empty is left out", () => {
  const blocks = blocksOf(
    job({
      exception: "Traceback",
      args: "1, 2",
      kwargs: "",
      result: null,
      stdout: "hi",
      texts_cut: { stdout: "text_limit" },
      stderr: "",
    }),
  );
  assert.deepEqual(
    blocks.map(({ key, cut }) => [key, cut]),
    [
      ["exception", ""],
      ["args", ""],
      ["stdout", "Its end was cut (text_limit)."],
    ],
  );
});

test("lines stay lines while what is invisible shows", () => {
  assert.equal(plainLines("a\n\tb\u202ec\r\n\u0007"), "a\n\tb⟨202E⟩c\r\n⟨0007⟩");
});

test("every step lasts until the next, the last until now unless it is an end", () => {
  const history = [
    { state: "queued", at: 10, node: null },
    { state: "running", at: 12, node: "10.0.0.1" },
  ];
  assert.deepEqual(
    stepsOf(job({ history }), 20).map((step) => step.lasted),
    [2, 8],
  );
  const ended = [...history, { state: "finished", at: 15, node: "10.0.0.1" }];
  assert.deepEqual(
    stepsOf(job({ history: ended }), 20).map((step) => step.lasted),
    [2, 3, null],
  );
  assert.deepEqual(stepsOf(job({}), 20), []);
});

test("the last step of a job that raised says that it failed", () => {
  const history = [
    { state: "running", at: 12, node: "10.0.0.1" },
    { state: "terminated", at: 15, node: "10.0.0.1" },
  ];
  assert.deepEqual(
    stepsOf(job({ history, failed: true }), 20).map((step) => step.word),
    ["running", "failed"],
  );
  assert.deepEqual(
    stepsOf(job({ history, failed: false }), 20).map((step) => step.word),
    ["running", "terminated"],
  );
});

test("hidden arguments are told from none", () => {
  assert.equal(argumentsText({ args: null, kwargs: null, hidden: true }), null);
  assert.equal(argumentsText({ args: null, kwargs: null }), "");
  assert.equal(argumentsText({ args: "1", kwargs: "a=2" }), "1, a=2");
});

test("a time is compared once enough jobs have finished", () => {
  const names = { of: "compute", on: "alpha" };
  const medians = { median_sec: 5.9, times: null, node_median_sec: null, node_times: null };
  assert.equal(comparedText(12.4, medians, names), "2.1\u00a0× the median of compute (5.90 s)");
  assert.equal(
    comparedText(12.4, { ...medians, node_median_sec: 11.3 }, names),
    "2.1\u00a0× the median of compute (5.90 s), 1.1\u00a0× that on alpha",
  );
  assert.equal(comparedText(12.4, { ...medians, median_sec: null }, names), "");
  assert.equal(comparedText(null, medians, names), "");
});

test("what made room is named", () => {
  const cut = { exception: "history_bytes", result: "history_bytes", stdout: "history_bytes", stderr: "text_limit" };
  const found = job({ exception: "ValueError: no", stderr: "…end", texts_cut: cut });
  assert.equal(droppedText(found), "Dropped to make room for newer jobs (history_bytes): result, output.");
  assert.deepEqual(
    blocksOf(found).map((block) => block.cut),
    ["Only its last line is kept (history_bytes).", "Its beginning was cut (text_limit)."],
  );
  assert.equal(droppedText(job({ args: "1" })), "");
});
