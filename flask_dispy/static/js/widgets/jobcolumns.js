/** @import {Column} from "../table/columns.js" */
/** @import {JobRow} from "../data/types.js" */
import { h, setAttr, setText } from "../lib/dom.js";
import { exact, plain, relative, seconds, stateMark, UNKNOWN } from "../lib/format.js";
import { jobName, jobNumber, jobTitle, jobWord } from "../data/jobwords.js";

/** @typedef {Column<JobRow>} JobColumn */

/**
 * How long a job has run so far, or ran; null before it starts.
 *
 * @param {JobRow} job
 * @param {number} now
 */
export const ranFor = (job, now) =>
  job.state === "running" && job.started_at !== null ? Math.max(0, now - job.started_at) : job.duration_sec;

/**
 * Positional and keyword arguments as one text; null where they may not be seen.
 *
 * @param {{args: string|null, kwargs: string|null, hidden?: boolean}} job
 */
export function argumentsText({ args, kwargs, hidden }) {
  return hidden ? null : [args, kwargs].filter(Boolean).join(", ");
}

/**
 * The id, leading to the job's detail, and its number where that is another.
 *
 * @param {(job: JobRow) => string} href
 * @returns {JobColumn}
 */
export function idColumn(href) {
  return {
    key: "id",
    label: "Job",
    width: [112, 1],
    primary: true,
    value: (job) => job.serial,
    text: jobName,
    title: jobTitle,
    render(cell) {
      const link = h("a", { class: "cell-link job-link" });
      const number = h("span", { class: "job-number" });
      cell.append(link, number);
      return (job) => {
        setText(link, jobName(job));
        setAttr(link, "href", href(job));
        setText(number, jobNumber(job));
      };
    },
  };
}

/** The state: its mark and its word. @type {JobColumn} */
export const jobStateColumn = {
  key: "state",
  label: "State",
  width: [98, 0.5],
  value: jobWord,
  text: jobWord,
  render(cell) {
    const mark = h("span", { "aria-hidden": "true" });
    const word = h("span");
    cell.classList.add("state");
    cell.append(mark, word);
    return (job) => {
      setAttr(mark, "class", stateMark(jobWord(job)));
      setText(word, jobWord(job));
    };
  },
};

/**
 * The node's address, leading to its page.
 *
 * @param {(ip: string) => string} href
 * @returns {JobColumn}
 */
export function jobNodeColumn(href) {
  return {
    key: "node",
    label: "Node",
    width: [104, 0.8],
    value: (job) => job.node,
    text: (job) => job.node ?? UNKNOWN,
    render(cell) {
      const link = h("a", { class: "cell-link" });
      cell.append(link);
      return (job) => {
        setText(link, job.node ? plain(job.node) : UNKNOWN);
        setAttr(link, "href", job.node ? href(job.node) : null);
      };
    },
  };
}

/** @type {JobColumn} */
export const clusterColumn = {
  key: "cluster",
  label: "Cluster",
  width: [84, 0.7],
  value: (job) => job.cluster,
  text: (job) => plain(job.cluster),
};

/** @type {JobColumn} */
export const argumentsColumn = {
  key: "args",
  label: "Arguments",
  width: [120, 2],
  text: (job) => plain(argumentsText(job) ?? "hidden") || UNKNOWN,
  title: (job) => plain(argumentsText(job) ?? ""),
};

/** @type {JobColumn} */
export const errorColumn = {
  key: "error",
  label: "Error",
  width: [110, 1.6],
  text: (job) => plain(job.error ?? ""),
  title: (job) => plain(job.error ?? ""),
};

/**
 * One of a job's times: how long ago, and exactly when pointed at.
 *
 * @param {"submitted_at"|"started_at"|"ended_at"} key
 * @param {string} label
 * @returns {JobColumn}
 */
export function whenColumn(key, label) {
  return {
    key,
    label,
    width: [86, 0.6],
    align: "end",
    ticks: true,
    first: "desc",
    value: (job) => job[key],
    text: (job, now) => relative(job[key], now),
    title: (job) => exact(job[key]),
  };
}

/**
 * How long it ran; a running job's grows.
 *
 * @param {() => number} now  epoch seconds, for sorting
 * @returns {JobColumn}
 */
export function durationColumn(now) {
  return {
    key: "duration_sec",
    label: "Ran for",
    width: [84, 0.6],
    align: "end",
    ticks: true,
    first: "desc",
    value: (job) => ranFor(job, now()),
    text: (job, at) => seconds(ranFor(job, at)),
    title: (job) => (job.started_at === null ? null : `Started ${exact(job.started_at)}`),
  };
}
