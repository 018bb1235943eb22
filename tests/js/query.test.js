import assert from "node:assert/strict";
import { test } from "node:test";

import {
  accept,
  complete,
  formatQuery,
  fromAddress,
  isHalfTyped,
  parseQuery,
  problemOf,
  statesOf,
  toParams,
  withStates,
} from "../../flask_dispy/static/js/data/query.js";

/** @param {string} text */
const pairs = (text) => parseQuery(text).map(({ field, value }) => [field, value]);

test("reads qualifiers, quoted values and free words", () => {
  assert.deepEqual(pairs('state:running arg:"two words" alpha "free phrase"'), [
    ["state", "running"],
    ["arg", "two words"],
    [null, "alpha"],
    [null, "free phrase"],
  ]);
});

test("what only looks like a qualifier is a free word, colon and all", () => {
  for (const text of [
    "http://host:80",
    "C:\\data",
    "std::move",
    "10:30",
    "ValueError:",
    "node1:9",
    "a:b",
    '"nodee:x"',
  ]) {
    assert.deepEqual(pairs(text), [[null, text.replaceAll('"', "")]], text);
    assert.equal(problemOf(text), null, text);
  }
});

test("a qualifier that does not exist is refused with those that do", () => {
  for (const text of ["nodee:x", "sinc:", "alpha sinc:5", "-nodee:x", 'msg:"two words"', "submitted_at:7"]) {
    assert.match(
      problemOf(text) ?? "",
      /There is no qualifier \w+: there are state, is, node, id, .*Text with a colon stands in quotes/,
      text,
    );
  }
});

test("capitals do not matter", () => {
  assert.deepEqual(pairs("State:Running Node:alpha"), [
    ["state", "running"],
    ["node", "alpha"],
  ]);
});

test("an open quote runs to the end", () => {
  assert.deepEqual(pairs('id:1 arg:"two wor'), [
    ["id", "1"],
    ["arg", "two wor"],
  ]);
});

test("the words of the pages are welcome as states", () => {
  assert.deepEqual(statesOf("state:failed state:canceled state:failed"), ["failed", "cancelled"]);
});

test("is:failed is state:failed", () => {
  assert.deepEqual(toParams("is:failed alpha"), { state: ["failed"], q: "alpha" });
  assert.equal(withStates("is:failed alpha", ["running"]), "state:running alpha");
  assert.deepEqual(toParams("is:straggler"), { state: [], q: "is:straggler" });
});

test("another state keeps the other words as they were typed", () => {
  assert.equal(withStates('alpha  state:running arg:"a  b"', ["queued"]), 'state:queued alpha arg:"a  b"');
  assert.equal(withStates("state:running", []), "");
});

test("states travel apart from the rest, and an open quote is closed", () => {
  assert.deepEqual(toParams('state:failed slower:3s arg:"a b'), { state: ["failed"], q: 'slower:3s arg:"a b"' });
});

test("a state that does not exist is left for the server to refuse, lest all jobs match", () => {
  assert.deepEqual(toParams("state:runing"), { state: [], q: "state:runing" });
  assert.deepEqual(toParams('state:failed state:dead alpha "b'), { state: ["failed"], q: 'state:dead alpha "b"' });
});

test("an address asks by q, state or both", () => {
  const asked = (/** @type {string} */ text) => fromAddress(new URLSearchParams(text));
  assert.equal(asked("state=failed&state=Terminated&state=failed"), "state:failed state:terminated");
  assert.equal(asked("q=state:running+alpha&state=queued"), "state:queued alpha");
  assert.equal(asked("state=dead&q=alpha"), "state:dead alpha");
  assert.equal(asked("state=two words"), 'state:"two words"');
  assert.equal(asked("q=+alpha+&state="), "alpha");
  assert.equal(asked(""), "");
});

test("what is written reads back", () => {
  const terms = [
    { field: /** @type {const} */ ("cluster"), value: "two words" },
    { field: null, value: "state:running" },
    { field: null, value: "since:noon" },
    { field: null, value: 'say"hi' },
  ];
  assert.deepEqual(
    pairs(formatQuery(terms)),
    terms.map(({ field, value }) => [field, value]),
  );
});

