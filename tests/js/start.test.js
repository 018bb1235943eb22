import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";

const PAGES = new URL("../../flask_dispy/static/js/pages/", import.meta.url);

for (const name of readdirSync(PAGES)) {
  test(`${name} is a function that does nothing until it is called`, async () => {
    // There is no document here: whatever reached for it would throw.
    const page = await import(new URL(name, PAGES).href);
    assert.deepEqual(Object.keys(page), ["start"]);
    assert.equal(page.start.length, 0);
  });
}
