/** @import {Sortable} from "../lib/sort.js" */

/**
 * The parts of a table's columns, for the type checker only: no browser loads this module.
 */

/**
 * @template Row
 * @typedef {object} Column
 * @property {string} key
 * @property {string} label
 * @property {string} [hint] the column's meaning, shown when the pointer is on its heading
 * @property {"start"|"end"} [align] numbers are aligned at the end
 * @property {[number, number]} [width] least width in pixels, share of the remaining width
 * @property {boolean} [firm] nobody makes it narrower than its least width
 * @property {boolean} [primary] names the row: first on a card, fixed when the table scrolls sideways
 * @property {boolean} [optional] the column chooser may hide it
 * @property {boolean} [hidden] hidden until it is chosen
 * @property {boolean} [ticks] its text changes with time alone
 * @property {(row: Row) => Sortable} [value] the value that it sorts by; absent: it can't be sorted by
 * @property {boolean} [sorts] it can be sorted by without a `value`, because the server sorts the rows
 * @property {"asc"|"desc"} [first] order on the first click; "desc" suits amounts
 * @property {(row: Row, now: number) => string} text
 * @property {(row: Row, now: number) => string|null} [title] more, or more exactly, when pointed at
 * @property {(cell: HTMLElement) => (row: Row, now: number) => void} [render]
 *   builds the cell's content once and returns the function that fills it; in place of `text`
 */

/** @typedef {import("../lib/sort.js").Sort} Sort */

export {};
