/** @import {ComparedJob, ComparedTime, JobRow, JobState} from "./types.js" */
import { plain, seconds } from "../lib/format.js";
import { jobWord } from "./jobwords.js";
import { timesText } from "./standing.js";

/**
 * A job with all its texts, each marked if it was cut.
 *
 * @typedef {JobRow & {
 *   exception?: string|null, exception_truncated?: boolean,
 *   result?: string|null, result_truncated?: boolean,
 *   provisional_result?: string|null, provisional_result_truncated?: boolean,
 *   stdout?: string|null, stdout_truncated?: boolean,
 *   stderr?: string|null, stderr_truncated?: boolean,
 *   args_truncated?: boolean, kwargs_truncated?: boolean,
 *   texts_dropped?: boolean,
 *   queue_sec?: number|null,
 *   compared?: ComparedJob,
 *   history?: {state: JobState, at: number|null, node: string|null}[],
 * }} JobDetail
 */

/** @typedef {{key: string, title: string, text: string, cut: boolean}} Block */

/**
 * The texts of a job in the order in which they are read: errors first.
 *
 * @param {JobDetail} job
 * @returns {Block[]}
 */
export function blocksOf(job) {
  const blocks = [
    block("exception", "Traceback", job.exception, job.exception_truncated),
    block("args", "Arguments", job.args, job.args_truncated),
    block("kwargs", "Keyword arguments", job.kwargs, job.kwargs_truncated),
    block("result", "Result", job.result, job.result_truncated),
    block("provisional_result", "Interim result", job.provisional_result, job.provisional_result_truncated),
    block("stdout", "Output", job.stdout, job.stdout_truncated),
    block("stderr", "Error output", job.stderr, job.stderr_truncated),
  ];
  return blocks.filter((each) => each.text !== "");
}

/**
 * @param {string} key
 * @param {string} title
 * @param {string|null|undefined} text
 * @param {boolean|undefined} cut
 * @returns {Block}
 */
const block = (key, title, text, cut) => ({ key, title, text: text ?? "", cut: cut === true });

/**
 * Text of several lines with its control and direction characters made visible.
 *
 * @param {string} text
 */
export const plainLines = (text) =>
  text
    .split(/(\r?\n|\t)/)
    .map((part) => (/^(\r?\n|\t)$/.test(part) ? part : plain(part)))
    .join("");

/**
 * The steps of a job's life, each with its duration; the last step lasts until now, unless the job has ended.
 *
 * @param {JobDetail} job
 * @param {number} now
 * @returns {{word: string, at: number|null, node: string|null, lasted: number|null}[]}
 */
export function stepsOf(job, now) {
  const history = job.history ?? [];
  return history.map((step, index) => {
    const next = history[index + 1];
    const goesOn = step.state === "queued" || step.state === "running";
    const end = next ? next.at : goesOn ? now : null;
    const lasted = end === null || step.at === null ? null : Math.max(0, end - step.at);
    return { word: jobWord({ state: step.state, failed: job.failed }), at: step.at, node: step.node, lasted };
  });
}

/**
 * A job's time beside those of others: "2.1 × the median of compute (5.9 s), 1.1 × that on alpha"; empty while
 * too few jobs have finished.
 *
 * @param {number|null|undefined} sec
 * @param {ComparedTime|undefined} others
 * @param {{of: string, on: string}} names of its function and its node
 */
export function comparedText(sec, others, { of, on }) {
  if (!others?.median_sec || sec === null || sec === undefined) return "";
  const times = (/** @type {number} */ median) => timesText(sec / median).replace(" ", "\u00a0");
  const beside = `${times(others.median_sec)} the median of ${plain(of)} (${seconds(others.median_sec)})`;
  return others.node_median_sec ? `${beside}, ${times(others.node_median_sec)} that on ${plain(on)}` : beside;
}
