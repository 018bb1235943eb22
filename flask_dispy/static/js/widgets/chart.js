/**
 * A line chart of columns over time: now at the right edge, each line labelled with its name and value, gaps
 * where nothing is known, exact values under the pointer and by arrow keys.
 *
 * SVG, because a path that is rewritten once a second costs less than a millisecond at 1,440 samples, takes
 * its colours from the theme by itself, stays crisp at any zoom, and prints.
 */

import { build, drawCursor, drawFrame, endOf, frameFor, gutterFor, TOP } from "./chart-draw.js";
import { lastKnown, nearest } from "./chart-scale.js";
import { setAttr, setText, show } from "../lib/dom.js";
import { clock, relative } from "../lib/format.js";
import { drawMarks, markNear, placeMarks, spokenLines, tipLines } from "./eventmarks.js";
import { createTip } from "./tip.js";

/** @import {ChartData, ChartOptions, Frame} from "./chart-draw.js" */

/** Events are marked here, over the plot. */
const MARKS = 6;

/** A click that is farther from a line means none. */
const NEAR_PX = 22;

export class Chart {
  #options;
  #parts;
  #tip;
  /** @type {ChartData} */
  #data = { t: [], columns: {} };
  /** @type {import("../data/types.js").Event[]} */
  #events = [];
  /** @type {import("./eventmarks.js").Mark[]} */
  #marks = [];
  #width = 0;
  #gutter = 0;
  /** @type {Frame|null} */
  #frame = null;
  /** The time that the reader inspects; kept as a time, so that it stays the same while new data arrive. @type {number|null} */
  #inspected = null;

