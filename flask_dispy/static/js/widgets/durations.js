/** @import {Shell} from "../frame/parts.js" */
/** @import {Range} from "../data/durations.js" */
/** @import {Durations, FunctionTimes} from "../data/types.js" */
import { h, setText, show } from "../lib/dom.js";
import { count, plain, seconds } from "../lib/format.js";
import { AskingPanel } from "./askingpanel.js";
import { Histogram } from "./histogram.js";
import { fillChildren } from "./svg.js";

/** How many functions are listed, those with the most jobs. */
const FUNCTIONS = 12;

const HEADS = ["Function", "Jobs", "Median", "95 % up to", "Longest", "Waited, median", "95 % up to", "longest"];

/** @type {((one: FunctionTimes) => string)[]} */
const FIGURES = [
  ({ jobs }) => count(jobs),
  ({ median_sec }) => seconds(median_sec),
  ({ p95_sec }) => seconds(p95_sec),
  ({ longest_sec }) => seconds(longest_sec),
  ({ waited_median_sec }) => seconds(waited_median_sec),
  ({ waited_p95_sec }) => seconds(waited_p95_sec),
  ({ waited_longest_sec }) => seconds(waited_longest_sec),
];

/** What to show: jobs that ended in these ways, on this node, and the ranges that are searched for. */
/** @typedef {{state: string[], node: string|null, ran: Range, waited: Range}} Asked */

/**
 * How long jobs ran and waited: two histograms, and the figures of each function if there are several.
 * Requests nothing while it is closed.
 *
 * @param {HTMLElement} element a panel
 * @param {object} options
 * @param {Shell} options.shell
 * @param {() => Asked} options.asked
 * @param {(range: Range, time: "ran"|"waited") => void} options.onSelect
 * @param {boolean} [options.foldable] whether it can be closed; if so, it is closed until somebody opens it
 */
export function createDurationsPanel(element, { shell, asked, onSelect, foldable = false }) {
  const places = [h("div", {}), h("div", {})];
  const ran = new Histogram(places[0], { title: "Time run", onSelect: (range) => onSelect(range, "ran") });
  const waited = new Histogram(places[1], { title: "Time waited", onSelect: (range) => onSelect(range, "waited") });
  const rows = h("tbody", {});
  const table = h(
    "table",
    { class: "durations-functions", hidden: true },
    h("caption", { class: "sr", text: "Durations by function" }),
    h("thead", {}, h("tr", {}, ...HEADS.map((text) => h("th", { scope: "col", text })))),
    rows,
  );

  /** @param {Durations} found */
  function draw(found) {
    const { state, node, ...ranges } = asked();
    const some = state.length > 0 || node !== null;
    const past = shell.config.past;
    const nothing = some ? "No such job has ended" : past ? "No job had ended" : "No job has ended yet";
    ran.update(found.ran, ranges.ran, nothing);
    waited.update(found.waited, ranges.waited, nothing);
    const functions = found.functions.filter(({ jobs }) => jobs > 0).sort((a, b) => b.jobs - a.jobs);
    show(table, functions.length > 1);
    fillChildren(
      rows,
      functions.slice(0, FUNCTIONS),
      () => h("tr", {}, h("th", { scope: "row" }), ...FIGURES.map(() => h("td", {}))),
      (row, one) => {
        setText(row.children[0], plain(one.cluster));
        FIGURES.forEach((figure, i) => setText(row.children[i + 1], figure(one)));
      },
    );
  }

  return new AskingPanel(element, {
    shell,
    title: "Durations",
    path: "durations",
    body: h("div", { class: "durations-body" }, h("div", { class: "durations-charts" }, ...places), table),
    asked: () => {
      const { state, node } = asked();
      return { state, node };
    },
    onAnswer: draw,
    foldable,
  });
}
