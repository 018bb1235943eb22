import assert from "node:assert/strict";
import { test } from "node:test";
import { ColumnWidths, tracksOf } from "../../flask_dispy/static/js/table/columnwidths.js";

const kept = (/** @type {string|null} */ text) =>
  new ColumnWidths({ store: "dispy.widths.jobs", storage: { getItem: () => text, setItem: () => {} } });

test("a column is as wide as was chosen, the others share the room", () => {
  const columns = /** @type {any[]} */ ([
    { key: "id", width: [150, 0.8] },
    { key: "error", width: [248, 1.6] },
    { key: "ran" },
  ]);
  assert.deepEqual(tracksOf(columns, kept('{"error": 300}')), {
    template: "minmax(150px, 0.8fr) 300px minmax(80px, 1fr)",
    least: 530,
  });
  assert.equal(tracksOf(columns, undefined).least, 478);
});

test("no column is narrower than its edge can make it, whatever was kept", () => {
  const columns = /** @type {any[]} */ ([
    { key: "id", width: [150, 0.8] },
    { key: "cpus", width: [40, 1] },
    { key: "error", width: [248, 1.6], firm: true },
  ]);
  const { template, least } = tracksOf(columns, kept('{"id": 1, "cpus": 1, "error": 48}'));
  assert.deepEqual([template, least], ["48px 40px 248px", 336]);
});

test("widths that can't be meant are not used", () => {
  for (const text of [null, "", "[", "null", "[1.5]", '{"id": "wide", "state": -1, "cpus": 1e9}'])
    assert.equal(kept(text).any, false, String(text));
});
