import assert from "node:assert/strict";
import { test } from "node:test";

import { fakeElement, fakeEvent } from "./fakedom.js";
import { createAttention } from "../../flask_dispy/static/js/widgets/attention.js";

/** The links that are shown. @param {any} element @returns {any[]} */
const links = (element) => element.children.filter((/** @type {any} */ link) => !link.hidden);

/** @param {string[]} filtered */
function attention(filtered) {
  const element = fakeElement();
  const { update } = createAttention(element, {
    href: (page, { q } = {}) => `${page}?q=${q}`,
    nodes: () => [],
    onNodes: (query) => filtered.push(query),
  });
  update(/** @type {any} */ ({ attention: { silent: 2 }, jobs: { failed: 3, abandoned: 0 }, outlook: null }));
  return links(element);
}

for (const key of ["ctrlKey", "metaKey", "shiftKey", "altKey"]) {
  test(`click with ${key} on a chip of nodes is the browser's, and does not filter this page`, () => {
    /** @type {string[]} */
    const filtered = [];
    const [silent] = attention(filtered);
    assert.equal(silent.href, "monitor.html?q=state:silent");
    const click = fakeEvent("click", { button: 0, [key]: true });
    silent.dispatchEvent(click);
    assert.ok(!click.defaultPrevented);
    assert.deepEqual(filtered, []);
  });
}

test("click on a chip of nodes filters this page; one of jobs leads to them", () => {
  /** @type {string[]} */
  const filtered = [];
  const [silent, failed] = attention(filtered);
  const [click, other] = [0, 1].map(() => fakeEvent("click", { button: 0 }));
  silent.dispatchEvent(click);
  assert.ok(click.defaultPrevented);
  assert.deepEqual(filtered, ["state:silent"]);
  failed.dispatchEvent(other);
  assert.ok(!other.defaultPrevented);
  assert.equal(failed.href, "jobs.html?q=state:failed");
});
