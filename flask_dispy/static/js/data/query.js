/**
 * The language of the jobs search: reading it, writing it and completing it.
 *
 * A search is words separated by spaces. A word may carry a qualifier (`state:failed`), and a value
 * with spaces is put in double quotes (`arg:"two words"`). Several `state:` words mean any of them; all
 * other words must match. A minus before a word excludes its matches; of words joined by OR, one must match.
 * A word that looks like a qualifier but is unknown is refused, as it is by the server
 * (core/search/terms.py says what looks like one). No access to the DOM.
 */

import { JOB_WORDS } from "./jobwords.js";
import { orProblem, readTerm, readTerms, unknownProblem } from "./searchterms.js";

/** @typedef {"state"|"is"|"node"|"id"|"arg"|"error"|"error-kind"|"serial"|"slower"|"faster"|"waited"|"since"|"until"|"ended"|"cluster"} Field */
/** @typedef {import("./searchterms.js").Term & {field: Field|null}} Term */
/** @typedef {{text: string, label: string, hint: string}} Suggestion */
/** @typedef {{from: number, to: number, items: Suggestion[]}} Completion */
/** @typedef {{clusters?: string[], nodes?: {ip: string, name: string}[], errorKinds?: {id: string, title: string}[]}} Vocabulary */

/**
 * All qualifiers and what they search, in the order in which they are offered.
 * @type {{name: Field, hint: string}[]}
 */
export const FIELDS = [
  { name: "state", hint: "queued, running, finished, failed …" },
  {
    name: "is",
    hint: "failed; straggler: running far longer than others; bound: to a node that is gone; rerun: was run again",
  },
  { name: "node", hint: "address or name of a node" },
  { name: "id", hint: "the job's id or number" },
  { name: "arg", hint: "text in the arguments" },
  { name: "error", hint: "text in the error" },
  { name: "error-kind", hint: "id of a kind of error, as the Errors tab lists them" },
  { name: "slower", hint: "ran longer than, as in 30s or 5m" },
  { name: "faster", hint: "ran shorter than, as in 500ms" },
  { name: "waited", hint: "waited longer than, as in 5m" },
  { name: "since", hint: "submitted since, as in 10m ago" },
  { name: "until", hint: "submitted until, as in 1h ago" },
  { name: "ended", hint: "ended since, as in 10m ago, or between 2h..1h" },
  { name: "cluster", hint: "name of a cluster" },
  { name: "serial", hint: "the job's number" },
];

const FIELD_NAMES = FIELDS.map((field) => /** @type {string} */ (field.name));

/**
 * Add the jobs' custom columns to the qualifiers.
 * @param {{name: string, label: string}[]} columns
 */
export function addQualifiers(columns) {
  for (const { name, label } of columns) {
    FIELDS.push({ name: /** @type {Field} */ (name), hint: label });
    FIELD_NAMES.push(name);
  }
}

const ALIASES = /** @type {Record<string, string>} */ ({ canceled: "cancelled" });
const STATES = /** @type {readonly string[]} */ (JOB_WORDS);
const KINDS = ["failed", "straggler", "bound", "rerun"];
const DURATION = /^\d+(\.\d+)?(ms|s|sec|m|min|h|d)?$/i;
const MOMENT = /^(\d+(\.\d+)?(ms|s|sec|m|min|h|d)?|\d{4}-\d\d-\d\d.+(z|[+-]\d\d:?\d\d))$/i;
const LONGEST_LIST = 8;
/** Values that are offered for some qualifiers. @type {Map<string, readonly string[]>} */
const OFFERED = new Map([
  ["state", STATES],
  ["is", KINDS],
  ["slower", ["1s", "10s", "1m", "10m", "1h"]],
  ["faster", ["10ms", "100ms", "1s", "10s"]],
  ["waited", ["10s", "1m", "10m", "1h"]],
]);
/** Qualifiers that take times, or how long ago. */
const MOMENTS = ["since", "until", "ended"];

/**
 * The words of a search with their positions in the text. Never fails: an open quote extends to the end.
 * @param {string} text
 * @returns {Term[]}
 */
export const parseQuery = (text) => readTerms(text, FIELD_NAMES).map(withState);

