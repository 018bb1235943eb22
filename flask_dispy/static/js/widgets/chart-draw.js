/** The parts of a chart, and how its figures become lines and labels. */

import {
  areaPath,
  byteTicks,
  lastKnown,
  linePath,
  maximum,
  scale,
  spread,
  timeTicks,
  valueTicks,
} from "./chart-scale.js";
import { h, setAttr, setStyle, setText } from "../lib/dom.js";
import { clock, relative } from "../lib/format.js";
import { fillChildren, setAttrs, svg } from "./svg.js";

/** @typedef {{key: string, label: string, token: string}} Series */
/** @typedef {{t: number[], columns: Record<string, (number|null)[]>, now?: number}} ChartData `now`: the right edge, where that is later than the last sample */
/** @typedef {{title: string, unit: string, series: Series[], format: (value: number) => string, scale?: "whole"|"bytes", past?: boolean, crowded?: boolean, onPick?: (key: string) => void}} ChartOptions `scale`: where ticks may stand; anywhere, if not given; `past`: the right edge is not now; `crowded`: lines have no labels; `onPick`: a click on a line gives its key */
/** @typedef {{x: (t: number) => number, timeAt: (x: number) => number, y: (value: number) => number, to: number, right: number, bottom: number}} Frame */

const HEIGHT = 168;
/** Over the plot there is room for marks of events. */
export const TOP = 22;
const AXIS = 20;
const LINE_GAP = 15;
/** A value older than this is out of date: its point is hollow, with its age beside it. */
const OLD_SEC = 60;
/** "20 min ago" */
const AGE_LETTERS = 10;
/** Mean width of a digit or small letter at 12 px, measured over the system fonts of four platforms. */
const LETTER = 6.7;

let made = 0;

/** @param {ChartOptions} options */
export function build({ title, unit, series, past, crowded, onPick }) {
  const nothing = past ? "No data" : "No data yet";
  const id = `chart-${(made += 1)}`;
  const lines = series.map(({ token }, i) => colored("path", { class: `chart-line chart-line-${i}` }, "stroke", token));
  const labels = series.map(() =>
    svg("text", { class: "chart-label" }, svg("tspan", { class: "chart-value" }), svg("tspan")),
  );
  const hidden = { visibility: "hidden" };
  const dots = series.map(({ token }) => colored("circle", { class: "chart-dot", r: 3.5, ...hidden }, "fill", token));
  const lasts = series.map(({ token }) => colored("circle", { class: "chart-last", r: 3, ...hidden }, "stroke", token));
  const area = colored("path", { class: "chart-area" }, "fill", series[0].token);
  const grid = svg("g", { class: "chart-grid" });
  const values = svg("g", { class: "chart-values" });
  const axis = svg("g", { class: "chart-axis" });
  const marks = svg("g", { class: "chart-marks" });
  const cursor = svg("line", { class: "chart-cursor", visibility: "hidden" });
  const drawing = svg(
    "svg",
    { "aria-hidden": "true", focusable: "false", height: HEIGHT },
    grid,
    area,
    ...lines,
    ...lasts,
    axis,
    marks,
    values,
    ...labels,
    cursor,
    ...dots,
  );
  const empty = h("p", { class: "chart-empty" }, nothing);
  const note = h("p", { class: "chart-note", hidden: true });
  const plot = h(
    "div",
    {
      class: "chart-plot",
      tabindex: 0,
      role: "slider",
      "aria-roledescription": "chart",
      "aria-labelledby": id,
      "aria-valuemin": 0,
      "aria-valuemax": 0,
      "aria-valuenow": 0,
      "aria-valuetext": nothing,
    },
    drawing,
    empty,
    note,
  );
  const head = h(
    "figcaption",
    { class: "chart-head", id },
    h("span", { class: "chart-title" }, title),
    " ",
    h("span", { class: "chart-unit" }, unit),
  );
  const figure = h("figure", { class: `chart${crowded ? " is-crowded" : ""}${onPick ? " can-pick" : ""}` }, head, plot);
  return { figure, plot, drawing, grid, values, axis, area, lines, lasts, labels, dots, marks, cursor, note };
}

