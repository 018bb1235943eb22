/** Values of the fields that the server names, ours and custom columns, as text and in order. */

/** @import {ServedField} from "./types.js" */
/** @import {Sortable} from "../lib/sort.js" */
import { bytes, count, percent, plain, relative, seconds, UNKNOWN } from "../lib/format.js";

/** @param {number|null|undefined} value percent, 0 to 100 */
export const percentOf100 = (value) => (value === null || value === undefined ? UNKNOWN : percent(value / 100));

/** A whole number with its thousands grouped, or a fraction with the digits that matter. @param {number} value */
const amount = (value) => (Number.isInteger(value) ? count(value) : String(Number(value.toPrecision(6))));

/** How to show figures, by unit. @type {[string, (value: number, now: number) => string][]} */
const UNITS = [
  ["", amount],
  ["bytes", bytes],
  ["seconds", seconds],
  ["percent", percentOf100],
  ["time", relative],
];
const SHOWN = new Map(UNITS);

/**
 * @param {object} row
 * @param {ServedField} field
 * @returns {any} null where it is unknown
 */
function valueOf(row, { name, within }) {
  const fields = /** @type {Record<string, any>} */ (row);
  return (within ? fields[within]?.[name] : fields[name]) ?? null;
}

/**
 * @param {object} row
 * @param {ServedField} field
 * @param {number} now
 */
export function fieldText(row, field, now) {
  const value = valueOf(row, field);
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value !== "number") return value === null ? UNKNOWN : plain(String(value)) || UNKNOWN;
  return SHOWN.get(field.unit)?.(value, now) ?? `${amount(value)} ${field.unit}`;
}

/**
 * @param {object} row
 * @param {ServedField} field
 * @returns {Sortable}
 */
export function fieldOrder(row, field) {
  const value = valueOf(row, field);
  return typeof value === "string" ? value.toLowerCase() : typeof value === "boolean" ? Number(value) : value;
}

const COMPARED = /^([<>]=?)?([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)$/;

/**
 * Return a search's test of a custom column's value, as in the server's core/search/values.py: a part of a
 * text, a number or a comparison with one, `true` or `false`.
 *
 * @param {string} wanted
 * @returns {(value: unknown) => boolean}
 */
export function valueTest(wanted) {
  const text = wanted.toLowerCase();
  const [, how = "", digits = null] = COMPARED.exec(text) ?? [];
  const number = digits === null ? null : Number(digits);
  return (value) => {
    if (typeof value === "string") return value.toLowerCase().includes(text);
    if (typeof value === "boolean") return text === String(value);
    if (typeof value !== "number" || number === null) return false;
    if (how.endsWith("=") && value === number) return true;
    return how === "" ? value === number : how.startsWith(">") ? value > number : value < number;
  };
}
