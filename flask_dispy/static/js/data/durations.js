/**
 * Histograms of durations as they are drawn, and the range that a search sets in one. No access to the DOM. A
 * bucket is numbered by its end; 24 buckets make a power of ten.
 */
/** @import {Spread} from "./types.js" */
import { parseQuery, statesOf } from "./query.js";

/** The ways in which jobs that ran can end, from the bottom of a bar to its top. */
export const TIMED_WORDS = /** @type {const} */ (["finished", "failed", "terminated"]);

const A_DECADE = 24;
/** A histogram spans at least a power of ten, so that jobs of equal length don't fill it as one block. */
const LEAST_SPAN = A_DECADE;
/** How many buckets one bar may stand for if there is no room for each; all divide a power of ten evenly. */
const GROUPS = [1, 2, 3, 4, 6, 8, 12, 24];
const LEAST_BAR_PX = 5;

/** Durations that people use, those first that are kept when there is little room. */
const NAMED = [
  [1, 60, 3600, 86400, 0.001, 0.01, 0.1, 10, 600, 36000, 864000, 8640000],
  [0.0001, 0.003, 0.03, 0.3, 3, 30, 300, 1800, 10800, 259200],
  [0.002, 0.005, 0.02, 0.05, 0.2, 0.5, 2, 5, 20, 120, 1200, 7200, 18000, 43200, 172800],
].flat();

/**
 * @typedef {object} Bar
 * @property {number} from seconds; 0 for the first of all
 * @property {number} to
 * @property {number[]} counts one for each of TIMED_WORDS
 *
 * @typedef {{fromSec: number|null, toSec: number|null}} Range null: no limit
 */

/** @param {number} seconds */
const bucketOf = (seconds) => (seconds > 0 ? Math.round(Math.log10(seconds) * A_DECADE) : -4 * A_DECADE - 1);

/** @param {number} bucket */
export const edgeOf = (bucket) => 10 ** (bucket / A_DECADE);

/**
 * The bars of a histogram of this width. Empty bars are included, so that each has its place.
 *
 * @param {Spread} spread
 * @param {number} width px
 * @returns {Bar[]}
 */
export function barsOf(spread, width) {
  const edges = spread.edges_sec;
  if (edges.length < 2) return [];
  let first = bucketOf(edges[0]);
  let last = bucketOf(edges[edges.length - 1]);
  const missing = Math.max(0, LEAST_SPAN - (last - first));
  first -= Math.ceil(missing / 2);
  last += Math.floor(missing / 2);
  const group = GROUPS.find((size) => (width * size) / (last - first) >= LEAST_BAR_PX) ?? A_DECADE;
  first = Math.floor(first / group) * group;
  const bars = Array.from({ length: Math.ceil((last - first) / group) }, (_, i) => ({
    from: edgeOf(first + i * group),
    to: edgeOf(first + (i + 1) * group),
    counts: TIMED_WORDS.map(() => 0),
  }));
  const start = bucketOf(edges[0]);
  TIMED_WORDS.forEach((word, place) => {
    spread.counts[word]?.forEach((n, i) => {
      bars[Math.floor((start + i - first) / group)].counts[place] += n;
    });
  });
  return bars;
}

/** @param {Bar} bar */
export const jobsIn = (bar) => bar.counts.reduce((sum, n) => sum + n, 0);

/**
 * Durations for the labels of an axis, as many as there is room for.
 *
 * @param {number} fromSec
 * @param {number} toSec
 * @param {number} most
 * @returns {number[]}
 */
export function ticksOf(fromSec, toSec, most) {
  const place = (/** @type {number} */ s) => Math.log(s / fromSec) / Math.log(toSec / fromSec);
  /** @type {number[]} */
  const found = [];
  for (const tick of NAMED) {
    const at = place(tick);
    if (at < 0 || at > 1 || found.length >= most) continue;
    if (found.every((other) => Math.abs(place(other) - at) >= 1 / most)) found.push(tick);
  }
  return found.sort((a, b) => a - b);
}

/** A duration as written in a search: "215ms", "2.15s". @param {number} seconds */
export const queryDuration = (seconds) =>
  seconds < 0.9995 ? `${Number((seconds * 1000).toPrecision(3))}ms` : `${Number(seconds.toPrecision(4))}s`;

/** @typedef {import("./query.js").Term} Term */

/**
 * The words of a search that set a range: of the time run, and of the time waited, which has but one qualifier.
 *
 * @type {Record<"ran"|"waited", {least: string, most: string}>}
 */
const RANGE_WORDS = { ran: { least: "slower", most: "faster" }, waited: { least: "waited", most: "-waited" } };

/** @param {Term} term @param {string} word */
const isWord = ({ field, excluded, joined }, word) => !joined && word === (excluded ? `-${field}` : field);

/**
 * The same search, limited to jobs that ran (or waited) this long; its other words stay as they were typed.
 *
 * @param {string} text
 * @param {Range} range
 * @param {"ran"|"waited"} [time]
 */
export function withRange(text, { fromSec, toSec }, time = "ran") {
  const { least, most } = RANGE_WORDS[time];
  const kept = parseQuery(text)
    .filter((term) => !isWord(term, least) && !isWord(term, most))
    .map(({ start, end }) => text.slice(start, end));
  if (fromSec !== null) kept.push(`${least}:${queryDuration(fromSec)}`);
  if (toSec !== null) kept.push(`${most}:${queryDuration(toSec)}`);
  return kept.join(" ");
}

const UNITS = /** @type {Record<string, number>} */ ({ ms: 0.001, s: 1, sec: 1, m: 60, min: 60, h: 3600, d: 86400 });

/** @param {string} value */
function secondsOf(value) {
  const [, number, unit = "s"] = /^(\d+(?:\.\d+)?)(ms|s|sec|m|min|h|d)?$/i.exec(value) ?? [];
  return number === undefined ? null : Number(number) * UNITS[unit.toLowerCase()];
}

/**
 * The range of durations (or waits) that a search asks for.
 * @param {string} text
 * @param {"ran"|"waited"} [time]
 * @returns {Range}
 */
export function rangeOf(text, time = "ran") {
  const terms = parseQuery(text);
  const [least, most] = [RANGE_WORDS[time].least, RANGE_WORDS[time].most].map((word) =>
    terms.flatMap((term) => (isWord(term, word) ? [secondsOf(term.value) ?? []].flat() : [])),
  );
  return { fromSec: least.length ? Math.max(...least) : null, toSec: most.length ? Math.min(...most) : null };
}

/**
 * Which durations to ask for beside a search: of its states, where jobs of these have ended, and of its node.
 *
 * @param {string} text
 * @returns {{state: string[], node: string|null}}
 */
export function filtersOf(text) {
  const states = statesOf(text).filter((state) => /** @type {readonly string[]} */ (TIMED_WORDS).includes(state));
  const nodes = parseQuery(text).filter(({ field }) => field === "node");
  const node = nodes.length === 1 && !/[*?]/.test(nodes[0].value) ? nodes[0].value : null;
  return { state: states, node };
}
