/** @import {Summary} from "./types.js" */
import { clusterLabel } from "./config.js";
import { count, percent, plain } from "./format.js";

/** No job waits for so long before the end of the run is told: a loop may submit the next one. */
const SETTLE_SEC = 3;

/**
 * @typedef {object} Headline what the tab says about the run
 * @property {string} title
 * @property {string} favicon address of an SVG picture
 */

/**
 * @param {string} page the page's own name, "Monitor"
 * @param {Summary|undefined} summary
 * @param {string} restingIcon shown while there is no progress to tell
 * @returns {Headline}
 */
export function headline(page, summary, restingIcon) {
  if (!summary) return { title: `${page} · dispy`, favicon: restingIcon };
  const running = summary.jobs.pending > 0 && summary.progress !== null;
  const name = plain(clusterLabel(summary.name));
  const title = `${page} · ${name} · dispy`;
  if (!running) return { title: summary.jobs.submitted > 0 ? `✓ ${title}` : title, favicon: restingIcon };
  const failed = (summary.attention?.failed ?? summary.jobs.terminated) > 0;
  return {
    title: `${percent(summary.progress)} ${title}`,
    favicon: ringIcon(Math.floor((summary.progress ?? 0) * 100), failed),
  };
}

/**
 * A ring that fills, with a red dot where something failed; readable on light and dark tabs.
 *
 * @param {number} percentDone
 * @param {boolean} failed
 */
function ringIcon(percentDone, failed) {
  const turn = 75.4; // 2 pi 12
  const done = ((turn * percentDone) / 100).toFixed(1);
  const dot = failed ? '<circle cx="16" cy="16" r="5" fill="#e0323c"/>' : "";
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><g fill="none" stroke-width="6">' +
    '<circle cx="16" cy="16" r="12" stroke="#9aa5b5" stroke-opacity=".45"/>' +
    `<circle cx="16" cy="16" r="12" stroke="#3f7bff" stroke-dasharray="${done} 80" transform="rotate(-90 16 16)"/>` +
    `</g>${dot}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

/**
 * Notices when a run has ended: no job is pending any more, and none came for a few seconds.
 *
 * @param {(summary: Summary) => void} tell once for each run
 * @returns {(summary: Summary|undefined, now: number) => void} call with what is known, often
 */
export function watchEnd(tell) {
  let running = false;
  /** @type {number|null} */
  let endedAt = null;
  return (summary, now) => {
    if (!summary) return;
    if (summary.jobs.pending > 0) {
      running = true;
      endedAt = null;
    } else if (running) {
      endedAt ??= now;
      if (now - endedAt < SETTLE_SEC) return;
      running = false;
      endedAt = null;
      tell(summary);
    }
  };
}

/**
 * @param {Summary} summary
 * @returns {{title: string, body: string}}
 */
export function endOfRun(summary) {
  const { done, finished, terminated, cancelled, abandoned } = summary.jobs;
  const parts = [`${count(finished)} finished`];
  if (terminated) parts.push(`${count(terminated)} failed`);
  if (cancelled) parts.push(`${count(cancelled)} cancelled`);
  if (abandoned) parts.push(`${count(abandoned)} abandoned`);
  return {
    title: `${plain(clusterLabel(summary.name))}: all ${count(done)} jobs are done`,
    body: parts.join(", "),
  };
}
