/** @import {Shell} from "../frame/parts.js" */
/** @import {Summary} from "../data/types.js" */
import { clusterLabel } from "../data/config.js";
import { h, setAttr, setStyle, setText } from "../lib/dom.js";
import { count, percent, plain } from "../lib/format.js";
import { KeyedList } from "../lib/keyedlist.js";
import { countOf, endWord } from "../data/jobwords.js";
import { outlookLine, outlookWords } from "./outlook.js";
import { createProgressNote } from "./progressnote.js";
import { WhatIf } from "./whatif.js";

/** Parts of the bar, in the order they stand. @type {[string, (summary: Summary) => number][]} */
const PARTS = [
  ["finished", ({ jobs }) => jobs.finished],
  ["failed", ({ jobs }) => jobs.failed],
  ["terminated", ({ jobs }) => countOf(jobs, "terminated")],
  ["other", ({ jobs }) => jobs.cancelled + jobs.abandoned],
  ["running", ({ jobs, watching }) => (watching === "history" ? 0 : jobs.running)],
];

/** @typedef {Pick<Shell, "api"|"config"|"href"|"notices"|"store">} Place */

/**
 * One bar for each cluster: how much of all that was submitted is done, failed, terminated and running, when it
 * will end, and what is in the way if anything is.
 *
 * @param {HTMLElement} element
 * @param {Place} shell
 * @returns {{update: (summaries: Summary[]) => void, tick: () => void}}
 */
export function createProgress(element, shell) {
  const rows = new KeyedList(
    element,
    (/** @type {Summary} */ { name }) => name,
    (first) => createRow(first, shell),
  );
  element.classList.add("progress-list");
  return {
    update(summaries) {
      rows.show(summaries);
      element.hidden = summaries.length === 0;
    },
    tick: () => rows.entries.forEach((row) => row.tick()),
  };
}

/** @param {Summary} first @param {Place} shell */
function createRow(first, shell) {
  const name = plain(clusterLabel(first.name));
  const fills = PARTS.map(([part]) => h("span", { class: `bar-fill ${part}` }));
  const bar = h(
    "span",
    {
      class: "bar",
      role: "progressbar",
      "aria-label": `${name}, jobs done`,
      "aria-valuemin": "0",
      "aria-valuemax": "100",
    },
    ...fills,
  );
  const done = h("span", { class: "progress-percent" });
  const counts = h("span", { class: "progress-count" });
  const eta = new WhatIf(first.name, shell);
  const link = h("a", {
    class: "progress-name",
    href: shell.href("monitor.html", { cluster: first.name }),
    text: name,
    title: name,
  });
  const note = createProgressNote(first.name, shell);
  const element = h("div", { class: "progress" }, link, bar, done, counts, eta.element, note.element);
  let shown = first;

  function tick() {
    const now = shell.store.now();
    const words = outlookWords(shown, now);
    eta.update(words.head, { cpus: shown.cpus.total, open: ["going", "waiting"].includes(words.tone) });
    setAttr(element, "data-outlook", words.tone);
    setAttr(bar, "aria-valuetext", `${percent(shown.progress)}, ${outlookLine(shown, now)}`);
    note.update(shown, words);
  }

  return {
    element,
    tick,
    /** @param {Summary} summary */
    update(summary) {
      shown = summary;
      const { jobs, progress } = summary;
      const all = jobs.submitted + (jobs.before_watching ?? 0);
      const whole = Math.max(1, all);
      PARTS.forEach(([, part], i) => setStyle(fills[i], "width", `${((100 * part(summary)) / whole).toFixed(2)}%`));
      setAttr(bar, "aria-valuenow", progress === null ? null : Math.floor(progress * 100));
      setText(done, progress === null ? "" : percent(progress));
      setText(
        counts,
        `${count(jobs.done)} of ${count(all)} ${["done", "failed"].includes(endWord(jobs)) ? "done" : "ended"}`,
      );
      setAttr(counts, "title", countsTitle(jobs));
      tick();
    },
  };
}

/** @param {Summary["jobs"]} jobs */
function countsTitle({ submitted, done, pending, before_watching }) {
  const before = before_watching ? `, ${count(before_watching)} of them from before watching began` : "";
  return `${count(submitted)} submitted while watching, ${count(done)} done, ${count(pending)} pending${before}`;
}
