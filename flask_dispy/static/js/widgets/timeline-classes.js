/**
 * What the timeline's colours stand for: the classes of an answer, their looks, and how many jobs each has.
 * Nothing here touches the document.
 */

import { barsWithin, barWord, bucketsWithin } from "./timeline-layout.js";

/** @import {Colors, Mark} from "./timeline-marks.js" */
/** @import {Answer, Choices, ColorBy, View} from "./timeline-layout.js" */

/** The colours to choose from, as people read them. */
export const COLORINGS = /** @type {readonly {value: ColorBy, label: string}[]} */ ([
  { value: "state", label: "state" },
  { value: "function", label: "function" },
  { value: "error", label: "error" },
  { value: "ran", label: "time run" },
]);

/** What lanes can be sorted by. */
export const ORDERS = /** @type {readonly {value: Choices["sort"], label: string}[]} */ ([
  { value: "address", label: "address" },
  { value: "busy", label: "busy" },
  { value: "slow", label: "slow" },
  { value: "failing", label: "failing" },
]);

/** @type {Choices} */
export const USUAL_CHOICES = { color: "state", sort: "address" };

/**
 * Keeps the valid ones of the choices that an address or the browser's storage names; defaults replace the others.
 * @param {string|null} color
 * @param {string|null} sort
 * @returns {Choices}
 */
export function choicesFrom(color, sort) {
  return {
    color: COLORINGS.find(({ value }) => value === color)?.value ?? USUAL_CHOICES.color,
    sort: ORDERS.find(({ value }) => value === sort)?.value ?? USUAL_CHOICES.sort,
  };
}

/** The least height of a failed end in pixels, however short the job was. */
const LEAST_END = 3;

/** @type {Record<string, Mark>} */
const STATES = {
  running: { token: "running", pattern: "open", least: 0 },
  finished: { token: "finished", pattern: "calm", least: 1 },
  failed: { token: "failed", pattern: "hatch", least: LEAST_END },
  terminated: { token: "terminated", pattern: "cross", least: LEAST_END },
  cancelled: { token: "cancelled", pattern: "strike", least: LEAST_END },
  abandoned: { token: "abandoned", pattern: "broken", least: LEAST_END },
};
/** From the bottom of a column upward. Bars are painted in reverse order, so that failures lie on top. */
const STATES_UP = ["failed", "abandoned", "terminated", "cancelled", "finished", "running"];
/** Colours that share a pattern differ for the colour-blind, too. */
const PATTERNS = /** @type {const} */ (["plain", "hatch", "strike", "cross", "plain", "hatch", "cross"]);
/** Jobs far above the median have a pattern, too. */
const RAN = /** @type {const} */ (["plain", "plain", "plain", "plain", "hatch", "cross"]);

/**
 * @param {Answer} answer
 * @param {number} place  of the class
 * @returns {Mark}
 */
export function markOf({ color, classes }, place) {
  const { key } = classes[place];
  if (color === "state") return STATES[key];
  const number = Number(key);
  const least = color === "error" ? LEAST_END : 1;
  if (key === "none") return { token: "class-none", pattern: "calm", least: 1 };
  if (!Number.isInteger(number)) return { token: "class-none", pattern: "broken", least };
  if (color === "ran") return { token: /** @type {keyof Colors} */ (`ran-${number}`), pattern: RAN[number], least };
  return { token: /** @type {keyof Colors} */ (`class-${number}`), pattern: PATTERNS[number], least };
}

/**
 * The class of a bar.
 * @param {Answer} answer
 * @param {number} item
 */
export function classOf(answer, item) {
  const bars = /** @type {NonNullable<Answer["bars"]>} */ (answer.bars);
  if (bars.class) return bars.class[item];
  const word = barWord(bars, item);
  return answer.classes.findIndex(({ key }) => key === word);
}

/**
 * The classes in the order in which columns stack them: those that need attention at the bottom.
 * @param {Pick<Answer, "color"|"classes">} answer
 * @returns {number[]}
 */
export function stackOf({ color, classes }) {
  const places = classes.map((_, place) => place);
  if (color === "state") return STATES_UP.map((word) => classes.findIndex(({ key }) => key === word));
  if (color === "ran") places.reverse();
  const last = (/** @type {number} */ place) => (classes[place].key === "none" ? 1 : 0);
  return places.sort((a, b) => last(a) - last(b));
}

/** @typedef {{place: number, busy: number, ended: number}} Share */

/**
 * For each class of jobs in a bucket: how many CPUs it kept busy, and how many of its jobs ended.
 * @param {Answer} answer
 * @param {number} item
 * @param {number[]} stack
 * @returns {Share[]}
 */
export function sharesOf(answer, item, stack) {
  const buckets = /** @type {NonNullable<Answer["buckets"]>} */ (answer.buckets);
  return stack.map((place) => {
    const { key } = answer.classes[place];
    return { place, busy: buckets.busy_by[key]?.[item] ?? 0, ended: endsOf(buckets, key)?.[item] ?? 0 };
  });
}

/**
 * @param {NonNullable<Answer["buckets"]>} buckets
 * @param {string} key
 * @returns {number[]|undefined}
 */
function endsOf(buckets, key) {
  if (buckets.ended_by) return buckets.ended_by[key];
  return key === "running" ? undefined : /** @type {Record<string, any>} */ (buckets)[key];
}

/**
 * How many jobs of each class ran within a window; in an aggregate, how many ended.
 * @param {Answer} answer
 * @param {View} view
 * @returns {number[]}
 */
export function countByClass(answer, view) {
  const counts = answer.classes.map(() => 0);
  if (answer.bars) {
    for (const item of barsWithin(answer, view)) counts[classOf(answer, item)] += 1;
    return counts;
  }
  const { buckets } = answer;
  if (!buckets) return counts;
  const ends = answer.classes.map(({ key }) => endsOf(buckets, key));
  for (const item of bucketsWithin(answer, view))
    ends.forEach((column, place) => {
      counts[place] += column?.[item] ?? 0;
    });
  return counts;
}
