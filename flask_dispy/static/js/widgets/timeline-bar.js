/** The controls above the timeline. */

import { h, setAttr, setText } from "../lib/dom.js";
import { seconds, zone } from "../lib/format.js";
import { whenText } from "../frame/pastrun.js";
import { choicesFrom, COLORINGS, ORDERS } from "./timeline-classes.js";

/** @import {Choices, View} from "./timeline-layout.js" */

const TRACE_TITLE = "The whole run, for Perfetto (ui.perfetto.dev) or chrome://tracing";
/** The windows to choose from; the one without seconds shows all that is retained. */
const SPANS = [
  { label: "1 min", sec: 60 },
  { label: "10 min", sec: 600 },
  { label: "1 h", sec: 3600 },
  { label: "All", sec: Infinity },
];
/**
 * @param {object} actions
 * @param {(spanSec: number) => void} actions.span
 * @param {(factor: number) => void} actions.zoom
 * @param {(share: number) => void} actions.pan  by a share of the window
 * @param {(following: boolean) => void} actions.follow
 * @param {(choices: Partial<Choices>) => void} actions.choose
 * @param {{chosen: Choices, trace: string}|null} more  the choices made, and the address of the trace; null in a compact timeline
 */
export function createTimelineBar({ span, zoom, pan, follow, choose }, more) {
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
    ...(more
      ? [
          choice("Colour", COLORINGS, more.chosen.color, (value) => choose({ color: choicesFrom(value, null).color })),
          choice("Lanes by", ORDERS, more.chosen.sort, (value) => choose({ sort: choicesFrom(null, value).sort })),
          h("a", { class: "button small end", href: more.trace, download: "", title: TRACE_TITLE }, "Save trace"),
        ]
      : []),
  );

  return {
    element,
    /**
     * @param {View} view
     * @param {boolean} following
     * @param {boolean} whole  whether the window shows all there is
     * @param {boolean} past  whether the run is over, so that there is no present to follow
     * @param {boolean} still  whether the window ends before the present, with the last job
     */
    update(view, following, whole, past, still) {
      followButton.hidden = past;
      const shown = view.to - view.from;
      setAttr(followButton, "aria-pressed", String(following && !still));
      spans.forEach((button, index) => {
        const { sec } = SPANS[index];
        const chosen = following && (sec === Infinity ? whole : !whole && Math.abs(shown - sec) < sec * 0.02);
        setAttr(button, "aria-pressed", String(chosen));
      });
      setText(range, rangeText(view, following && !past && !still));
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
 * The window in words: its length, its ends unless it follows the present, and the time zone.
 * @param {View} view
 * @param {boolean} following
 */
function rangeText(view, following) {
  if (following) return `last ${seconds(view.to - view.from)}, times in ${zone(view.to)}`;
  return whenText(view.from, view.to);
}

/**
 * A labelled select box.
 * @param {string} name
 * @param {readonly {value: string, label: string}[]} options
 * @param {string} value
 * @param {(value: string) => void} choose
 */
function choice(name, options, value, choose) {
  const select = h(
    "select",
    { class: "input small", onchange: () => choose(select.value) },
    ...options.map((option) => h("option", { value: option.value }, option.label)),
  );
  select.value = value;
  return h("label", { class: "timeline-choice" }, h("span", {}, name), select);
}
