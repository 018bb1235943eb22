/**
 * Paints the timeline: bars, columns of aggregates, the axis, the names of the lanes and the queue.
 * Only what is visible is painted.
 */

import { areaPath, linePath, maximum, scale, timeTicks, valueTicks } from "./chart-scale.js";
import { count, plain, seconds } from "../lib/format.js";
import { jobName } from "../data/jobwords.js";
import { fill, fitText, write } from "./canvas.js";
import { classOf, markOf, sharesOf, stackOf } from "./timeline-classes.js";
import { barTop, laneHeight, visibleLanes } from "./timeline-layout.js";
import { paintBar, paintLabel, paintOutline, paintPart } from "./timeline-marks.js";

/** @import {Share} from "./timeline-classes.js" */
/** @import {Colors, Mark} from "./timeline-marks.js" */
/** @import {Answer, LaneIndex, LaneLayout, View} from "./timeline-layout.js" */

/**
 * @typedef {object} Scene what there is to paint
 * @property {Answer|null} answer
 * @property {LaneLayout} layout
 * @property {LaneIndex} index
 * @property {View} view
 * @property {number} now
 * @property {number} width
 * @property {number} gutter  width of the names at the left
 * @property {number} scrollTop
 * @property {number} height  of the visible lanes
 * @property {number} hovered  the bar or bucket under the pointer, or -1
 * @property {number|null} cursor  the time under the pointer
 * @property {Colors} colors
 * @property {(figure: number) => string} [figureText]  formats the figure by which lanes are sorted
 */

export const AXIS_HEIGHT = 26;
export const QUEUE_HEIGHT = 64;
/**
 * The map from times to places.
 * @param {Scene} scene
 */
