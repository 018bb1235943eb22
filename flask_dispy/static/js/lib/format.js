/** Values as text for people. An unknown value is a dash. */

export const UNKNOWN = "–";

/** @typedef {number|null|undefined} Maybe */

/** @param {Maybe} n @returns {n is number} */
const known = (n) => typeof n === "number" && Number.isFinite(n);

/**
 * A whole number with its thousands grouped: "12,310". Not by Intl, here and below, because its first
 * formatter takes tens of milliseconds and delays the page's first rows.
 *
 * @param {Maybe} n
 */
export const count = (n) => (known(n) ? String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ",") : UNKNOWN);

/**
 * A count in little room: "9,820", "74.3k", "1.5M".
 *
 * @param {Maybe} n
 */
export function compact(n) {
  if (!known(n) || n < 10_000) return count(n);
  const [size, unit] = n < 999_500 ? [1000, "k"] : [1_000_000, "M"];
  return `${(n / size).toFixed(n / size < 99.95 ? 1 : 0).replace(/\.0$/, "")}${unit}`;
}

/**
 * A count with its noun: "1 node", "3 nodes".
 *
 * @param {number} n
 * @param {string} noun
 * @param {string} [plural]
 */
export const counted = (n, noun, plural = `${noun}s`) => `${count(n)} ${n === 1 ? noun : plural}`;

/**
 * A rate or mean with as many digits as it needs: "0.31", "4.2", "250".
 *
 * @param {Maybe} n
 */
export function rate(n) {
  if (!known(n)) return UNKNOWN;
  if (n === 0) return "0";
  if (Math.abs(n) < 1) return n.toFixed(2);
  return Math.abs(n) < 100 ? n.toFixed(1) : count(n);
}

/**
 * Money, in whatever currency: "12.40"; what is less than one has more digits.
 *
 * @param {Maybe} n
 */
export function money(n) {
  if (!known(n)) return UNKNOWN;
  const [whole, part] = n.toFixed(n > 0 && n < 0.995 ? 4 : 2).split(".");
  return `${count(Number(whole))}.${part}`;
}

const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/**
 * "631 B", "24.3 GiB".
 *
 * @param {Maybe} n
 */
export function bytes(n) {
  if (!known(n)) return UNKNOWN;
  let value = n;
  let unit = 0;
  while (Math.abs(value) >= 1023.95 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || Math.abs(value) >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${BYTE_UNITS[unit]}`;
}

/**
 * A duration, two units at most: "12 ms", "2.31 s", "4 min 3 s", "3 h 12 min", "2 d 5 h".
 *
 * @param {Maybe} s
 * @returns {string}
 */
export function seconds(s) {
  if (!known(s)) return UNKNOWN;
  if (s < 0) return `-${seconds(-s)}`;
  if (s === 0) return "0 s";
  if (s < 0.0995) return `${Math.max(1, Math.round(s * 1000))} ms`;
  if (s < 9.995) return `${s.toFixed(2)} s`;
  if (s < 59.95) return `${s.toFixed(1)} s`;
  if (s < 3599.5) return twoUnits(s, 60, "min", 1, "s");
  if (s < 86370) return twoUnits(s, 3600, "h", 60, "min");
  return twoUnits(s, 86400, "d", 3600, "h");
}

/**
 * @param {number} s
 * @param {number} bigSec
 * @param {string} big
 * @param {number} smallSec
 * @param {string} small
 */
function twoUnits(s, bigSec, big, smallSec, small) {
  const smalls = Math.round(s / smallSec);
  const perBig = bigSec / smallSec;
  const rest = smalls % perBig;
  const head = `${count(Math.floor(smalls / perBig))} ${big}`;
  return rest ? `${head} ${rest} ${small}` : head;
}

/**
 * A fraction of one: "63 %". Never rounded up to 100 or down to 0: those mean all and none.
 *
 * @param {Maybe} fraction
 */
export function percent(fraction) {
  if (!known(fraction)) return UNKNOWN;
  const rounded = Math.round(fraction * 100);
  if (rounded === 100 && fraction < 1) return "99 %";
  if (rounded === 0 && fraction > 0) return "1 %";
  return `${rounded} %`;
}

/**
 * "now", "2 s ago", "4 min ago", "in 3 s"; one unit.
 *
 * @param {Maybe} t epoch seconds
 * @param {number} now epoch seconds
 */
export function relative(t, now) {
  if (!known(t) || t <= 0) return UNKNOWN;
  const age = now - t;
  const size = Math.abs(age);
  if (size < 1) return "now";
  /** @type {[number, number, string][]} */
  const steps = [
    [60, 1, "s"],
    [3600, 60, "min"],
    [86400, 3600, "h"],
    [Infinity, 86400, "d"],
  ];
  const [, unitSec, unit] = /** @type {[number, number, string]} */ (steps.find(([below]) => size < below));
  const text = `${count(Math.floor(size / unitSec))} ${unit}`;
  return age > 0 ? `${text} ago` : `in ${text}`;
}

/**
 * Date and time to the second in the viewer's own zone, which it names:
 * "2026-03-01 14:03:22 UTC+01:00".
 *
 * @param {Maybe} t epoch seconds
 */
export function exact(t) {
  if (!known(t) || t <= 0) return UNKNOWN;
  return `${day(t)} ${clock(t)} ${zone(t)}`;
}

/**
 * The day in the viewer's zone: "2026-03-01".
 *
 * @param {number} t epoch seconds
 */
export function day(t) {
  const at = new Date(t * 1000);
  return [at.getFullYear(), at.getMonth() + 1, at.getDate()].map(two).join("-");
}

/**
 * The time of day to the second in the viewer's zone: "17:04:05".
 *
 * @param {number} t epoch seconds
 */
export function clock(t) {
  const at = new Date(t * 1000);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":");
}

/**
 * A time to the minute in the viewer's zone, in the form of a datetime-local field: "2026-03-01T17:04".
 *
 * @param {number} t epoch seconds
 */
export const localMinute = (t) => `${day(t)}T${clock(t).slice(0, 5)}`;

/**
 * The viewer's zone at a time: "UTC", "UTC+01:00".
 *
 * @param {number} t epoch seconds
 */
export function zone(t) {
  const ahead = -new Date(t * 1000).getTimezoneOffset();
  if (ahead === 0) return "UTC";
  return `UTC${ahead < 0 ? "-" : "+"}${two(Math.floor(Math.abs(ahead) / 60))}:${two(Math.abs(ahead) % 60)}`;
}

/**
 * How a node's clock differs: "2 h ahead"; empty if it doesn't.
 *
 * @param {Maybe} offsetSec
 */
export function clockOffset(offsetSec) {
  if (!known(offsetSec)) return "";
  return `${seconds(Math.abs(offsetSec))} ${offsetSec > 0 ? "ahead" : "behind"}`;
}

/** @param {number} n */
const two = (n) => String(n).padStart(2, "0");

/**
 * The class of the mark before the word for a job's or node's state (css/icons.css).
 *
 * @param {string} word
 */
export const stateMark = (word) => `mark mark-${word.replace(/[^a-z]/g, "")}`;

// Control characters, and those that change the direction of the text around them, can make a name read as
// something else (CVE-2021-42574).
const INVISIBLE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/**
 * Text from elsewhere with its control and direction characters made visible, on one line.
 *
 * @param {unknown} text
 */
export function plain(text) {
  return String(text ?? "").replace(INVISIBLE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code === 0x0a) return "␊";
    if (code === 0x09) return "␉";
    return `⟨${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
}
