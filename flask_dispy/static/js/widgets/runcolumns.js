/** The columns of the table of runs, and the parts that a run's side in a comparison shares with them. */

import { clusterPath } from "../data/api.js";
import { h, setAttr, setText, show } from "../lib/dom.js";
import { clock, count, counted, day, exact, percent, plain, seconds } from "../lib/format.js";
import { pageHref } from "../lib/url.js";
import { createSpark, SPARK_WIDTH } from "./spark.js";

/** @import {Api} from "../data/api.js" */
/** @import {Column} from "../table/columns.js" */
/** @import {RunRow} from "../data/types.js" */
/** @typedef {Column<RunRow>} RunColumn */

/** Of a name that is too long, the end stays, too: what tells runs apart often stands there. */
const TAIL = 12;

/** A run's name with its whole beginning or end, leading to its pages where it has some. */
export function createRunName() {
  const head = h("span", { class: "run-name-head" });
  const tail = h("span", { class: "run-name-tail" });
  const link = h("a", { class: "run-name" }, head, tail);
  const live = h("span", { class: "run-live", text: "live" });
  return {
    parts: [link, live],
    /** @param {RunRow} run */
    update(run) {
      const name = plain(run.name);
      const cut = name.length > 2 * TAIL ? name.length - TAIL : name.length;
      setText(head, name.slice(0, cut));
      setText(tail, name.slice(cut));
      setAttr(link, "href", run.cluster === null ? null : pageHref("monitor.html", { cluster: run.cluster }));
      setAttr(link, "title", `${name}, begun ${exact(run.started_at)}`);
      show(live, run.live);
    },
  };
}

/** How many jobs ended when, as a line of bars. */
export function createThroughput() {
  const { element, draw } = createSpark(18, "run-spark");
  return {
    element,
    /** @param {RunRow} run */
    update({ course, started_at: from, ended_at: to }) {
      const ended = (course?.counts ?? []).reduce((sum, n) => sum + n, 0);
      draw(course, from, Math.max(to, from + 1), course ? `${counted(ended, "job")} ended over the run` : "Not known");
    },
  };
}

/**
 * @param {object} options
 * @param {Pick<Api, "url">} options.api
 * @param {(tag: string) => void} options.onTag
 * @returns {RunColumn[]}
 */
export function runColumns({ api, onTag }) {
  return [
    nameColumn,
    tagsColumn(onTag),
    {
      key: "started_at",
      label: "Started",
      width: [158, 0.4],
      sorts: true,
      first: "desc",
      text: (run) => `${day(run.started_at)} ${clock(run.started_at)}`,
      title: (run) => exact(run.started_at),
    },
    figure("duration_sec", "Took", [88, 0.3], (run) => seconds(run.duration_sec)),
    figure("jobs", "Jobs", [60, 0.3], (run) => count(run.jobs)),
    failedColumn,
    figure("median_sec", "Median", [68, 0.3], (run) => seconds(run.median_sec), "Time that the finished jobs ran"),
    figure("p95_sec", "95 %", [68, 0.3], (run) => seconds(run.p95_sec), "95 % of the finished jobs ran no longer"),
    figure("cpu_time_sec", "CPU time", [84, 0.3], (run) => seconds(run.cpu_time_sec)),
    throughputColumn,
    reportColumn(api),
  ];
}

/** @type {RunColumn} */
const nameColumn = {
  key: "name",
  label: "Run",
  width: [190, 2],
  primary: true,
  sorts: true,
  text: (run) => plain(run.name),
  render(cell) {
    const name = createRunName();
    cell.classList.add("run-cell");
    cell.append(...name.parts);
    return name.update;
  },
};

/** @param {(tag: string) => void} onTag @returns {RunColumn} */
function tagsColumn(onTag) {
  return {
    key: "tags",
    label: "Tags",
    width: [110, 1],
    text: (run) => run.tags.map(plain).join(", "),
    title: (run) => run.tags.map(plain).join(", "),
    render(cell) {
      cell.classList.add("run-tags");
      let shown = "";
      return ({ tags }) => {
        if (tags.join("\n") === shown) return;
        shown = tags.join("\n");
        cell.replaceChildren(
          ...tags.map((tag) =>
            h("button", {
              type: "button",
              class: "run-tag",
              text: plain(tag),
              "aria-label": `Search for the tag ${plain(tag)}`,
              onclick: () => onTag(tag),
            }),
          ),
        );
      };
    },
  };
}

/**
 * @param {keyof RunRow} key @param {string} label @param {[number, number]} width
 * @param {(run: RunRow) => string} text @param {string} [hint]
 * @returns {RunColumn}
 */
const figure = (key, label, width, text, hint) => ({
  key,
  label,
  hint,
  width,
  align: "end",
  sorts: true,
  first: "desc",
  text,
});

/** @type {RunColumn} */
const failedColumn = {
  ...figure("failed", "Failed", [92, 0.3], failedText),
  render(cell) {
    return (run) => {
      setText(cell, failedText(run));
      cell.classList.toggle("is-alert", run.failed > 0);
    };
  },
};

/** How many jobs failed, and their share. @param {RunRow} run */
export function failedText({ failed, jobs }) {
  return failed ? `${count(failed)} (${percent(failed / jobs)})` : "0";
}

/** @type {RunColumn} */
const throughputColumn = {
  key: "course",
  label: "Throughput",
  hint: "How many jobs ended, from the run's start to its end",
  width: [SPARK_WIDTH + 12, 0.2],
  text: () => "",
  render(cell) {
    const line = createThroughput();
    cell.append(line.element);
    return line.update;
  },
};

/** @param {Pick<Api, "url">} api @returns {RunColumn} */
function reportColumn(api) {
  return {
    key: "report",
    label: "Report",
    width: [60, 0.2],
    text: () => "",
    render(cell) {
      const link = h("a", { class: "cell-link", download: "", text: "Report" });
      cell.append(link);
      return (run) => {
        show(link, run.cluster !== null);
        if (run.cluster === null) return;
        setAttr(link, "href", api.url(clusterPath(run.cluster, "report")));
        setAttr(link, "aria-label", `Report of ${plain(run.cluster)}`);
      };
    },
  };
}