/** @param {import("./searchterms.js").Term} term @returns {Term} */
function withState(term) {
  const field = /** @type {Field|null} */ (term.field);
  if (field === "is" && term.value.toLowerCase() === "failed") return { ...term, field: "state", value: "failed" };
  return { ...term, field, value: field === "state" ? stateName(term.value) : term.value };
}

/** Whether a word stands by itself: neither excluded nor joined by OR. @param {Term} term */
const isPlain = (term) => !term.excluded && !term.joined && !term.isOr;

/** @param {string} value */
function stateName(value) {
  const name = value.toLowerCase();
  return ALIASES[name] ?? name;
}

/**
 * Write terms as a search that parses back to them.
 * @param {{field: Field|null, value: string}[]} terms
 */
export function formatQuery(terms) {
  return terms.map(({ field, value }) => (field ? `${field}:` : "") + quote(value, !field)).join(" ");
}

/**
 * A value, in quotes if it needs them. The language has no quotes within quotes; they become `?`, which matches
 * any character in addresses, ids and names.
 * @param {string} value
 * @param {boolean} bare  whether no qualifier stands before it, so that it must not look like one
 */
function quote(value, bare) {
  const read = readTerm(value, 0, FIELD_NAMES);
  const ambiguous = bare && (read.field !== null || read.unknown !== null || read.excluded || read.isOr);
  if (value !== "" && !ambiguous && !/\s|^"/.test(value)) return value;
  return `"${value.replace(/"/g, "?")}"`;
}

/**
 * The states that a search asks for, each once; an empty list means all.
 * @param {string} text
 * @returns {string[]}
 */
export function statesOf(text) {
  const asked = parseQuery(text)
    .filter((term) => term.field === "state" && isPlain(term))
    .map((term) => term.value);
  return [...new Set(asked)].filter((state) => STATES.includes(state));
}

/**
 * The same search for other states; its other words stay as they were typed.
 * @param {string} text
 * @param {readonly string[]} states
 */
export function withStates(text, states) {
  const kept = parseQuery(text)
    .filter((term) => term.field !== "state" || !isPlain(term))
    .map((term) => text.slice(term.start, term.end));
  return [...states.map((state) => `state:${state}`), ...kept].join(" ");
}

/**
 * The search in a page's address, which may have its own `state=`.
 * @param {URLSearchParams} params
 */
export function fromAddress(params) {
  const text = params.get("q") ?? "";
  const states = [...new Set(params.getAll("state").filter(Boolean).map(stateName))];
  if (states.length === 0) return text.trim();
  const asked = formatQuery(states.map((value) => ({ field: "state", value })));
  return `${asked} ${withStates(text, [])}`.trim();
}

/**
 * The parameters for the server: states apart, so that it can count the other states of the same search. An
 * unknown state stays among the words, so that the server refuses it; without it, all jobs would match.
 * @param {string} text
 * @returns {{state: string[], q: string}}
 */
export function toParams(text) {
  const terms = parseQuery(text);
  const last = terms.at(-1);
  const open = last !== undefined && /^-?([a-z_][a-z0-9_-]*:)?"[^"]*$/i.test(text.slice(last.start));
  const words = terms
    .filter((term) => term.field !== "state" || !isPlain(term) || !STATES.includes(term.value))
    .map(({ start, end }) => text.slice(start, end));
  return { state: statesOf(text), q: words.join(" ") + (open ? '"' : "") };
}

/**
 * The complaint about an unknown qualifier; half-typed words are no mistake.
 * @param {string} text
 */
export const unknownQualifier = (text) => unknownProblem(parseQuery(text), FIELD_NAMES);

/**
 * Whether the word at the caret may still become a qualifier, or the value of one that matches only whole
 * values: searching for half of it would find nothing.
 * @param {string} text
 * @param {number} caret
 * @param {Vocabulary} vocabulary
 */
export function isHalfTyped(text, caret, vocabulary) {
  const term = parseQuery(text).find(({ start, end }) => start < caret && caret <= end);
  if (!term) return false;
  if (term.isOr) return true;
  if (term.field === null) {
    const typed = text.slice(term.start + Number(term.excluded), term.end).toLowerCase();
    return FIELDS.some(({ name }) => name.startsWith(typed));
  }
  if (!["node", "cluster", "error-kind"].includes(term.field)) return false;
  const value = term.value.toLowerCase();
  if (term.field === "error-kind" && /^[0-9a-f]{10}$/.test(value)) return false;
  const known = candidates(term.field, vocabulary).some((item) =>
    [item.value, item.hint].some((name) => name.toLowerCase() === value),
  );
  return !known && !/[*?]/.test(value);
}

