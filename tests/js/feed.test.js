import assert from "node:assert/strict";
import { test } from "node:test";
import { Feed } from "../../flask_dispy/static/js/data/feed.js";
import { createStore } from "../../flask_dispy/static/js/data/store.js";

/** Lets promises settle; no time passes. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** A server, a clock and a browser tab in a few lines: the seam that the feed is given. */
function world(/** @type {any} */ options = {}) {
  const state = {
    now: 1000,
    down: false,
    hidden: false,
    asked: /** @type {any[]} */ ([]),
    streams: /** @type {any[]} */ ([]),
  };
  /** @type {Map<number, {run: () => void, at: number}>} */
  const timers = new Map();
  let id = 0;
  let cursor = 0;
  /** @type {() => void} */
  let seen = () => {};
  /** @type {any} */
  const api = {
    url: (/** @type {string} */ path, /** @type {any} */ params) => `${path}?since=${params.since}`,
    async get(/** @type {string} */ _path, /** @type {any} */ params) {
      state.asked.push(params.since);
      if (state.down) throw new Error("The server can't be reached");
      cursor += 1;
      return { cursor: `e-0-${cursor}`, snapshot: params.since === null, now: state.now, clusters: [], nodes: [] };
    },
  };
  const openStream = (/** @type {string} */ url) => {
    /** @type {Record<string, (event: any) => void>} */
    const listeners = {};
    const stream = {
      url,
      closed: false,
      addEventListener: (/** @type {string} */ type, /** @type {any} */ listener) => (listeners[type] = listener),
      close: () => (stream.closed = true),
      send: (/** @type {string} */ type, /** @type {any} */ data = {}, /** @type {any} */ more = {}) =>
        listeners[type]({ data: JSON.stringify(data), ...more }),
    };
    state.streams.push(stream);
    return stream;
  };
  const store = createStore({ now: () => state.now });
  const feed = new Feed({
    api,
    store,
    cluster: "*",
    openStream: options.stream === false ? null : openStream,
    interval: options.interval,
    pollSec: options.pollSec ?? 10,
    random: () => 1,
    visibility: { hidden: () => state.hidden, onChange: (listener) => (seen = listener) },
    timers: {
      now: () => state.now,
      setTimeout: (run, ms) => (timers.set((id += 1), { run, at: state.now + ms / 1000 }), id),
      clearTimeout: (timer) => void timers.delete(timer),
    },
  });
  return {
    state,
    store,
    feed,
    /** Seconds until the next timer; null when none waits. */
    next: () => (timers.size ? Math.min(...[...timers.values()].map((timer) => timer.at)) - state.now : null),
    async pass(/** @type {number} */ sec) {
      const until = state.now + sec;
      for (;;) {
        const due = [...timers].filter(([, timer]) => timer.at <= until).sort((a, b) => a[1].at - b[1].at)[0];
        if (!due) break;
        timers.delete(due[0]);
        state.now = due[1].at;
        due[1].run();
        await settle();
      }
      state.now = until;
    },
    async hide(/** @type {boolean} */ hidden) {
      state.hidden = hidden;
      seen();
      await settle();
    },
  };
}

test("the stream goes on from where the first answer ended", async () => {
  const { feed, state, store } = world();
  feed.start();
  await settle();
  assert.deepEqual(state.asked, [null]);
  assert.equal(state.streams[0].url, "stream?since=e-0-1");
  state.streams[0].send("alive", { cursor: "e-0-1" });
  assert.equal(store.state.connection, "live");
  state.streams[0].send("changes", {
    cursor: "e-0-9",
    snapshot: false,
    now: 1,
    clusters: [],
    nodes: [{ ip_addr: "a" }],
  });
  assert.ok(store.nodes.has("a"));
});

test("a stream that breaks is opened again after a poll", async () => {
  const { feed, state, pass } = world();
  feed.start();
  await settle();
  state.streams[0].send("alive", { cursor: "e-0-1" });
  state.streams[0].send("changes", { cursor: "e-0-9", snapshot: false, now: 1, clusters: [], nodes: [] });
  state.streams[0].send("error");
  await pass(1);
  assert.deepEqual(state.asked, [null, "e-0-9"]);
  assert.equal(state.streams.length, 2);
  assert.ok(state.streams[0].closed);
});

test("where the stream never brings anything, it polls", async () => {
  const { feed, state, store, pass, next } = world();
  feed.start();
  await settle();
  for (const i of [0, 1]) {
    state.streams[i].send("error");
    await pass(1);
  }
  assert.equal(state.streams.length, 2);
  assert.equal(store.state.connection, "polling");
  assert.equal(next(), 10);
});

