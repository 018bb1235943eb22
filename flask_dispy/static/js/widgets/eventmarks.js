/** Events as marks along the time of a chart: a shape and a line each, those too near each other as one. */

import { EVENT_KINDS, eventText, lineText, linesOf, lookOf } from "../data/events.js";
import { clock } from "../lib/format.js";
import { setAttr } from "../lib/dom.js";
import { fillChildren, setAttrs, svg } from "./svg.js";

/** @import {Event} from "../data/types.js" */
/** @import {TipLine} from "./tip.js" */

/** Marks are at least so many pixels apart. */
const APART = 12;
/** Lines that a tip shows of one mark. */
const MOST_LINES = 4;
/** Centred on 0, in a box of 10: what went wrong has corners, what was done to it is square, the rest is round. */
const SHAPES = {
  cross: "M-4-4 4 4M4-4-4 4",
  triangle: "M0-4.5 4.5 4H-4.5z",
  square: "M-3.5-3.5h7v7h-7z",
  circle: "M-4 0a4 4 0 1 0 8 0 4 4 0 1 0-8 0z",
};
/** @type {Partial<Record<string, keyof typeof SHAPES>>} */
const SHAPE_OF = {
  lost: "cross",
  failed: "cross",
  silent: "triangle",
  terminated: "square",
  cancelled: "square",
  queued: "square",
  closed: "square",
};

/** @typedef {{x: number, events: Event[], look: string}} Mark `events`: the newest first */

/**
 * The marks in a span, from the left.
 *
 * @param {Event[]} events the newest first
 * @param {(at: number) => number} x
 * @param {number} left
 * @param {number} right
 * @param {number} [slack]  so far before its left edge, an event is marked at it
 * @returns {Mark[]}
 */
export function placeMarks(events, x, left, right, slack = 0) {
  /** @type {Mark[]} */
  const marks = [];
  for (const event of [...events].sort((a, b) => a.at - b.at)) {
    const exactly = Math.round(x(event.at));
    if (exactly < left - slack || exactly > right) continue;
    const place = Math.max(left, exactly);
    const last = marks.at(-1);
    if (last && place - last.x < APART) last.events.unshift(event);
    else marks.push({ x: place, events: [event], look: "" });
  }
  for (const mark of marks) mark.look = lookOf(worst(mark.events));
  return marks;
}

/** @param {Event[]} events */
function worst(events) {
  const kinds = events.map(({ kind }) => kind);
  return EVENT_KINDS.find(({ kind }) => kinds.includes(kind))?.kind ?? kinds[0];
}

/**
 * @param {SVGGElement} group
 * @param {Mark[]} marks
 * @param {{y: number, bottom: number}} where  of the shapes, and of the lines' ends
 */
export function drawMarks(group, marks, { y, bottom }) {
  fillChildren(group, marks, makeMark, (element, { x, look }) => {
    const [line, halo, shape] = element.children;
    const name = SHAPE_OF[look] ?? "circle";
    setAttr(element, "class", `event-mark event-${look}`);
    setAttrs(line, { x1: x + 0.5, x2: x + 0.5, y1: y + 6, y2: bottom });
    for (const each of [halo, shape]) setAttrs(each, { d: SHAPES[name], transform: `translate(${x + 0.5} ${y})` });
    shape.classList.toggle("is-open", name === "cross");
  });
}

function makeMark() {
  return svg("g", {}, svg("line"), svg("path", { class: "event-halo" }), svg("path", { class: "event-shape" }));
}

/** The mark at a place, if one is near. @param {Mark[]} marks @param {number} x @param {number} half of the space between two places that may be asked for */
export function markNear(marks, x, half) {
  const reach = Math.max(half, APART / 2 + 1);
  let best = null;
  for (const mark of marks) {
    if (Math.abs(mark.x - x) <= reach && (!best || Math.abs(mark.x - x) < Math.abs(best.x - x))) best = mark;
  }
  return best;
}

/** What a tip says of a mark. @param {Mark} mark @returns {TipLine[]} */
export function tipLines({ events }) {
  const lines = linesOf(events);
  /** @type {TipLine[]} */
  const shown = lines.slice(0, MOST_LINES).map((line) => ({
    state: lookOf(line[0].kind),
    label: line.length === 1 ? eventText(line[0]) : lineText(line),
    value: clock(line[0].at),
  }));
  if (lines.length > MOST_LINES) shown.push({ label: `and ${lines.length - MOST_LINES} more`, value: "" });
  return shown;
}

/** The same, to be spoken. @param {Mark} mark */
export const spokenLines = (mark) =>
  tipLines(mark)
    .map(({ label }) => label)
    .join("; ");

/**
 * The mark beside a place, to the left (-1) or right (1); at the end, the last one there.
 * @param {Mark[]} marks @param {number} x @param {-1|1} way
 */
export function markAfter(marks, x, way) {
  const there = marks.filter((mark) => (mark.x - x) * way > 0);
  if (there.length === 0) return way < 0 ? marks[0] : marks.at(-1);
  return way < 0 ? there.at(-1) : there[0];
}
