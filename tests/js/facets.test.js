import assert from "node:assert/strict";
import { test } from "node:test";
import { asksFor, listedFacets, toggled } from "../../flask_dispy/static/js/data/facets.js";

/** @param {string} qualifier @param {string[]} values */
const facet = (qualifier, ...values) => ({
  qualifier,
  items: values.map((value) => ({ value, label: null, jobs: 1, failed: 0 })),
  other: { values: 0, jobs: 0, failed: 0 },
});

test("a value is asked for, and no longer, while all other words stay as they were typed", () => {
  assert.equal(toggled("", "node", "10.0.0.7"), "node:10.0.0.7");
  assert.equal(toggled('arg:"two words" -draft', "node", "alpha"), 'arg:"two words" -draft node:alpha');
  assert.equal(toggled("a node:alpha b OR c", "node", "alpha"), "a b OR c");
});

test("a value is asked for by a word of its own alone", () => {
  assert.ok(asksFor("x node:alpha", "node", "alpha"));
  for (const text of ["-node:alpha", "node:alpha OR node:beta", "node:alphabet", "alpha"])
    assert.ok(!asksFor(text, "node", "alpha"), text);
});

test("names with blanks and quotes can be chosen and left again", () => {
  for (const name of ["my cluster", 'a "b" c', 'x"y', "-odd", "OR", "<b>"]) {
    const text = toggled("word", "cluster", name);
    assert.ok(asksFor(text, "cluster", name), text);
    assert.equal(toggled(text, "cluster", name), "word");
  }
});

test("a single function is listed only where the search asks for it", () => {
  const facets = [facet("state", "failed"), facet("node", "a"), facet("cluster", "compute"), facet("error-kind")];
  assert.deepEqual(
    listedFacets(facets, "").map(({ field }) => field),
    ["node"],
  );
  assert.deepEqual(
    listedFacets(facets, "cluster:compute").map(({ field }) => field),
    ["cluster", "node"],
  );
});
