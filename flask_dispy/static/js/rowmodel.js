/** @import {Sortable} from "./sort.js" */
import { mergeMoved, rowOrder } from "./sort.js";

/**
 * Which rows a table shows, and in what order: pure, so that it is tested without a browser.
 *
 * @template Row
 * @typedef {object} RowModel
 * @property {Map<string, Row>} rows all of them
 * @property {readonly string[]} order keys of the rows that pass the filter, in order
 * @property {(rows: Iterable<Row>) => void} setAll
 * @property {(changed: Iterable<Row>, removed?: Iterable<string>) => boolean} change
 *   whether the order is another now; costs what changed, and one walk where rows moved
 * @property {(value: ((row: Row) => Sortable)|null, order?: "asc"|"desc") => void} setSort
 *   null: in the order in which they came
 * @property {(filter: ((row: Row) => boolean)|null) => void} setFilter
 */

/**
 * @template Row
 * @param {{keyOf: (row: Row) => string, tie?: (row: Row) => Sortable}} options `tie` orders rows
 *   of equal value; their key does if it is absent
 * @returns {RowModel<Row>}
 */
export function createRowModel({ keyOf, tie = keyOf }) {
  /** @type {Map<string, Row>} */
  const rows = new Map();
  /** Sort values as of when the row was put in its place. @type {Map<string, Sortable>} */
  const placed = new Map();
  /** @type {string[]} */
  let order = [];
  /** @type {((row: Row) => Sortable)|null} */
  let value = null;
  /** @type {((row: Row) => boolean)|null} */
  let filter = null;
  /** @type {(a: string, b: string) => number} */
  let compare = () => 0;

  const tieOf = (/** @type {string} */ key) => tie(/** @type {Row} */ (rows.get(key)));

  /** @param {string} key @param {Row} row */
  const place = (key, row) => placed.set(key, value ? value(row) : 0);

  function rebuild() {
    placed.clear();
    order = [];
    for (const [key, row] of rows) {
      if (filter && !filter(row)) continue;
      place(key, row);
      order.push(key);
    }
    if (value) order.sort(compare);
  }

  /** @type {RowModel<Row>["change"]} */
  function change(changed, removed = []) {
    /** @type {Set<string>} */
    const out = new Set();
    /** @type {Set<string>} */
    const moved = new Set();
    for (const key of removed) {
      rows.delete(key);
      if (placed.delete(key)) out.add(key);
    }
    for (const row of changed) {
      const key = keyOf(row);
      rows.set(key, row);
      const wanted = !filter || filter(row);
      if (placed.has(key)) {
        if (wanted && (!value || placed.get(key) === value(row))) continue;
        out.add(key);
        placed.delete(key);
      }
      if (!wanted) continue;
      place(key, row);
      moved.add(key);
    }
    if (!out.size && !moved.size) return false;
    order = mergeMoved(order, [...moved], (key) => out.has(key), value ? compare : () => 0);
    return true;
  }

  return {
    rows,
    get order() {
      return order;
    },
    setAll(next) {
      rows.clear();
      for (const row of next) rows.set(keyOf(row), row);
      rebuild();
    },
    change,
    setSort(by, direction = "asc") {
      value = by;
      compare = rowOrder((key) => placed.get(key), tieOf, direction);
      rebuild();
    },
    setFilter(next) {
      filter = next;
      rebuild();
    },
  };
}
