/** A button that asks the server what a command for jobs would do, before it asks the user to confirm it. */

import { clusterPath } from "../data/api.js";
import { toParams } from "../data/query.js";
import { failureLine } from "../data/remedy.js";
import { createQuestion } from "../lib/confirm.js";
import { setAttr, setText, show } from "../lib/dom.js";
import { count, counted, plain } from "../lib/format.js";
import { commandJobs, commandMatching, inParts, LOST, RERUN, TERMINATE } from "./jobcommands.js";

/** @import {Place} from "./jobcommands.js" */

/**
 * @typedef {object} DryRun what a command would do
 * @property {string} detail
 * @property {string} action what the button says that confirms it; empty if there is nothing to do
 * @property {boolean} danger
 * @property {() => Promise<void>} run
 */

/**
 * @param {HTMLButtonElement} button
 * @param {{ask: () => Promise<DryRun>, onDone: () => void}} options
 */
export function confirmDryRun(button, { ask, onDone }) {
  const { popover, detail, yes, no } = createQuestion(button);
  setAttr(detail, "role", "status");
  /** @type {DryRun|null} */
  let asked = null;
  let times = 0;

  button.addEventListener("click", async () => {
    if (popover.isOpen) return popover.close();
    const time = ++times; // an answer may come after the button was pressed anew
    setText(detail, "Asking the server …");
    show(yes, false);
    popover.open();
    no.focus();
    try {
      const found = await ask();
      if (time !== times) return;
      asked = found;
      setText(detail, found.detail);
      setText(yes, found.action);
      setAttr(yes, "class", `button ${found.danger ? "danger" : "primary"}`);
      show(yes, found.action !== "");
    } catch (error) {
      if (time !== times) return;
      setText(detail, `The server could not say: ${failureLine(error).text}`);
    }
    popover.fit();
  });
  yes.addEventListener("click", () => {
    popover.close({ refocus: true });
    void asked?.run().then(onDone);
  });
  return popover;
}

/**
 * What terminating the jobs of a search would do.
 *
 * @param {Place} place
 * @param {string} query
 * @returns {Promise<DryRun>}
 */
export async function wouldTerminate(place, query) {
  const command = { filter: toParams(query), dry_run: true };
  /** @type {{matched: number, cancellable: number}} */
  const { matched, cancellable } = await send(place, "cancel", command);
  return {
    detail: lossText(matched, cancellable),
    action: cancellable > 0 ? TERMINATE.words("do", counted(cancellable, "job")) : "",
    danger: true,
    run: () => commandMatching(place, TERMINATE, query, cancellable),
  };
}

/**
 * @param {number} matched
 * @param {number} cancellable
 */
function lossText(matched, cancellable) {
  if (cancellable === 0) return `All ${count(matched)} that match have ended.`;
  const ended = matched - cancellable;
  return ended > 0
    ? `${count(matched)} match, ${count(ended)} of them have ended. ${LOST}`
    : `All ${count(matched)} that match. ${LOST}`;
}

/** @typedef {{matched: number, rerunnable: number, again: number, refused: {code: string, message: string, jobs: number}[]}} Rerunnable */

/**
 * What running jobs again would do.
 *
 * @param {Place} place
 * @param {number[]|string} which  their numbers, or a search
 * @param {number[]} [able]  those of the numbers that are not refused, as far as is known
 * @returns {Promise<DryRun>}
 */
export async function wouldRerun(place, which, able) {
  /** @type {Rerunnable} */
  const sum = { matched: 0, rerunnable: 0, again: 0, refused: [] };
  for (const part of typeof which === "string" ? [which] : inParts(which, place.config.limits.serials)) {
    const jobs = typeof part === "string" ? { filter: toParams(part) } : { serials: part };
    /** @type {Rerunnable} */
    const found = await send(place, "rerun", { ...jobs, dry_run: true });
    for (const key of /** @type {const} */ (["matched", "rerunnable", "again"])) sum[key] += found[key];
    for (const one of found.refused) {
      const same = sum.refused.find(({ message }) => message === one.message);
      if (same) same.jobs += one.jobs;
      else sum.refused.push({ ...one });
    }
  }
  return {
    detail: rerunText(sum),
    action: sum.rerunnable > 0 ? RERUN.words("do", counted(sum.rerunnable, "job")) : "",
    danger: false,
    run: () =>
      typeof which === "string"
        ? commandMatching(place, RERUN, which, sum.rerunnable)
        : commandJobs(place, RERUN, able ?? which),
  };
}

/** @param {Rerunnable} found */
export function rerunText({ matched, rerunnable, again, refused }) {
  const lines = [];
  if (rerunnable === 0) lines.push(matched === 1 ? "It can't be run again." : "None of them can be run again.");
  else if (rerunnable === 1) lines.push(again ? "It was run again before." : "Its program submits it again.");
  else {
    lines.push(`Their program submits ${count(rerunnable)} again.`);
    if (again) lines.push(`${count(again)} of them ${again === 1 ? "was" : "were"} run again before.`);
  }
  for (const { message, jobs } of refused) lines.push(`${counted(jobs, "job")} refused: ${plain(message)}`);
  return lines.join("\n");
}

/** @param {Place} place @param {string} command @param {object} body */
const send = ({ api, cluster }, command, body) => api.send("POST", clusterPath(cluster, "jobs", command), body);
