/** The orders in which the server lists jobs, as used in a page's address and in its table. */

/** @import {ServedField} from "./types.js" */
import { readSort, sortText } from "../lib/sort.js";
/** @typedef {{sort: string, order: "asc"|"desc"}} JobOrder */

/** The default: the job that was submitted last comes first. @type {Readonly<JobOrder>} */
export const NEWEST = Object.freeze({ sort: "newest", order: "desc" });

/** The server's name for the order of a column. @type {Readonly<Record<string, string>>} */
const SORT_OF = Object.freeze({
  id: "id",
  state: "state",
  node: "node",
  submitted_at: "newest",
  started_at: "started",
  ended_at: "ended",
  waited_sec: "waited",
  duration_sec: "ran",
  attempts: "attempts",
});

/** @param {string} key of a column @param {ServedField[]} fields @returns {string|undefined} undefined: the column can't be sorted by */
export const sortOf = (key, fields) =>
  SORT_OF[key] ?? fields.find(({ name, sortable }) => sortable && name === key)?.name;

/** @param {JobOrder} order */
export const isNewest = ({ sort, order }) => sort === NEWEST.sort && order === NEWEST.order;

/**
 * The order that an address asks for: `ran`, or `-ran` for the largest first.
 *
 * @param {string} text
 * @param {ServedField[]} [fields] of jobs
 * @returns {JobOrder}
 */
export function readOrder(text, fields = []) {
  const { key: sort, order } = readSort(text);
  const known = Object.values(SORT_OF).includes(sort) || fields.some(({ name, sortable }) => sortable && name === sort);
  return known ? { sort, order } : NEWEST;
}

/** @param {JobOrder} order @returns {string|null} null for the default, which an address leaves out */
export const orderText = (order) => (isNewest(order) ? null : sortText({ key: order.sort, order: order.order }));

/** @param {JobOrder} order @returns {{key: string, order: "asc"|"desc"}} the column that shows it */
export function columnOf({ sort, order }) {
  return { key: Object.keys(SORT_OF).find((key) => SORT_OF[key] === sort) ?? sort, order };
}
