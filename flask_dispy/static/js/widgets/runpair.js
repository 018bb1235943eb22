/** Two runs side by side: their figures, and how the second differs from the first. */

import { h, setText } from "../lib/dom.js";
import { count, counted, exact, percent, plain, rate, seconds } from "../lib/format.js";
import { pageHref } from "../lib/url.js";
import { createRunName, createThroughput, failedText } from "./runcolumns.js";

/** @import {Api} from "../data/api.js" */
/** @import {RunChange, RunComparison, RunRow, RunSide} from "../data/types.js" */

/** @type {[string, (run: RunRow) => string|Node][]} */
const FIGURES = [
  ["Started", (run) => exact(run.started_at)],
  ["Tags", (run) => run.tags.map(plain).join(", ") || "–"],
  [
    "Took",
    (run) =>
      `${seconds(run.duration_sec)}${run.live ? " so far" : run.complete ? "" : ", then it was cut off, or goes on"}`,
  ],
  ["Jobs", (run) => count(run.jobs)],
  ["Failed", failedText],
  ["Median time", (run) => seconds(run.median_sec)],
  ["95 % within", (run) => seconds(run.p95_sec)],
  ["CPU time", (run) => seconds(run.cpu_time_sec)],
  ["Throughput", throughput],
];

/** @type {[RunChange["verdict"], string][]} */
const PARTS = [
  ["worse", "What got worse in B"],
  ["better", "What got better in B"],
  ["same", "What is about the same"],
];

/** @param {RunRow} run */
function throughput(run) {
  const line = createThroughput();
  line.update(run);
  return line.element;
}

/**
 * @param {HTMLElement} element
 * @param {{api: Pick<Api, "get">, a: string, b: string}} options  the runs' ids
 */
export async function showPair(element, { api, a, b }) {
  const status = h("p", { class: "panel empty", role: "status", text: "Comparing …" });
  element.replaceChildren(status);
  try {
    /** @type {RunComparison} */
    const found = await api.get("runs/compare", { a, b, limit: 1000 });
    element.replaceChildren(figures(found), changes(found));
  } catch (error) {
    setText(status, /** @type {Error} */ (error).message);
  }
}

/** @param {RunComparison} found */
function figures({ a, b }) {
  const heads = [a, b].map((run, i) => {
    const name = createRunName();
    name.update(run);
    return h("th", { scope: "col" }, h("span", { class: "run-side", text: "AB"[i] }), ...name.parts);
  });
  const rows = FIGURES.map(([label, text]) =>
    h("tr", {}, h("th", { scope: "row", text: label }), h("td", {}, text(a)), h("td", {}, text(b))),
  );
  const swap = h("a", {
    class: "button small end",
    href: pageHref("runs.html", { a: b.id, b: a.id }),
    text: "Swap A and B",
  });
  const table = h(
    "table",
    { class: "plain-table run-figures" },
    h("thead", {}, h("tr", {}, h("td", {}), ...heads)),
    h("tbody", {}, ...rows),
  );
  return panel("The two runs", table, swap);
}

/** @param {RunComparison} found */
function changes({ items, total, nodes_only_a: onlyA, nodes_only_b: onlyB }) {
  const parts = PARTS.map(([verdict, title]) => [title, items.filter((one) => one.verdict === verdict)]);
  const shown = parts
    .filter(([, rows]) => rows.length > 0)
    .map(([title, rows]) => part(String(title), /** @type {RunChange[]} */ (rows)));
  const notes = [
    items.length < total ? `${count(total - items.length)} more differences are in the API.` : "",
    onlyNodes("A", onlyA),
    onlyNodes("B", onlyB),
    "Sure: chance hardly explains it, if the runs had the same work to do.",
  ].filter(Boolean);
  const caption = h("p", { class: "muted run-note", text: notes.join(" ") });
  if (shown.length === 0)
    shown.push(h("p", { class: "kind-none muted", text: "There are no jobs on both sides to compare." }));
  return panel("B beside A", h("div", {}, ...shown, caption));
}

/** @param {string} side @param {string[]} nodes */
function onlyNodes(side, nodes) {
  if (nodes.length === 0) return "";
  const named = nodes.slice(0, 3).map(plain).join(", ");
  const more = nodes.length > 3 ? ` and ${counted(nodes.length - 3, "other")}` : "";
  return `Only ${side} had jobs on ${named}${more}.`;
}

/** @param {string} title @param {RunChange[]} rows */
function part(title, rows) {
  const verdict = rows[0].verdict;
  const head = h(
    "tr",
    {},
    ...["What", "A", "B", "B beside A", "How sure"].map((label) => h("th", { scope: "col", text: label })),
  );
  const lines = rows.map((change) =>
    h(
      "tr",
      { class: change.sure ? `run-${verdict}` : null },
      h("th", { scope: "row", text: subjectOf(change) }),
      cell("A", sideText(change, change.a)),
      cell("B", sideText(change, change.b)),
      cell("B beside A", changeText(change)),
      cell("How sure", verdict === "same" ? "" : change.sure ? "sure" : "may be chance"),
    ),
  );
  const table = h("table", { class: "plain-table run-changes" }, h("thead", {}, head), h("tbody", {}, ...lines));
  const heading = h("h3", { text: title });
  if (verdict !== "same") return h("section", {}, heading, table);
  return h(
    "details",
    { class: "fold" },
    h("summary", {}, heading, h("span", { class: "muted", text: ` ${count(rows.length)}` })),
    table,
  );
}

/** On a phone each value says what it is. @param {string} label @param {string} text */
const cell = (label, text) => h("td", { "data-label": label, text });

/** @param {string} title @param {Node} content @param {Node|null} [tool] */
function panel(title, content, tool = null) {
  const head = h("div", { class: "panel-head" }, h("h2", { text: title }), tool);
  return h("section", { class: "panel", "aria-label": title }, head, content);
}

/** @param {RunChange} change */
function subjectOf({ what, of, name, detail }) {
  if (of === "error_kind")
    return [plain(name), plain(detail ?? "")].filter(Boolean).join(": ") || "Error without a text";
  const whose =
    of === "node" ? `on ${plain(name)}${detail && detail !== name ? ` (${plain(detail)})` : ""}` : `of ${plain(name)}`;
  return `${{ ran: "Time run", waited: "Time waited", failed: "Failures" }[what]} ${whose}`;
}

/** @param {RunChange} change @param {RunSide} side */
function sideText({ what }, { jobs, failed, share, median_sec: median, p95_sec: p95 }) {
  if (what === "failed") return `${percent(share)}: ${count(failed)} of ${counted(jobs, "job")}`;
  return `${seconds(median)}, 95 % within ${seconds(p95)}; ${counted(jobs, "job")}`;
}

/** @param {RunChange} change */
function changeText({ what, a, b, times, verdict }) {
  if (verdict === "same") return "about the same";
  if (what === "failed" && !a.failed) return "new";
  if (what === "failed" && !b.failed) return "gone";
  if (!times) return verdict === "worse" ? "longer" : "shorter";
  return `${rate(times)} times as ${what === "failed" ? "often" : "long"}`;
}
