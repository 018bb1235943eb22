/** A small map of the whole run below the timeline; the window in it can be dragged and resized. */

import { clusterPath } from "../data/api.js";
import { h, setAttr } from "../lib/dom.js";
import { seconds } from "../lib/format.js";
import { pressKey } from "../lib/keys.js";
import { whenText } from "../frame/pastrun.js";
import { fill, fitCanvas, write } from "./canvas.js";
import { scale } from "./chart-scale.js";
import { clampView, panView, SHORTEST_SEC, zoomView } from "./timeline-layout.js";
import { paintColumns } from "./timeline-paint.js";

/** @import {Api} from "../data/api.js" */
/** @import {Answer, Limits, View} from "./timeline-layout.js" */
/** @import {Scene} from "./timeline-paint.js" */

const HEIGHT = 44;
/** A press this close to an end of the window grabs that end; a finger gets more room. */
const GRIP = { mouse: 6, touch: 20 };
/** The map of a run that goes on is fetched again when the run has grown by this share. */
const FRESH_SEC = { least: 15, share: 1 / 100 };
const STEP = { pan: 0.1, far: 0.5, zoom: 1.5 };

/** @typedef {"from"|"to"|"whole"} Held which part of the window a pointer holds */

export class TimelineMap {
  #options;
  #canvas = h("canvas", { class: "timeline-map-canvas", "aria-hidden": "true" });
  #slider = h(
    "div",
    { class: "timeline-map-slider", tabindex: "0", role: "slider", "aria-label": "Window in the whole run" },
    this.#canvas,
  );
  element = h("div", { class: "timeline-map" }, this.#slider);
  /** @type {Answer|null} */
  #answer = null;
  #asked = { color: "", at: -Infinity, busy: false };
  /** @type {Scene|null} */
  #scene = null;
  /** @type {{held: Held, time: number, view: View}|null} */
  #drag = null;

  /**
   * @param {object} options
   * @param {Api} options.api
   * @param {string} options.cluster
   * @param {string} [options.node]
   * @param {() => Limits} options.limits
   * @param {(view: View) => void} options.setView
   * @param {() => void} options.repaint
   */
  constructor(options) {
    this.#options = options;
    this.#slider.addEventListener("keydown", (event) => this.#onKey(event));
    this.#slider.addEventListener("pointerdown", (event) => this.#hold(event));
    this.#slider.addEventListener("pointermove", (event) => this.#move(event));
    for (const kind of ["pointerup", "pointercancel"]) this.#slider.addEventListener(kind, () => (this.#drag = null));
  }

  /** Fetches the map again if it is old or in other colours. @param {string} color @param {Limits} limits */
  async refresh(color, { oldest, now }) {
    const fresh = Math.max(FRESH_SEC.least, (now - oldest) * FRESH_SEC.share);
    if (this.#asked.busy || (color === this.#asked.color && now - this.#asked.at < fresh)) return;
    this.#asked = { color, at: now, busy: true };
    const { api, cluster, node, repaint } = this.#options;
    try {
      const query = { from: oldest, to: Math.max(now, oldest + SHORTEST_SEC), lanes: "together", color, node };
      this.#answer = await api.get(clusterPath(cluster, "timeline"), query);
      repaint();
    } catch {
      // The timeline itself shows the error; the next refresh tries again.
    } finally {
      this.#asked.busy = false;
    }
  }

  /** @param {Scene} scene  what the timeline shows */
  paint(scene) {
    this.#scene = scene;
    const { width, gutter, colors, view } = scene;
    const context = fitCanvas(this.#canvas, width, HEIGHT);
    context.clearRect(0, 0, width, HEIGHT);
    write(context, "Whole run", 4, HEIGHT / 2 + 4, { font: `500 12px ${colors.font}`, color: colors.text });
    fill(context, colors["surface-2"], gutter, 0, width - gutter, HEIGHT);
    const whole = this.#whole();
    const answer = this.#answer;
    if (answer) {
      const items = (answer.buckets?.bucket ?? []).keys();
      const slots = Math.max(1, ...(answer.buckets?.busy ?? []));
      paintColumns(context, { ...scene, answer, view: whole, slots }, items, { bottom: HEIGHT, full: HEIGHT - 4 });
    }
    const x = scale(whole.from, whole.to, gutter, width);
    const left = Math.max(gutter, Math.min(width - 3, x(view.from)));
    const right = Math.min(width, Math.max(left + 3, x(view.to)));
    fill(context, colors["surface-2"], gutter, 0, left - gutter, HEIGHT, 0.55);
    fill(context, colors["surface-2"], right, 0, width - right, HEIGHT, 0.55);
    context.strokeStyle = colors.accent;
    context.lineWidth = 2;
    context.strokeRect(left + 1, 1, right - left - 2, HEIGHT - 2);
    for (const edge of [left, right - 4]) fill(context, colors.accent, edge, HEIGHT / 2 - 8, 4, 16);
    this.#say(view);
  }

  /** @param {View} view */
  #say(view) {
    const { oldest, now } = this.#options.limits();
    setAttr(this.#slider, "aria-valuemin", 0);
    setAttr(this.#slider, "aria-valuemax", Math.round(now - oldest));
    setAttr(this.#slider, "aria-valuenow", Math.round(Math.min(now - oldest, Math.max(0, view.from - oldest))));
    setAttr(this.#slider, "aria-valuetext", `${whenText(view.from, view.to)}, of ${seconds(now - oldest)}`);
  }

  /** The whole span that the window may show. @returns {View} */
  #whole() {
    return clampView({ from: -1e12, to: 1e12 }, this.#options.limits());
  }

  /** @param {PointerEvent} event */
  #timeAt(event) {
    const { gutter, width } = /** @type {Scene} */ (this.#scene);
    const whole = this.#whole();
    const share = (event.clientX - this.#slider.getBoundingClientRect().left - gutter) / Math.max(1, width - gutter);
    return whole.from + share * (whole.to - whole.from);
  }

  /** @param {PointerEvent} event */
  #hold(event) {
    if (event.button !== 0 || !this.#scene) return;
    const whole = this.#whole();
    let { view } = this.#scene;
    const time = this.#timeAt(event);
    const perPixel = (whole.to - whole.from) / Math.max(1, this.#scene.width - this.#scene.gutter);
    const near = perPixel * (event.pointerType === "mouse" ? GRIP.mouse : GRIP.touch);
    const gaps = { from: Math.abs(time - view.from), to: Math.abs(time - view.to) };
    const nearest = gaps.from < gaps.to ? "from" : "to";
    /** @type {Held} */
    const held = gaps[nearest] <= near ? nearest : "whole";
    if (held === "whole" && (time < view.from || time > view.to)) {
      view = panView(view, time - (view.from + view.to) / 2, this.#options.limits());
      this.#options.setView(view);
    }
    this.#drag = { held, time, view };
    this.#slider.setPointerCapture(event.pointerId);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (!this.#drag) return;
    const { held, time, view } = this.#drag;
    const by = this.#timeAt(event) - time;
    const { from, to } = view;
    if (held === "whole") return this.#options.setView(panView(view, by, this.#options.limits()));
    const moved =
      held === "from"
        ? { from: Math.min(from + by, to - SHORTEST_SEC), to }
        : { from, to: Math.max(to + by, from + SHORTEST_SEC) };
    this.#options.setView(clampView(moved, this.#options.limits()));
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (!this.#scene) return;
    const { view } = this.#scene;
    const limits = this.#options.limits();
    const step = (view.to - view.from) * (event.shiftKey ? STEP.far : STEP.pan);
    const middle = (view.from + view.to) / 2;
    const { setView } = this.#options;
    const pan = (/** @type {number} */ sec) => setView(panView(view, sec, limits));
    const zoom = (/** @type {number} */ factor) => setView(zoomView(view, factor, middle, limits));
    pressKey(event, {
      ArrowLeft: () => pan(-step),
      ArrowDown: () => pan(-step),
      ArrowRight: () => pan(step),
      ArrowUp: () => pan(step),
      PageDown: () => pan(view.from - view.to),
      PageUp: () => pan(view.to - view.from),
      Home: () => pan(limits.oldest - view.from),
      End: () => pan(limits.now - view.from), // as far as it goes: only a window that reaches the present follows it
      "+": () => zoom(1 / STEP.zoom),
      "=": () => zoom(1 / STEP.zoom),
      "-": () => zoom(STEP.zoom),
    });
  }
}
