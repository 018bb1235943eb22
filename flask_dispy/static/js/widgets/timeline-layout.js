/**
 * The arithmetic of the timeline: the window in time, the lanes, and what lies under a point.
 * Times are epoch seconds, places are CSS pixels. Nothing here touches the document.
 */

import { END_WORDS, jobWord } from "../data/jobwords.js";

/** @import {JobState} from "../data/types.js" */
/** @typedef {{from: number, to: number}} View */
/** @typedef {{oldest: number, now: number}} Limits */
/** @typedef {"state"|"function"|"error"|"ran"} ColorBy */
/** @typedef {{color: ColorBy, sort: "address"|"busy"|"slow"|"failing"}} Choices */
/** @typedef {{key: string, label: string, detail: string|null}} ColorClass */
/** @typedef {{node: string, name: string, slots: number, figure?: number|null}} Lane */
/** @typedef {{lane: number[], slot: number[], serial: number[], id: string[], start: number[], end: (number|null)[], state: JobState[], failed: boolean[], class?: number[]}} Bars */
/** @typedef {{bucket_sec: number, lane: number[], bucket: number[], busy: number[], busy_by: Partial<Record<string, number[]>>, ended_by?: Partial<Record<string, number[]>>, finished: number[], failed: number[], terminated: number[], cancelled: number[], abandoned: number[]}} Buckets */
/** @typedef {{from: number, to: number, now: number, oldest: number, ended_at?: number|null, mode: "bars"|"aggregate", total: number, color: ColorBy, classes: ColorClass[], lanes: Lane[], bars?: Bars, buckets?: Buckets, queue: {t: number[], depth: (number|null)[]}, past?: boolean}} Answer */
/** @typedef {{tops: Float64Array, slotHeight: number, total: number}} LaneLayout */
/** @typedef {{starts: Uint32Array, order: Uint32Array}} LaneIndex */

/** Shortest window: below half a second, dispy's own times are noise. */
export const SHORTEST_SEC = 0.5;
/** Share of the window that stays free right of now, so that the newest bars don't touch the edge. */
const AHEAD = 0.03;
/** Heights: a slot thin enough for many CPUs, a lane high enough for its name. */
const SLOT = { least: 3, most: 24 };
const LANE = { least: 18, gap: 5, mostAggregate: 44 };

/**
 * The window of `spanSec` that ends at now.
 * @param {number} spanSec
 * @param {number} now
 * @returns {View}
 */
export function followView(spanSec, now) {
  const ahead = spanSec * AHEAD;
  return { from: now + ahead - spanSec, to: now + ahead };
}

/**
 * Moves a window to lie between the start of the history and now; it keeps its width if possible.
 * @param {View} view
 * @param {Limits} limits
 * @returns {View}
 */
export function clampView(view, limits) {
  const whole = Math.max(SHORTEST_SEC, (limits.now - limits.oldest) / (1 - 2 * AHEAD));
  const span = Math.min(Math.max(SHORTEST_SEC, view.to - view.from), Math.max(whole, 30));
  const latest = limits.now + span * AHEAD;
  const earliest = Math.min(limits.oldest - span * AHEAD, latest - span);
  const from = Math.min(Math.max(view.from, earliest), latest - span);
  return { from, to: from + span };
}

/**
 * The window made `factor` times as wide (below 1: zoomed in) while the time `anchor` stays in its place.
 * @param {View} view
 * @param {number} factor
 * @param {number} anchor
 * @param {Limits} limits
 * @returns {View}
 */
export function zoomView(view, factor, anchor, limits) {
  const span = view.to - view.from;
  const most = Math.max(30, (limits.now - limits.oldest) / (1 - 2 * AHEAD));
  const wanted = Math.min(most, Math.max(SHORTEST_SEC, span * factor));
  const share = (anchor - view.from) / span;
  return clampView({ from: anchor - share * wanted, to: anchor + (1 - share) * wanted }, limits);
}

/**
 * @param {View} view
 * @param {number} seconds  how far to go; forward if positive
 * @param {Limits} limits
 * @returns {View}
 */
export function panView(view, seconds, limits) {
  return clampView({ from: view.from + seconds, to: view.to + seconds }, limits);
}

/**
 * The window that keeps two times under two fingers.
 * @param {[number, number]} times  what lay under the fingers when they touched
 * @param {[number, number]} places  where the fingers are now
 * @param {number} width
 * @param {Limits} limits
 * @returns {View}
 */
