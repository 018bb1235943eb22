import assert from "node:assert/strict";
import { test } from "node:test";
import { rowsOf } from "../../flask_dispy/static/js/data/nodeblocks.js";

/** @param {object} more @returns {any} */
const block = (more) => ({
  ip_addr: ["10.0.0.1", "10.0.0.2"],
  name: ["alpha", "beta"],
  cpus: [8],
  avail_cpus: [8, 16],
  busy: [0],
  running: [1, 2],
  jobs_done: [5, 6],
  cpu_time: [1.5, 2.5],
  tx: { unit: 10, values: [1, 2] },
  rx: { unit: 10, values: [3, 4] },
  update_time: { from: 100, values: [0, 1] },
  avail_info: {
    cpu: [50, 7],
    memory: { unit: 1024, values: [4, 8] },
    disk: { unit: 10, values: [1, 2.5] },
    swap: [100],
  },
  state: ["up", "silent"],
  ...more,
});

const FIELDS = /** @type {const} */ ([
  "ip_addr",
  "name",
  "cpus",
  "avail_cpus",
  "busy",
  "running",
  "jobs_done",
  "cpu_time",
  "tx",
  "rx",
  "update_time",
  "avail_info",
  "state",
  "clusters",
]);

/** @param {any} row */
const read = (row) => Object.fromEntries(FIELDS.map((field) => [field, row[field]]));

test("each row reads its own place, and what all share", () => {
  const rows = rowsOf([block({ clusters: [["compute"]] }), block({ ip_addr: ["10.0.0.3"], name: ["gamma"] })]);
  assert.deepEqual(
    rows.map((row) => row.ip_addr),
    ["10.0.0.1", "10.0.0.2", "10.0.0.3"],
  );
  assert.deepEqual(read(rows[1]), {
    ip_addr: "10.0.0.2",
    name: "beta",
    cpus: 8,
    avail_cpus: 16,
    busy: 0,
    running: 2,
    jobs_done: 6,
    cpu_time: 2.5,
    tx: 20,
    rx: 40,
    update_time: 101,
    avail_info: { cpu: 7, memory: 8192, disk: 25, swap: 100 },
    state: "silent",
    clusters: ["compute"],
  });
});

test("a row of one cluster's view names no clusters", () => {
  assert.equal(rowsOf([block({})])[0].clusters, undefined);
});

test("a node without figures has none, alone or among others", () => {
  const mixed = {
    cpu: [null, 7],
    memory: { unit: 1024, values: [null, 8] },
    disk: { unit: 10, values: [null, 2] },
    swap: [null, 100],
  };
  assert.deepEqual(
    rowsOf([block({ avail_info: mixed })]).map((row) => row.avail_info?.memory),
    [undefined, 8192],
  );
  assert.equal(rowsOf([block({ avail_info: mixed })])[0].avail_info, null);
  const none = {
    cpu: [null],
    memory: { unit: 1024, values: [null] },
    disk: { unit: 10, values: [null] },
    swap: [null],
  };
  assert.equal(rowsOf([block({ avail_info: none })])[1].avail_info, null);
});
