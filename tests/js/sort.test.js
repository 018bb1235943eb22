import assert from "node:assert/strict";
import { test } from "node:test";
import { addressKey, compareValues, mergeMoved, rowOrder } from "../../flask_dispy/static/js/lib/sort.js";

test("addresses sort by number, not as text", () => {
  const sorted = ["10.0.0.2", "10.0.0.10", "9.9.9.9", "fe80::1", "fe80::a:1", "::1", "host-b", "host-a"].sort((a, b) =>
    compareValues(addressKey(a), addressKey(b)),
  );
  assert.deepEqual(sorted, ["9.9.9.9", "10.0.0.2", "10.0.0.10", "::1", "fe80::1", "fe80::a:1", "host-a", "host-b"]);
});

test("what only looks like an address is a name", () => {
  for (const name of ["1.2.3", "1.2.3.", "1..2.3", "1.2.3.4.5", "1.2.3.4000", "1e2.1.1.1", " 1.2.3.4", ""]) {
    assert.equal(addressKey(name), `7${name}`);
  }
});

test("equal IPv6 addresses have one key", () => {
  assert.equal(addressKey("fe80::1"), addressKey("FE80:0:0:0:0:0:0:1"));
});

test("what is unknown stands last in both directions", () => {
  const rows = [
    { v: null, k: 1 },
    { v: 5, k: 2 },
    { v: 7, k: 3 },
    { v: undefined, k: 4 },
  ];
  const order = (/** @type {"asc"|"desc"} */ direction) =>
    [...rows]
      .sort(
        rowOrder(
          (row) => row.v,
          (row) => row.k,
          direction,
        ),
      )
      .map((row) => row.k);
  assert.deepEqual(order("asc"), [2, 3, 1, 4]);
  assert.deepEqual(order("desc").slice(0, 2), [3, 2]);
});

test("merging what moved equals sorting everything", () => {
  let seed = 7;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const compare = (/** @type {{v: number, k: number}} */ a, /** @type {{v: number, k: number}} */ b) =>
    a.v - b.v || a.k - b.k;
  for (let round = 0; round < 50; round += 1) {
    const items = Array.from({ length: 40 }, (_, k) => ({ v: Math.floor(random() * 9), k })).sort(compare);
    const moved = items.filter(() => random() < 0.3);
    const gone = new Set([...moved, ...items.filter(() => random() < 0.1)]);
    const stay = items.filter((item) => !gone.has(item));
    for (const item of moved) item.v = Math.floor(random() * 9);
    assert.deepEqual(
      mergeMoved(items, moved, (item) => gone.has(item), compare),
      [...stay, ...moved].sort(compare),
    );
  }
});