/**
 * What the server would refuse, in words for the person who types it; null if nothing.
 * @param {string} text
 * @returns {string|null}
 */
export function problemOf(text) {
  const problem = unknownQualifier(text) ?? orProblem(parseQuery(text));
  if (problem !== null) return problem;
  for (const { field, value } of parseQuery(text)) {
    if (field === null) continue;
    if (value === "") return `${field}: needs a value`;
    if (field === "state" && !STATES.includes(value)) {
      return `No state is called “${value}”; the states are ${STATES.join(", ")}`;
    }
    if (field === "is" && !KINDS.includes(value.toLowerCase())) {
      return `is: takes ${KINDS.slice(0, -1).join(", ")} or ${KINDS.at(-1)}`;
    }
    if (["slower", "faster", "waited"].includes(field) && !DURATION.test(value)) {
      return `${field}: takes a time such as 500ms, 30s, 5m or 2h`;
    }
    const moments = field === "ended" ? value.split("..", 2) : [value];
    if (MOMENTS.includes(field) && !moments.every((moment) => MOMENT.test(moment))) {
      return `${field}: takes how long ago, such as 10m or 2h, or a time with its zone, such as 2026-11-28T01:00Z`;
    }
    if (field === "serial" && !/^\d+$/.test(value)) return "serial: takes a whole number";
  }
  return null;
}

/**
 * Suggestions at the caret: qualifiers first, then the values of the qualifier that was begun.
 * @param {string} text
 * @param {number} caret
 * @param {Vocabulary} vocabulary
 * @returns {Completion}
 */
export function complete(text, caret, vocabulary) {
  const term = parseQuery(text).find(({ start, end }) => start < caret && caret <= end);
  if (!term) return { from: caret, to: caret, items: fieldItems("") };
  const from = term.start + Number(term.excluded);
  const typed = text.slice(from, caret);
  const value = term.field ? typed.slice(term.field.length + 1).replace(/^"/, "") : typed;
  const items = term.field ? valueItems(term.field, value, vocabulary) : fieldItems(value);
  return { from, to: term.end, items };
}

/**
 * @param {string} start
 * @returns {Suggestion[]}
 */
function fieldItems(start) {
  return FIELDS.filter(({ name }) => name.startsWith(start.toLowerCase())).map(({ name, hint }) => ({
    text: `${name}:`,
    label: `${name}:`,
    hint,
  }));
}

/**
 * @param {Field} field
 * @param {string} start
 * @param {Vocabulary} vocabulary
 * @returns {Suggestion[]}
 */
function valueItems(field, start, vocabulary) {
  const wanted = start.toLowerCase();
  const items = candidates(field, vocabulary).filter(
    ({ value, hint }) => value.toLowerCase().startsWith(wanted) || hint.toLowerCase().startsWith(wanted),
  );
  if (items.length === 1 && items[0].value === start) return [];
  return items
    .slice(0, LONGEST_LIST)
    .map(({ value, hint }) => ({ text: `${formatQuery([{ field, value }])} `, label: value, hint }));
}

/**
 * @param {Field} field
 * @param {Vocabulary} vocabulary
 * @returns {{value: string, hint: string}[]}
 */
function candidates(field, { clusters = [], nodes = [], errorKinds = [] }) {
  if (field === "node") return nodes.map(({ ip, name }) => ({ value: ip, hint: name }));
  if (field === "error-kind") return errorKinds.map(({ id, title }) => ({ value: id, hint: title }));
  if (MOMENTS.includes(field)) return ["1m", "10m", "1h", "1d"].map((value) => ({ value, hint: "ago" }));
  const values = field === "cluster" ? clusters : (OFFERED.get(field) ?? []);
  return values.map((value) => ({ value, hint: "" }));
}

/**
 * The text after accepting a suggestion, and the new position of the caret.
 * @param {string} text
 * @param {Completion} completion
 * @param {Suggestion} item
 * @returns {{text: string, caret: number}}
 */
export function accept(text, completion, item) {
  const rest = text.slice(completion.to).replace(item.text.endsWith(" ") ? /^\s+/ : /^/, "");
  return { text: text.slice(0, completion.from) + item.text + rest, caret: completion.from + item.text.length };
}
