/** @import {Sortable} from "../lib/sort.js" */

/**
 * What a table's columns are made of, for the type checker only: nothing loads this module in a browser.
 */

/**
 * @template Row
 * @typedef {object} Column
 * @property {string} key
 * @property {string} label
 * @property {string} [hint] what the column means, shown when its head is pointed at
 * @property {"start"|"end"} [align] numbers stand at the end
 * @property {[number, number]} [width] least width in pixels, share of what is left
 * @property {boolean} [primary] names the row: first on a card, stays in place sideways
 * @property {boolean} [optional] the column chooser may hide it
 * @property {boolean} [hidden] hidden until it is chosen
 * @property {boolean} [ticks] its text changes with time alone
 * @property {(row: Row) => Sortable} [value] what it sorts by; absent: it does not sort
 * @property {boolean} [sorts] though it has no such value: rows come in the order that is chosen
 * @property {"asc"|"desc"} [first] order on the first click; "desc" suits amounts
 * @property {(row: Row, now: number) => string} text
 * @property {(row: Row, now: number) => string|null} [title] more, or more exactly, when pointed at
 * @property {(cell: HTMLElement) => (row: Row, now: number) => void} [render]
 *   builds the cell's content once and returns what fills it; in place of `text`
 */

/** @typedef {{key: string, order: "asc"|"desc"}} Sort */

export {};
