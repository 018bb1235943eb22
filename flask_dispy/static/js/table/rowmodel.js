/** @import {Sortable} from "../lib/sort.js" */
import { mergeMoved, rowOrder } from "../lib/sort.js";

/**
 * @template Row
 * @typedef {object} Entry
 * @property {string} key
 * @property {Row} row
 * @property {boolean} shown whether it passes the filter, and so has a place in the order
 * @property {Sortable} value the value it sorts by, from when the row was put in its place
 */

/**
 * Which rows a table shows, and in what order. No access to the DOM, so that it can be tested without a browser.
 *
 * @template Row
 */
export class RowModel {
  #keyOf;
  #tie;
  /** @type {Map<string, Entry<Row>>} */
  #entries = new Map();
  /** @type {string[]} */
  #order = [];
  /** @type {((row: Row) => Sortable)|null} */
  #value = null;
  /** @type {((row: Row) => boolean)|null} */
  #filter = null;
  /** @type {(a: Entry<Row>, b: Entry<Row>) => number} */
  #compare = () => 0;
  #sign = 1;
  #compareKeys = (/** @type {string} */ a, /** @type {string} */ b) =>
    this.#compare(this.#entryOf(a), this.#entryOf(b));
  /**
   * The same as `compare` for two numbers, in a tenth of the time, because nothing is compiled yet on a page that
   * has just opened. Values without a difference (infinities, NaN) are left to `compare`.
   *
   * @param {Entry<Row>} a
   * @param {Entry<Row>} b
   */
  #compareNumbers = (a, b) => {
    const difference = /** @type {number} */ (a.value) - /** @type {number} */ (b.value);
    return this.#sign * difference || this.#compare(a, b);
  };

  /**
   * @param {{keyOf: (row: Row) => string, tie?: (row: Row) => Sortable}} options `tie` orders rows
   *   of equal value; their key does if it is absent
   */
  constructor({ keyOf, tie = keyOf }) {
    this.#keyOf = keyOf;
    this.#tie = tie;
  }

  /**
   * Costs what changed, and one pass over the list if rows moved.
   *
   * @param {Iterable<Row>} changed
   * @param {Iterable<string>} [removed] keys
   * @returns {boolean} whether the order changed
   */
  change(changed, removed = []) {
    /** @type {Set<string>} */
    const out = new Set();
    /** @type {Set<string>} */
    const moved = new Set();
    for (const key of removed) {
      if (this.#entries.get(key)?.shown) out.add(key);
      this.#entries.delete(key);
    }
    for (const row of changed) {
      const key = this.#keyOf(row);
      const entry = this.#put(key, row);
      const wanted = !this.#filter || this.#filter(row);
      if (entry.shown) {
        if (wanted && (!this.#value || entry.value === this.#value(row))) continue;
        out.add(key);
        entry.shown = false;
      }
      if (!wanted) continue;
      this.#place(entry);
      moved.add(key);
    }
    if (!out.size && !moved.size) return false;
    this.#order = mergeMoved(this.#order, [...moved], (key) => out.has(key), this.#compareKeys);
    return true;
  }

  /** How many rows there are in all. */
  get size() {
    return this.#entries.size;
  }

  /** Keys of the rows that pass the filter, in order. @returns {readonly string[]} */
  get order() {
    return this.#order;
  }

  /** @param {string} key */
  row(key) {
    return this.#entries.get(key)?.row;
  }

  /** Whether there is such a row, shown or not. @param {string} key */
  has(key) {
    return this.#entries.has(key);
  }

  /** @param {Iterable<Row>} next */
  setAll(next) {
    this.#entries.clear();
    for (const row of next) this.#put(this.#keyOf(row), row);
    this.#rebuild();
  }

  /** @param {((row: Row) => Sortable)|null} by null: in the order in which they came @param {"asc"|"desc"} [direction] */
  setSort(by, direction = "asc") {
    this.#value = by;
    this.#sign = direction === "desc" ? -1 : 1;
    this.#compare = by
      ? rowOrder(
          (entry) => entry.value,
          ({ row }) => this.#tie(row),
          direction,
        )
      : () => 0;
    this.#rebuild();
  }

  /** @param {((row: Row) => boolean)|null} next */
  setFilter(next) {
    this.#filter = next;
    this.#rebuild();
  }

  #entryOf(/** @type {string} */ key) {
    return /** @type {Entry<Row>} */ (this.#entries.get(key));
  }

  /** @param {Entry<Row>} entry */
  #place(entry) {
    entry.shown = true;
    entry.value = this.#value ? this.#value(entry.row) : null;
  }

  #rebuild() {
    const shown = [];
    let numbers = true;
    for (const entry of this.#entries.values()) {
      entry.shown = false;
      if (this.#filter && !this.#filter(entry.row)) continue;
      this.#place(entry);
      numbers &&= typeof entry.value === "number";
      shown.push(entry);
    }
    if (this.#value) shown.sort(numbers ? this.#compareNumbers : this.#compare);
    this.#order = shown.map(({ key }) => key);
  }

  /** @param {string} key @param {Row} row */
  #put(key, row) {
    let entry = this.#entries.get(key);
    if (entry) entry.row = row;
    // Not 0, because V8 would take the field for one of small integers, and remake each entry for an address.
    else this.#entries.set(key, (entry = { key, row, shown: false, value: null }));
    return entry;
  }
}
