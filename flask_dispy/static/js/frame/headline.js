/** @import {Summary} from "../data/types.js" */
import { attentionNeeded } from "../data/attention.js";
import { clusterLabel } from "../data/config.js";
import { count, percent, plain } from "../lib/format.js";
import { countOf, END_WORDS, endWord } from "../data/jobwords.js";

/** A run has ended once no job has been pending for this long, because a loop may submit the next one. */
const SETTLE_SEC = 3;

/**
 * @typedef {object} Headline the tab's title and picture
 * @property {string} title
 * @property {string} favicon address of an SVG picture
 */

/**
 * @param {string} page the page's own name, "Monitor"
 * @param {Summary|undefined} summary
 * @param {string} restingIcon shown while there is no progress
 * @returns {Headline}
 */
export function headline(page, summary, restingIcon) {
  if (!summary) return { title: `${page} · dispy`, favicon: restingIcon };
  const past = summary.watching === "history";
  const running = !past && summary.jobs.pending > 0 && summary.progress !== null;
  const name = plain(clusterLabel(summary.name));
  const title = `${page} · ${name} · dispy`;
  if (past) return { title: `${title} · past run`, favicon: restingIcon };
  const needed = attentionNeeded(summary);
  const first = needed ? `(${needed}) ` : "";
  const mark = needed ? `-${needed > 9 ? "more" : needed}` : "";
  if (!running) {
    const how = summary.jobs.submitted > 0 ? endMark(summary) : "";
    return { title: `${first}${how}${title}`, favicon: needed ? ringIcon(restingIcon, 1, mark) : restingIcon };
  }
  const held = HELD[summary.outlook?.reason ?? ""] ?? HELD[summary.outlook?.state ?? ""] ?? "";
  return {
    title: `${first}${held}${percent(summary.progress)} ${title}`,
    favicon: ringIcon(restingIcon, summary.progress ?? 0, held ? "-held" : mark),
  };
}

/** The word that begins the title if the run does not go on. @type {Record<string, string>} */
const HELD = { closed: "Closed, ", stalled: "Stalled, ", waiting: "Waiting, " };

/** @param {Summary} summary */
function endMark({ jobs }) {
  const word = endWord(jobs);
  return word === "done" ? "✓ " : `${word.charAt(0).toUpperCase()}${word.slice(1)}, `;
}

/**
 * Address of a picture in the same folder as the resting one: see web/files/favicons.py.
 *
 * @param {string} restingIcon
 * @param {number} done 0 to 1
 * @param {string} mark "", "-held", or how much needs attention, "-1" to "-9" or "-more"
 */
function ringIcon(restingIcon, done, mark) {
  const percentDone = Math.floor(done * 20) * 5;
  return restingIcon.replace(/[^/]*$/, `ring-${percentDone}${mark}.svg`);
}

/**
 * Notices when a run has ended: no job has been pending for a few seconds.
 *
 * @param {(summary: Summary) => void} onEnd called once for each run
 * @returns {(summary: Summary|undefined, now: number) => void} to be called often with the newest summary
 */
export function watchEnd(onEnd) {
  let running = false;
  /** @type {number|null} */
  let endedAt = null;
  return (summary, now) => {
    if (!summary || summary.watching === "history") return;
    if (summary.jobs.pending > 0) {
      running = true;
      endedAt = null;
    } else if (running) {
      endedAt ??= now;
      if (now - endedAt < SETTLE_SEC) return;
      running = false;
      endedAt = null;
      onEnd(summary);
    }
  };
}

/** What became of one job, and of several. @type {Record<string, [string, string]>} */
const BECAME = { done: ["is done", "are done"], failed: ["failed", "failed"], ended: ["has ended", "have ended"] };

/**
 * @param {Summary} summary
 * @returns {{title: string, body: string}}
 */
export function endOfRun(summary) {
  const { done, finished } = summary.jobs;
  const word = endWord(summary.jobs);
  const [one, several] = BECAME[word] ?? [`was ${word}`, `were ${word}`];
  const parts = [`${count(finished)} finished`];
  for (const word of END_WORDS.slice(1)) {
    const number = countOf(summary.jobs, word);
    if (number > 0) parts.push(`${count(number)} ${word}`);
  }
  return {
    title: `${plain(clusterLabel(summary.name))}: ${done === 1 ? `its job ${one}` : `all ${count(done)} jobs ${several}`}`,
    body: parts.join(", "),
  };
}
