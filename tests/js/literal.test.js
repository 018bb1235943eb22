import assert from "node:assert/strict";
import { test } from "node:test";

import { partsOf } from "../../flask_dispy/static/js/data/literal.js";

/** @import {Part} from "../../flask_dispy/static/js/data/literal.js" */

/** @param {Part[]|null} parts @returns {any} */
const tree = (parts) => parts && parts.map((part) => [part.label, part.parts ? tree(part.parts) : part.text]);

test("JSON is taken apart", () => {
  assert.deepEqual(tree(partsOf('{"a": 1, "b": [true, null, "x, y"], "c": {"d": -2.5e3}}')), [
    ['"a"', "1"],
    [
      '"b"',
      [
        ["0", "true"],
        ["1", "null"],
        ["2", '"x, y"'],
      ],
    ],
    ['"c"', [['"d"', "-2.5e3"]]],
  ]);
});

test("what Python shows is taken apart", () => {
  assert.deepEqual(tree(partsOf("{'it\\'s': (1,), 2: {'x'}, 'n': None, 'a': array([1, 2]), 'e': []}")), [
    ["'it\\'s'", [["0", "1"]]],
    ["2", [["", "'x'"]]],
    ["'n'", "None"],
    ["'a'", "array([1, 2])"],
    ["'e'", []],
  ]);
  assert.deepEqual(tree(partsOf("[(1+2j), {1: 2}]")), [
    ["0", [["0", "1+2j"]]],
    ["1", [["1", "2"]]],
  ]);
});

test("layout does not count, and each part keeps its own text", () => {
  const parts = partsOf('\n[\n  { "a" : [1 ,2] }\n]\n') ?? [];
  assert.deepEqual(tree(parts), [
    [
      "0",
      [
        [
          '"a"',
          [
            ["0", "1"],
            ["1", "2"],
          ],
        ],
      ],
    ],
  ]);
  assert.equal(parts[0].text, '{ "a" : [1 ,2] }');
});

test("what is no whole value stays a text", () => {
  for (const text of ["", "7", "'{}'", "done", "[1, 2", "[1, 2] and more", "{'a': 1,, }", "['a", "[1: 2]", "[)]"]) {
    assert.equal(partsOf(text), null, text);
  }
});

test("what is deep or long is a text", () => {
  assert.equal(tree(partsOf("[".repeat(200) + "]".repeat(200)))?.length, 1);
  assert.equal(partsOf(`[${"1, ".repeat(60_000)}]`)?.length, 60_000);
  assert.equal(partsOf(`[${"1, ".repeat(70_000)}]`), null);
});
