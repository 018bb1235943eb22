import assert from "node:assert/strict";
import { test } from "node:test";
import {
  LONGEST_NAME,
  MOST,
  readSearches,
  withoutSearch,
  withSearch,
  writeSearches,
} from "../../flask_dispy/static/js/data/savedsearches.js";
import { openStorage } from "../../flask_dispy/static/js/lib/storage.js";

/** @param {string|null} text */
const holding = (text) => ({ getItem: () => text });
const refuse = () => {
  throw new Error("QuotaExceededError");
};

test("searches are read as they were written, by name", () => {
  let stored = /** @type {string|null} */ (null);
  const storage = {
    getItem: () => stored,
    setItem: (/** @type {string} */ _, /** @type {string} */ text) => void (stored = text),
  };
  const searches = withSearch(withSearch([], { name: " zebra ", q: "a" }) ?? [], { name: "<b>", q: "state:failed" });
  assert.ok(writeSearches(storage, searches ?? []));
  assert.deepEqual(readSearches(storage), [
    { name: "<b>", q: "state:failed" },
    { name: "zebra", q: "a" },
  ]);
});

test("a search takes the place of another of its name, and there are only so many", () => {
  const one = [{ name: "a", q: "x" }];
  assert.deepEqual(withSearch(one, { name: "a", q: "y" }), [{ name: "a", q: "y" }]);
  const all = Array.from({ length: MOST }, (_, i) => ({ name: `n${i}`, q: "x" }));
  assert.equal(withSearch(all, { name: "more", q: "x" }), null);
  assert.equal(withSearch(all, { name: "n3", q: "y" })?.length, MOST);
  assert.equal(withSearch([], { name: "x".repeat(999), q: "" })?.[0].name.length, LONGEST_NAME);
  assert.deepEqual(withoutSearch(one, "a"), []);
});

test("what is no list of searches is none, and a browser that keeps nothing is no error", () => {
  for (const text of [null, "", "{", "7", '"x"', '[null, 7, {"name": 1}, {"name": " ", "q": ""}]'])
    assert.deepEqual(readSearches(holding(text)), []);
  assert.deepEqual(readSearches(null), []);
  assert.equal(writeSearches(null, []), false);
  const full = openStorage({ localStorage: /** @type {any} */ ({ ...holding(null), setItem: refuse }) });
  assert.equal(writeSearches(full, []), false);
  const blocked = Object.defineProperty({}, "localStorage", { get: refuse });
  assert.equal(openStorage(/** @type {any} */ (blocked)), null);
});
