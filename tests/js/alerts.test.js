import assert from "node:assert/strict";
import { test } from "node:test";
import { alertLines } from "../../flask_dispy/static/js/frame/alertsstatus.js";
import { BrowserNotices, noticesOf, switchNotices } from "../../flask_dispy/static/js/frame/browsernotices.js";

const event = (/** @type {string} */ kind, /** @type {string} */ text, more = {}) =>
  /** @type {any} */ ({ kind, text, cluster: "render", serial: 1, ...more });
const summary = (/** @type {number} */ latest) =>
  /** @type {any} */ ({ name: "render", jobs: { pending: 1 }, events: { latest } });

test("a notice for each kind, in the order in which they happened", () => {
  const lost = ["d", "c", "b", "a"].map((name, i) => event("node_lost", `${name} was lost`, { serial: 5 - i }));
  assert.deepEqual(noticesOf([event("stalled", "No job has ended", { serial: 6 }), ...lost], "*"), [
    {
      kind: "node_lost",
      serial: 5,
      title: "render: node lost",
      body: "d was lost\nc was lost\nb was lost\nand 1 more",
    },
    { kind: "stalled", serial: 6, title: "render: stalled", body: "No job has ended" },
  ]);
  const [all] = noticesOf([event("history_failing", "The history can't be written", { cluster: null })], "*");
  assert.equal(all.title, "* Combined: history can't be written");
});

/** @param {{on?: string}} [options] */
function watching({ on = "on" } = {}) {
  const g = /** @type {any} */ (globalThis);
  g.window = { Notification: {} };
  g.Notification = { permission: "granted" };
  /** @type {any[]} */
  const asked = [];
  /** @type {string[]} */
  const told = [];
  /** @type {string[]} */
  const tags = [];
  const api = {
    get: async (/** @type {string} */ _path, /** @type {any} */ query) => {
      asked.push(query.after);
      const items = [event("stalled", "No job has ended", { serial: query.after + 1 })];
      return { items, latest: query.after + 1 };
    },
  };
  const shell = /** @type {any} */ ({ api, cluster: "*", storage: { getItem: () => on } });
  const notices = new BrowserNotices(shell, (title, _body, tag) => {
    told.push(title);
    tags.push(tag);
  });
  return { notices, asked, told, tags, shell };
}
const rest = () => new Promise((done) => setTimeout(done));

test("only what happens while somebody may be told is told, and once", async () => {
  const { notices, asked, told } = watching();
  notices.update(undefined, 0);
  notices.update(summary(7), 0);
  notices.update(summary(7), 1);
  assert.deepEqual(asked, []);
  notices.update(summary(8), 2);
  notices.update(summary(8), 2);
  await rest();
  notices.update(summary(8), 3);
  await rest();
  assert.deepEqual([asked, told], [[7], ["render: stalled"]]);
  notices.update(summary(2), 4); // the program was started again
  notices.update(summary(3), 5);
  await rest();
  assert.deepEqual(asked, [7, 2]);
});

test("who has not asked for notices gets none, nor asks for events", async () => {
  const { notices, asked, told, shell } = watching({ on: "off" });
  notices.update(summary(1), 0);
  notices.update(summary(5), 1);
  shell.storage.getItem = () => "on";
  notices.update(summary(5), 2);
  await rest();
  assert.deepEqual([asked, told], [[], []]);
});

test("a fault of the network is no end: the next event asks again, and nothing before it", async () => {
  const { notices, asked, told, shell } = watching();
  const { get } = shell.api;
  let failed = 0;
  shell.api.get = async () => Promise.reject(new Error(`gone ${(failed += 1)} times`));
  notices.update(summary(1), 0);
  for (const second of [1, 2, 3]) {
    notices.update(summary(2), second);
    await rest();
  }
  assert.equal(failed, 1);
  shell.api.get = get;
  notices.update(summary(3), 4);
  await rest();
  assert.deepEqual([asked, told], [[1], ["render: stalled"]]);
});

test("each notice has a tag of its own, because one of the same tag would replace it silently", async () => {
  const { notices, tags } = watching();
  for (const latest of [1, 2, 3]) {
    notices.update(summary(latest), latest);
    await rest();
  }
  const end = (/** @type {number} */ done) =>
    /** @type {any} */ ({ name: "render", jobs: { pending: 0, done, finished: done, submitted: done } });
  notices.update(end(5), 10);
  notices.update(end(5), 15);
  notices.update(summary(3), 20);
  notices.update(end(9), 30);
  notices.update(end(9), 35);
  assert.deepEqual(tags, ["dispy-stalled-*-2", "dispy-stalled-*-3", "dispy-end-*-5", "dispy-end-*-9"]);
});

test("where a page can't show notices, as in Chrome on Android, they are switched off and nothing is asked", async () => {
  const { asked, shell } = watching();
  const g = /** @type {any} */ (globalThis);
  g.Notification = class {
    static permission = "granted";
    static requestPermission = async () => "granted";
    constructor() {
      throw new TypeError("Illegal constructor");
    }
  };
  let stored = "on";
  shell.storage = {
    getItem: () => stored,
    setItem: (/** @type {string} */ _key, /** @type {string} */ value) => void (stored = value),
  };
  const notices = new BrowserNotices(shell, () => new g.Notification());
  for (const latest of [1, 2, 2, 2, 3]) {
    notices.update(summary(latest), 0);
    await rest();
  }
  assert.deepEqual([asked, stored], [[1], "off"]);
  assert.equal(await switchNotices(shell.storage, true), false);
  assert.equal(stored, "off");
});

test("alerts say what was delivered, and why not", () => {
  const one = {
    name: "h",
    service: "slack",
    delivered: 2,
    failed: 0,
    dropped: 0,
    waiting: 0,
    gathered: 0,
    delivered_at: null,
    error: null,
  };
  const callbacks = { registered: 0, called: 0, failed: 0, dropped: 0 };
  const bad = { ...one, service: "json", failed: 1, dropped: 3, waiting: 1, gathered: 2, error: "HTTP 404" };
  assert.deepEqual(alertLines({ alerts: { webhooks: [one, bad], callbacks } }), [
    { name: "h (slack)", text: "2 delivered", bad: false },
    {
      name: "h",
      text: "2 delivered, 1 failed, 3 dropped, 1 waiting, 2 events for the next one. The last was not delivered: HTTP 404",
      bad: true,
    },
  ]);
  assert.deepEqual(alertLines({}), []);
  const marks = (/** @type {object} */ figures) =>
    alertLines({
      alerts: { webhooks: [{ ...one, ...figures }], callbacks: { ...callbacks, registered: 1, ...figures } },
    }).map(({ bad }) => bad);
  assert.deepEqual([{}, { failed: 1 }, { dropped: 1 }].map(marks), [
    [false, false],
    [true, true],
    [true, true],
  ]);
});
