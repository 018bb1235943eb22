/** @import {Summary} from "../types.js" */
import { clusterLabel } from "../config.js";
import { h, setAttr, setStyle, setText } from "../dom.js";
import { count, percent, plain, seconds } from "../format.js";
import { countOf } from "../jobwords.js";

/**
 * How long a run will take, in words that say how sure that is.
 *
 * @param {Summary} summary
 * @returns {string}
 */
export function etaText({ state, jobs, eta_sec, eta_confidence }) {
  if (state === "closed") return jobs.pending > 0 ? "closed with jobs pending" : "closed";
  if (jobs.submitted === 0) return "no job yet";
  if (jobs.pending === 0) return "all done";
  if (eta_sec === null || eta_confidence === "none") return "no estimate yet";
  if (eta_sec < 45) return "less than a minute left";
  const left = seconds(Math.max(1, Math.round(eta_sec / 60)) * 60);
  return eta_confidence === "low" ? `perhaps ${left} left (rough)` : `about ${left} left`;
}

/** Parts of the bar, in the order they stand. @type {[string, (summary: Summary) => number][]} */
const PARTS = [
  ["finished", ({ jobs }) => jobs.finished],
  ["failed", ({ jobs }) => jobs.failed],
  ["terminated", ({ jobs }) => countOf(jobs, "terminated")],
  ["other", ({ jobs }) => jobs.cancelled + jobs.abandoned],
  ["running", ({ jobs }) => jobs.running],
];

/**
 * One bar a cluster: what is done, failed, terminated and running of all that was submitted, and when it
 * will end.
 *
 * @param {HTMLElement} element
 * @param {{href: (cluster: string) => string}} options where a cluster's name leads
 * @returns {{update: (summaries: Summary[]) => void, destroy: () => void}}
 */
export function createProgress(element, { href }) {
  /** @type {Map<string, ReturnType<typeof createRow>>} */
  const rows = new Map();
  element.classList.add("progress-list");
  let waiting = true;
  return {
    update(summaries) {
      if (waiting) element.replaceChildren(); // what kept the place until now
      waiting = false;
      const names = new Set(summaries.map(({ name }) => name));
      for (const [name, row] of rows) {
        if (names.has(name)) continue;
        row.element.remove();
        rows.delete(name);
      }
      for (const summary of summaries) {
        let row = rows.get(summary.name);
        if (!row) {
          row = createRow(summary, href);
          rows.set(summary.name, row);
          element.append(row.element);
        }
        row.update(summary);
      }
      element.hidden = summaries.length === 0;
    },
    destroy: () => element.replaceChildren(),
  };
}

/** @param {Summary} first @param {(cluster: string) => string} href */
function createRow(first, href) {
  const name = plain(clusterLabel(first.name));
  const fills = PARTS.map(([part]) => h("span", { class: `bar-fill ${part}` }));
  const bar = h("span", { class: "bar", role: "progressbar", "aria-label": `${name}, jobs done`, "aria-valuemin": "0", "aria-valuemax": "100" }, ...fills);
  const done = h("span", { class: "progress-percent" });
  const counts = h("span", { class: "progress-count" });
  const eta = h("span", { class: "progress-eta" });
  const link = h("a", { class: "progress-name", href: href(first.name), text: name, title: name });
  const element = h("div", { class: "progress" }, link, bar, done, counts, eta);
  return {
    element,
    /** @param {Summary} summary */
    update(summary) {
      const { jobs, progress } = summary;
      const whole = Math.max(1, jobs.submitted);
      PARTS.forEach(([, part], i) => setStyle(fills[i], "width", `${((100 * part(summary)) / whole).toFixed(2)}%`));
      setAttr(bar, "aria-valuenow", progress === null ? null : Math.floor(progress * 100));
      setAttr(bar, "aria-valuetext", `${percent(progress)}, ${etaText(summary)}`);
      setText(done, progress === null ? "" : percent(progress));
      setText(counts, `${count(jobs.done)} of ${count(jobs.submitted)} done`);
      setAttr(counts, "title", `${count(jobs.submitted)} submitted, ${count(jobs.done)} done, ${count(jobs.pending)} pending`);
      setText(eta, etaText(summary));
    },
  };
}