export function pinchView(times, places, width, limits) {
  const apart = places[1] - places[0];
  if (Math.abs(apart) < 8) return clampView({ from: times[0], to: times[1] }, limits);
  const perPixel = Math.abs((times[1] - times[0]) / apart);
  const from = (times[0] + times[1]) / 2 - ((places[0] + places[1]) / 2) * perPixel;
  return clampView({ from, to: from + perPixel * width }, limits);
}

/**
 * What to ask the server for: the window and half of it more on each side, so that a pan shows bars at once.
 * @param {View} view
 * @returns {View}
 */
export function requestFor(view) {
  const margin = (view.to - view.from) / 2;
  return { from: view.from - margin, to: view.to + margin };
}

/**
 * Whether an answer still serves a window: it holds all of it, at about the right detail.
 * @param {View|null} asked  what the answer was asked for
 * @param {"bars"|"aggregate"} mode
 * @param {View} view
 * @param {Limits} limits
 */
export function covers(asked, mode, view, limits) {
  if (!asked) return false;
  const from = Math.max(view.from, limits.oldest);
  const to = Math.min(view.to, limits.now);
  if (from < asked.from || to > asked.to) return false;
  const detail = (asked.to - asked.from) / (view.to - view.from);
  return mode === "bars" || detail < 3.2;
}

/**
 * Where each lane lies. Slots grow to fill `height`, and shrink to a readable minimum.
 * @param {Lane[]} lanes
 * @param {number} height
 * @param {"bars"|"aggregate"} mode
 * @returns {LaneLayout}
 */
export function layoutLanes(lanes, height, mode) {
  const slots = lanes.reduce((sum, lane) => sum + Math.max(1, lane.slots), 0);
  const free = height - lanes.length * LANE.gap;
  const slotHeight = Math.min(SLOT.most, Math.max(SLOT.least, Math.floor(free / Math.max(1, slots))));
  const even = Math.min(LANE.mostAggregate, Math.max(LANE.least, Math.floor(free / Math.max(1, lanes.length))));
  const tops = new Float64Array(lanes.length + 1);
  for (let index = 0; index < lanes.length; index += 1) {
    const own = Math.max(LANE.least, Math.max(1, lanes[index].slots) * slotHeight);
    tops[index + 1] = tops[index] + (mode === "bars" ? own : even) + LANE.gap;
  }
  return { tops, slotHeight, total: tops[lanes.length] };
}

/**
 * The height of a lane without the gap below it.
 * @param {LaneLayout} layout
 * @param {number} lane
 */
export function laneHeight(layout, lane) {
  return layout.tops[lane + 1] - layout.tops[lane] - LANE.gap;
}

/**
 * The lane at a height, or -1 below the last.
 * @param {LaneLayout} layout
 * @param {number} y
 */