export function timeScale({ view, gutter, width }) {
  return scale(view.from, view.to, gutter, width);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 */
export function paintAxis(context, scene) {
  const { view, gutter, width, colors, now } = scene;
  const x = timeScale(scene);
  context.clearRect(0, 0, width, AXIS_HEIGHT);
  context.font = `400 11px ${colors.font}`;
  context.textAlign = "center";
  context.fillStyle = colors.muted;
  const nowAt = x(now);
  for (const { at, label } of ticksOf(scene)) {
    const place = x(at);
    const crowded = place < gutter + 24 || place > width - 26 || (!scene.answer?.past && Math.abs(place - nowAt) < 46);
    if (!crowded) context.fillText(label, place, 16);
  }
  if (!scene.answer?.past && now >= view.from && now <= view.to) {
    const look = { font: `600 11px ${colors.font}`, color: colors.accent, align: /** @type {const} */ ("center") };
    write(context, "now", Math.min(nowAt, width - 14), 16, look);
  }
  const span = seconds(view.to - view.from);
  write(context, span, 4, 16, { font: `500 11px ${colors.font}`, color: colors.muted });
  fill(context, colors.line, 0, AXIS_HEIGHT - 1, width, 1);
}

/** @param {Scene} scene */
function ticksOf({ view, width, gutter }) {
  return timeTicks(view.from, view.to, Math.max(2, Math.floor((width - gutter) / 76)));
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 */
export function paintLanes(context, scene) {
  const { answer, layout, width, gutter, height, scrollTop } = scene;
  context.clearRect(0, 0, width, height);
  if (!answer) return;
  const [first, last] = visibleLanes(layout, scrollTop, height);
  context.save();
  context.translate(0, -scrollTop);
  paintGround(context, scene, first, last);
  context.save();
  context.beginPath();
  context.rect(gutter, scrollTop, width - gutter, height);
  context.clip();
  for (let lane = first; lane <= last; lane += 1) {
    if (answer.bars) paintBars(context, scene, lane);
    else paintBuckets(context, scene, lane);
  }
  context.restore();
  for (let lane = first; lane <= last; lane += 1) paintName(context, scene, lane);
  context.restore();
  paintVerticals(context, scene, height);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 * @param {number} first
 * @param {number} last
 */
function paintGround(context, scene, first, last) {
  const { layout, width, gutter, colors, scrollTop, height } = scene;
  const x = timeScale(scene);
  context.fillStyle = colors.line;
  for (const { at } of ticksOf(scene)) {
    if (x(at) > gutter) context.fillRect(Math.round(x(at)), scrollTop, 1, height);
  }
  context.fillStyle = colors["surface-2"];
  for (let lane = first; lane <= last; lane += 1) {
    context.fillRect(gutter, layout.tops[lane] + 2, width - gutter, laneHeight(layout, lane));
  }
}

/**
 * Paints class by class, so that a success never hides a failure.
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 * @param {number} lane
 */
function paintBars(context, scene, lane) {
  const { answer, layout, index, view, now, hovered, colors } = scene;
  const bars = answer?.bars;
  if (!answer || !bars) return;
  const x = timeScale(scene);
  const height = layout.slotHeight;
  context.font = `500 11px ${colors.font}`;
  context.textAlign = "left";
  for (const layer of stackOf(answer).reverse()) {
    const mark = markOf(answer, layer);
    for (let place = index.starts[lane]; place < index.starts[lane + 1]; place += 1) {
      const item = index.order[place];
      const end = bars.end[item] ?? now;
      if (classOf(answer, item) !== layer || bars.start[item] > view.to || end < view.from) continue;
      const left = Math.max(scene.gutter - 4, x(bars.start[item]));
      const right = Math.min(scene.width + 4, x(end));
      const rect = { x: left, y: barTop(layout, answer.lanes, bars, item) + 2, width: right - left, height };
      paintBar(context, rect, bars.state[item] === "running" ? { ...mark, pattern: "open" } : mark, colors);
      const seen = { ...rect, x: Math.max(scene.gutter, left), width: right - Math.max(scene.gutter, left) };
      paintLabel(context, seen, jobName({ id: bars.id[item], serial: bars.serial[item] }), colors);
      if (item === hovered) paintOutline(context, rect, colors);
    }
  }
}

/**
 * Paints a column for each bucket, as high as CPUs were busy, in the colours and patterns of the jobs that used
 * them. Failures stand at the bottom, always high enough to be seen.
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 * @param {number} lane
 */
function paintBuckets(context, scene, lane) {
  const { answer, layout, index, hovered, colors } = scene;
  if (!answer) return;
  const full = laneHeight(layout, lane);
  const bottom = layout.tops[lane] + 2 + full;
  const items = index.order.subarray(index.starts[lane], index.starts[lane + 1]);
  paintColumns(context, { ...scene, answer, slots: answer.lanes[lane].slots }, items, { bottom, full }, (item, box) => {
    if (item === hovered)
      paintOutline(context, { x: box.left, y: bottom - full, width: box.width, height: full }, colors);
  });
}

/**
 * Columns of an aggregate between two heights.
 * @param {CanvasRenderingContext2D} context
 * @param {{answer: Answer, view: View, width: number, gutter: number, colors: Colors, slots: number}} scene
 * @param {Iterable<number>} items
 * @param {{bottom: number, full: number}} heights
 * @param {(item: number, box: {left: number, width: number}) => void} [painted]
 */
export function paintColumns(context, scene, items, { bottom, full }, painted) {
  const { answer, view, width, gutter, colors } = scene;
  const { buckets } = answer;
  if (!buckets) return;
  const x = scale(view.from, view.to, gutter, width);
  const stack = stackOf(answer);
  const marks = answer.classes.map((_, place) => markOf(answer, place));
  const gap = buckets.bucket_sec * (width / (view.to - view.from)) > 5 ? 1 : 0;
  for (const item of items) {
    const start = answer.from + buckets.bucket[item] * buckets.bucket_sec;
    if (start > view.to || start + buckets.bucket_sec < view.from) continue;
    const left = Math.round(x(start));
    const wide = Math.max(1, Math.round(x(start + buckets.bucket_sec)) - left - gap);
    const high = full * Math.min(1, buckets.busy[item] / Math.max(1, scene.slots));
    paintColumn(context, { left, width: wide, bottom, high, full }, sharesOf(answer, item, stack), marks, colors);
    painted?.(item, { left, width: wide });
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {{left: number, width: number, bottom: number, high: number, full: number}} column
 * @param {Share[]} shares
 * @param {Mark[]} marks
 * @param {Colors} colors
 */
function paintColumn(context, { left, width, bottom, high, full }, shares, marks, colors) {
  const total = shares.reduce((sum, { busy }) => sum + busy, 0);
  let foot = bottom;
  for (const { place, busy, ended } of shares) {
    const least = ended > 0 ? marks[place].least : 0;
    const part = Math.min(foot - (bottom - full), Math.max(least, total > 0 ? (high * busy) / total : 0));
    if (part <= 0) continue;
    paintPart(context, { x: left, y: foot - part, width, height: part }, marks[place], colors);
    foot -= part;
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 * @param {number} lane
 */
function paintName(context, { answer, layout, gutter, colors, figureText }, lane) {
  if (!answer) return;
  const { node, name, figure } = answer.lanes[lane];
  const height = laneHeight(layout, lane);
  const top = layout.tops[lane] + 2;
  const both = name && name !== node && height >= 30;
  const line = both ? top + height / 2 - 2 : top + height / 2 + 4;
  const sorted = typeof figure === "number" && figureText ? figureText(figure) : "";
  const small = { font: `400 11px ${colors.font}`, color: colors.muted };
  write(context, sorted, gutter - 10, line, { ...small, align: "right" });
  const taken = sorted ? context.measureText(sorted).width + 2 : 0;
  const large = { font: `500 12px ${colors.font}`, color: colors.text };
  context.font = large.font;
  write(context, fitText(context, plain(name || node), gutter - 16 - taken), 4, line, large);
  if (!both) return;
  context.font = small.font;
  write(context, fitText(context, node, gutter - 16), 4, top + height / 2 + 12, small);
}

/**
 * Lines that run through the axis, the lanes and the queue: now, and where the pointer is.
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 * @param {number} height
 */
function paintVerticals(context, scene, height) {
  const { answer, view, now, cursor, colors, gutter } = scene;
  const x = timeScale(scene);
  if (!answer?.past && now >= view.from && now <= view.to) {
    fill(context, colors.accent, Math.round(x(now)), 0, 1, height);
  }
  if (cursor === null || x(cursor) < gutter) return;
  fill(context, colors.text, Math.round(x(cursor)), 0, 1, height, 0.6);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 */
export function paintQueue(context, scene) {
  const { answer, gutter, width, colors } = scene;
  context.clearRect(0, 0, width, QUEUE_HEIGHT);
  fill(context, colors.line, 0, 0, width, 1);
  write(context, "Queued jobs", 4, 30, { font: `500 12px ${colors.font}`, color: colors.text });
  if (!answer) return;
  const { t, depth } = answer.queue;
  const ticks = valueTicks(maximum([depth]), 1, true);
  const top = ticks[ticks.length - 1];
  write(context, `0 to ${count(top)}`, 4, 46, { font: `400 11px ${colors.font}`, color: colors.muted });
  paintDepth(context, scene, linePath(t, depth, timeScale(scene), scale(0, top, QUEUE_HEIGHT - 4, 8)));
  fill(context, colors.line, gutter, QUEUE_HEIGHT - 4, width - gutter, 1);
  paintVerticals(context, scene, QUEUE_HEIGHT - 4);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 * @param {string} path
 */
function paintDepth(context, { gutter, width, colors }, path) {
  const line = new Path2D(path);
  const area = new Path2D(areaPath(path, QUEUE_HEIGHT - 4));
  context.save();
  context.beginPath();
  context.rect(gutter, 0, width - gutter, QUEUE_HEIGHT);
  context.clip();
  context.strokeStyle = colors.queued;
  context.lineWidth = 1.5;
  context.lineJoin = "round";
  context.stroke(line);
  context.globalAlpha = 0.14;
  context.fillStyle = colors.queued;
  context.fill(area);
  context.restore();
}
