/** @import {Changes, Connection, NodeRow, Summary} from "./types.js" */
import { COMBINED } from "./config.js";
import { rowsOf } from "./nodeblocks.js";

/**
 * @typedef {object} StoreState how fresh the data is
 * @property {Connection} connection
 * @property {number|null} lastAt when data last came, by this machine's clock
 * @property {number|null} retryAt when the next attempt is made, after a failure
 * @property {string|null} error
 * @property {import("./foreign.js").Remedy} remedy the remedy for the error
 *
 * @typedef {object} DataEvent
 * @property {"data"} kind
 * @property {boolean} snapshot everything was replaced
 * @property {Set<string>} nodes addresses of the rows that came
 * @property {Set<string>} removed
 *
 * @typedef {DataEvent | {kind: "state"|"settings"|"update"}} StoreEvent state: of the connection; settings: those that
 *   hold for everybody were changed here; update: somebody asked for an update
 *
 * @typedef {object} Store
 * @property {Map<string, Summary>} clusters all of them, "*" first when there are several
 * @property {Map<string, NodeRow>} nodes of the chosen cluster, by IP address
 * @property {StoreState} state
 * @property {boolean} loaded false until the first data
 * @property {() => number} now the server's time, as far as known
 * @property {(changes: Changes) => DataEvent} apply
 * @property {(patch: Partial<StoreState>) => void} setState
 * @property {(kind: "settings"|"update") => void} announce something that other parts of the page act on
 * @property {(listener: (event: StoreEvent) => void) => () => void} subscribe
 * @property {(listener: (event: DataEvent) => void) => void} onData hear of new data alone
 */

/**
 * The page's data, written by one feed and read by every widget. Applying changes costs what
 * changed, not what exists.
 *
 * @param {{now?: () => number}} [options] `now` in epoch seconds
 * @returns {Store}
 */
export function createStore({ now = () => Date.now() / 1000 } = {}) {
  /** @type {Set<(event: StoreEvent) => void>} */
  const listeners = new Set();
  let clockOffset = 0;

  /** @param {StoreEvent} event */
  function emit(event) {
    for (const listener of [...listeners]) listener(event);
  }

  /** @type {Store} */
  const store = {
    clusters: new Map(),
    nodes: new Map(),
    state: { connection: "connecting", lastAt: null, retryAt: null, error: null, remedy: null },
    loaded: false,
    now: () => now() + clockOffset,
    apply(changes) {
      clockOffset = changes.now - now();
      const event = fold(store, changes);
      store.loaded = true;
      emit(event);
      return event;
    },
    setState(patch) {
      const before = store.state;
      store.state = { ...before, ...patch };
      const keys = /** @type {(keyof StoreState)[]} */ (Object.keys(patch));
      if (keys.some((key) => before[key] !== store.state[key])) emit({ kind: "state" });
    },
    announce: (kind) => emit({ kind }),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onData: (listener) => void store.subscribe((event) => event.kind === "data" && listener(event)),
  };
  return store;
}

/**
 * The names of the clusters, in the order in which they were added.
 *
 * @param {{store: Pick<Store, "loaded"|"clusters">, config: {clusters: string[]}}} shell
 */
export const clusterNames = ({ store, config }) =>
  store.loaded ? [...store.clusters.keys()].filter((name) => name !== COMBINED) : config.clusters;

/** Whether updates come. @param {Pick<Store, "state">} store */
export const isUpdating = ({ state }) => state.connection === "live" || state.connection === "polling";

/**
 * @param {Store} store
 * @param {Changes} changes
 * @returns {DataEvent}
 */
function fold(store, changes) {
  if (changes.snapshot) return replaceAll(store, changes);
  /** @type {Set<string>} */
  const nodes = new Set();
  /** @type {Set<string>} */
  const removed = new Set();
  for (const row of changes.nodes) {
    if ("removed" in row) {
      if (store.nodes.delete(row.ip_addr)) removed.add(row.ip_addr);
      nodes.delete(row.ip_addr);
    } else {
      store.nodes.set(row.ip_addr, row);
      nodes.add(row.ip_addr);
      removed.delete(row.ip_addr);
    }
  }
  replaceClusters(store.clusters, changes.clusters);
  return { kind: "data", snapshot: false, nodes, removed };
}

/**
 * @param {Store} store
 * @param {Changes} changes a snapshot
 * @returns {DataEvent}
 */
function replaceAll(store, changes) {
  const removed = new Set(store.nodes.keys());
  store.nodes.clear();
  for (const row of changes.blocks ? rowsOf(changes.blocks) : changes.nodes) {
    if ("removed" in row) continue;
    store.nodes.set(row.ip_addr, row);
    removed.delete(row.ip_addr);
  }
  replaceClusters(store.clusters, changes.clusters);
  return {
    kind: "data",
    snapshot: true,
    // Made on demand: readers of a whole snapshot don't need the list.
    get nodes() {
      return new Set(store.nodes.keys());
    },
    removed,
  };
}

/**
 * @param {Map<string, Summary>} clusters
 * @param {Summary[]} summaries
 */
function replaceClusters(clusters, summaries) {
  clusters.clear();
  for (const summary of summaries) clusters.set(summary.combined ? COMBINED : summary.name, summary);
}
