/** @import {Column} from "../table/columns.js" */
import { exact, relative } from "../lib/format.js";

/**
 * One of a row's times: how long ago, and the exact time when the pointer is on it.
 *
 * @template {string} Key
 * @param {Key} key
 * @param {[number, number]} width
 * @returns {Omit<Column<Record<Key, number|null>>, "label">}
 */
export const timeColumn = (key, width) => ({
  key,
  width,
  align: "end",
  ticks: true,
  first: "desc",
  value: (row) => row[key],
  text: (row, now) => relative(row[key], now),
  title: (row) => exact(row[key]),
});
