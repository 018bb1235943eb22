/** @import {Column} from "../table/columns.js" */
/** @import {NodeRow} from "../data/types.js" */
import { h, setAttr, setStyle, setText } from "../lib/dom.js";
import { bytes, count, exact, percent, plain, rate, relative, seconds, stateMark, UNKNOWN } from "../lib/format.js";
import { busyText } from "../data/busytext.js";
import { isLoadOld, loadAt } from "../data/nodeload.js";
import { addressKey } from "../lib/sort.js";

/** @typedef {Column<NodeRow>} NodeColumn */

/** @param {NodeRow} row @returns {number|null} */
const secondsPerJob = (row) => (row.jobs_done > 0 ? row.cpu_time / row.jobs_done : null);

/** @param {number|null|undefined} value percent, 0 to 100 */
const percentOf100 = (value) => (value === null || value === undefined ? UNKNOWN : percent(value / 100));

/**
 * The address with the node's state: a mark, and the word where it is not simply up.
 *
 * @param {(row: NodeRow) => string} href
 * @returns {NodeColumn}
 */
export function addressColumn(href) {
  return {
    key: "ip_addr",
    label: "IP address",
    width: [124, 1.2],
    primary: true,
    value: (row) => addressKey(row.ip_addr),
    text: (row) => row.ip_addr,
    title: (row) => `${row.ip_addr}: ${row.state}`,
    render(cell) {
      const mark = h("span", { "aria-hidden": "true" });
      const word = h("span", { class: "sr" });
      const link = h("a", { class: "cell-link" });
      cell.classList.add("state");
      cell.append(mark, link, word);
      return (row) => {
        setAttr(mark, "class", stateMark(row.state));
        setText(word, `, ${row.state}`);
        setText(link, row.ip_addr);
        setAttr(link, "href", href(row));
      };
    },
  };
}

/** How many of the node's CPUs are at work, as a bar and a number. @type {NodeColumn} */
export const busyColumn = {
  key: "busy",
  label: "Busy",
  hint: "CPUs at work now",
  width: [84, 1.2],
  first: "desc",
  value: (row) => row.busy,
  text: (row) => count(row.busy),
  title: (row) => `CPUs: ${busyText(row)}`,
  render(cell) {
    const fill = h("span", { class: "bar-fill" });
    const number = h("span", {});
    cell.classList.add("load");
    cell.append(h("span", { class: "bar", "aria-hidden": "true" }, fill), number);
    return (row) => {
      const share = row.cpus > 0 ? Math.min(1, row.busy / row.cpus) : 0;
      setStyle(fill, "width", `${Math.round(share * 100)}%`);
      setText(number, count(row.busy));
    };
  },
};

/** @type {NodeColumn} */
export const nameColumn = {
  key: "name",
  label: "Name",
  width: [92, 1.6],
  optional: true,
  value: (row) => row.name?.toLowerCase() || null,
  text: (row) => plain(row.name) || UNKNOWN,
  title: (row) => plain(row.name) || null,
};

/** @type {NodeColumn} */
export const stateColumn = {
  key: "state",
  label: "State",
  width: [76, 0.6],
  optional: true,
  hidden: true,
  value: (row) => row.state,
  text: (row) => row.state,
};

/** @type {NodeColumn} */
export const clustersColumn = {
  key: "clusters",
  label: "Clusters",
  width: [100, 1],
  optional: true,
  hidden: true,
  value: (row) => row.clusters?.join(", ") ?? null,
  text: (row) => row.clusters?.map(plain).join(", ") || UNKNOWN,
  title: (row) => row.clusters?.map(plain).join(", ") || null,
};

/** @type {NodeColumn} */
export const updateColumn = {
  key: "update_time",
  label: "Last update",
  hint: "When it last took on a job, ended one or sent a sign of life",
  width: [80, 0.8],
  align: "end",
  optional: true,
  ticks: true,
  first: "desc",
  value: (row) => row.update_time,
  text: (row, now) => relative(row.update_time, now),
  title: (row) => exact(row.update_time),
};

/**
 * A column of numbers.
 *
 * @param {string} key
 * @param {string} label
 * @param {(row: NodeRow) => number|null|undefined} value
 * @param {(value: number|null|undefined) => string} text
 * @param {{hint?: string, width?: [number, number], title?: (row: NodeRow) => string|null}} [more]
 * @returns {NodeColumn}
 */
function amount(key, label, value, text, more = {}) {
  const shown = (/** @type {NodeRow} */ row) => text(value(row));
  return { key, label, align: "end", first: "desc", optional: true, width: [70, 0.7], value, text: shown, ...more };
}

/**
 * A figure of the node's load, which stands back once it is old.
 *
 * @param {NodeColumn} column
 * @param {boolean} past of a run that is over all is old
 * @returns {NodeColumn}
 */
function loadColumn(column, past) {
  if (past) return column;
  return {
    ...column,
    ticks: true,
    title: (row, now) => (isLoadOld(row, now) ? `As of ${relative(loadAt(row), now)}` : null),
    render: (cell) => (row, now) => {
      setText(cell, column.text(row, now));
      cell.classList.toggle("is-old", isLoadOld(row, now));
    },
  };
}

/**
 * Every column of the nodes table.
 *
 * @param {(row: NodeRow) => string} href of a node's page
 * @param {boolean} [past] nothing goes on there any more
 * @returns {NodeColumn[]}
 */
export function nodeColumns(href, past = false) {
  const busy = past ? [] : [{ ...busyColumn, optional: true }];
  return [
    addressColumn(href),
    nameColumn,
    stateColumn,
    clustersColumn,
    amount("cpus", "CPUs", (row) => row.cpus, count, {
      hint: "CPUs that dispy may use",
      width: [52, 0.5],
      title: (row) => `${count(row.cpus)} of the node's ${count(row.avail_cpus)} CPUs`,
    }),
    ...busy,
    loadColumn(
      amount("avail_cpu", "Available CPU", (row) => row.avail_info?.cpu, percentOf100, {
        hint: "Available CPU, percent",
        width: [70, 0.6],
      }),
      past,
    ),
    loadColumn(
      amount("memory", "Memory", (row) => row.avail_info?.memory, bytes, { hint: "Available memory" }),
      past,
    ),
    loadColumn(
      amount("swap", "Swap", (row) => row.avail_info?.swap, percentOf100, {
        hint: "Available swap, percent",
        width: [56, 0.5],
      }),
      past,
    ),
    loadColumn(
      amount("disk", "Disk", (row) => row.avail_info?.disk, bytes, { hint: "Available disk space" }),
      past,
    ),
    amount("tx", "Sent", (row) => row.tx, bytes, { hint: "Sent to the node" }),
    amount("rx", "Received", (row) => row.rx, bytes, { hint: "Received from the node", width: [76, 0.7] }),
    amount("jobs_done", "Jobs done", (row) => row.jobs_done, count, { width: [60, 0.6] }),
    amount("sec_per_job", "Seconds per job", secondsPerJob, seconds, { hint: "CPU time per job", width: [92, 0.7] }),
    amount("cpu_time", "CPU time", (row) => row.cpu_time, seconds, {
      hint: "CPU time of all its jobs",
      width: [92, 0.8],
      title: (row) => `${rate(row.cpu_time)} s`,
    }),
    updateColumn,
  ];
}
