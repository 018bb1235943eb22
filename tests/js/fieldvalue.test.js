import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldOrder, fieldText, valueTest } from "../../flask_dispy/static/js/data/fieldvalue.js";
import { nodeFilter, nodeFilterProblem } from "../../flask_dispy/static/js/data/nodefilter.js";

/** @param {object} more @returns {import("../../flask_dispy/static/js/data/types.js").ServedField} */
const field = (more = {}) => ({ name: "temp", label: "Temp", hint: "", unit: "", type: "any", custom: true, ...more });

/** @param {unknown} temp @param {string} [unit] */
const text = (temp, unit = "") => fieldText({ temp }, field({ unit }), 100);

test("values are shown as their unit says", () => {
  assert.equal(text(12345), "12,345");
  assert.equal(text(41.512345678, "°C"), "41.5123 °C");
  assert.equal(text(2048, "bytes"), "2.0 KiB");
  assert.equal(text(63, "percent"), "63 %");
  assert.equal(text(90, "time"), "10 s ago");
  assert.equal(text(3, "constructor"), "3 constructor");
});

test("texts and flags are shown as they are, and the unknown as such", () => {
  assert.equal(text("north", "°C"), "north");
  assert.deepEqual([text(true), text(false)], ["yes", "no"]);
  assert.deepEqual([text(null), text(undefined), text("")], ["–", "–", "–"]);
});

test("a field within another is found there", () => {
  const cpu = field({ name: "cpu", within: "avail_info", unit: "percent" });
  assert.equal(fieldText({ avail_info: { cpu: 7 } }, cpu, 0), "7 %");
  assert.equal(fieldText({ avail_info: null }, cpu, 0), "–");
});

test("values sort by what they are", () => {
  assert.deepEqual(
    [3, "North", true, null].map((temp) => fieldOrder({ temp }, field())),
    [3, "north", 1, null],
  );
});

/** As in tests/unit/test_custom_columns.py. */
const FOUND = /** @type {[string, unknown[]][]} */ ([
  ["80", [80, "80 %"]],
  [">80", [80.5, 91]],
  [">=80", [80, 80.5, 91]],
  ["<1", [-2]],
  ["true", [true, "untrue"]],
  ["NORTH", ["North"]],
  ["none", []],
]);
for (const [wanted, found] of FOUND) {
  test(`${wanted} finds what the server finds`, () => {
    const values = [80, 80.5, 91, -2, true, false, null, undefined, "North", "80 %", "untrue"];
    assert.deepEqual(new Set(values.filter(valueTest(wanted))), new Set(found));
  });
}

test("a column is a qualifier of the nodes' filter where there is one", () => {
  const row = /** @type {any} */ ({ ip_addr: "10.0.0.1", name: "a", state: "up", run2: 80 });
  assert.equal(nodeFilter("run2:>79", ["run2"])?.(row), true);
  assert.equal(nodeFilter("run2:>80", ["run2"])?.(row), false);
  assert.match(nodeFilterProblem("temp:1", ["rack"]) ?? "", /no qualifier temp: .*clock, is, rack\./);
});
