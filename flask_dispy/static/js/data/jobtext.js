/** @import {ComparedJob, ComparedTime, JobRow, JobState, TextSetting} from "./types.js" */
import { plain, seconds } from "../lib/format.js";
import { jobWord } from "./jobwords.js";
import { timesText } from "./standing.js";

/**
 * A job with all its texts, each marked if it was cut.
 *
 * @typedef {JobRow & {
 *   exception?: string|null,
 *   result?: string|null,
 *   provisional_result?: string|null,
 *   stdout?: string|null,
 *   stderr?: string|null,
 *   queue_sec?: number|null,
 *   compared?: ComparedJob,
 *   history?: {state: JobState, at: number|null, node: string|null}[],
 * }} JobDetail
 */

/** @typedef {{key: string, title: string, text: string, cut: string}} Block  cut: what is missing; empty if nothing */

/** The texts in the order in which they are read: errors first. */
const TEXTS = /** @type {const} */ ([
  ["exception", "Traceback"],
  ["args", "Arguments"],
  ["kwargs", "Keyword arguments"],
  ["result", "Result"],
  ["provisional_result", "Interim result"],
  ["stdout", "Output"],
  ["stderr", "Error output"],
]);

/**
 * The texts of a job that there are.
 *
 * @param {JobDetail} job
 * @returns {Block[]}
 */
export function blocksOf(job) {
  const blocks = TEXTS.map(([key, title]) => {
    const [text, why] = [job[key] ?? "", job.texts_cut?.[key]];
    return { key, title, text, cut: why ? `${lackOf(key, text, why)} (${why}).` : "" };
  });
  return blocks.filter((each) => each.text !== "");
}

/** @param {string} key @param {string} text @param {TextSetting} why */
function lackOf(key, text, why) {
  if (key === "exception" && why === "history_bytes") return "Only its last line is kept";
  return text.startsWith("…") ? "Its beginning was cut" : "Its end was cut";
}

/**
 * What was dropped of a job as a whole; empty if nothing.
 *
 * @param {JobDetail} job
 */
export function droppedText(job) {
  const names = TEXTS.filter(([key]) => !job[key] && job.texts_cut?.[key]).map(([, title]) => title.toLowerCase());
  return names.length > 0 ? `Dropped to make room for newer jobs (history_bytes): ${names.join(", ")}.` : "";
}

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
