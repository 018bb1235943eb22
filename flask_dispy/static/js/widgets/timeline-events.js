/** Events over the timeline: marks at the foot of its axis, lines through its lanes, a tip on each mark. */

import { clock } from "../lib/format.js";
import { drawMarks, placeMarks, tipLines } from "./eventmarks.js";
import { setAttrs, svg } from "./svg.js";
import { AXIS_HEIGHT, timeScale } from "./timeline-paint.js";
import { createTip } from "./tip.js";

/** @import {Event} from "../data/types.js" */
/** @import {Mark} from "./eventmarks.js" */
/** @import {Scene} from "./timeline-paint.js" */

/** Distance of the marks from the bottom of the axis, below its labels. */
const OVER_FOOT = 2;

export class TimelineEvents {
  /** @type {Event[]} */
  #events = [];
  /** @type {Mark[]} */
  #marks = [];
  #group = svg("g", {});
  #drawing = svg("svg", { class: "timeline-events", "aria-hidden": "true", focusable: "false" }, this.#group);
  /** Made when it is first shown. @type {import("./tip.js").Tip|null} */
  #tip = null;

  /** @param {HTMLElement} stage */
  constructor(stage) {
    stage.append(this.#drawing);
    this.#group.addEventListener("pointerover", ({ target }) => {
      const element = /** @type {Element} */ (target).closest(".event-mark");
      const mark = element && this.#marks[[...this.#group.children].indexOf(element)];
      if (!mark) return;
      this.#tip ??= createTip(stage);
      this.#tip.show(mark.x, AXIS_HEIGHT, clock(mark.events[0].at), tipLines(mark));
    });
    this.#group.addEventListener("pointerout", () => this.#tip?.hide());
  }

  /** @param {Event[]} events */
  set(events) {
    this.#events = events;
  }

  /** @param {Scene} scene */
  draw(scene) {
    const { width, gutter, height } = scene;
    const bottom = AXIS_HEIGHT + height;
    setAttrs(this.#drawing, { width, height: bottom, viewBox: `0 0 ${width} ${bottom}` });
    this.#marks = placeMarks(this.#events, timeScale(scene), gutter, width);
    drawMarks(this.#group, this.#marks, { y: AXIS_HEIGHT - OVER_FOOT, bottom });
  }
}
