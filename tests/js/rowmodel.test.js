import assert from "node:assert/strict";
import { test } from "node:test";
import { RowModel } from "../../flask_dispy/static/js/table/rowmodel.js";

/** @typedef {{key: string, value: number}} Row */

const model = () => new RowModel({ keyOf: (/** @type {Row} */ row) => row.key });
const rows = (/** @type {Record<string, number>} */ values) =>
  Object.entries(values).map(([key, value]) => ({ key, value }));

test("rows stand in the order in which they came until they are sorted", () => {
  const table = model();
  table.setAll(rows({ b: 1, a: 2 }));
  assert.equal(table.change(rows({ c: 0 })), true);
  assert.deepEqual(table.order, ["b", "a", "c"]);
  table.setSort((row) => row.value, "desc");
  assert.deepEqual(table.order, ["a", "b", "c"]);
});

test("a change that moves nothing leaves the order alone", () => {
  const table = model();
  table.setSort((row) => row.value);
  table.setAll(rows({ a: 1, b: 2 }));
  const before = table.order;
  assert.equal(table.change(rows({ a: 1 })), false);
  assert.equal(table.order, before);
});

test("a row that changed goes to its new place, one that is gone leaves", () => {
  const table = model();
  table.setSort((row) => row.value);
  table.setAll(rows({ a: 1, b: 2, c: 3, d: 4 }));
  assert.equal(table.change(rows({ a: 9 }), ["c"]), true);
  assert.deepEqual(table.order, ["b", "d", "a"]);
});

test("a row enters and leaves as it passes the filter or no longer", () => {
  const table = model();
  table.setFilter((row) => row.value > 1);
  table.setSort((row) => row.value);
  table.setAll(rows({ a: 1, b: 2 }));
  assert.deepEqual(table.order, ["b"]);
  table.change(rows({ a: 5, b: 0 }));
  assert.deepEqual(table.order, ["a"]);
  assert.equal(table.size, 2);
});

test("thousands of changes leave the same order as sorting anew", () => {
  let seed = 3;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const table = model();
  const all = new Map();
  table.setFilter((row) => row.value % 5 !== 0);
  table.setSort((row) => row.value, "desc");
  for (let round = 0; round < 3000; round += 1) {
    const key = `k${Math.floor(random() * 60)}`;
    const row = { key, value: Math.floor(random() * 40) };
    if (random() < 0.2) {
      all.delete(key);
      table.change([], [key]);
    } else {
      all.set(key, row);
      table.change([row]);
    }
  }
  const kept = table.order.slice();
  table.setAll(all.values());
  assert.deepEqual(kept, table.order);
});