export function laneAt(layout, y) {
  const { tops } = layout;
  if (y < 0 || y >= layout.total) return -1;
  let low = 0;
  let high = tops.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (tops[middle] <= y) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * The lanes [first, last] that show between two heights; last < first when there is none.
 * @param {LaneLayout} layout
 * @param {number} top
 * @param {number} height
 * @returns {[number, number]}
 */
export function visibleLanes(layout, top, height) {
  const count = layout.tops.length - 1;
  if (count === 0) return [0, -1];
  const first = laneAt(layout, Math.max(0, top));
  const last = laneAt(layout, top + height);
  return [first < 0 ? count : first, last < 0 ? count - 1 : last];
}

/**
 * The items of each lane side by side, in their order: those of lane i are order[starts[i] .. starts[i+1]].
 * A counting sort, so that 100,000 items take a few milliseconds.
 * @param {number[]} lane  the lane of each item
 * @param {number} count  how many lanes there are
 * @returns {LaneIndex}
 */
export function indexByLane(lane, count) {
  const starts = new Uint32Array(count + 1);
  for (const each of lane) starts[each + 1] += 1;
  for (let index = 0; index < count; index += 1) starts[index + 1] += starts[index];
  const next = starts.slice();
  const order = new Uint32Array(lane.length);
  for (let index = 0; index < lane.length; index += 1) {
    order[next[lane[index]]] = index;
    next[lane[index]] += 1;
  }
  return { starts, order };
}

/**
 * The height of a bar within its lane; a slot that the node no longer has lies with the last.
 * @param {LaneLayout} layout
 * @param {Lane[]} lanes
 * @param {Bars} bars
 * @param {number} item
 */
export function barTop(layout, lanes, bars, item) {
  const lane = bars.lane[item];
  const slots = Math.max(1, lanes[lane].slots);
  const slack = (laneHeight(layout, lane) - slots * layout.slotHeight) / 2;
  return layout.tops[lane] + slack + Math.min(bars.slot[item], slots - 1) * layout.slotHeight;
}

/**
 * The bar at a point, or -1. A bar narrower than `slack` on each side is found beside it too; of several,
 * the one that begins last, which is the one drawn on top.
 * @param {{answer: Answer, layout: LaneLayout, index: LaneIndex}} scene
 * @param {number} time
 * @param {number} y
 * @param {number} slack  seconds
 */
export function barAt({ answer, layout, index }, time, y, slack) {
  const bars = answer.bars;
  const lane = laneAt(layout, y);
  if (!bars || lane < 0) return -1;
  for (let place = index.starts[lane + 1] - 1; place >= index.starts[lane]; place -= 1) {
    const item = index.order[place];
    const top = barTop(layout, answer.lanes, bars, item);
    if (y < top || y >= top + layout.slotHeight) continue;
    if (time >= bars.start[item] - slack && time <= (bars.end[item] ?? answer.now) + slack) return item;
  }
  return -1;
}

/**
 * The bucket of a lane at a time, or -1.
 * @param {{answer: Answer, layout: LaneLayout, index: LaneIndex}} scene
 * @param {number} time
 * @param {number} y
 */
export function bucketAt({ answer, layout, index }, time, y) {
  const buckets = answer.buckets;
  const lane = laneAt(layout, y);
  if (!buckets || lane < 0) return -1;
  const wanted = Math.floor((time - answer.from) / buckets.bucket_sec);
  for (let place = index.starts[lane]; place < index.starts[lane + 1]; place += 1) {
    if (buckets.bucket[index.order[place]] === wanted) return index.order[place];
  }
  return -1;
}

/**
 * The word that people read for a bar's state.
 * @param {Bars} bars
 * @param {number} item
 */
export const barWord = (bars, item) => jobWord({ state: bars.state[item], failed: bars.failed[item] });

/**
 * The bars that touch a window, newest first.
 * @param {Answer} answer
 * @param {View} view
 * @returns {number[]}
 */
export function barsWithin(answer, view) {
  const bars = answer.bars;
  if (!bars) return [];
  const found = [];
  for (let item = 0; item < bars.serial.length; item += 1) {
    if (bars.start[item] <= view.to && (bars.end[item] ?? answer.now) >= view.from) found.push(item);
  }
  return found.sort((a, b) => bars.start[b] - bars.start[a]);
}

/**
 * How many jobs of each kind ended, or ran, within a window.
 * @param {Answer} answer
 * @param {View} view
 * @returns {Record<string, number>}
 */
export function tally(answer, view) {
  /** @type {Record<string, number>} */
  const counts = { running: 0, finished: 0, failed: 0, terminated: 0, cancelled: 0, abandoned: 0 };
  if (answer.bars) {
    for (const item of barsWithin(answer, view)) counts[barWord(answer.bars, item)] += 1;
    return counts;
  }
  const { buckets } = answer;
  if (!buckets) return counts;
  for (const item of bucketsWithin(answer, view)) for (const word of END_WORDS) counts[word] += buckets[word][item];
  return counts;
}

/**
 * The buckets that touch a window.
 * @param {Answer} answer
 * @param {View} view
 */
export function bucketsWithin({ from, buckets }, view) {
  const found = [];
  const sec = buckets?.bucket_sec ?? 0;
  for (let item = 0; item < (buckets?.bucket.length ?? 0); item += 1) {
    const start = from + /** @type {Buckets} */ (buckets).bucket[item] * sec;
    if (start + sec >= view.from && start <= view.to) found.push(item);
  }
  return found;
}

/**
 * The window that a page's address names; null if it names none.
 * @param {URLSearchParams} params
 * @returns {{view: View, span: null}|{view: null, span: number}|null}
 */
export function viewFromParams(params) {
  const from = Number(params.get("from") || NaN);
  const to = Number(params.get("to") || NaN);
  if (Number.isFinite(from) && to > from) return { view: { from, to }, span: null };
  const span = params.get("span") === "all" ? Infinity : Number(params.get("span") || NaN);
  return span >= SHORTEST_SEC ? { view: null, span } : null;
}

/**
 * The window as query parameters; null removes one from the address. Its ends keep all their digits, because
 * rounded ends would add or lose a job at the edge.
 * @param {View} view
 * @param {boolean} following
 * @param {boolean} [whole]  whether it grows with the run
 * @returns {{from: string|null, to: string|null, span: string|null}}
 */
export function viewToParams(view, following, whole = false) {
  const span = Math.round((view.to - view.from) * 10) / 10;
  if (following) return { from: null, to: null, span: whole ? "all" : String(span) };
  return { from: String(view.from), to: String(view.to), span: null };
}
