import assert from "node:assert/strict";
import { test } from "node:test";

import { JobList, mergePage, PAGE_ROWS } from "../../flask_dispy/static/js/data/joblist.js";

/** @typedef {import("../../flask_dispy/static/js/data/types.js").JobRow} JobRow */

/** @param {number} serial @param {string} [state] */
const job = (serial, state = "queued") =>
  /** @type {JobRow} */ (/** @type {unknown} */ ({ serial, id: String(serial), state }));

/** A server with the jobs 1 to `newest`. */
function createServer(newest = 250) {
  const server = {
    newest,
    /** @type {any[]} */
    asked: [],
    /** @type {Error|null} */
    error: null,
    api: /** @type {any} */ ({
      async get(/** @type {string} */ path, /** @type {any} */ params) {
        server.asked.push({ path, ...params });
        if (server.error) throw server.error;
        const first = params.before ? params.before - 1 : server.newest;
        const items = [];
        for (let serial = first; serial > 0 && items.length < params.limit; serial -= 1) items.push(job(serial));
        const more = items.length > 0 && items[items.length - 1].serial > 1;
        return {
          total: server.newest,
          items,
          next: more ? "?" : null,
          counts: { queued: server.newest },
          limit: params.limit,
        };
      },
    }),
  };
  return server;
}

/** @param {ReturnType<typeof createServer>} server */
function createList(server) {
  let changes = 0;
  const list = new JobList({ api: server.api, cluster: "*", onChange: () => (changes += 1) });
  return { list, changes: () => changes };
}

test("pages follow one another without gap or double", async () => {
  const { list } = createList(createServer());
  await list.search("");
  await list.more();
  await list.more();
  await list.more();
  assert.deepEqual(
    list.state.rows.map((row) => row.serial),
    Array.from({ length: 250 }, (_, index) => 250 - index),
  );
  assert.equal(list.state.more, false);
});

test("two calls for more make one request", async () => {
  const server = createServer();
  const { list } = createList(server);
  await list.search("");
  await Promise.all([list.more(), list.more()]);
  assert.equal(server.asked.length, 2);
  assert.equal(list.state.rows.length, 2 * PAGE_ROWS);
});

test("the end that is reached during a refresh is not forgotten", async () => {
  const server = createServer();
  const { list } = createList(server);
  await list.search("");
  const refreshed = list.refresh(true);
  await list.more();
  await refreshed;
  assert.equal(list.state.rows.length, 2 * PAGE_ROWS);
});

test("the end that is reached while the first page is drawn is not forgotten", async () => {
  const server = createServer();
  const list = new JobList({ api: server.api, cluster: "*", onChange: () => void list.more() });
  await list.search("");
  assert.equal(list.state.rows.length, 250);
});

test("a failure is not followed by a request that nobody asked for", async () => {
  const server = createServer();
  const { list } = createList(server);
  await list.search("");
  server.error = new Error("down");
  await Promise.all([list.refresh(true), list.more()]);
  assert.equal(server.asked.length, 2);
});

test("the states of a search travel apart from its words", async () => {
  const server = createServer();
  await createList(server).list.search("state:failed alpha");
  assert.deepEqual(server.asked[0], {
    path: "clusters/*/jobs",
    state: ["failed"],
    q: "alpha",
    limit: PAGE_ROWS,
  });
});

test("the answer to a search that was given up is dropped", async () => {
  const server = createServer(5);
  const { list } = createList(server);
  const first = list.search("old");
  server.newest = 9;
  await Promise.all([list.search("new"), first]);
  assert.equal(list.state.total, 9);
  assert.equal(list.state.phase, "ready");
});

test("while somebody reads, new jobs wait and are counted", async () => {
  const server = createServer(150);
  const { list } = createList(server);
  await list.search("");
  server.newest = 153;
  await list.refresh(true);
  assert.equal(list.state.waiting, 3);
  assert.equal(list.state.rows[0].serial, 150);
  assert.equal(list.state.total, 153);
  await list.refresh(false);
  assert.equal(list.state.rows[0].serial, 153);
  assert.equal(list.state.waiting, 0);
});

