import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { posix } from "node:path";
import { test } from "node:test";

const ROOT = new URL("../../flask_dispy/", import.meta.url);
const read = (/** @type {string} */ path) => readFileSync(new URL(path, ROOT), "utf8");

/** Every module that a page's script needs, itself apart. */
function needed(/** @type {string} */ entry) {
  const found = new Set([entry]);
  for (const path of found) {
    for (const [, to] of read(`static/js/${path}`).matchAll(/^(?:import\b|\} from\b)[^"\n]*"(\.[^"]+)";/gm)) {
      found.add(posix.join(posix.dirname(path), to));
    }
  }
  found.delete(entry);
  return [...found].sort();
}

/** Every module that a template asks for ahead, in its `{% for name in [...] %}` list. */
function preloaded(/** @type {string} */ template) {
  const lists = read(`templates/flask_dispy/${template}`).matchAll(/for name in \[([^\]]*)\]/g);
  return [...lists].flatMap(([, list]) => [...list.matchAll(/"([\w/-]+)"/g)].map(([, name]) => `${name}.js`));
}

for (const page of ["monitor", "node", "manage"]) {
  test(`${page} asks ahead for exactly the modules that it needs, so that none waits for another`, () => {
    const asked = [...preloaded("base.html"), ...preloaded(`${page}.html`)];
    assert.deepEqual(asked.sort(), needed(`pages/${page}.js`));
  });
}