/**
 * @template {"path"|"circle"} Tag
 * @param {Tag} tag
 * @param {Record<string, string|number>} attributes
 * @param {"stroke"|"fill"} property
 * @param {string} token
 */
function colored(tag, attributes, property, token) {
  const element = svg(tag, attributes);
  setStyle(element, property, `var(${token})`);
  return element;
}

/** @typedef {ReturnType<typeof build>} Parts */

/**
 * The width that the labels at the right need. The caller never lets it shrink, so that the plot keeps its place.
 * @param {ChartData} data
 * @param {ChartOptions} options
 */
export function gutterFor(data, { series, format, crowded }) {
  if (crowded) return 16;
  const longest = series.map(({ key, label }) => {
    const most = maximum([data.columns[key] ?? []]);
    return format(most).length + (series.length > 1 ? label.length + 1 : 0);
  });
  const oldest = series.some(({ key }) => data.t.length > 0 && endValue(data, key).ageSec > OLD_SEC) ? AGE_LETTERS : 0;
  return Math.min(120, 14 + Math.ceil(LETTER * Math.max(3, oldest, ...longest)));
}

/**
 * @param {ChartData} data
 * @param {ChartOptions} options
 * @param {number} width
 * @param {number} gutter
 * @returns {Frame & {ticks: number[]}}
 */
export function frameFor(data, options, width, gutter) {
  const most = maximum(options.series.map(({ key }) => data.columns[key] ?? []));
  const ticks = options.scale === "bytes" ? byteTicks(most, 3) : valueTicks(most, 3, options.scale === "whole");
  const right = Math.max(40, width - gutter);
  const bottom = HEIGHT - AXIS;
  const { t } = data;
  const to = endOf(data);
  return {
    ticks,
    right,
    bottom,
    to,
    x: scale(t[0], to, 1, right),
    timeAt: (place) => t[0] + Math.min(1, Math.max(0, place / right)) * (to - t[0]),
    y: scale(0, ticks[ticks.length - 1], bottom, TOP),
  };
}

/** The time at the right edge. @param {ChartData} data */
export const endOf = ({ t, now }) => Math.max(t[t.length - 1], now ?? t[t.length - 1]);

/**
 * A line's value at its end: the newest known, if the right edge is later, and how old that is.
 * @param {ChartData} data
 * @param {string} key
 */
function endValue(data, key) {
  const values = data.columns[key] ?? [];
  if (data.now === undefined) return { value: values.at(-1) ?? null, at: data.t[data.t.length - 1], ageSec: 0 };
  const last = lastKnown(values);
  const at = last ? data.t[last.index] : endOf(data);
  return { value: last?.value ?? null, at, ageSec: endOf(data) - at };
}

/**
 * @param {Parts} parts
 * @param {ChartData} data
 * @param {ChartOptions} options
 * @param {Frame & {ticks?: number[]}} frame
 * @param {number} width
 * @param {number} gutter
 */
export function drawFrame(parts, data, options, frame, width, gutter) {
  const { series } = options;
  setAttrs(parts.drawing, { width, viewBox: `0 0 ${width} ${HEIGHT}` }); // paper has another width
  drawGrid(parts, frame, options);
  drawAxis(parts.axis, data, frame, options.past ? clock(data.t[data.t.length - 1]) : "now");
  series.forEach(({ key }, index) => {
    setAttr(parts.lines[index], "d", linePath(data.t, data.columns[key] ?? [], frame.x, frame.y));
  });
  setAttr(parts.area, "d", areaPath(parts.lines[0].getAttribute("d") ?? "", frame.bottom));
  drawLabels(parts, data, options, frame, gutter);
}

