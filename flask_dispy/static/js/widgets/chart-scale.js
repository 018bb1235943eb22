/**
 * The arithmetic of charts: scales, ticks, lines with gaps, and labels that don't overlap.
 * Shared by the charts and the timeline. No access to the DOM.
 */

/** @typedef {{at: number, label: string}} Tick */
/** @typedef {ArrayLike<number|null>} Values */

const STEPS = [1, 2, 5, 10];

/** Steps of a clock in seconds, so that labels are at round times. */
const CLOCK_STEPS = [
  0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400,
  172800, 604800,
];

/**
 * The linear map from one interval to another; a domain without width maps to its middle.
 * @param {number} from
 * @param {number} to
 * @param {number} left
 * @param {number} right
 * @returns {(value: number) => number}
 */
export function scale(from, to, left, right) {
  if (to === from) return () => (left + right) / 2;
  const factor = (right - left) / (to - from);
  return (value) => left + (value - from) * factor;
}

/**
 * A round step that cuts `span` into at most `count` parts.
 * @param {number} span
 * @param {number} count
 */
export function niceStep(span, count) {
  const rough = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = STEPS.find((each) => each * power >= rough * (1 - 1e-9)) ?? 10;
  return step * power;
}

/**
 * Ticks from 0 to the first round number that is not below `max`. Whole numbers only, where `whole`.
 * @param {number} max
 * @param {number} count  how many steps at most
 * @param {boolean} [whole]
 * @returns {number[]}
 */
