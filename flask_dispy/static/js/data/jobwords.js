/** What people read of a job: the word for its state, and its name. The same everywhere. */

import { plain } from "../lib/format.js";

/** @import {JobCounts, JobState} from "./types.js" */
/** @typedef {"queued"|"running"|"finished"|"failed"|"terminated"|"cancelled"|"abandoned"} JobWord */

/**
 * Every state as people read it, in the order of the tabs. dispy calls a job that raised, or whose process
 * died, terminated as well as one that somebody ended; people read failed for the former.
 */
export const JOB_WORDS = /** @type {readonly JobWord[]} */ (
  Object.freeze(["queued", "running", "finished", "failed", "terminated", "cancelled", "abandoned"])
);

/**
 * The word that people read for a job's state.
 *
 * @param {{state: JobState, failed?: boolean}} job
 * @returns {JobWord}
 */
export const jobWord = ({ state, failed }) => (state === "terminated" && failed ? "failed" : state);

/**
 * How many jobs people read a word for, of a summary's counts: there `terminated` holds the failed ones too.
 *
 * @param {JobCounts} jobs
 * @param {JobWord} word
 */
export const countOf = (jobs, word) =>
  word === "terminated" ? Math.max(0, jobs.terminated - jobs.failed) : jobs[word];

/**
 * What a job is called: the id that its program gave it, else its number here.
 *
 * @param {{id: string, serial: number}} job
 */
export const jobName = ({ id, serial }) => plain(id).trim() || `#${serial}`;

/**
 * The number that stands beside a job's name, because ids need not be unique; empty where the name says it.
 *
 * @param {{id: string, serial: number}} job
 */
export const jobNumber = (job) =>
  [`#${job.serial}`, String(job.serial)].includes(jobName(job)) ? "" : `#${job.serial}`;

/**
 * A job's name and number, for where it stands alone.
 *
 * @param {{id: string, serial: number}} job
 */
export const jobTitle = (job) => `${jobName(job)} ${jobNumber(job)}`.trim();
