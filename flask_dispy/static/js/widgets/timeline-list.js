/**
 * The timeline as a sentence and as a table, for people who can't or won't read a picture.
 */

import { h, setText, show, stateIcon } from "../lib/dom.js";
import { count, counted, exact, plain, seconds } from "../lib/format.js";
import { END_WORDS, jobTitle } from "../data/jobwords.js";
import { COLORINGS, classOf } from "./timeline-classes.js";
import { barsWithin, barWord, bucketsWithin, tally } from "./timeline-layout.js";
import { pageHref } from "../lib/url.js";

/** @import {Answer, View} from "./timeline-layout.js" */

/** The most rows; to find more, the Jobs page's search is better. */
const MOST_ROWS = 200;

/** @param {{cluster: string}} options */
export function createTimelineList({ cluster }) {
  const head = h("tr");
  const body = h("tbody");
  const note = h("p", { class: "caption" });
  const table = h("table", {}, h("caption", { class: "sr" }, "What the timeline shows"), h("thead", {}, head), body);
  const scroller = h(
    "div",
    { class: "timeline-table", tabindex: "0", role: "region", "aria-label": "What the timeline shows, as a table" },
    table,
  );
  const summary = h("summary", {}, "Show as a table");
  const element = h("details", { class: "timeline-list" }, summary, note, scroller);
  /** @type {{answer: Answer, view: View}|null} */
  let shown = null;

  const fill = () => {
    if (!shown || !element.open) return;
    const { answer, view } = shown;
    const rows = answer.bars ? jobRows(answer, view, cluster) : laneRows(answer, view, cluster);
    setText(note, rows.note);
    show(scroller, rows.body.length > 0);
    head.replaceChildren(...rows.head.map((text) => h("th", { scope: "col" }, text)));
    body.replaceChildren(...rows.body);
  };
  element.addEventListener("toggle", fill);

  return {
    element,
    /**
     * Updates the table, but not while somebody reads it or points at it.
     * @param {Answer} answer
     * @param {View} view
     */
    update(answer, view) {
      const first = shown === null;
      shown = { answer, view };
      if (first || !element.matches(":hover, :focus-within")) fill();
    },
  };
}

/**
 * The visible window in one sentence.
 * @param {Answer} answer
 * @param {View} view
 */
export function summarySentence(answer, view) {
  const counts = tally(answer, view);
  const words = Object.entries(counts)
    .filter(([, number]) => number > 0)
    .map(([word, number]) => `${count(number)} ${word}`);
  const lanes = counted(answer.lanes.length, "node");
  if (words.length === 0) return `No job ran in this window on ${lanes}.`;
  return `In this window on ${lanes}: ${words.join(", ")}.`;
}

/**
 * @param {Answer} answer
 * @param {View} view
 * @param {string} cluster
 */
function jobRows(answer, view, cluster) {
  const items = barsWithin(answer, view);
  const bars = /** @type {NonNullable<Answer["bars"]>} */ (answer.bars);
  const colored = COLORINGS.find(({ value }) => value === answer.color && value !== "state");
  const body = items.slice(0, MOST_ROWS).map((item) => {
    const word = barWord(bars, item);
    const href = pageHref("jobs.html", { job: bars.serial[item], cluster });
    const lane = answer.lanes[bars.lane[item]];
    return h(
      "tr",
      {},
      rowHead(href, jobTitle({ id: bars.id[item], serial: bars.serial[item] })),
      h("td", {}, h("span", { class: "state" }, stateIcon(word), word)),
      colored ? h("td", {}, h("bdi", {}, plain(answer.classes[classOf(answer, item)].label))) : null,
      h("td", {}, h("bdi", {}, plain(lane.name || lane.node))),
      h("td", { class: "nowrap" }, exact(bars.start[item])),
      h("td", { class: "td-end nowrap" }, seconds((bars.end[item] ?? answer.now) - bars.start[item])),
    );
  });
  const note =
    items.length > body.length
      ? `Showing the newest ${count(body.length)} of ${counted(items.length, "job")}.`
      : `Showing ${counted(items.length, "job")}, newest first.`;
  const label = colored ? [colored.label.replace(/^./, (first) => first.toUpperCase())] : [];
  return { head: ["Job", "State", ...label, "Node", "Started", "Ran for"], body, note };
}

/** @param {string} href @param {string} text */
const rowHead = (href, text) => h("th", { scope: "row" }, h("a", { href }, h("bdi", {}, text)));

/**
 * @param {Answer} answer
 * @param {View} view
 * @param {string} cluster
 */
function laneRows(answer, view, cluster) {
  const buckets = /** @type {NonNullable<Answer["buckets"]>} */ (answer.buckets);
  const sums = answer.lanes.map(() => ({ busy: 0, finished: 0, failed: 0, terminated: 0, cancelled: 0, abandoned: 0 }));
  for (const item of bucketsWithin(answer, view)) {
    const sum = sums[buckets.lane[item]];
    sum.busy += buckets.busy[item] * buckets.bucket_sec;
    for (const key of END_WORDS) sum[key] += buckets[key][item];
  }
  const span = Math.max(1e-9, Math.min(view.to, answer.now) - Math.max(view.from, answer.oldest));
  const body = sums.slice(0, MOST_ROWS).map((sum, lane) => {
    const { node, name } = answer.lanes[lane];
    const figures = [(sum.busy / span).toFixed(1), ...END_WORDS.map((key) => count(sum[key]))];
    return h(
      "tr",
      {},
      rowHead(pageHref("node.html", { host: node, cluster }), plain(name || node)),
      ...figures.map((figure) => h("td", { class: "td-end" }, figure)),
    );
  });
  const note =
    sums.length > body.length
      ? `Showing ${count(body.length)} of ${counted(sums.length, "node")}.`
      : "Zoom in for single jobs.";
  return {
    head: ["Node", "CPUs busy, mean", "Finished", "Failed", "Terminated", "Cancelled", "Abandoned"],
    body,
    note,
  };
}
