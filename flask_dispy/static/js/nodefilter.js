/** @import {NodeRow} from "./types.js" */

/** As far off as a clock under attention is. */
const CLOCK_OFF_SEC = 60;

/**
 * What the filter box over the nodes means: all words must occur in address, name, state or
 * cluster; `state:silent`, `name:` and `cluster:` look in one of them; `clock:off` finds the nodes
 * whose clocks are off by over a minute, `clock:` all that are off.
 *
 * @param {string} text
 * @returns {((row: NodeRow) => boolean)|null} null: everything passes
 */
export function nodeFilter(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return null;
  const tests = words.map(wordTest);
  return (row) => tests.every((test) => test(row));
}

/**
 * @param {string} word
 * @returns {(row: NodeRow) => boolean}
 */
function wordTest(word) {
  const [, field, value] = /^(state|name|ip|cluster|clock):(.*)$/.exec(word) ?? [];
  const name = (/** @type {NodeRow} */ row) => (row.name ?? "").toLowerCase();
  const inCluster = (/** @type {NodeRow} */ row, /** @type {string} */ part) =>
    row.clusters?.some((cluster) => cluster.toLowerCase().includes(part)) ?? false;
  switch (field) {
    case "state":
      return (row) => row.state.startsWith(value);
    case "name":
      return (row) => name(row).includes(value);
    case "ip":
      return (row) => row.ip_addr.startsWith(value);
    case "clock":
      return (row) => Math.abs(row.clock_offset_sec ?? 0) > (value === "off" ? CLOCK_OFF_SEC : 0);
    case "cluster":
      return (row) => inCluster(row, value);
    default:
      return (row) =>
        row.ip_addr.includes(word) || name(row).includes(word) || row.state === word || inCluster(row, word);
  }
}
