import assert from "node:assert/strict";
import { test } from "node:test";
import { createStore } from "../../flask_dispy/static/js/data/store.js";

/** @param {string} ip @param {object} [more] @returns {any} */
const node = (ip, more = {}) => ({ ip_addr: ip, busy: 0, ...more });
/** @param {object} more @returns {any} */
const changes = (more) => ({ cursor: "c", snapshot: false, now: 100, clusters: [], nodes: [], ...more });

test("a snapshot replaces and tells what is gone", () => {
  const store = createStore();
  store.apply(changes({ snapshot: true, nodes: [node("a"), node("b")] }));
  const event = store.apply(changes({ snapshot: true, nodes: [node("b"), node("c")] }));
  assert.deepEqual([...store.nodes.keys()], ["b", "c"]);
  assert.deepEqual([...event.removed], ["a"]);
  assert.deepEqual([...event.nodes], ["b", "c"]);
});

test("a delta touches only what came", () => {
  const store = createStore();
  store.apply(changes({ snapshot: true, nodes: [node("a"), node("b")] }));
  const untouched = store.nodes.get("b");
  const event = store.apply(changes({ nodes: [node("a", { busy: 3 }), { ip_addr: "x", removed: true }] }));
  assert.equal(store.nodes.get("a")?.busy, 3);
  assert.equal(store.nodes.get("b"), untouched);
  assert.deepEqual([...event.removed], []);
});

test("a node that left and came back in one delta is there", () => {
  const store = createStore();
  store.apply(changes({ snapshot: true, nodes: [node("a")] }));
  const event = store.apply(changes({ nodes: [{ ip_addr: "a", removed: true }, node("a")] }));
  assert.deepEqual([...event.removed], []);
  assert.ok(store.nodes.has("a"));
});

test("the combined summary is found under the star, whatever its name", () => {
  const store = createStore();
  store.apply(changes({ clusters: [{ name: "* Combined", combined: true }, { name: "compute" }] }));
  assert.deepEqual([...store.clusters.keys()], ["*", "compute"]);
});

test("the server's clock is the one that counts", () => {
  let here = 1000;
  const store = createStore({ now: () => here });
  store.apply(changes({ now: 5000 }));
  here += 7;
  assert.equal(store.now(), 5007);
});

test("listeners hear of a state only when it is another", () => {
  const store = createStore();
  let heard = 0;
  const leave = store.subscribe(() => (heard += 1));
  store.setState({ connection: "live" });
  store.setState({ connection: "live" });
  leave();
  store.setState({ connection: "stale" });
  assert.equal(heard, 1);
});
