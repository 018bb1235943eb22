import assert from "node:assert/strict";
import { test } from "node:test";
import { shareStreams } from "../../flask_dispy/static/js/data/sharedstream.js";

/** Windows of one browser, with a clock; messages take a moment. */
function browser({ delayMs = 1 } = {}) {
  const state = { now: 0, opened: /** @type {any[]} */ ([]) };
  /** @type {Set<any>} */
  const channels = new Set();
  /** @type {Map<number, {run: () => void, at: number}>} */
  const timers = new Map();
  let number = 0;
  const share = (/** @type {number} */ id) =>
    shareStreams({
      random: () => id,
      open(address) {
        /** @type {Record<string, (event: any) => void>} */
        const listeners = {};
        const stream = {
          address,
          closed: false,
          addEventListener: (/** @type {string} */ type, /** @type {any} */ listener) => (listeners[type] = listener),
          close: () => (stream.closed = true),
          send: (/** @type {string} */ type, /** @type {any} */ event = {}) => listeners[type](event),
        };
        state.opened.push(stream);
        return stream;
      },
      channel() {
        const channel = {
          onmessage: /** @type {any} */ (null),
          close: () => void channels.delete(channel),
          postMessage(/** @type {any} */ message) {
            const data = structuredClone(message);
            for (const other of [...channels])
              if (other !== channel)
                timers.set((number += 1), {
                  run: () => channels.has(other) && other.onmessage({ data }),
                  at: state.now + delayMs,
                });
          },
        };
        channels.add(channel);
        return channel;
      },
      timers: {
        setTimeout: (run, ms) => (timers.set((number += 1), { run, at: state.now + ms }), number),
        clearTimeout: (timer) => void timers.delete(timer),
      },
    });
  return {
    state,
    live: () => state.opened.filter((stream) => !stream.closed),
    /** A window that wants a stream. */
    window(/** @type {number} */ id, address = "http://h/stream?cluster=*&since=e-0-1") {
      /** @type {any[]} */
      const heard = [];
      const stream = share(id)(address);
      for (const type of ["changes", "alive", "error", "full"])
        stream.addEventListener(type, (event) => heard.push([type, event.data]));
      return { stream, heard };
    },
    pass(/** @type {number} */ ms) {
      const until = state.now + ms;
      for (;;) {
        const due = [...timers].filter(([, timer]) => timer.at <= until).sort((a, b) => a[1].at - b[1].at)[0];
        if (!due) break;
        timers.delete(due[0]);
        state.now = due[1].at;
        due[1].run();
      }
      state.now = until;
    },
  };
}

const changes = (/** @type {number} */ version) => ({ data: `changes ${version}`, lastEventId: `e-0-${version}` });

test("windows that come at once have one stream, and all hear it", () => {
  const { window, state, pass } = browser();
  const windows = [0.5, 0.2, 0.9, 0.7].map((id) => window(id));
  pass(200);
  assert.equal(state.opened.length, 1);
  state.opened[0].send("changes", changes(2));
  state.opened[0].send("alive", { data: "alive" });
  pass(5);
  for (const { heard } of windows)
    assert.deepEqual(heard, [
      ["changes", "changes 2"],
      ["alive", "alive"],
    ]);
});

test("one that comes later hears that the stream lives, and where it is", () => {
  const { window, state, pass } = browser();
  window(0.5);
  pass(200);
  const early = window(0.4);
  pass(200);
  assert.deepEqual(early.heard, [], "it has not said anything yet");
  state.opened[0].send("changes", changes(7));
  const late = window(0.1);
  pass(200);
  assert.equal(state.opened.length, 1);
  assert.deepEqual(late.heard, [["alive", '{"cursor":"e-0-7"}']]);
});

test("when the one that has it goes, another goes on from there", () => {
  const { window, state, pass, live } = browser();
  const [first, second, third] = [0.3, 0.6, 0.8].map((id) => window(id));
  pass(200);
  state.opened[0].send("changes", changes(7));
  pass(5);
  first.stream.close();
  pass(1000);
  assert.equal(live().length, 1);
  assert.match(live()[0].address, /since=e-0-7$/);
  live()[0].send("changes", changes(8));
  pass(5);
  assert.deepEqual(
    [second, third].map(({ heard }) => heard.at(-1)),
    [
      ["changes", "changes 8"],
      ["changes", "changes 8"],
    ],
  );
  assert.equal(first.heard.length, 1);
});

test("two that have begun over the heads of each other agree on one", () => {
  const { window, state, live, pass } = browser({ delayMs: 200 });
  const windows = [0.6, 0.2].map((id) => window(id));
  pass(190);
  assert.equal(live().length, 2);
  pass(1000);
  assert.deepEqual(live(), [state.opened[1]]);
  live()[0].send("changes", changes(3));
  pass(1000);
  assert.deepEqual(
    windows.map(({ heard }) => heard.at(-1)),
    [
      ["changes", "changes 3"],
      ["changes", "changes 3"],
    ],
  );
});

test("beyond a few streams there is none to be had, until one ends", () => {
  const { window, state, pass, live } = browser();
  const windows = [0.1, 0.2, 0.3, 0.4, 0.5].map((id, n) => window(id, `http://h/stream?cluster=c${n}&since=e-${n}-1`));
  pass(200);
  assert.equal(live().length, 3);
  assert.deepEqual(
    windows.map(({ heard }) => heard.length),
    [0, 0, 0, 1, 1],
  );
  assert.equal(windows[4].heard[0][0], "full");
  for (const { stream } of windows.slice(2)) stream.close();
  pass(5);
  window(0.6, "http://h/stream?cluster=c9&since=e-9-1");
  pass(200);
  assert.equal(live().length, 3);
  assert.equal(state.opened.length, 4);
});

test("streams of other clusters are not mixed up", () => {
  const { window, state, pass } = browser();
  const one = window(0.1, "http://h/stream?cluster=a&since=e-1-1");
  const other = window(0.2, "http://h/stream?cluster=b&since=e-2-1");
  pass(200);
  state.opened[0].send("changes", changes(2));
  pass(5);
  assert.deepEqual([one.heard.length, other.heard.length], [1, 0]);
});
