import assert from "node:assert/strict";
import { test } from "node:test";
import { Selection } from "../../flask_dispy/static/js/table/selection.js";

const ORDER = ["a", "b", "c", "d"];

test("a choice goes through to where the last one was, in either direction", () => {
  const selection = new Selection();
  selection.choose("c", true, ORDER);
  assert.deepEqual(selection.within(ORDER), ["c"]);
  selection.choose("a", true, ORDER);
  assert.deepEqual(selection.within(ORDER), ["a", "b", "c"]);
  selection.choose("b", false, ORDER);
  assert.deepEqual(selection.within(ORDER), ["c"]);
  selection.choose("d", true, []);
  assert.deepEqual(selection.within(ORDER), ["c", "d"]);
});

test("rows that are no longer shown are no longer selected", () => {
  const selection = new Selection();
  selection.set(["a", "d"]);
  assert.equal(selection.prune(ORDER), false);
  assert.equal(selection.prune(["a", "b"]), true);
  assert.deepEqual([selection.size, selection.has("a"), selection.has("d")], [1, true, false]);
});
