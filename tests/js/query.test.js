import assert from "node:assert/strict";
import { test } from "node:test";

import { accept, complete, formatQuery, parseQuery, problemOf, statesOf, toParams, withStates } from "../../flask_dispy/static/js/query.js";

/** @param {string} text */
const pairs = (text) => parseQuery(text).map(({ field, value }) => [field, value]);

test("reads qualifiers, quoted values and free words", () => {
  assert.deepEqual(pairs('state:running arg:"two words" alpha "free phrase"'), [
    ["state", "running"], ["arg", "two words"], [null, "alpha"], [null, "free phrase"],
  ]);
});

test("an unknown qualifier is a free word, colon and all", () => {
  assert.deepEqual(pairs("http://host:80 State:running"), [[null, "http://host:80"], [null, "State:running"]]);
});

test("an open quote runs to the end", () => {
  assert.deepEqual(pairs('id:1 arg:"two wor'), [["id", "1"], ["arg", "two wor"]]);
});

test("the words of the pages are welcome as states", () => {
  assert.deepEqual(statesOf("state:failed state:canceled state:failed"), ["terminated", "cancelled"]);
});

test("another state keeps the other words as they were typed", () => {
  assert.equal(withStates('alpha  state:running arg:"a  b"', ["queued"]), 'state:queued alpha arg:"a  b"');
  assert.equal(withStates("state:running", []), "");
});

test("states travel apart from the rest, and an open quote is closed", () => {
  assert.deepEqual(toParams('state:failed slower:3s arg:"a b'), { state: ["terminated"], q: 'slower:3s arg:"a b"' });
});

test("what is written reads back", () => {
  const terms = [
    { field: /** @type {const} */ ("cluster"), value: "two words" },
    { field: null, value: "state:running" },
    { field: null, value: 'say"hi' },
  ];
  assert.deepEqual(pairs(formatQuery(terms)), terms.map(({ field, value }) => [field, value]));
});

for (const [text, problem] of /** @type {[string, RegExp][]} */ ([
  ["state:lost", /No state is called “lost”/],
  ["slower:soon", /takes a time/],
  ["is:late", /is: takes failed or straggler/],
  ["serial:x1", /whole number/],
  ["node:", /needs a value/],
])) {
  test(`says what is wrong with ${text}`, () => assert.match(problemOf(text) ?? "", problem));
}

test("finds nothing wrong with what the server takes", () => {
  for (const text of ["", "faster:500ms slower:1.5h", "slower:2min", "state:QUEUED", "is:Straggler", "serial:12", "a:b"]) {
    assert.equal(problemOf(text), null, text);
  }
});

test("completes qualifiers by their beginning", () => {
  assert.deepEqual(complete("alpha s", 7, {}).items.map((item) => item.label), ["state:", "slower:", "serial:"]);
});

test("completes nodes by address and by name", () => {
  const nodes = [{ ip: "10.0.0.1", name: "alpha" }, { ip: "10.0.0.2", name: "beta" }];
  assert.deepEqual(complete("node:be", 7, { nodes }).items.map((item) => item.text), ["node:10.0.0.2 "]);
  assert.deepEqual(complete("node:10.0.0.1", 13, { nodes }).items, []);
});

test("quotes a value that has spaces", () => {
  const completion = complete("cluster:t", 9, { clusters: ["two words"] });
  assert.deepEqual(accept("cluster:t", completion, completion.items[0]), { text: 'cluster:"two words" ', caret: 20 });
});

test("taking a suggestion keeps the words around it", () => {
  const completion = complete("a sta b", 5, {});
  assert.deepEqual(accept("a sta b", completion, completion.items[0]), { text: "a state: b", caret: 8 });
});
