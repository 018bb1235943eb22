/** The elements that the timeline is made of. */

import { clusterLabel } from "../data/config.js";
import { h } from "../lib/dom.js";

let made = 0;

/** @param {string} cluster @param {boolean} compact */
export function build(cluster, compact) {
  const id = `timeline-${(made += 1)}`;
  const axis = h("canvas", { class: "timeline-axis", "aria-hidden": "true" });
  const canvas = h("canvas", { class: "timeline-canvas", "aria-hidden": "true" });
  const queue = h("canvas", { class: "timeline-queue", "aria-hidden": "true", hidden: compact });
  const sizer = h("div", { class: "timeline-sizer" }, canvas);
  const lanes = h(
    "div",
    {
      class: "timeline-lanes",
      tabindex: "0",
      role: "application",
      "aria-roledescription": "timeline",
      "aria-label": `Timeline of ${clusterLabel(cluster)}`,
      "aria-describedby": `${id}-summary ${id}-help`,
    },
    sizer,
  );
  const empty = h(
    "p",
    { class: "timeline-empty", hidden: true },
    "No job has run yet. Bars appear here as soon as one does.",
  );
  const error = h("p", { class: "timeline-error field-error", role: "status", hidden: true });
  const help = h(
    "p",
    { class: "sr", id: `${id}-help` },
    "Left and right move the window, plus and minus zoom, as does the wheel with Ctrl, 0 shows everything, Home goes to the oldest, End follows now. The table below holds the same jobs.",
  );
  const stage = h("div", { class: "timeline-stage" }, axis, lanes, queue, empty, error);
  const summary = h("p", { class: "timeline-summary caption", id: `${id}-summary` });
  const root = h("div", { class: compact ? "timeline is-loading is-compact" : "timeline is-loading" }, help, stage);
  return { root, stage, axis, canvas, lanes, sizer, queue, empty, error, summary };
}
