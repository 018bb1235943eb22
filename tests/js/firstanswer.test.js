import assert from "node:assert/strict";
import { test } from "node:test";
import { fetchAfter } from "../../flask_dispy/static/js/data/firstanswer.js";

const BASE = "http://here/dispy/monitor.html";

/** @param {any} [first] */
function scene(first) {
  /** @type {string[]} */
  const asked = [];
  const fetch = /** @type {any} */ (async (/** @type {string} */ address) => void asked.push(address));
  return { asked, fetch: fetchAfter(first, BASE, fetch) };
}

test("the first answer is given once, to who asks for the same", async () => {
  const { asked, fetch } = scene({ url: "http://here/dispy/api/changes?cluster=*", answer: Promise.resolve("first") });
  await fetch("api/series");
  assert.equal(await fetch("api/changes?cluster=*"), "first");
  await fetch("api/changes?cluster=*");
  assert.deepEqual(asked, ["api/series", "api/changes?cluster=*"]);
});

test("that it failed is told to who asks for it", async () => {
  const { fetch } = scene({ url: "http://here/x", answer: Promise.reject(new TypeError("gone")) });
  await assert.rejects(fetch("/x"), TypeError);
});

test("where nothing was asked for yet all is fetched", async () => {
  const { asked, fetch } = scene();
  await fetch("/x");
  assert.deepEqual(asked, ["/x"]);
});
