/** @import {Api} from "../data/api.js" */
/** @import {Notices} from "../frame/notices.js" */
/** @import {Config, Outcome} from "../data/types.js" */
import { clusterPath } from "../data/api.js";
import { count, counted } from "../lib/format.js";
import { outcomeLine } from "./nodecommands.js";
import { toParams } from "../data/query.js";
import { failureLine } from "../data/remedy.js";

/** How many of a search's jobs are cancelled by one request: few, so that the count moves and Stop acts soon. */
const PART = 500;

/** @typedef {{api: Api, config: Pick<Config, "limits">, cluster: string, notices: Notices}} Place */
/** @typedef {{matched: number, outcomes: Outcome[], cancelled: number, failed: number, next_before?: number|null}} Cancelled */

/**
 * Cancel jobs by their numbers and show each outcome.
 *
 * @param {Place} place
 * @param {number[]} serials
 */
export async function cancelJobs({ api, config, cluster, notices }, serials) {
  const notice = notices.show(`Terminating ${counted(serials.length, "job")}`);
  const atOnce = config.limits.serials;
  /** @type {Outcome[]} */
  const outcomes = [];
  try {
    for (let at = 0; at < serials.length; at += atOnce) {
      /** @type {Cancelled} */
      const answer = await api.send("POST", clusterPath(cluster, "jobs", "cancel"), {
        serials: serials.slice(at, at + atOnce),
      });
      outcomes.push(...answer.outcomes);
    }
    showOutcomes(notice, outcomes);
  } catch (error) {
    failed(notice, outcomes, error);
  }
}

/**
 * How many jobs a search matches, and how many of them have not ended.
 *
 * @param {Place} place
 * @param {string} query
 * @returns {Promise<{matched: number, cancellable: number}>}
 */
export const countCancellable = ({ api, cluster }, query) =>
  api.send("POST", clusterPath(cluster, "jobs", "cancel"), { filter: toParams(query), dry_run: true });

/**
 * Cancel all jobs that a search matches, some at a time, until none is left or somebody stops it,
 * and show each outcome.
 *
 * @param {Place} place
 * @param {string} query
 * @param {number} expected  as the dry run counted
 */
export async function cancelMatching({ api, cluster, notices }, query, expected) {
  const notice = notices.show(`Terminating ${counted(expected, "job")}`);
  /** @type {Outcome[]} */
  const outcomes = [];
  let stopped = false;
  if (expected > PART) notice.offer("Stop", () => (stopped = true));
  /** @type {number|null} */
  let before = null;
  try {
    do {
      /** @type {Cancelled} */
      const answer = await api.send("POST", clusterPath(cluster, "jobs", "cancel"), {
        filter: toParams(query),
        dry_run: false,
        limit: PART,
        before,
      });
      outcomes.push(...answer.outcomes);
      before = answer.next_before ?? null;
      notice.progress(
        `Terminating: ${count(outcomes.length)} of ${counted(Math.max(expected, outcomes.length), "job")}`,
      );
    } while (before !== null && !stopped);
    showOutcomes(notice, outcomes, stopped && before !== null);
  } catch (error) {
    failed(notice, outcomes, error);
  }
}

/**
 * @param {ReturnType<Notices["show"]>} notice
 * @param {Outcome[]} outcomes
 * @param {boolean} [stopped]  before all had their turn
 */
function showOutcomes(notice, outcomes, stopped = false) {
  const good = outcomes.filter((outcome) => outcome.ok).length;
  const all = counted(outcomes.length, "job");
  const title = good === outcomes.length ? `Terminated ${all}` : `Terminated ${count(good)} of ${all}`;
  notice.done(
    stopped ? `Stopped: ${title.toLowerCase()}` : title,
    outcomes.map((outcome) => outcomeLine(outcome)),
  );
}

/**
 * @param {ReturnType<Notices["show"]>} notice
 * @param {Outcome[]} outcomes  of those that were reached
 * @param {unknown} error
 */
function failed(notice, outcomes, error) {
  notice.done("Could not terminate all jobs", [failureLine(error), ...outcomes.map((outcome) => outcomeLine(outcome))]);
}
