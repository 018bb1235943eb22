/** @import {Store} from "../data/store.js" */
/** @import {Config, Summary} from "../data/types.js" */
import { h, need, setText, show } from "../lib/dom.js";
import { clock, count, counted, day, seconds, zone } from "../lib/format.js";

/**
 * The start, the end and the duration, with the date only once if both are on one day.
 *
 * @param {number} from epoch seconds
 * @param {number} to
 */
export function whenText(from, to) {
  const end = day(from) === day(to) ? clock(to) : `${day(to)} ${clock(to)}`;
  return `${day(from)} ${clock(from)} – ${end} ${zone(to)} (${seconds(to - from)})`;
}

/**
 * The description of a run that is over, or of several: when it was, how it ended, and how much of it can't be
 * read.
 *
 * @param {Summary} summary
 * @returns {string[]} sentences
 */
export function pastWords({ combined, started_at, closed_at, cut_off, jobs, unreadable }) {
  const words = [];
  if (started_at && closed_at)
    words.push(`${combined ? "Past runs" : "Past run"}: ${whenText(started_at, closed_at)}.`);
  const open = notEnded(jobs);
  if (open > 0)
    words.push(
      `${counted(open, "job")} had not ended when ${cut_off ? (combined ? "they were" : "it was") + " cut off" : "it was closed"}.`,
    );
  else if (cut_off && !combined) words.push("It was cut off: its program ended without closing it, or goes on.");
  if (unreadable && unreadable.jobs > 0)
    words.push(`${count(unreadable.jobs)} of ${counted(unreadable.of, "job")} can't be read.`);
  return words;
}

/**
 * The number of jobs that had not ended when the run did.
 *
 * @param {Summary["jobs"]} jobs
 */
export const notEnded = (jobs) => jobs.queued + jobs.running;

/**
 * Says on each page of a history that the run is over.
 *
 * @param {{config: Config, store: Store, summary: () => Summary|undefined}} shell
 */
export function startPastRun({ config, store, summary }) {
  if (!config.past) return;
  const element = need("past-run");
  const words = h("span");
  element.append(words);
  if (document.body.dataset.page !== "runs") element.append(" ", h("a", { href: "runs.html", text: "All runs" }));
  store.onData(() => {
    const chosen = summary();
    if (!chosen) return;
    setText(words, pastWords(chosen).join(" "));
    show(element, true);
  });
}
