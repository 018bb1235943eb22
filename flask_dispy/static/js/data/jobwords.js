/** The word for a job's state and the name of a job, the same everywhere. */

import { plain } from "../lib/format.js";

/** @import {JobCounts, JobState} from "./types.js" */
/** @typedef {"queued"|"running"|"finished"|"failed"|"terminated"|"cancelled"|"abandoned"} JobWord */

/** The words for jobs that have ended. */
export const END_WORDS = /** @type {const} */ (["finished", "failed", "terminated", "cancelled", "abandoned"]);

/**
 * The words for all states, in the order of the tabs. dispy says "terminated" both for a job that raised, or
 * whose process died, and for one that somebody ended; the pages say "failed" for the former.
 */
export const JOB_WORDS = /** @type {readonly JobWord[]} */ (Object.freeze(["queued", "running", ...END_WORDS]));

/**
 * The word that the pages show for a job's state.
 *
 * @param {{state: JobState, failed?: boolean}} job
 * @returns {JobWord}
 */
export const jobWord = ({ state, failed }) => (state === "terminated" && failed ? "failed" : state);

/**
 * The number of jobs with a word, from a summary's counts, whose `terminated` includes failed jobs.
 *
 * @param {JobCounts} jobs
 * @param {JobWord} word
 */
export const countOf = (jobs, word) =>
  word === "terminated" ? Math.max(0, jobs.terminated - jobs.failed) : jobs[word];

/**
 * What became of the jobs that ended, in one word: they are "done" if they finished or failed by themselves,
 * and "ended" if they did not, unless one other word is true of all.
 *
 * @param {JobCounts} jobs
 */
export function endWord(jobs) {
  const words = END_WORDS.filter((word) => countOf(jobs, word) > 0);
  if (words.length === 1 && words[0] !== "finished") return words[0];
  return words.every((word) => word === "finished" || word === "failed") ? "done" : "ended";
}

/**
 * A job's name: the id that its program gave it, else its number here.
 *
 * @param {{id: string, serial: number}} job
 */
export const jobName = ({ id, serial }) => plain(id).trim() || `#${serial}`;

/**
 * The number shown beside a job's name, because ids need not be unique; empty if it is the name.
 *
 * @param {{id: string, serial: number}} job
 */
export const jobNumber = (job) =>
  [`#${job.serial}`, String(job.serial)].includes(jobName(job)) ? "" : `#${job.serial}`;

/**
 * A job's name and number in one text.
 *
 * @param {{id: string, serial: number}} job
 */
export const jobTitle = (job) => `${jobName(job)} ${jobNumber(job)}`.trim();
