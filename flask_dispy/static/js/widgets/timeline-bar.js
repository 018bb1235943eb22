/** The controls above the timeline, and the key to its colours and patterns. */

import { h, setAttr, setText } from "../lib/dom.js";
import { seconds, zone } from "../lib/format.js";
import { whenText } from "../frame/pastrun.js";
import { OUTCOMES } from "./timeline-layout.js";
import { fitCanvas } from "./canvas.js";
import { paintBar, TIMELINE_TOKENS } from "./timeline-marks.js";
import { readTokens } from "./tokens.js";

/** @import {View} from "./timeline-layout.js" */

/** Windows to choose from; without seconds: all that is retained. */
const SPANS = [
  { label: "1 min", sec: 60 },
  { label: "10 min", sec: 600 },
  { label: "1 h", sec: 3600 },
  { label: "All", sec: Infinity },
];
const LEGEND = /** @type {const} */ (["running", ...OUTCOMES]);
const SWATCH = { width: 24, height: 11 };

/**
 * @param {object} actions
 * @param {(spanSec: number) => void} actions.span
 * @param {(factor: number) => void} actions.zoom
 * @param {(share: number) => void} actions.pan  by a share of the window
 * @param {(following: boolean) => void} actions.follow
 */
export function createTimelineBar({ span, zoom, pan, follow }) {
  const spans = SPANS.map(({ label, sec }) =>
    h("button", { type: "button", "aria-pressed": "false", onclick: () => span(sec) }, label),
  );
  const followButton = h(
    "button",
    { type: "button", class: "button small timeline-follow", "aria-pressed": "false" },
    h("span", { class: "timeline-follow-dot", "aria-hidden": "true" }),
    "Follow now",
  );
  followButton.addEventListener("click", () => follow(followButton.getAttribute("aria-pressed") !== "true"));
  const range = h("span", { class: "timeline-range" });
  const element = h(
    "div",
    { class: "timeline-bar" },
    h("div", { class: "segments", role: "group", "aria-label": "Length of the window" }, ...spans),
    h(
      "div",
      { class: "timeline-steps", role: "group", "aria-label": "Move the window" },
      step("Earlier", "‹", () => pan(-0.5)),
      step("Zoom out", "−", () => zoom(2), "Zoom out (−, or Ctrl and the wheel)"),
      step("Zoom in", "+", () => zoom(0.5), "Zoom in (+, or Ctrl and the wheel)"),
      step("Later", "›", () => pan(0.5)),
    ),
    followButton,
    range,
  );

  return {
    element,
    /**
     * @param {View} view
     * @param {boolean} following
     * @param {boolean} whole  whether the window shows all there is
     * @param {boolean} past  of a run that is over there is no now to follow
     */
    update(view, following, whole, past) {
      followButton.hidden = past;
      const shown = view.to - view.from;
      setAttr(followButton, "aria-pressed", String(following));
      spans.forEach((button, index) => {
        const { sec } = SPANS[index];
        const chosen = following && (sec === Infinity ? whole : !whole && Math.abs(shown - sec) < sec * 0.02);
        setAttr(button, "aria-pressed", String(chosen));
      });
      setText(range, rangeText(view, following && !past));
    },
  };
}

/**
 * @param {string} label
 * @param {string} sign
 * @param {() => void} run
 * @param {string} [title]
 */
function step(label, sign, run, title = label) {
  return h(
    "button",
    { type: "button", class: "button small icon-button", "aria-label": label, title, onclick: run },
    h("span", { "aria-hidden": "true" }, sign),
  );
}

/**
 * The window in words: how long, unless it follows now from when to when, and in which zone all its times are.
 * @param {View} view
 * @param {boolean} following
 */
export function rangeText(view, following) {
  if (following) return `last ${seconds(view.to - view.from)}, times in ${zone(view.to)}`;
  return whenText(view.from, view.to);
}

/** The key: each state as it is painted, beside its word. */
export function createTimelineLegend() {
  const canvases = LEGEND.map(() => h("canvas", { class: "timeline-swatch", "aria-hidden": "true" }));
  const items = LEGEND.map((word, index) => h("li", {}, canvases[index], word));
  const mode = h("li", { class: "timeline-mode" });
  const element = h("ul", { class: "timeline-legend", "aria-label": "Key" }, ...items, mode);
  return {
    element,
    /** @param {boolean} aggregate */
    update(aggregate) {
      setText(mode, aggregate ? "height: CPUs busy; zoom in for single jobs" : "a bar is a job");
    },
    /** Paints the swatches in the colours of the theme. */
    paint() {
      const colors = readTokens(element, TIMELINE_TOKENS);
      canvases.forEach((canvas, index) => {
        const context = fitCanvas(canvas, SWATCH.width, SWATCH.height);
        context.clearRect(0, 0, SWATCH.width, SWATCH.height);
        paintBar(context, { x: 0, y: 0, ...SWATCH }, LEGEND[index], colors);
      });
    },
  };
}
