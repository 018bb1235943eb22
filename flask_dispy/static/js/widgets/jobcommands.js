/** @import {Api} from "../data/api.js" */
/** @import {Notices} from "../frame/notices.js" */
/** @import {Config, Outcome} from "../data/types.js" */
/** @import {Question} from "../lib/confirm.js" */
import { clusterPath } from "../data/api.js";
import { count, counted } from "../lib/format.js";
import { outcomeLine } from "./nodecommands.js";
import { toParams } from "../data/query.js";
import { failureLine } from "../data/remedy.js";

/** @typedef {{api: Api, config: Pick<Config, "limits">, cluster: string, notices: Notices}} Place */
/** @typedef {{outcomes: Outcome[], next_before?: number|null}} Answer */

/**
 * @typedef {object} Command for jobs
 * @property {"cancel"|"rerun"} name
 * @property {number} part how many jobs one request is for: few, so that the count moves and Stop acts soon
 * @property {string} doing
 * @property {(verb: "do"|"doing"|"done", jobs: string) => string} words
 * @property {string} failed
 */

/** @type {Command} */
export const TERMINATE = {
  name: "cancel",
  part: 500,
  doing: "Terminating",
  words: (verb, jobs) => `${{ do: "Terminate", doing: "Terminating", done: "Terminated" }[verb]} ${jobs}`,
  failed: "Could not terminate all jobs",
};

/** The function of the watched program may take its time. @type {Command} */
export const RERUN = {
  name: "rerun",
  part: 100,
  doing: "Running again",
  words: (verb, jobs) => `${{ do: "Run", doing: "Running", done: "Ran" }[verb]} ${jobs} again`,
  failed: "Could not run all jobs again",
};

export const LOST = "What they have done so far is lost.";

/**
 * What is asked before jobs are terminated by their numbers.
 *
 * @param {Place} place
 * @param {number[]} serials
 * @param {() => void} [onDone]
 * @returns {Question|null} null without any
 */
export function terminationOf(place, serials, onDone) {
  if (serials.length === 0) return null;
  return {
    action: TERMINATE.words("do", counted(serials.length, "job")),
    detail: LOST,
    run: () => void commandJobs(place, TERMINATE, serials).then(onDone),
  };
}

/** @param {number[]} serials @param {number} most in one part; may be infinite */
export function inParts(serials, most) {
  const parts = [];
  for (let at = 0; at < serials.length; at += most) parts.push(serials.slice(at, at + most));
  return parts;
}

/**
 * Send a command for jobs by their numbers and show each outcome.
 *
 * @param {Place} place
 * @param {Command} command
 * @param {number[]} serials
 */
export async function commandJobs({ api, config, cluster, notices }, command, serials) {
  const notice = notices.show(command.words("doing", counted(serials.length, "job")));
  /** @type {Outcome[]} */
  const outcomes = [];
  try {
    for (const part of inParts(serials, Math.min(command.part, config.limits.serials))) {
      /** @type {Answer} */
      const answer = await api.send("POST", clusterPath(cluster, "jobs", command.name), { serials: part });
      outcomes.push(...answer.outcomes);
    }
    showOutcomes(notice, command, outcomes);
  } catch (error) {
    failed(notice, command, outcomes, error);
  }
}

/**
 * Send a command for all jobs that a search matches, some at a time, until none is left or somebody stops it,
 * and show each outcome.
 *
 * @param {Place} place
 * @param {Command} command
 * @param {string} query
 * @param {number} expected  as the dry run counted
 */
export async function commandMatching({ api, cluster, notices }, command, query, expected) {
  const notice = notices.show(command.words("doing", counted(expected, "job")));
  /** @type {Outcome[]} */
  const outcomes = [];
  let stopped = false;
  if (expected > command.part) notice.offer("Stop", () => (stopped = true));
  /** @type {number|null} */
  let before = null;
  try {
    do {
      /** @type {Answer} */
      const answer = await api.send("POST", clusterPath(cluster, "jobs", command.name), {
        filter: toParams(query),
        dry_run: false,
        limit: command.part,
        before,
      });
      outcomes.push(...answer.outcomes);
      before = answer.next_before ?? null;
      const all = counted(Math.max(expected, outcomes.length), "job");
      notice.progress(`${command.doing}: ${count(outcomes.length)} of ${all}`);
    } while (before !== null && !stopped);
    showOutcomes(notice, command, outcomes, stopped && before !== null);
  } catch (error) {
    failed(notice, command, outcomes, error);
  }
}

/**
 * @param {ReturnType<Notices["show"]>} notice
 * @param {Command} command
 * @param {Outcome[]} outcomes
 * @param {boolean} [stopped]  before all had their turn
 */
function showOutcomes(notice, { words }, outcomes, stopped = false) {
  const good = outcomes.filter((outcome) => outcome.ok).length;
  const all = counted(outcomes.length, "job");
  const title = words("done", good === outcomes.length ? all : `${count(good)} of ${all}`);
  notice.done(
    stopped ? `Stopped: ${title.toLowerCase()}` : title,
    outcomes.map((outcome) => outcomeLine(outcome)),
  );
}

/**
 * @param {ReturnType<Notices["show"]>} notice
 * @param {Command} command
 * @param {Outcome[]} outcomes  of those that were reached
 * @param {unknown} error
 */
function failed(notice, command, outcomes, error) {
  notice.done(command.failed, [failureLine(error), ...outcomes.map((outcome) => outcomeLine(outcome))]);
}
