/** @import {NodeRow} from "./types.js" */
import { valueTest } from "./fieldvalue.js";
import { groupsOf, orProblem, readTerms, unknownProblem } from "./searchterms.js";

/** A clock that is off by more than this needs attention. */
const CLOCK_OFF_SEC = 60;

const FIELDS = /** @type {const} */ (["state", "name", "ip", "cluster", "clock", "is"]);

/**
 * What the filter box over the nodes means: all words must occur in address, name, state,
 * cluster or a custom column; `state:silent`, `name:`, `ip:` and `cluster:` look in one of them; `clock:off` finds the
 * nodes whose clocks are off by over a minute, `clock:` all that are off; `is:slow` and `is:failing`
 * find those that are so beyond chance. A minus leaves out what a word
 * finds, and of words with OR between them one is enough.
 *
 * @param {string} text
 * @param {string[]} [columns] names of custom columns, each a qualifier, too
 * @returns {((row: NodeRow) => boolean)|null} null: everything passes
 */
export function nodeFilter(text, columns = []) {
  const groups = groupsOf(readTerms(text, [...FIELDS, ...columns]));
  if (groups.length === 0) return null;
  const tests = groups.map((group) => {
    const each = group.map(({ field, value, excluded }) => {
      const test = termTest(field, value.toLowerCase(), columns);
      return (/** @type {NodeRow} */ row) => test(row) !== excluded;
    });
    return (/** @type {NodeRow} */ row) => each.some((test) => test(row));
  });
  return (row) => tests.every((test) => test(row));
}

/**
 * What is wrong with a filter, in words for the person who types it; null if nothing is.
 *
 * @param {string} text
 * @param {string[]} [columns] names of custom columns
 */
export function nodeFilterProblem(text, columns = []) {
  const names = [...FIELDS, ...columns];
  const terms = readTerms(text, names);
  return unknownProblem(terms, names) ?? orProblem(terms);
}

/**
 * @param {string|null} field
 * @param {string} value
 * @param {string[]} columns
 * @returns {(row: NodeRow) => boolean}
 */
function termTest(field, value, columns) {
  const matches = valueTest(value);
  const inColumn = (/** @type {NodeRow} */ row, /** @type {string} */ column) =>
    matches(/** @type {Record<string, unknown>} */ (/** @type {unknown} */ (row))[column]);
  const name = (/** @type {NodeRow} */ row) => (row.name ?? "").toLowerCase();
  const inCluster = (/** @type {NodeRow} */ row) =>
    row.clusters?.some((cluster) => cluster.toLowerCase().includes(value)) ?? false;
  switch (field) {
    case "state":
      return (row) => row.state.startsWith(value);
    case "name":
      return (row) => name(row).includes(value);
    case "ip":
      return (row) => row.ip_addr.startsWith(value);
    case "clock":
      return (row) => Math.abs(row.clock_offset_sec ?? 0) > (value === "off" ? CLOCK_OFF_SEC : 0);
    case "is":
      return (row) => Boolean(value === "slow" ? row.compared?.slow : value === "failing" && row.compared?.failing);
    case "cluster":
      return inCluster;
    case null:
      return (row) =>
        row.ip_addr.includes(value) ||
        name(row).includes(value) ||
        row.state === value ||
        inCluster(row) ||
        columns.some((column) => inColumn(row, column));
    default:
      return (row) => inColumn(row, field);
  }
}
