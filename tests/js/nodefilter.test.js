import assert from "node:assert/strict";
import { test } from "node:test";

import { nodeFilter, nodeFilterProblem } from "../../flask_dispy/static/js/data/nodefilter.js";

/** @import {NodeRow} from "../../flask_dispy/static/js/data/types.js" */

const NODES = /** @type {NodeRow[]} */ (
  /** @type {unknown} */ ([
    { ip_addr: "10.0.0.1", name: "alpha", state: "up", clusters: ["compute"] },
    { ip_addr: "10.0.0.2", name: "beta", state: "silent", clusters: ["compute", "render"] },
    { ip_addr: "10.0.0.3", name: "", state: "closed" },
  ])
);

/** @param {string} text */
const found = (text) => NODES.filter(nodeFilter(text) ?? (() => true)).map(({ ip_addr }) => Number(ip_addr.at(-1)));

test("words, those left out, and those of which one is enough", () => {
  assert.deepEqual(found(""), [1, 2, 3]);
  assert.deepEqual(found("ALPHA"), [1]);
  assert.deepEqual(found("-alpha"), [2, 3]);
  assert.deepEqual(found("state:up OR state:closed"), [1, 3]);
  assert.deepEqual(found("compute -render"), [1]);
  assert.deepEqual(found("10.0.0 name:beta OR -cluster:compute"), [2, 3]);
});

test("what means nothing is said", () => {
  assert.match(nodeFilterProblem("stat:up") ?? "", /no qualifier stat/);
  assert.match(nodeFilterProblem("up OR") ?? "", /OR stands between/);
  assert.equal(nodeFilterProblem("up OR silent -beta"), null);
});
