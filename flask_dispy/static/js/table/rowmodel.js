/** @import {Sortable} from "../lib/sort.js" */
import { mergeMoved, rowOrder } from "../lib/sort.js";

/**
 * Which rows a table shows, and in what order: pure, so that it is tested without a browser.
 *
 * @template Row
 * @typedef {object} RowModel
 * @property {number} size how many rows there are in all
 * @property {readonly string[]} order keys of the rows that pass the filter, in order
 * @property {(key: string) => Row|undefined} row
 * @property {(key: string) => boolean} has whether there is such a row, shown or not
 * @property {(rows: Iterable<Row>) => void} setAll
 * @property {(changed: Iterable<Row>, removed?: Iterable<string>) => boolean} change
 *   whether the order is another now; costs what changed, and one walk where rows moved
 * @property {(value: ((row: Row) => Sortable)|null, order?: "asc"|"desc") => void} setSort
 *   null: in the order in which they came
 * @property {(filter: ((row: Row) => boolean)|null) => void} setFilter
 */

/**
 * @template Row
 * @typedef {object} Entry
 * @property {string} key
 * @property {Row} row
 * @property {boolean} shown whether it passes the filter, and so has a place in the order
 * @property {Sortable} value what it sorts by, as of when it was put in its place
 */

/**
 * @template Row
 * @param {{keyOf: (row: Row) => string, tie?: (row: Row) => Sortable}} options `tie` orders rows
 *   of equal value; their key does if it is absent
 * @returns {RowModel<Row>}
 */
export function createRowModel({ keyOf, tie = keyOf }) {
  /** @type {Map<string, Entry<Row>>} */
  const entries = new Map();
  /** @type {string[]} */
  let order = [];
  /** @type {((row: Row) => Sortable)|null} */
  let value = null;
  /** @type {((row: Row) => boolean)|null} */
  let filter = null;
  /** @type {(a: Entry<Row>, b: Entry<Row>) => number} */
  let compare = () => 0;
  let sign = 1;

  const entryOf = (/** @type {string} */ key) => /** @type {Entry<Row>} */ (entries.get(key));
  const compareKeys = (/** @type {string} */ a, /** @type {string} */ b) => compare(entryOf(a), entryOf(b));

  /**
   * As `compare` where both values are numbers, in a tenth of the time: on a page that has just
   * opened nothing is compiled yet. What has no difference (infinities, NaN) is left to `compare`.
   *
   * @param {Entry<Row>} a
   * @param {Entry<Row>} b
   */
  function compareNumbers(a, b) {
    const difference = /** @type {number} */ (a.value) - /** @type {number} */ (b.value);
    return sign * difference || compare(a, b);
  }

  /** @param {Entry<Row>} entry */
  function place(entry) {
    entry.shown = true;
    entry.value = value ? value(entry.row) : null;
  }

  function rebuild() {
    const shown = [];
    let numbers = true;
    for (const entry of entries.values()) {
      entry.shown = false;
      if (filter && !filter(entry.row)) continue;
      place(entry);
      numbers &&= typeof entry.value === "number";
      shown.push(entry);
    }
    if (value) shown.sort(numbers ? compareNumbers : compare);
    order = shown.map(({ key }) => key);
  }

  /** @param {string} key @param {Row} row */
  function put(key, row) {
    let entry = entries.get(key);
    if (entry) entry.row = row;
    // Not 0: V8 would take the field for one of small integers, and make each entry anew for an address.
    else entries.set(key, (entry = { key, row, shown: false, value: null }));
    return entry;
  }

  /** @type {RowModel<Row>["change"]} */
  function change(changed, removed = []) {
    /** @type {Set<string>} */
    const out = new Set();
    /** @type {Set<string>} */
    const moved = new Set();
    for (const key of removed) {
      if (entries.get(key)?.shown) out.add(key);
      entries.delete(key);
    }
    for (const row of changed) {
      const key = keyOf(row);
      const entry = put(key, row);
      const wanted = !filter || filter(row);
      if (entry.shown) {
        if (wanted && (!value || entry.value === value(row))) continue;
        out.add(key);
        entry.shown = false;
      }
      if (!wanted) continue;
      place(entry);
      moved.add(key);
    }
    if (!out.size && !moved.size) return false;
    order = mergeMoved(order, [...moved], (key) => out.has(key), compareKeys);
    return true;
  }

  return {
    get size() {
      return entries.size;
    },
    get order() {
      return order;
    },
    row: (key) => entries.get(key)?.row,
    has: (key) => entries.has(key),
    setAll(next) {
      entries.clear();
      for (const row of next) put(keyOf(row), row);
      rebuild();
    },
    change,
    setSort(by, direction = "asc") {
      value = by;
      sign = direction === "desc" ? -1 : 1;
      compare = by
        ? rowOrder(
            (entry) => entry.value,
            ({ row }) => tie(row),
            direction,
          )
        : () => 0;
      rebuild();
    },
    setFilter(next) {
      filter = next;
      rebuild();
    },
  };
}
