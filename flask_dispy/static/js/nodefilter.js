/** @import {NodeRow} from "./types.js" */

/**
 * What the filter box over the nodes means: all words must occur in address, name, state or
 * cluster; `state:silent`, `name:` and `cluster:` look in one of them.
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
  const [, field, value] = /^(state|name|ip|cluster):(.*)$/.exec(word) ?? [];
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
    case "cluster":
      return (row) => inCluster(row, value);
    default:
      return (row) =>
        row.ip_addr.includes(word) || name(row).includes(word) || row.state === word || inCluster(row, word);
  }
}
