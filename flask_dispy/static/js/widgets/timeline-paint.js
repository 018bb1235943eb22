/**
 * The look of the timeline: bars, columns of aggregates, the axis, the names of the lanes and the queue.
 * Paints what is seen and nothing else.
 */

import { areaPath, linePath, maximum, scale, timeTicks, valueTicks } from "./chart-scale.js";
import { count, plain, seconds } from "../lib/format.js";
import { barTop, barWord, laneHeight, visibleLanes } from "./timeline-layout.js";
import { fitText } from "./canvas.js";
import { paintBar, paintOutline, paintPart } from "./timeline-marks.js";

/** @import {Colors} from "./timeline-marks.js" */
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
 * @property {number} height  of the lanes that show
 * @property {number} hovered  the bar or bucket under the pointer, or -1
 * @property {number|null} cursor  the time under the pointer
 * @property {Colors} colors
 */

export const AXIS_HEIGHT = 26;
export const QUEUE_HEIGHT = 64;
/** Painted in this order, so that what went wrong is never hidden under what went well. */
const LAYERS = /** @type {const} */ (["finished", "running", "cancelled", "terminated", "abandoned", "failed"]);
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
    context.font = `600 11px ${colors.font}`;
    context.fillStyle = colors.accent;
    context.fillText("now", Math.min(nowAt, width - 14), 16);
  }
  context.textAlign = "left";
  context.font = `500 11px ${colors.font}`;
  context.fillStyle = colors.muted;
  context.fillText(seconds(view.to - view.from), 4, 16);
  context.fillStyle = colors.line;
  context.fillRect(0, AXIS_HEIGHT - 1, width, 1);
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
  for (const word of LAYERS) {
    for (let place = index.starts[lane]; place < index.starts[lane + 1]; place += 1) {
      const item = index.order[place];
      const end = bars.end[item] ?? now;
      if (barWord(bars, item) !== word || bars.start[item] > view.to || end < view.from) continue;
      const left = Math.max(scene.gutter - 4, x(bars.start[item]));
      const right = Math.min(scene.width + 4, x(end));
      const top = barTop(layout, answer.lanes, bars, item) + 2;
      paintBar(context, { x: left, y: top, width: right - left, height }, word, colors);
      if (item === hovered) paintOutline(context, { x: left, y: top, width: right - left, height }, colors);
    }
  }
}

/**
 * A column for each bucket: as high as CPUs were busy, in the colours and patterns of what became of the jobs
 * that kept them so. What went wrong stands at its foot, never lower than can be seen.
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 * @param {number} lane
 */
function paintBuckets(context, scene, lane) {
  const { answer, layout, index, view, hovered, colors } = scene;
  const buckets = answer?.buckets;
  if (!answer || !buckets) return;
  const x = timeScale(scene);
  const full = laneHeight(layout, lane);
  const bottom = layout.tops[lane] + 2 + full;
  const slots = Math.max(1, answer.lanes[lane].slots);
  for (let place = index.starts[lane]; place < index.starts[lane + 1]; place += 1) {
    const item = index.order[place];
    const start = answer.from + buckets.bucket[item] * buckets.bucket_sec;
    if (start > view.to || start + buckets.bucket_sec < view.from) continue;
    const left = Math.round(x(start));
    const width = Math.max(
      1,
      Math.round(x(start + buckets.bucket_sec)) -
        left -
        (buckets.bucket_sec * (scene.width / (view.to - view.from)) > 5 ? 1 : 0),
    );
    const high = full * Math.min(1, buckets.busy[item] / slots);
    paintColumn(context, { left, width, bottom, high, full }, sharesOf(buckets, item), colors);
    if (item === hovered) paintOutline(context, { x: left, y: bottom - full, width, height: full }, colors);
  }
}

/** From the foot of a column upward. */
const STACK = /** @type {const} */ (["failed", "abandoned", "terminated", "cancelled", "finished", "running"]);
/** An end that went wrong is at least so high, however short the job was. */
const LEAST_END = 3;

/** @typedef {{state: typeof STACK[number], busy: number, ended: boolean}} Share */

/**
 * The CPUs that were busy with each kind of job, and whether one of them ended there.
 * @param {NonNullable<Answer["buckets"]>} buckets
 * @param {number} item
 * @returns {Share[]}
 */
function sharesOf(buckets, item) {
  return STACK.map((state) => ({
    state,
    busy: buckets.busy_by[state]?.[item] ?? 0,
    ended: state !== "running" && buckets[state][item] > 0,
  }));
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {{left: number, width: number, bottom: number, high: number, full: number}} column
 * @param {Share[]} shares
 * @param {Colors} colors
 */
function paintColumn(context, { left, width, bottom, high, full }, shares, colors) {
  const total = shares.reduce((sum, { busy }) => sum + busy, 0);
  let foot = bottom;
  for (const { state, busy, ended } of shares) {
    const least = !ended ? 0 : state === "finished" ? 1 : LEAST_END;
    const part = Math.min(foot - (bottom - full), Math.max(least, total > 0 ? (high * busy) / total : 0));
    if (part <= 0) continue;
    paintPart(context, { x: left, y: foot - part, width, height: part }, state, colors);
    foot -= part;
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 * @param {number} lane
 */
function paintName(context, { answer, layout, gutter, colors }, lane) {
  if (!answer) return;
  const { node, name } = answer.lanes[lane];
  const height = laneHeight(layout, lane);
  const top = layout.tops[lane] + 2;
  const both = name && name !== node && height >= 30;
  context.textAlign = "left";
  context.font = `500 12px ${colors.font}`;
  context.fillStyle = colors.text;
  context.fillText(
    fitText(context, plain(name || node), gutter - 16),
    4,
    both ? top + height / 2 - 2 : top + height / 2 + 4,
  );
  if (!both) return;
  context.font = `400 11px ${colors.font}`;
  context.fillStyle = colors.muted;
  context.fillText(fitText(context, node, gutter - 16), 4, top + height / 2 + 12);
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
    context.fillStyle = colors.accent;
    context.fillRect(Math.round(x(now)), 0, 1, height);
  }
  if (cursor === null || x(cursor) < gutter) return;
  context.globalAlpha = 0.6;
  context.fillStyle = colors.text;
  context.fillRect(Math.round(x(cursor)), 0, 1, height);
  context.globalAlpha = 1;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Scene} scene
 */
export function paintQueue(context, scene) {
  const { answer, gutter, width, colors } = scene;
  context.clearRect(0, 0, width, QUEUE_HEIGHT);
  context.fillStyle = colors.line;
  context.fillRect(0, 0, width, 1);
  context.textAlign = "left";
  context.font = `500 12px ${colors.font}`;
  context.fillStyle = colors.text;
  context.fillText("Queued jobs", 4, 30);
  if (!answer) return;
  const { t, depth } = answer.queue;
  const ticks = valueTicks(maximum([depth]), 1, true);
  const top = ticks[ticks.length - 1];
  context.font = `400 11px ${colors.font}`;
  context.fillStyle = colors.muted;
  context.fillText(`0 to ${count(top)}`, 4, 46);
  paintDepth(context, scene, linePath(t, depth, timeScale(scene), scale(0, top, QUEUE_HEIGHT - 4, 8)));
  context.fillStyle = colors.line;
  context.fillRect(gutter, QUEUE_HEIGHT - 4, width - gutter, 1);
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
