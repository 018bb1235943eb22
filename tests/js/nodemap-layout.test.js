import assert from "node:assert/strict";
import { test } from "node:test";

import {
  cellAt,
  cellRect,
  lookOf,
  gridFor,
  LEVELS,
  moveCell,
  summaryOf,
} from "../../flask_dispy/static/js/widgets/nodemap-layout.js";
import { loadOf, SHADES } from "../../flask_dispy/static/js/widgets/nodemap-shades.js";

/** @param {Partial<import("../../flask_dispy/static/js/widgets/nodemap-layout.js").Node>} [given] */
const node = (given) => ({ ip_addr: "10.0.0.1", name: "alpha", state: "up", cpus: 16, busy: 4, ...given });

for (const count of [1, 2, 3, 12, 50, 96, 300, 1000, 3000, 10000]) {
  for (const width of [320, 440, 1360]) {
    test(`${count} nodes stand apart within ${width} px`, () => {
      const grid = gridFor(count, width, 144);
      assert.ok(grid.columns * grid.pitchX <= width + grid.gap, "not wider than the room");
      assert.ok(grid.columns * grid.rows >= count, "a cell for each");
      assert.ok(grid.pitchX - grid.gap >= 3, "wide enough to be seen");
      if (count <= 1000 && width >= 440) assert.ok(grid.height <= 144, `no higher than asked, was ${grid.height}`);
    });
  }
}

test("a few nodes get cells with room for their names", () => {
  const grid = gridFor(3, 440, 144);
  assert.ok(grid.pitchX >= 100 && grid.pitchY >= 40);
});

test("more nodes never get larger cells", () => {
  let last = Infinity;
  for (let count = 1; count < 12000; count = Math.ceil(count * 1.3)) {
    const { pitchX, pitchY } = gridFor(count, 700, 144);
    assert.ok(pitchX * pitchY <= last, `${count} nodes`);
    last = pitchX * pitchY;
  }
});

test("every point of a cell finds it, the gap included; beyond the last there is none", () => {
  const grid = gridFor(50, 440, 144);
  for (const index of [0, 1, 17, 49]) {
    const { x, y, width, height } = cellRect(grid, index);
    assert.equal(cellAt(grid, x, y), index);
    assert.equal(cellAt(grid, x + width + grid.gap - 0.1, y + height + grid.gap - 0.1), index);
  }
  assert.equal(cellAt(grid, -1, 0), -1);
  assert.equal(cellAt(grid, grid.columns * grid.pitchX + 1, 0), -1);
  assert.equal(cellAt(grid, 0, grid.height + 1), -1);
});

test("keys move within the map and never out of it", () => {
  const grid = gridFor(25, 200, 200);
  assert.equal(moveCell(grid, 0, "ArrowLeft"), 0);
  assert.equal(moveCell(grid, 0, "ArrowRight"), 1);
  assert.equal(moveCell(grid, 0, "ArrowDown"), grid.columns);
  assert.equal(moveCell(grid, 24, "ArrowDown"), 24);
  assert.equal(moveCell(grid, 3, "End"), 24);
  assert.equal(moveCell(grid, 3, "x"), null);
});

test("shade follows load in few steps", () => {
  assert.equal(loadOf(node({ cpus: 0 })), 0);
  assert.equal(loadOf(node({ busy: 99 })), 1);
  assert.equal(lookOf(node({ busy: 0 })).level, 0);
  assert.equal(lookOf(node({ busy: 1 })).level, 1);
  assert.equal(lookOf(node({ busy: 16 })).level, LEVELS);
});

test("a face's key changes with what is seen and with nothing else", () => {
  const key = lookOf(node()).key;
  assert.equal(lookOf({ ...node(), avail_cpus: 3 }).key, key);
  assert.notEqual(lookOf(node({ state: "silent" })).key, key);
  assert.notEqual(lookOf(node({ busy: 5 })).key, key);
});

test("sums up the states", () => {
  assert.deepEqual(
    summaryOf([node(), node({ state: "silent" }), node({ state: "closed" }), node({ state: "lost" }), node()]),
    { up: 2, silent: 1, lost: 1, closed: 1 },
  );
});

test("a cell's shade is by choice, none where nothing is known", () => {
  const compared = { times_others: 1.5, failed_share: 0.25 };
  const avail_info = { cpu: 25, memory: null, disk: null, swap: null };
  /** @param {keyof typeof SHADES} name @param {any} row */
  const face = (name, row) => {
    const { level, figures } = lookOf({ ...node(), ...row }, SHADES[name]);
    return [level, figures];
  };
  assert.deepEqual(face("slow", { compared }), [LEVELS / 2, "1.5 ×"]);
  assert.deepEqual(face("failing", { compared }), [LEVELS / 2, "25 %"]);
  assert.deepEqual(face("load", { avail_info }), [(LEVELS * 3) / 4, "75 %"]);
  for (const name of /** @type {const} */ (["slow", "failing", "load"]))
    assert.deepEqual(face(name, { compared: null, avail_info: null }), [0, "–"]);
  assert.equal(face("slow", { compared: { ...compared, times_others: 0.5 } })[0], 0);
  assert.equal(face("slow", { compared: { ...compared, times_others: 9 } })[0], LEVELS);
});
