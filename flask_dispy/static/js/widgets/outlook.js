/** @import {Outlook, Summary} from "../data/types.js" */
import { clock, count, counted, day, plain, seconds } from "../lib/format.js";
import { endWord } from "../data/jobwords.js";
import { notEnded } from "../frame/pastrun.js";

/**
 * A cluster's outlook in words: a head for a glance, and a sentence that says more if something is in the
 * way.
 *
 * @typedef {object} OutlookWords
 * @property {"done"|"going"|"waiting"|"stalled"|"closed"} tone
 * @property {string} head
 * @property {string} note empty if the head says everything
 */

/** Below this, the text says how long, not until when. */
const SOON_SEC = 120;

/**
 * @param {Summary} summary
 * @param {number} now epoch seconds
 * @returns {OutlookWords}
 */
export function outlookWords(summary, now) {
  const { outlook } = summary;
  if (!outlook) return { tone: "going", head: "", note: "" };
  if (summary.watching === "history") return pastWords(summary);
  const words = wordsOf(outlook, summary, now);
  return { ...words, note: sentence(words.note) };
}

/**
 * Whether a run that is over was done.
 *
 * @param {Summary} summary
 * @returns {OutlookWords}
 */
function pastWords({ jobs, cut_off }) {
  const open = notEnded(jobs);
  if (open > 0)
    return { tone: "closed", head: `${count(open)} not ended when it was ${cut_off ? "cut off" : "closed"}`, note: "" };
  return { tone: "done", head: jobs.submitted === 0 ? "No job" : `All ${endWord(jobs)}`, note: "" };
}

/**
 * @param {Outlook} outlook
 * @param {Summary} summary
 * @param {number} now
 * @returns {OutlookWords}
 */
function wordsOf(outlook, summary, now) {
  const { reason, since } = outlook;
  const age = since === null ? 0 : Math.max(0, now - since);
  switch (outlook.state) {
    case "done":
      if (reason === "no_jobs")
        return { tone: "done", head: summary.state === "closed" ? "Closed" : "No job yet", note: "" };
      if (reason === "none_pending") return { tone: "done", head: "No job is pending", note: outlook.message };
      return {
        tone: "done",
        head: `All ${endWord(summary.jobs)}${since === null ? "" : `, ${at(since, now)}`}`,
        note: endWord(summary.jobs) === "ended" ? outlook.message : "",
      };
    case "stalled":
      return {
        tone: "stalled",
        head: `Stalled ${spanText(Math.floor(age))}`,
        note: stalledNote(outlook, summary, now),
      };
    case "waiting":
      if (reason === "closed") return { tone: "closed", head: "Closed", note: outlook.message };
      return {
        tone: "waiting",
        head: age < 1 ? "Waiting" : `Waiting ${spanText(Math.floor(age))}`,
        note: outlook.message,
      };
    default:
      return { tone: "going", head: goingHead(outlook, summary), note: goingNote(outlook) };
  }
}

/**
 * The outlook in one line, for screen readers and little room.
 *
 * @param {Summary} summary
 * @param {number} now
 */
export function outlookLine(summary, now) {
  const { head, note } = outlookWords(summary, now);
  return note ? `${head}. ${note}` : head;
}

/**
 * How many jobs somebody may want to end: those that a stalled cluster waits for, or else those
 * that will never start.
 *
 * @param {Outlook} outlook
 */
export const stuckJobs = ({ state, stuck, bound }) => (state === "stalled" ? (stuck.jobs ?? 0) : bound);

/**
 * The search that finds exactly these.
 *
 * @param {Outlook} outlook
 */
export const stuckQuery = ({ state, stuck }) =>
  state === "stalled" ? `state:running slower:${Math.floor(stuck.over_sec ?? 0)}s` : "is:bound";

/**
 * @param {Outlook} outlook
 * @param {Summary} summary
 * @param {number} now
 */
function stalledNote({ stuck, bound }, summary, now) {
  const passed = Math.max(0, now - (summary.now ?? now));
  const oldest = spanText((stuck.oldest_sec ?? 0) + passed);
  const usual = `usually ${spanText(stuck.usual_sec ?? 0)}`;
  const jobs = stuck.jobs ?? 0;
  const who =
    jobs === 1
      ? `waits for 1 job, which has run for ${oldest} (${usual})`
      : `waits for ${count(jobs)} jobs on ${counted(stuck.nodes ?? 0, "node")}, the oldest ${oldest} (${usual})`;
  return `${who}. ${boundNote(bound)}`.trim();
}

/**
 * @param {Outlook} outlook
 * @param {Summary} summary
 */
function goingHead({ eta_sec, eta_early_sec, eta_late_sec }, summary) {
  if (eta_sec === null) return "No estimate yet";
  const now = summary.now ?? 0;
  if ((eta_late_sec ?? eta_sec) < SOON_SEC) {
    const [early, late] = [eta_early_sec ?? eta_sec, eta_late_sec ?? eta_sec].map(coarse);
    return `Done in about ${coarse(eta_sec)}${early === late ? "" : ` (${early} to ${late})`}`;
  }
  const [early, late] = [eta_early_sec ?? eta_sec, eta_late_sec ?? eta_sec].map((seconds) => at(now + seconds, now));
  return `Done about ${at(now + eta_sec, now)}${early === late ? "" : ` (${early} to ${late})`}`;
}

/** @param {Outlook} outlook */
function goingNote({ reason, message, eta_sec, bound }) {
  if (reason === "estimated") return "";
  return eta_sec === null ? message : boundNote(bound);
}

/** @param {number} bound */
const boundNote = (bound) =>
  bound ? `${counted(bound, "queued job")} can't start: bound to a node that is gone.` : "";

/**
 * A time of the day to the minute, with its date if that is another day.
 *
 * @param {number} t epoch seconds
 * @param {number} now
 */
export function at(t, now) {
  const time = clock(t).slice(0, 5);
  return day(t) === day(now) ? time : `${day(t).slice(5)} ${time}`;
}

/** The names in it come from elsewhere. @param {string} note */
function sentence(note) {
  const text = plain(note);
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** @param {number} s */
const coarse = (s) => `${count(s < 10 ? Math.max(1, Math.round(s)) : Math.round(s / 5) * 5)} s`;

/**
 * A duration in a sentence: "1.7 s", "80 s", "15 min".
 *
 * @param {number} s
 */
export function spanText(s) {
  if (s < 0.0995) return seconds(s);
  if (s < 9.95) return `${s.toFixed(1).replace(/\.0$/, "")} s`;
  if (s < 89.5) return `${Math.round(s)} s`;
  if (s < 3570) return `${Math.round(s / 60)} min`;
  return seconds(Math.round(s / 60) * 60);
}
