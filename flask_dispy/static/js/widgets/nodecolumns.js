/** @import {Column} from "../table/columns.js" */
/** @import {NodeRow, ServedField} from "../data/types.js" */
import { h, setAttr, setStyle, setText } from "../lib/dom.js";
import { count, money, percent, plain, rate, relative, seconds, stateMark, UNKNOWN } from "../lib/format.js";
import { busyText, failedText, isLoadOld, loadAt, timesText, verdictOf } from "../data/standing.js";
import { fieldOrder, fieldText } from "../data/fieldvalue.js";
import { addressKey } from "../lib/sort.js";
import { timeColumn } from "./timecolumn.js";

/** @typedef {Column<NodeRow>} NodeColumn */
/** @typedef {Omit<NodeColumn, "label">} Look a column whose heading the table of fields has */

/** In narrower windows, the columns that compare nodes are hidden until a node is slow or failing: the others fill the table. */
export const ROOM_FOR_ALL = 1500;

/** @param {NodeRow} row @returns {number|null} */
const secondsPerJob = (row) => (row.jobs_done > 0 ? row.cpu_time / row.jobs_done : null);

/**
 * The address with the node's state: a mark, and the word unless it is up.
 *
 * @param {(row: NodeRow) => string} href
 * @returns {Look}
 */
function addressColumn(href) {
  return {
    key: "ip_addr",
    width: [124, 1.2],
    primary: true,
    value: (row) => addressKey(row.ip_addr),
    text: (row) => row.ip_addr,
    title: (row) => [`${row.ip_addr}: ${row.state}`, verdictOf(row)].filter(Boolean).join(", "),
    render(cell) {
      const mark = h("span", { "aria-hidden": "true" });
      const word = h("span", { class: "sr" });
      const link = h("a", { class: "cell-link" });
      cell.classList.add("state");
      cell.append(mark, link, word);
      return (row) => {
        setAttr(mark, "class", stateMark(row.state));
        setText(word, `, ${[row.state, verdictOf(row)].filter(Boolean).join(", ")}`);
        setText(link, row.ip_addr);
        setAttr(link, "href", href(row));
      };
    },
  };
}

/** How many of the node's CPUs are at work, as a bar and a number. @type {Look} */
const busyColumn = {
  key: "busy",
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

/** @type {Look} */
const nameColumn = {
  key: "name",
  width: [80, 1.6],
  optional: true,
  value: (row) => row.name?.toLowerCase() || null,
  text: (row) => plain(row.name) || UNKNOWN,
  title: (row) => plain(row.name) || null,
};

/** @type {Look} */
const stateColumn = {
  key: "state",
  width: [76, 0.6],
  optional: true,
  hidden: true,
  value: (row) => row.state,
  text: (row) => row.state,
};

/** @type {Look} */
const clustersColumn = {
  key: "clusters",
  width: [100, 1],
  optional: true,
  hidden: true,
  value: (row) => row.clusters?.join(", ") ?? null,
  text: (row) => row.clusters?.map(plain).join(", ") || UNKNOWN,
  title: (row) => row.clusters?.map(plain).join(", ") || null,
};

/**
 * The column of a field, as the table of fields declares it.
 *
 * @param {ServedField} field
 * @returns {NodeColumn}
 */
function fieldColumn(field) {
  const { name, label, hint, unit, type, sortable } = field;
  const isNumber = type === "number" || type === "integer" || unit !== "";
  return {
    key: name,
    label,
    ...(hint && { hint }),
    optional: true,
    ...(isNumber && { align: "end", first: "desc" }),
    width: [70, isNumber ? 0.7 : 0.8],
    ...(unit === "time" && { ticks: true }),
    ...(sortable && { value: (row) => fieldOrder(row, field) }),
    text: (row, now) => fieldText(row, field, now),
    ...(field.custom && { title: (row, now) => fieldText(row, field, now) }),
  };
}

/**
 * A figure of the node's load, which is greyed once it is old.
 *
 * @param {NodeColumn} column
 * @param {boolean} past in a run that is over, all figures are old
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
 * All columns of the table of nodes: those that have a look or a place of their own, and all others
 * that the server knows.
 *
 * @param {(row: NodeRow) => string} href of a node's page
 * @param {ServedField[]} fields that have a column
 * @param {boolean} [past] nothing goes on there any more
 * @returns {NodeColumn[]}
 */
export function nodeColumns(href, fields, past = false) {
  const narrow = globalThis.innerWidth < ROOM_FOR_ALL;
  const others = new Map(fields.map((field) => [field.name, field]));
  /** @param {string} name @param {Partial<NodeColumn>} [look] @returns {NodeColumn[]} */
  const column = (name, look) => {
    const field = others.get(name);
    others.delete(name);
    return field ? [{ ...fieldColumn(field), ...look }] : [];
  };
  const load = (/** @type {string} */ name, /** @type {Partial<NodeColumn>} */ look = {}) =>
    column(name, look).map((one) => loadColumn(one, past));
  const busy = column("busy", busyColumn);
  const update = column("update_time", timeColumn("update_time", [80, 0.8]));
  return [
    ...column("ip_addr", { ...addressColumn(href), optional: false }),
    ...column("name", nameColumn),
    ...column("state", stateColumn),
    ...column("clusters", clustersColumn),
    ...column("cpus", {
      width: [52, 0.5],
      title: (row) => `${count(row.cpus)} of the node's ${count(row.avail_cpus)} CPUs`,
    }),
    ...(past ? [] : busy),
    ...column("times_others", {
      width: [60, 0.5],
      hidden: narrow,
      text: (row) => timesText(row.compared?.times_others),
      render: (cell) => (row) => {
        setText(cell, timesText(row.compared?.times_others));
        cell.classList.toggle("is-alert", Boolean(row.compared?.slow));
        setAttr(cell, "title", row.compared?.slow ? "Slow beyond chance" : null);
      },
    }),
    ...column("failed_share", {
      width: [56, 0.5],
      hidden: narrow,
      label: "Failed",
      text: (row) => percent(row.compared?.failed_share),
      title: failedText,
      render: (cell) => (row) => {
        setText(cell, percent(row.compared?.failed_share));
        cell.classList.toggle("is-alert", Boolean(row.compared?.failing));
      },
    }),
    ...fields.filter(({ custom }) => custom).flatMap(({ name }) => column(name)),
    ...load("cpu", { key: "avail_cpu", width: [70, 0.6] }),
    ...load("memory"),
    ...load("swap", { width: [56, 0.5] }),
    ...load("disk"),
    ...column("tx"),
    ...column("rx", { width: [76, 0.7] }),
    ...column("jobs_done", { width: [60, 0.6] }),
    ...column("median_sec", { hidden: true }),
    ...column("p95_sec", { hidden: true }),
    ...column("failed", { label: "Failed jobs", hidden: true }),
    ...column("lost_sec", { hidden: true }),
    ...column("used_sec", { hidden: true }),
    ...column("idle_sec", { hidden: true }),
    ...column("money", { hidden: true, text: (row) => money(row.cost?.money) }),
    {
      key: "sec_per_job",
      label: "Seconds per job",
      hint: "CPU time per job",
      align: "end",
      first: "desc",
      optional: true,
      width: [92, 0.7],
      value: secondsPerJob,
      text: (row) => seconds(secondsPerJob(row)),
    },
    ...column("cpu_time", { width: [92, 0.8], title: (row) => `${rate(row.cpu_time)} s` }),
    ...[...others.values()].map(fieldColumn),
    ...update,
  ];
}