export function valueTicks(max, count, whole = false) {
  const top = max > 0 ? max : 1;
  let step = niceStep(top, count);
  if (whole) step = Math.max(1, Math.ceil(step));
  const steps = Math.ceil(top / step - 1e-9);
  return Array.from({ length: steps + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

/**
 * Ticks of an amount in bytes, round in the unit that it is shown in: 1 KiB is 1,024 bytes.
 * @param {number} max
 * @param {number} count  how many steps at most
 * @returns {number[]}
 */
export function byteTicks(max, count) {
  const unit = max < 1 ? 1 : 1024 ** Math.floor(Math.log2(max) / 10);
  return valueTicks(max / unit, count).map((tick) => tick * unit);
}

/**
 * The largest number of several columns; 0 if there is none.
 * @param {Values[]} columns
 */
export function maximum(columns) {
  let most = 0;
  for (const column of columns) {
    for (let index = 0; index < column.length; index += 1) {
      const value = column[index];
      if (value !== null && value > most) most = value;
    }
  }
  return most;
}

/**
 * Ticks of a clock between two times (epoch seconds), at most `count` steps apart, in the viewer's zone.
 * @param {number} from
 * @param {number} to
 * @param {number} count
 * @param {(epochSec: number) => number} [offsetSec]  how far the zone is ahead of UTC at a time
 * @returns {Tick[]}
 */
export function timeTicks(from, to, count, offsetSec = localOffset) {
  const span = to - from;
  if (!(span > 0)) return [];
  const step = CLOCK_STEPS.find((each) => span / each <= count) ?? 86400 * niceStep(span / 86400, count);
  const shift = offsetSec(from);
  const ticks = [];
  // Each tick is computed from its number, because adding up steps of a twentieth drifts from the round times.
  for (let number = Math.ceil((from + shift) / step); ; number += 1) {
    const at = number * step - shift;
    if (at > to) return ticks;
    ticks.push({ at, label: clockLabel(at, step, offsetSec(at)) });
  }
}

/** @param {number} epochSec */
function localOffset(epochSec) {
  return -60 * new Date(epochSec * 1000).getTimezoneOffset();
}

/**
 * A time as short as its step allows: the day if a day begins, else hours, minutes and (if need be) seconds
 * and parts of them.
 * @param {number} at
 * @param {number} step
 * @param {number} shift
 */
function clockLabel(at, step, shift) {
  const text = new Date(Math.round((at + shift) * 1000)).toISOString();
  if (step >= 3600 && text.startsWith("00:00", 11)) return text.slice(5, 10);
  if (step >= 60) return text.slice(11, 16);
  return text.slice(11, step >= 1 ? 19 : step >= 0.1 ? 21 : 22);
}

/**
 * The path of a line through (time, value), broken where a value is null; a lone point becomes a dot
 * (a line of no length, visible with round caps). Where several samples share a pixel, the path keeps the
 * first, least, most and last of them: it looks the same and its length is bounded by the width.
 * @param {ArrayLike<number>} t
 * @param {Values} values
 * @param {(t: number) => number} x
 * @param {(value: number) => number} y
 * @returns {string}
 */
export function linePath(t, values, x, y) {
  let path = "";
  for (const run of runsOf(values)) {
    path += pathOfRun(t, values, x, y, run);
  }
  return path;
}

/**
 * The region under a line: each of its unbroken stretches closed along the bottom.
 * @param {string} path
 * @param {number} bottom
 */
export function areaPath(path, bottom) {
  return path
    .split("M")
    .filter((run) => run.includes("L"))
    .map((run) => {
      const start = run.split(" ", 1)[0];
      const end = run.slice(run.lastIndexOf("L") + 1).split(" ", 1)[0];
      return `M${run}L${end} ${bottom}L${start} ${bottom}Z`;
    })
    .join("");
}

/**
 * The stretches [first, last] without a null.
 * @param {Values} values
 * @returns {[number, number][]}
 */
export function runsOf(values) {
  /** @type {[number, number][]} */
  const runs = [];
  let first = -1;
  for (let index = 0; index <= values.length; index += 1) {
    const known = index < values.length && values[index] !== null && values[index] !== undefined;
    if (known && first < 0) first = index;
    if (!known && first >= 0) {
      runs.push([first, index - 1]);
      first = -1;
    }
  }
  return runs;
}

/**
 * @param {ArrayLike<number>} t
 * @param {Values} values
 * @param {(t: number) => number} x
 * @param {(value: number) => number} y
 * @param {[number, number]} run
 */
function pathOfRun(t, values, x, y, [first, last]) {
  const at = (/** @type {number} */ index) => y(/** @type {number} */ (values[index]));
  let path = `M${short(x(t[first]))} ${short(at(first))}`;
  if (first === last) return `${path}h0`;
  let index = first + 1;
  while (index <= last) {
    const pixel = Math.floor(x(t[index]));
    let low = index;
    let high = index;
    const start = index;
    while (index <= last && Math.floor(x(t[index])) === pixel) {
      if (at(index) > at(low)) low = index;
      if (at(index) < at(high)) high = index;
      index += 1;
    }
    const kept = [...new Set([start, low, high, index - 1])].sort((a, b) => a - b);
    for (const each of kept) path += `L${short(x(t[each]))} ${short(at(each))}`;
  }
  return path;
}

/** @param {number} value */
function short(value) {
  return Math.round(value * 10) / 10;
}

/**
 * The index of the time that is nearest to `wanted`, in a rising array; -1 in an empty one.
 * @param {ArrayLike<number>} t
 * @param {number} wanted
 */
export function nearest(t, wanted) {
  if (t.length === 0) return -1;
  let low = 0;
  let high = t.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (t[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  return low > 0 && wanted - t[low - 1] <= t[low] - wanted ? low - 1 : low;
}

/**
 * The last known value of a column and its index; null if there is none.
 * @param {Values} values
 * @returns {{index: number, value: number}|null}
 */
export function lastKnown(values) {
  for (let index = values.length - 1; index >= 0; index -= 1) {
    const value = values[index];
    if (value !== null && value !== undefined) return { index, value };
  }
  return null;
}

/**
 * Heights for labels near their wanted heights, in the same order, at least `gap` apart and within bounds.
 * @param {number[]} wanted
 * @param {number} gap
 * @param {number} top
 * @param {number} bottom
 * @returns {number[]}
 */
export function spread(wanted, gap, top, bottom) {
  const order = wanted.map((_, index) => index).sort((a, b) => wanted[a] - wanted[b] || a - b);
  const placed = [...wanted];
  let least = top;
  for (const index of order) {
    placed[index] = Math.max(placed[index], least);
    least = placed[index] + gap;
  }
  let most = bottom;
  for (const index of order.reverse()) {
    placed[index] = Math.min(placed[index], most);
    most = placed[index] - gap;
  }
  return placed;
}
