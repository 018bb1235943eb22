/** The columns of the table of kinds of errors, and the small chart of a kind's course. */

import { kindTitle, nodesText, searchOfKind } from "../data/errorkinds.js";
import { h, setAttr, setText, show } from "../lib/dom.js";
import { count, counted, exact, percent, plain } from "../lib/format.js";
import { createSpark, SPARK_WIDTH } from "./spark.js";
import { timeColumn } from "./timecolumn.js";

/** @import {Column} from "../table/columns.js" */
/** @import {ErrorKind} from "../data/types.js" */

/** @typedef {Column<ErrorKind>} KindColumn */

/** A chart spans at least a minute, so that a run that has just begun doesn't fill it as one block. */
const LEAST_SEC = 60;

/** Draws a kind's course: when its failures occurred, from the run's start to now. */
export function createCourse() {
  const { element, draw } = createSpark(16);
  return {
    element,
    /** @param {ErrorKind} kind @param {number} now */
    update({ course, count: failures }, now) {
      const from = course.start_at;
      draw(course, from, Math.max(now, from + LEAST_SEC), `${counted(failures, "failure")} since ${exact(from)}`);
    },
  };
}

/** A kind's type and message, with a mark if it is new. */
export function createKindName() {
  const fresh = h("span", { class: "kind-new", text: "new" });
  const type = h("strong", { class: "kind-type" });
  const message = h("span", { class: "kind-message" });
  return {
    parts: [fresh, type, " ", message],
    /** @param {ErrorKind} kind */
    update(kind) {
      show(fresh, kind.new);
      setText(type, plain(kind.type) || (kind.message ? "" : kindTitle(kind)));
      setText(message, plain(kind.message ?? ""));
    },
  };
}

/** @param {(query: string) => string} jobsHref @returns {KindColumn[]} */
export function kindColumns(jobsHref) {
  return [
    kindColumn,
    functionColumn,
    countColumn(jobsHref),
    shareColumn,
    courseColumn,
    nodesColumn,
    { ...timeColumn("first_at", [92, 0.5]), label: "First seen" },
    { ...timeColumn("last_at", [92, 0.5]), label: "Last seen" },
  ];
}

/** @type {KindColumn} */
const kindColumn = {
  key: "kind",
  label: "Kind",
  width: [260, 3],
  primary: true,
  value: kindTitle,
  text: kindTitle,
  title: kindTitle,
  render(cell) {
    const name = createKindName();
    cell.append(h("span", { class: "kind-name" }, ...name.parts));
    return name.update;
  },
};

/** @type {KindColumn} */
const functionColumn = {
  key: "function",
  label: "Function",
  width: [96, 0.7],
  value: (kind) => kind.function,
  text: (kind) => plain(kind.function),
};

/** The number of jobs, as a link to them. @param {(query: string) => string} jobsHref @returns {KindColumn} */
function countColumn(jobsHref) {
  return {
    key: "count",
    label: "Jobs",
    width: [72, 0.4],
    align: "end",
    first: "desc",
    value: (kind) => kind.count,
    text: (kind) => count(kind.count),
    render(cell) {
      const link = h("a", { class: "cell-link" });
      cell.append(link);
      return (kind) => {
        setText(link, count(kind.count));
        setAttr(link, "href", jobsHref(searchOfKind(kind)));
        setAttr(link, "aria-label", `${counted(kind.count, "job")} with ${kindTitle(kind)}`);
      };
    },
  };
}

/** @type {KindColumn} */
const shareColumn = {
  key: "share",
  label: "Share",
  hint: "Of the function's jobs that ended",
  width: [68, 0.4],
  align: "end",
  first: "desc",
  value: (kind) => kind.share,
  text: (kind) => percent(kind.share),
};

/** @type {KindColumn} */
const courseColumn = {
  key: "course",
  label: "When",
  hint: "From the run's start to now",
  width: [SPARK_WIDTH + 24, 0.2],
  ticks: true,
  text: () => "",
  render(cell) {
    const course = createCourse();
    cell.append(course.element);
    return course.update;
  },
};

/** @type {KindColumn} */
const nodesColumn = {
  key: "nodes",
  label: "Nodes",
  width: [150, 1],
  value: (kind) => kind.nodes_total,
  text: nodesText,
  title: (kind) => kind.nodes.map((node) => `${plain(node.ip_addr)}: ${count(node.count)}`).join("\n"),
};
