/** How a node fares: how busy it is, how old its load is, and how its jobs compare with those of the others. */
/** @import {NodeRow} from "./types.js" */
import { count, percent, rate, UNKNOWN } from "../lib/format.js";

/** "2.1 ×". @param {number|null|undefined} times */
export const timesText = (times) => (times === null || times === undefined ? UNKNOWN : `${rate(times)} ×`);

/** "14, 26 %: failing". @param {NodeRow} row */
export function failedText({ compared }) {
  if (!compared || compared.failed_share === null) return UNKNOWN;
  const { failed, failed_share: share, failing } = compared;
  return failed === 0 ? "none" : `${count(failed)}, ${percent(share)}${failing ? ": failing" : ""}`;
}

/** Its median divided by the others': "2.0 ×: slow". @param {NodeRow} row */
export const timesOthersText = ({ compared }) => timesText(compared?.times_others) + (compared?.slow ? ": slow" : "");

/**
 * Its rank among the nodes: "slowest of 16", "3rd slowest of 16".
 *
 * @param {NodeRow} row
 * @param {Iterable<NodeRow>} rows of all nodes
 */
export function rankText({ compared }, rows) {
  const times = compared?.times_others ?? null;
  if (times === null) return "";
  let [known, slower, like] = [0, 0, 0];
  for (const { compared: other } of rows) {
    if (!other || other.times_others === null) continue;
    known += 1;
    if (other.times_others > times) slower += 1;
    else if (other.times_others === times) like += 1;
  }
  if (known < 2) return "";
  const rank = slower === 0 ? "slowest" : slower + like >= known ? "fastest" : `${ordinal(slower + 1)} slowest`;
  return `${rank} of ${count(known)}`;
}

/** @param {number} n */
function ordinal(n) {
  const teens = n % 100 > 10 && n % 100 < 14;
  return `${count(n)}${(!teens && { 1: "st", 2: "nd", 3: "rd" }[n % 10]) || "th"}`;
}

/** Why a node needs attention, in a word or two; null if it does not. @param {NodeRow} row */
export function verdictOf({ compared }) {
  const words = [compared?.slow && "slow", compared?.failing && "failing"].filter(Boolean);
  return words.length ? words.join(" and ") : null;
}

/** The same with its figures: "2.1 × others, 38 % failed". @param {NodeRow} row */
export function verdictText({ compared }) {
  const parts = [
    compared?.slow && `${timesText(compared.times_others)} others`,
    compared?.failing && `${percent(compared.failed_share)} failed`,
  ].filter(Boolean);
  return parts.length ? parts.join(", ") : null;
}

/**
 * How many CPUs of a node are busy. That may be more than the node is set to use, because running jobs
 * go on when its CPUs are reduced.
 *
 * @param {{busy: number, cpus: number}} node
 */
export const busyText = ({ busy, cpus }) =>
  busy > cpus ? `${count(busy)} busy, ${count(cpus)} to be used` : `${count(Math.max(0, busy))} of ${count(cpus)} busy`;

/** A node's load that is older than this is out of date. */
const OLD_SEC = 60;

/**
 * When a node reported its load, in epoch seconds.
 *
 * @param {NodeRow} row
 */
export const loadAt = ({ update_time, avail_info_age_sec }) => (update_time ?? 0) - (avail_info_age_sec ?? 0);

/**
 * @param {NodeRow} row
 * @param {number} now epoch seconds
 */
export const isLoadOld = (row, now) => row.avail_info !== null && now - loadAt(row) > OLD_SEC;
