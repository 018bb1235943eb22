import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

/** From the ground up: a module imports from its own folder and from those before it, types too. */
const FLOORS = ["lib", "data", "table", "frame", "widgets", "pages"];
const ROOT = fileURLToPath(new URL("../../flask_dispy/static/js", import.meta.url));

const IMPORT = /(?:\bfrom |\bimport\(|\bimport )"(\.[^"]*)"/g;

/** What each module imports, by name: "data/api.js". */
const imports = new Map(
  readdirSync(ROOT, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".js"))
    .map((name) => {
      const source = readFileSync(join(ROOT, name), "utf8");
      return [name, [...source.matchAll(IMPORT)].map(([, path]) => relative(ROOT, join(ROOT, dirname(name), path)))];
    }),
);

/** @param {string} name */
const floorOf = (name) => FLOORS.indexOf(dirname(name));

test("every module stands on one of the floors", () => {
  assert.ok(imports.size > 80);
  assert.deepEqual(
    [...imports.keys()].filter((name) => floorOf(name) < 0),
    [],
  );
});

test("imports lead down, and to modules that are there", () => {
  const all = [...imports].flatMap(([name, needed]) => needed.map((one) => [name, one]));
  assert.ok(all.length > 300);
  assert.deepEqual(
    all.filter(([name, one]) => !imports.has(one) || floorOf(one) > floorOf(name)),
    [],
  );
});

test("no page imports another", () => {
  assert.deepEqual(
    [...imports.values()].flat().filter((name) => dirname(name) === "pages"),
    [],
  );
});

test("no modules import each other in a loop", () => {
  const done = new Set();
  /** @param {string} name @param {string[]} path */
  function walk(name, path) {
    assert.ok(!path.includes(name), [...path.slice(path.indexOf(name)), name].join(" -> "));
    if (done.has(name)) return;
    for (const needed of imports.get(name) ?? []) walk(needed, [...path, name]);
    done.add(name);
  }
  for (const name of imports.keys()) walk(name, []);
});
