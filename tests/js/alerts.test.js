import assert from "node:assert/strict";
import { test } from "node:test";
import { alertLines } from "../../flask_dispy/static/js/frame/alertsstatus.js";
import { BrowserNotices, noticesOf } from "../../flask_dispy/static/js/frame/browsernotices.js";

const event = (/** @type {string} */ kind, /** @type {string} */ text, more = {}) =>
  /** @type {any} */ ({ kind, text, cluster: "render", ...more });
const summary = (/** @type {number} */ latest) =>
  /** @type {any} */ ({ name: "render", jobs: { pending: 1 }, events: { latest } });

test("a notice for each kind, in the order in which they happened", () => {
  const lost = ["d", "c", "b", "a"].map((name) => event("node_lost", `${name} was lost`));
  assert.deepEqual(noticesOf([event("stalled", "No job has ended"), ...lost], "*"), [
    { kind: "node_lost", title: "render: node lost", body: "d was lost\nc was lost\nb was lost\nand 1 more" },
    { kind: "stalled", title: "render: stalled", body: "No job has ended" },
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
  const items = [event("stalled", "No job has ended")];
  const api = {
    get: async (/** @type {string} */ _path, /** @type {any} */ query) => {
      asked.push(query.after);
      return { items, latest: query.after + 1 };
    },
  };
  const shell = /** @type {any} */ ({ api, cluster: "*", storage: { getItem: () => on } });
  const notices = new BrowserNotices(shell, (title) => void told.push(title));
  return { notices, asked, told, shell };
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

test("a fault of the network is no end: the next change asks again", async () => {
  const { notices, told, shell } = watching();
  const { get } = shell.api;
  shell.api.get = async () => Promise.reject(new Error("gone"));
  notices.update(summary(1), 0);
  notices.update(summary(2), 1);
  await rest();
  shell.api.get = get;
  notices.update(summary(2), 2);
  await rest();
  assert.deepEqual(told, ["render: stalled"]);
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
});
