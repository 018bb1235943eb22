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
 */
export class DurationsPanel {
  #shell;
  #asked;
  #functions = h("tbody", {});
  #table;
  #ran;
  #waited;
  /** @type {AskingPanel<Durations>} */
  #panel;

  /**
   * @param {HTMLElement} element a panel
   * @param {object} options
   * @param {Shell} options.shell
   * @param {() => Asked} options.asked
   * @param {(range: Range, time: "ran"|"waited") => void} options.onSelect
   * @param {boolean} [options.foldable] whether it can be closed; if so, it is closed until somebody opens it
   */
  constructor(element, { shell, asked, onSelect, foldable = false }) {
    this.#shell = shell;
    this.#asked = asked;
    const ran = h("div", {});
    const waited = h("div", {});
    this.#ran = new Histogram(ran, { title: "Time run", onSelect: (range) => onSelect(range, "ran") });
    this.#waited = new Histogram(waited, { title: "Time waited", onSelect: (range) => onSelect(range, "waited") });
    this.#table = h(
      "table",
      { class: "durations-functions", hidden: true },
      h("caption", { class: "sr", text: "Durations by function" }),
      h("thead", {}, h("tr", {}, ...HEADS.map((text) => h("th", { scope: "col", text })))),
      this.#functions,
    );
    this.#panel = new AskingPanel(element, {
      shell,
      title: "Durations",
      path: "durations",
      body: h("div", { class: "durations-body" }, h("div", { class: "durations-charts" }, ran, waited), this.#table),
      asked: () => {
        const { state, node } = asked();
        return { state, node };
      },
      onAnswer: (found) => this.#show(found),
      foldable,
    });
  }

  /** Request the durations again, if it is open. */
  refresh() {
    return this.#panel.refresh();
  }

  /** @param {Durations} found */
  #show(found) {
    const { state, node, ran, waited } = this.#asked();
    const nothing =
      state.length || node
        ? "No such job has ended"
        : this.#shell.config.past
          ? "No job had ended"
          : "No job has ended yet";
    this.#ran.update(found.ran, ran, nothing);
    this.#waited.update(found.waited, waited, nothing);
    const functions = found.functions.filter(({ jobs }) => jobs > 0).sort((a, b) => b.jobs - a.jobs);
    show(this.#table, functions.length > 1);
    fillChildren(
      this.#functions,
      functions.slice(0, FUNCTIONS),
      () => h("tr", {}, h("th", { scope: "row" }), ...FIGURES.map(() => h("td", {}))),
      (row, one) => {
        setText(row.children[0], plain(one.cluster));
        FIGURES.forEach((figure, i) => setText(row.children[i + 1], figure(one)));
      },
    );
  }
}
