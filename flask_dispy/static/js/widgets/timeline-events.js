/**
 * Events over the timeline: marks at the foot of its axis, lines through its lanes, a tip on each mark, under the
 * pointer or by arrow keys.
 */

import { h, setAttr, show } from "../lib/dom.js";
import { clock } from "../lib/format.js";
import { pressKey } from "../lib/keys.js";
import { drawMarks, markAfter, placeMarks, spokenLines, tipLines } from "./eventmarks.js";
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
  /** The newest event of the mark that the keys are at: marks come and go as the window moves. @type {number|null} */
  #at = null;
  /** The newest event of the mark whose tip is shown. @type {number|null} */
  #tipped = null;
  #stage;
  #group = svg("g", {});
  #drawing = svg("svg", { class: "timeline-events", "aria-hidden": "true", focusable: "false" }, this.#group);
  /** Takes the focus for all marks. */
  #slider = h("div", { class: "timeline-marks", tabindex: "0", role: "slider", "aria-label": "Events", hidden: true });
  /** Made when it is first shown. @type {import("./tip.js").Tip|null} */
  #tip = null;

  /** @param {HTMLElement} stage @param {HTMLElement} axis the events come after it */
  constructor(stage, axis) {
    this.#stage = stage;
    axis.after(this.#slider);
    stage.append(this.#drawing);
    this.#group.addEventListener("pointerover", ({ target }) => {
      const element = /** @type {Element} */ (target).closest(".event-mark");
      this.#show((element && this.#marks[[...this.#group.children].indexOf(element)]) ?? null);
    });
    this.#group.addEventListener("pointerout", () => this.#show(this.#current()));
    this.#slider.addEventListener("focus", () => this.#goTo(this.#current() ?? this.#marks.at(-1)));
    this.#slider.addEventListener("blur", () => this.#goTo(undefined));
    this.#slider.addEventListener("keydown", (event) => this.#onKey(event));
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
    show(this.#slider, this.#marks.length > 0);
    this.#describe();
    if (this.#tipped !== null) this.#show(this.#markOf(this.#tipped));
  }

  #current() {
    return this.#markOf(this.#at);
  }

  /** @param {number|null} wanted the serial of one of its events */
  #markOf(wanted) {
    return this.#marks.find(({ events }) => events.some(({ serial }) => serial === wanted)) ?? null;
  }

  /** @param {Mark|undefined} mark */
  #goTo(mark) {
    this.#at = mark?.events[0].serial ?? null;
    this.#describe();
    this.#show(mark ?? null);
  }

  #describe() {
    const current = this.#current();
    const index = current ? this.#marks.indexOf(current) : this.#marks.length - 1;
    setAttr(this.#slider, "aria-valuemin", 1);
    setAttr(this.#slider, "aria-valuemax", Math.max(1, this.#marks.length));
    setAttr(this.#slider, "aria-valuenow", index + 1);
    const mark = this.#marks[index];
    setAttr(this.#slider, "aria-valuetext", mark ? `${clock(mark.events[0].at)}: ${spokenLines(mark)}` : "None");
    [...this.#group.children].forEach((each, i) =>
      each.classList.toggle("is-current", current !== null && i === index),
    );
  }

  /** @param {Mark|null} mark */
  #show(mark) {
    this.#tipped = mark?.events[0].serial ?? null;
    if (mark === null) return this.#tip?.hide();
    this.#tip ??= createTip(this.#stage);
    this.#tip.show(mark.x, AXIS_HEIGHT, clock(mark.events[0].at), tipLines(mark));
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const x = this.#current()?.x ?? Infinity;
    const earlier = () => this.#goTo(markAfter(this.#marks, x, -1));
    const later = () => this.#goTo(markAfter(this.#marks, x, 1));
    pressKey(event, {
      ArrowLeft: earlier,
      ArrowDown: earlier,
      ArrowRight: later,
      ArrowUp: later,
      Home: () => this.#goTo(this.#marks[0]),
      End: () => this.#goTo(this.#marks.at(-1)),
      ...(this.#at !== null && { Escape: () => this.#goTo(undefined) }),
    });
  }
}