test("a live list doesn't grow by what it lets in", async () => {
  const server = createServer(150);
  const { list } = createList(server);
  await list.search("");
  server.newest = 170;
  await list.refresh(false);
  assert.equal(list.state.rows.length, PAGE_ROWS);
  assert.equal(list.state.more, true);
});

test("a failed search can be told from a failed refresh, which keeps the rows", async () => {
  const server = createServer();
  const { list } = createList(server);
  server.error = new Error("down");
  await list.search("");
  assert.equal(list.state.phase, "failed");
  server.error = null;
  await list.search("");
  server.error = new Error("down again");
  await list.refresh(false);
  assert.equal(list.state.phase, "ready");
  assert.equal(list.state.rows.length, PAGE_ROWS);
  assert.equal(list.state.error?.message, "down again");
});

test("rows change in place, and those that a live search no longer finds leave", () => {
  const rows = [job(3), job(2), job(1)];
  const page = [job(4), job(3, "running"), job(1)];
  const still = mergePage(rows, page, true);
  assert.deepEqual(
    still.rows.map(({ serial, state }) => [serial, state]),
    [
      [3, "running"],
      [2, "queued"],
      [1, "queued"],
    ],
  );
  assert.equal(still.waiting, 1);
  assert.deepEqual(
    mergePage(rows, page, false).rows.map((row) => row.serial),
    [4, 3, 1],
  );
});

test("rows beyond what was read again stay", () => {
  assert.deepEqual(
    mergePage([job(4), job(3), job(2), job(1)], [job(5), job(4)], false).rows.map((row) => row.serial),
    [5, 4, 3, 2, 1],
  );
});

/** A server whose jobs are asked for by how long they ran. */
function createSortedServer() {
  /** @type {any[]} */
  const asked = [];
  const serials = [7, 3, 9, 1, 4];
  const api = /** @type {any} */ ({
    async get(/** @type {string} */ _path, /** @type {any} */ params) {
      asked.push(params);
      const from = params.after ? Number(params.after) : 0;
      const items = serials.slice(from, from + 2).map((serial) => job(serial));
      const end = from + 2 < serials.length ? String(from + 2) : null;
      return { total: 5, items, next: end && "?", next_after: end, counts: {}, limit: 2 };
    },
  });
  return { api, asked, serials };
}

test("in another order pages follow by the server's cursor", async () => {
  const { api, asked, serials } = createSortedServer();
  const list = new JobList({ api, cluster: "*", onChange: () => {} });
  await list.search("alpha", { sort: "ran", order: "desc" });
  await list.more();
  await list.more();
  assert.deepEqual(
    list.state.rows.map(({ serial }) => serial),
    serials,
  );
  assert.deepEqual(
    asked.map(({ sort, order, after, before }) => [sort, order, after, before]),
    [
      ["ran", "desc", undefined, undefined],
      ["ran", "desc", "2", undefined],
      ["ran", "desc", "4", undefined],
    ],
  );
  assert.deepEqual(list.asked(), { state: [], q: "alpha", sort: "ran", order: "desc" });
});

test("in another order rows that are read stay, and those that belong before them are counted", async () => {
  const { api, serials } = createSortedServer();
  const list = new JobList({ api, cluster: "*", onChange: () => {} });
  await list.search("", { sort: "ran", order: "desc" });
  serials.unshift(8);
  await list.refresh(true);
  assert.deepEqual([list.state.rows.map(({ serial }) => serial), list.state.waiting], [[7, 3], 1]);
  await list.refresh(false);
  assert.deepEqual([list.state.rows.map(({ serial }) => serial), list.state.waiting], [[8, 7], 0]);
});