for (const [text, problem] of /** @type {[string, RegExp][]} */ ([
  ["state:lost", /No state is called “lost”/],
  ["slower:soon", /takes a time/],
  ["is:late", /is: takes failed, straggler, bound or rerun/],
  ["serial:x1", /whole number/],
  ["node:", /needs a value/],
])) {
  test(`says what is wrong with ${text}`, () => assert.match(problemOf(text) ?? "", problem));
}

test("finds nothing wrong with what the server takes", () => {
  for (const text of [
    "",
    "faster:500ms slower:1.5h",
    "slower:2min",
    "state:QUEUED",
    "is:Straggler",
    "serial:12",
    "a:b",
  ]) {
    assert.equal(problemOf(text), null, text);
  }
});

test("half a qualifier, or half a name that is matched whole, is not searched for", () => {
  const nodes = [{ ip: "10.0.0.1", name: "alpha" }];
  for (const text of ["i", "is", "alpha stat", "node:10.0", "node:al"])
    assert.ok(isHalfTyped(text, text.length, { nodes }), text);
  for (const text of ["", "is ", "issue", "is:failed", "node:10.0.0.1", "node:alpha", "node:10.*", "id:4", "arg:a"]) {
    assert.equal(isHalfTyped(text, text.length, { nodes }), false, text);
  }
});

test("completes qualifiers by their beginning", () => {
  assert.deepEqual(
    complete("alpha s", 7, {}).items.map((item) => item.label),
    ["state:", "slower:", "since:", "serial:"],
  );
});

test("what a minus leaves out and what OR joins stays among the words", () => {
  const text = "state:failed -state:queued state:running OR node:a -is:failed";
  assert.deepEqual(statesOf(text), ["failed"]);
  assert.deepEqual(toParams(text), {
    state: ["failed"],
    q: "-state:queued state:running OR node:a -is:failed",
  });
  assert.equal(withStates(text, ["queued"]), "state:queued -state:queued state:running OR node:a -is:failed");
  assert.equal(toParams('-arg:"two wo').q, '-arg:"two wo"');
});

test("a minus before anything but a word, and OR in quotes or small letters, is text", () => {
  for (const text of ["->", "--help", "-", '"-5"', '"OR"', "or", "ORDER"]) {
    const [term] = parseQuery(text);
    assert.deepEqual([term.excluded, term.isOr], [false, false], text);
    assert.equal(problemOf(text), null, text);
  }
  assert.equal(formatQuery([{ field: null, value: "-5" }]), '"-5"');
  assert.equal(formatQuery([{ field: null, value: "OR" }]), '"OR"');
});

test("says what is wrong with OR, and with times", () => {
  for (const text of ["OR", "a OR", "OR a", "a OR OR b"])
    assert.match(problemOf(text) ?? "", /OR stands between two/, text);
  for (const text of ["since:x", "until:2026-11-28", "ended:5m..", "since:20:24"])
    assert.match(problemOf(text) ?? "", /takes how long ago/, text);
  for (const text of [
    "since:10m",
    "ended:2h..1h",
    "since:2026-11-28T01:00Z",
    "until:2026-11-28T01:00+01:00",
    "a OR b",
    "a OR -is:bound",
  ])
    assert.equal(problemOf(text), null, text);
  assert.match(problemOf("waited:x") ?? "", /takes a time/);
});

test("completes behind a minus", () => {
  const completion = complete("-st", 3, {});
  assert.deepEqual(
    completion.items.map((item) => item.label),
    ["state:"],
  );
  assert.equal(accept("-st", completion, completion.items[0]).text, "-state:");
  assert.ok(isHalfTyped("-st", 3, {}));
  assert.ok(isHalfTyped("a OR", 4, {}));
});

test("completes nodes by address and by name", () => {
  const nodes = [
    { ip: "10.0.0.1", name: "alpha" },
    { ip: "10.0.0.2", name: "beta" },
  ];
  assert.deepEqual(
    complete("node:be", 7, { nodes }).items.map((item) => item.text),
    ["node:10.0.0.2 "],
  );
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
