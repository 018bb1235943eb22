/** The key to the timeline's colours: each class as it is painted, its name, and how many jobs it has. */

import { h, setText } from "../lib/dom.js";
import { count, plain } from "../lib/format.js";
import { fitCanvas } from "./canvas.js";
import { markOf } from "./timeline-classes.js";
import { paintBar, TIMELINE_TOKENS } from "./timeline-marks.js";
import { readTokens } from "./tokens.js";

/** @import {Answer} from "./timeline-layout.js" */

const SWATCH = { width: 24, height: 11 };

export class TimelineLegend {
  #list = h("ul", { class: "timeline-legend", "aria-label": "Key" });
  #mode = h("span", { class: "timeline-mode" });
  element = h("div", { class: "timeline-key" }, this.#list, this.#mode);
  /** @type {Answer|null} */
  #answer = null;
  #made = "";

  /** @param {Answer} answer @param {number[]} counts  of the jobs in the window, by class */
  update(answer, counts) {
    this.#answer = answer;
    const { color, classes } = answer;
    const wanted = JSON.stringify([color, classes]);
    if (wanted !== this.#made) {
      this.#made = wanted;
      this.#list.replaceChildren(...classes.map(item));
      this.paint();
    }
    classes.forEach((_, place) =>
      setText(
        /** @type {Element} */ (this.#list.children[place].lastElementChild),
        counts[place] ? count(counts[place]) : "",
      ),
    );
    const bars = color === "state" ? "a bar is a job" : "a bar is a job; light ones still run";
    setText(this.#mode, answer.mode === "bars" ? bars : "height: CPUs busy; zoom in for single jobs");
  }

  /** Paints the swatches in the colours of the theme. */
  paint() {
    const answer = this.#answer;
    if (!answer) return;
    const colors = readTokens(this.element, TIMELINE_TOKENS);
    [...this.#list.children].forEach((row, place) => {
      const context = fitCanvas(/** @type {HTMLCanvasElement} */ (row.firstElementChild), SWATCH.width, SWATCH.height);
      context.clearRect(0, 0, SWATCH.width, SWATCH.height);
      paintBar(context, { x: 0, y: 0, ...SWATCH }, markOf(answer, place), colors);
    });
  }
}

/** @param {Answer["classes"][number]} each */
function item({ label, detail }) {
  return h(
    "li",
    {},
    h("canvas", { class: "timeline-swatch", "aria-hidden": "true" }),
    h("bdi", {}, plain(label)),
    detail ? h("bdi", { class: "timeline-detail" }, plain(detail)) : null,
    h("b", {}),
  );
}