  /**
   * @param {HTMLElement} element
   * @param {ChartOptions} options
   */
  constructor(element, options) {
    this.#options = options;
    this.#parts = build(options);
    element.append(this.#parts.figure);
    this.#tip = createTip(this.#parts.plot);
    this.#listen();
    new ResizeObserver(([entry]) => {
      const next = Math.floor(entry.contentRect.width);
      if (next === this.#width) return;
      this.#width = next;
      this.#gutter = 0;
      this.#draw();
    }).observe(this.#parts.plot);
  }

  /** @param {ChartData} next @param {string} [note] a remark to show over it */
  update(next, note = "") {
    this.#data = next;
    setText(this.#parts.note, note);
    show(this.#parts.note, note !== "");
    this.#draw();
  }

  /** @param {import("../data/types.js").Event[]} events to be marked, the newest first */
  mark(events) {
    this.#events = events;
    this.#draw();
  }

  #draw() {
    const [data, options, width] = [this.#data, this.#options, this.#width];
    this.#gutter = Math.max(this.#gutter, gutterFor(data, options));
    this.#frame = width > 0 && data.t.length > 0 ? frameFor(data, options, width, this.#gutter) : null;
    const known = options.series.some(({ key }) => lastKnown(data.columns[key] ?? []));
    this.#parts.plot.classList.toggle("is-empty", !known);
    if (this.#frame) {
      const { x, right, bottom } = this.#frame;
      drawFrame(this.#parts, data, options, this.#frame, width, this.#gutter);
      // A run begins before its first sample is taken.
      this.#marks = placeMarks(this.#events, x, 0, right, (2 * right) / Math.max(1, data.t.length - 1));
      drawMarks(this.#parts.marks, this.#marks, { y: MARKS, bottom });
    }
    this.#inspect(this.#inspected);
  }

  /** @param {number|null} time to show the values of; null: none */
  #inspect(time) {
    this.#inspected = time;
    const [parts, data, options, frame] = [this.#parts, this.#data, this.#options, this.#frame];
    const last = data.t.length - 1;
    const index = time === null ? last : nearest(data.t, time);
    setAttr(parts.plot, "aria-valuemax", Math.max(0, last));
    setAttr(parts.plot, "aria-valuenow", Math.max(0, index));
    const shown = frame !== null && time !== null && index >= 0;
    // Between two samples, a mark belongs to the nearer one.
    const half = frame && last > 0 ? (frame.right / last / 2) * 1.01 : 0;
    const mark = shown && frame ? markNear(this.#marks, frame.x(data.t[index]), half) : null;
    if (time === null || index < 0 || shown)
      setAttr(parts.plot, "aria-valuetext", spokenText(data, options, index) + (mark ? `; ${spokenLines(mark)}` : ""));
    setAttr(parts.cursor, "visibility", shown ? "visible" : "hidden");
    if (!shown || !frame) {
      for (const dot of parts.dots) setAttr(dot, "visibility", "hidden");
      return this.#tip.hide();
    }
    drawCursor(parts, data, options, frame, index);
    /** @type {import("./tip.js").TipLine[]} */
    const lines = options.series.map(({ key, label, token }) => ({
      token,
      label,
      value: figureOf(data.columns[key]?.[index], options),
    }));
    if (mark) lines.push(...tipLines(mark));
    const at = data.t[index];
    this.#tip.show(frame.x(at), TOP, options.past ? clock(at) : `${clock(at)}, ${relative(at, endOf(data))}`, lines);
  }

  /** The line that is next to a click, if it is near. @param {MouseEvent} event */
  #lineAt({ clientX, clientY }) {
    const { t, columns } = this.#data;
    const frame = this.#frame;
    if (!frame) return null;
    const { left, top } = this.#parts.plot.getBoundingClientRect();
    const index = nearest(t, frame.timeAt(clientX - left));
    // A line may be steep there, so what is before and after counts as well.
    const found = this.#options.series.flatMap(({ key }) =>
      (columns[key] ?? []).slice(Math.max(0, index - 1), index + 2).flatMap((value) => {
        return value === null ? [] : [{ key, px: Math.abs(frame.y(value) - (clientY - top)) }];
      }),
    );
    found.sort((a, b) => a.px - b.px);
    return found.length > 0 && found[0].px <= NEAR_PX ? found[0].key : null;
  }

  /** The time of the sample at the event before or after the one that is inspected. @param {string} key */
  #markedTime(key) {
    const frame = this.#frame;
    if (!frame || this.#marks.length === 0 || !(key === "," || key === ".")) return undefined;
    const { t } = this.#data;
    const samples = this.#marks.map(({ x }) => nearest(t, frame.timeAt(x)));
    const now = this.#inspected === null ? t.length : nearest(t, this.#inspected);
    const found = key === "," ? samples.filter((each) => each < now).at(-1) : samples.find((each) => each > now);
    return t[found ?? Math.min(now, t.length - 1)];
  }

  #listen() {
    const { plot } = this.#parts;
    plot.addEventListener("pointermove", (event) => {
      if (this.#frame) this.#inspect(this.#frame.timeAt(event.clientX - plot.getBoundingClientRect().left));
    });
    plot.addEventListener("click", (event) => {
      const key = this.#lineAt(event);
      if (key !== null) this.#options.onPick?.(key);
    });
    plot.addEventListener("pointerleave", () => this.#inspect(null));
    plot.addEventListener("blur", () => this.#inspect(null));
    plot.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const target = this.#markedTime(event.key) ?? keyTarget(event, this.#data.t, this.#inspected);
      if (target === undefined) return;
      event.preventDefault();
      this.#inspect(target);
    });
  }
}

/**
 * @param {number|null|undefined} value
 * @param {ChartOptions} options
 */
function figureOf(value, { format, unit }) {
  return value === null || value === undefined ? "no data" : `${format(value)} ${unit}`.trim();
}

/**
 * A sample in words, for screen readers.
 * @param {ChartData} data
 * @param {ChartOptions} options
 * @param {number} index
 */
function spokenText(data, options, index) {
  if (index < 0) return options.past ? "No data" : "No data yet";
  const values = options.series.map(({ key, label }) => `${label} ${figureOf(data.columns[key]?.[index], options)}`);
  const when = options.past ? clock(data.t[index]) : relative(data.t[index], endOf(data));
  return `${when}: ${values.join(", ")}`;
}

/**
 * The time to inspect after a key; null for none, undefined if the key means nothing here.
 * @param {KeyboardEvent} event
 * @param {number[]} t
 * @param {number|null} inspected
 * @returns {number|null|undefined}
 */
function keyTarget(event, t, inspected) {
  if (event.key === "Escape") return inspected === null ? undefined : null;
  if (t.length === 0) return undefined;
  const index = inspected === null ? t.length - 1 : nearest(t, inspected);
  const far = event.shiftKey ? 10 : 1;
  const moves = /** @type {Record<string, number>} */ ({
    ArrowLeft: index - far,
    ArrowDown: index - far,
    ArrowRight: index + far,
    ArrowUp: index + far,
    PageUp: index + 60,
    PageDown: index - 60,
    Home: 0,
    End: t.length - 1,
  });
  if (!(event.key in moves)) return undefined;
  return t[Math.min(t.length - 1, Math.max(0, moves[event.key]))];
}
