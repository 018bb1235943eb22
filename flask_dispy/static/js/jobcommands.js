/** @import {Api} from "./api.js" */
/** @import {Notices} from "./notices.js" */
/** @import {Outcome} from "./types.js" */
import { clusterPath } from "./api.js";
import { counted } from "./format.js";
import { outcomeLine } from "./nodecommands.js";
import { toParams } from "./query.js";
import { failureLine } from "./remedy.js";

/** The server takes no more at once. */
const AT_ONCE = 1000;

/** @typedef {{api: Api, cluster: string, notices: Notices}} Place */
/** @typedef {{matched: number, outcomes: Outcome[], cancelled: number, failed: number}} Cancelled */

/**
 * Cancel jobs by their numbers and show what came of each.
 *
 * @param {Place} place
 * @param {number[]} serials
 */
export async function cancelJobs({ api, cluster, notices }, serials) {
  const notice = notices.show(`Terminating ${counted(serials.length, "job")}`);
  /** @type {Outcome[]} */
  const outcomes = [];
  try {
    for (let at = 0; at < serials.length; at += AT_ONCE) {
      /** @type {Cancelled} */
      const answer = await api.send("POST", clusterPath(cluster, "jobs", "cancel"), { serials: serials.slice(at, at + AT_ONCE) });
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
 * Cancel all jobs that a search matches and show what came of each.
 *
 * @param {Place} place
 * @param {string} query
 * @param {number} expected  as the dry run counted
 */
export async function cancelMatching({ api, cluster, notices }, query, expected) {
  const notice = notices.show(`Terminating ${counted(expected, "job")}`);
  try {
    /** @type {Cancelled} */
    const answer = await api.send("POST", clusterPath(cluster, "jobs", "cancel"), { filter: toParams(query), dry_run: false });
    showOutcomes(notice, answer.outcomes);
  } catch (error) {
    failed(notice, [], error);
  }
}

/**
 * @param {ReturnType<Notices["show"]>} notice
 * @param {Outcome[]} outcomes
 */
function showOutcomes(notice, outcomes) {
  const good = outcomes.filter((outcome) => outcome.ok).length;
  const all = counted(outcomes.length, "job");
  notice.done(good === outcomes.length ? `Terminated ${all}` : `Terminated ${good} of ${all}`, outcomes.map((outcome) => outcomeLine(outcome)));
}

/**
 * @param {ReturnType<Notices["show"]>} notice
 * @param {Outcome[]} outcomes  of those that were reached
 * @param {unknown} error
 */
function failed(notice, outcomes, error) {
  notice.done("Could not terminate all jobs", [failureLine(error), ...outcomes.map((outcome) => outcomeLine(outcome))]);
}
