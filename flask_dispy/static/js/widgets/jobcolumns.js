/** @import {Column} from "../table/columns.js" */
/** @import {JobRow, ServedField} from "../data/types.js" */
import { h, setAttr, setText } from "../lib/dom.js";
import { fieldOrder, fieldText } from "../data/fieldvalue.js";
import { count, exact, plain, seconds, stateMark, UNKNOWN } from "../lib/format.js";
import { jobName, jobNumber, jobTitle, jobWord } from "../data/jobwords.js";
import { timeColumn } from "./timecolumn.js";

/** @typedef {Column<JobRow>} JobColumn */
/** @typedef {Omit<JobColumn, "label">} JobLook a column whose heading the table of fields has */

/**
 * The columns of a table of jobs, with their headings; custom columns precede the last one.
 *
 * @param {ServedField[]} fields that have a heading
 * @param {JobLook[]} looks
 * @returns {JobColumn[]}
 */
export function jobColumns(fields, looks) {
  const labels = new Map(fields.map(({ name, label }) => [name, label]));
  const ours = looks.map((look) => ({ ...look, label: labels.get(look.key) ?? look.key }));
  return [...ours.slice(0, -1), ...fields.filter(({ custom }) => custom).map(customColumn), ...ours.slice(-1)];
}

/** @param {ServedField} field @returns {JobColumn} */
function customColumn(field) {
  const { name, label, unit, type } = field;
  return {
    key: name,
    label,
    optional: true,
    width: [80, 0.8],
    ...((type === "number" || unit !== "") && { align: "end" }),
    ...(unit === "time" && { ticks: true }),
    value: (job) => fieldOrder(job, field),
    text: (job, now) => fieldText(job, field, now),
    title: (job, now) => fieldText(job, field, now),
  };
}

/**
 * How long a job has run so far, or ran; null before it starts.
 *
 * @param {JobRow} job
 * @param {number} now
 */
export const ranFor = (job, now) =>
  job.state === "running" && job.started_at !== null ? Math.max(0, now - job.started_at) : job.duration_sec;

/**
 * How long it waited for its start; grows while it waits.
 *
 * @param {JobRow} job
 * @param {number} now
 */
export const waitedFor = (job, now) => (job.state === "queued" ? Math.max(0, now - job.submitted_at) : job.waited_sec);

/**
 * Positional and keyword arguments as one text; null if the reader may not see them.
 *
 * @param {{args: string|null, kwargs: string|null, hidden?: boolean}} job
 */
export function argumentsText({ args, kwargs, hidden }) {
  return hidden ? null : [args, kwargs].filter(Boolean).join(", ");
}

/**
 * The id, as a link to the job's detail, and the job's number if that is not its name.
 *
 * @param {(job: JobRow) => string} href
 * @returns {JobLook}
 */
export function idColumn(href) {
  return {
    key: "id",
    width: [150, 1],
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

/** The state: its mark and its word. @type {JobLook} */
export const jobStateColumn = {
  key: "state",
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
 * The node's address, as a link to its page.
 *
 * @param {(ip: string) => string} href
 * @returns {JobLook}
 */
export function jobNodeColumn(href) {
  return {
    key: "node",
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

/** @type {JobLook} */
export const clusterColumn = {
  key: "cluster",
  width: [84, 0.7],
  value: (job) => job.cluster,
  text: (job) => plain(job.cluster),
};

/** @type {JobLook} */
export const argumentsColumn = {
  key: "args",
  width: [96, 2],
  text: (job) => plain(argumentsText(job) ?? "hidden") || UNKNOWN,
  title: (job) => plain(argumentsText(job) ?? ""),
};

/** @type {JobLook} */
export const errorColumn = {
  key: "error",
  width: [248, 1.6],
  firm: true,
  text: (job) => plain(job.error ?? ""),
  title: (job) => plain(job.error ?? ""),
};

/** One of a job's times. @param {"submitted_at"|"started_at"|"ended_at"} key @returns {JobLook} */
export const whenColumn = (key) => timeColumn(key, [86, 0.6]);

/** How long it waited for its start. @type {JobLook} */
export const waitedColumn = {
  key: "waited_sec",
  width: [84, 0.6],
  align: "end",
  ticks: true,
  first: "desc",
  optional: true,
  text: (job, now) => seconds(waitedFor(job, now)),
};

/** How often it was started. @type {JobLook} */
export const attemptsColumn = {
  key: "attempts",
  width: [70, 0.4],
  align: "end",
  first: "desc",
  optional: true,
  hidden: true,
  text: (job) => count(job.attempts),
};

/**
 * How long it ran; grows while it runs.
 *
 * @param {() => number} now  epoch seconds, for sorting
 * @returns {JobLook}
 */
export function durationColumn(now) {
  return {
    key: "duration_sec",
    width: [84, 0.6],
    align: "end",
    ticks: true,
    first: "desc",
    value: (job) => ranFor(job, now()),
    text: (job, at) => seconds(ranFor(job, at)),
    title: (job) => (job.started_at === null ? null : `Started ${exact(job.started_at)}`),
  };
}