test("failures are tried again after growing waits, and said", async () => {
  const { feed, state, store, next, pass } = world({ interval: 5, stream: false });
  state.down = true;
  feed.start();
  await settle();
  const waits = [];
  for (let i = 0; i < 7; i += 1) {
    waits.push(next());
    await pass(next() ?? 0);
  }
  assert.deepEqual(waits, [1, 2, 4, 8, 16, 30, 30]);
  assert.equal(store.state.connection, "retrying");
  assert.equal(store.state.error, "The server can't be reached");
  state.down = false;
  await pass(30);
  assert.equal(store.state.connection, "polling");
  assert.equal(store.state.error, null);
  assert.equal(next(), 5);
});

test("old data is called stale", async () => {
  const { feed, state, store, pass } = world({ interval: 5, stream: false });
  feed.start();
  await settle();
  state.down = true;
  await pass(60);
  assert.equal(store.state.connection, "stale");
});

test("an interval of 0 stops automatic updates, but Update still works", async () => {
  const { feed, state, store, pass, next } = world({ interval: 0 });
  feed.start();
  await settle();
  assert.equal(store.state.connection, "paused");
  assert.equal(next(), null);
  await pass(1000);
  assert.equal(state.asked.length, 1);
  await feed.update();
  assert.equal(state.asked.length, 2);
});

test("a hidden tab closes its stream and asks seldom", async () => {
  const { feed, state, hide, next } = world();
  feed.start();
  await settle();
  state.streams[0].send("alive", { cursor: "e-0-1" });
  await hide(true);
  assert.ok(state.streams[0].closed);
  assert.equal(next(), 30);
  await hide(false);
  assert.equal(state.streams.length, 2);
});

test("a stream that nothing comes from is not live: it is polled beside, then given up", async () => {
  const { feed, state, store, pass } = world();
  feed.start();
  await settle();
  assert.equal(store.state.connection, "connecting");
  await pass(3);
  assert.equal(store.state.connection, "polling");
  await pass(17);
  assert.deepEqual(state.asked, [null, "e-0-1", "e-0-2"]);
  assert.equal(state.streams[0].closed, false);
  await pass(5);
  assert.equal(state.streams[0].closed, true);
  await pass(30);
  assert.equal(state.streams.length, 1);
  assert.equal(state.asked.length, 6 + 1);
  await pass(40);
  assert.equal(state.streams.length, 2, "it is tried again");
});

test("a stream is live only while something comes", async () => {
  const { feed, state, store, pass } = world();
  feed.start();
  await settle();
  for (let i = 0; i < 6; i += 1) {
    state.streams[0].send("alive", { cursor: "e-0-1" });
    assert.equal(store.state.connection, "live");
    await pass(10);
  }
  assert.equal(state.asked.length, 1);
  await pass(10.9);
  assert.equal(store.state.connection, "live");
  await pass(1);
  assert.equal(store.state.connection, "polling");
  assert.ok(state.streams[0].closed);
  assert.equal(state.asked.length, 2);
  assert.equal(state.streams.length, 2, "the way may work again");
});

test("with a shorter interval silence is noticed sooner", async () => {
  const { feed, state, pass } = world({ pollSec: 2 });
  feed.start();
  await settle();
  state.streams[0].send("alive", { cursor: "e-0-1" });
  await pass(5.1);
  assert.equal(state.asked.length, 2);
});

test("what a stream brings late does not undo what a poll has brought since", async () => {
  const { feed, state, store, pass } = world();
  feed.start();
  await settle();
  await pass(11);
  const row = (/** @type {number} */ busy) => [{ ip_addr: "a", busy }];
  state.streams[0].send("changes", { cursor: "e-0-5", snapshot: false, now: 1, clusters: [], nodes: row(5) });
  state.streams[0].send("changes", { cursor: "e-0-3", snapshot: false, now: 1, clusters: [], nodes: row(3) });
  assert.equal(store.nodes.get("a")?.busy, 5);
});

test("who has missed something of a shared stream asks for it", async () => {
  const { feed, state, store } = world();
  feed.start();
  await settle();
  state.streams[0].send(
    "changes",
    { cursor: "e-0-9", snapshot: false, now: 1, clusters: [], nodes: [{ ip_addr: "a" }] },
    { from: "e-0-8" },
  );
  assert.equal(store.nodes.size, 0);
  assert.deepEqual(state.asked, [null, "e-0-1"]);
  await settle();
  state.streams[0].send("alive", { cursor: "e-0-20" });
  assert.deepEqual(state.asked, [null, "e-0-1", "e-0-2"]);
  assert.equal(store.state.connection, "live");
});

test("where there is no stream to be had, it polls", async () => {
  const { feed, state, store, next } = world();
  feed.start();
  await settle();
  state.streams[0].send("full");
  assert.equal(store.state.connection, "polling");
  assert.equal(next(), 10);
  assert.ok(state.streams[0].closed);
});

test("two updates at once are one request", async () => {
  const { feed, state } = world({ interval: 0 });
  await Promise.all([feed.update(), feed.update()]);
  assert.equal(state.asked.length, 1);
});