/**
 * The grid's lines are under the data, but its values over it, because a dense line would hide them.
 * @param {Parts} parts
 * @param {Frame & {ticks?: number[]}} frame
 * @param {ChartOptions} options
 */
function drawGrid({ grid, values }, { ticks = [], y, right }, { format }) {
  const height = (/** @type {number} */ tick) => Math.round(y(tick)) + 0.5;
  fillChildren(
    grid,
    ticks,
    () => svg("line"),
    (line, tick) => {
      setAttrs(line, { x1: 0, x2: right, y1: height(tick), y2: height(tick) });
    },
  );
  fillChildren(
    values,
    ticks,
    () => svg("text", { x: 2 }),
    (text, tick) => {
      setAttr(text, "y", height(tick) - 3);
      setText(text, tick === 0 ? "" : format(tick).replace(/\.0+(?!\d)/, ""));
    },
  );
}

/**
 * @param {SVGGElement} axis
 * @param {ChartData} data
 * @param {Frame} frame
 * @param {string} end what the right edge is
 */
function drawAxis(axis, { t }, { x, to, right, bottom }, end) {
  const room = right - end.length * LETTER - 31;
  const ticks = timeTicks(t[0], to, Math.max(2, Math.floor(right / 80)))
    .filter(({ at }) => x(at) > 18 && x(at) < room)
    .map(({ at, label }) => ({ place: x(at), label }));
  ticks.push({ place: right, label: end });
  fillChildren(
    axis,
    ticks,
    () => svg("text", { "text-anchor": "middle" }),
    (text, tick) => {
      const anchor = tick.place === right ? "end" : "middle";
      setAttrs(text, { x: Math.round(tick.place), y: bottom + 15, "text-anchor": anchor });
      setText(text, tick.label);
    },
  );
}

/**
 * @param {Parts} parts
 * @param {ChartData} data
 * @param {ChartOptions} options
 * @param {Frame} frame
 * @param {number} gutter
 */
function drawLabels({ labels, lasts }, data, { series, format }, { x, y, right, bottom }, gutter) {
  const ends = series.map(({ key }) => endValue(data, key));
  const places = spread(
    ends.map(({ value }) => y(value ?? 0) + 4),
    LINE_GAP,
    TOP,
    bottom,
  );
  const room = Math.floor((gutter - 10) / LETTER);
  labels.forEach((label, index) => {
    const [value, name] = label.children;
    const end = ends[index];
    const figure = end.value === null ? "–" : format(end.value);
    const old = end.value !== null && end.ageSec > OLD_SEC;
    label.classList.toggle("is-old", old);
    setAttr(lasts[index], "visibility", old ? "visible" : "hidden");
    if (old) setAttrs(lasts[index], { cx: Math.round(x(end.at)), cy: Math.round(y(end.value ?? 0)) });
    setAttrs(name, old ? { x: right + 8, dy: 14 } : { x: null, dy: null });
    setAttr(label, "x", right + 8);
    setAttr(label, "y", Math.round(places[index]));
    setText(value, figure);
    setText(
      name,
      old ? relative(end.at, endOf(data)) : series.length > 1 && figure.length < room ? ` ${series[index].label}` : "",
    );
  });
}

/**
 * @param {Parts} parts
 * @param {ChartData} data
 * @param {ChartOptions} options
 * @param {Frame} frame
 * @param {number} index
 */
export function drawCursor(parts, data, { series }, frame, index) {
  const x = Math.round(frame.x(data.t[index])) + 0.5;
  setAttrs(parts.cursor, { x1: x, x2: x, y1: TOP - 4, y2: frame.bottom });
  series.forEach(({ key }, each) => {
    const value = data.columns[key]?.[index] ?? null;
    setAttr(parts.dots[each], "visibility", value === null ? "hidden" : "visible");
    if (value === null) return;
    setAttr(parts.dots[each], "cx", x);
    setAttr(parts.dots[each], "cy", frame.y(value));
  });
}
