/**
 * The text of a value that holds others, in parts: JSON, or what Python shows of dicts, lists, tuples and sets.
 *
 * @typedef {{label: string, text: string, parts: Part[]|null}} Part
 *   label: the key in a dict, the place in a list, "" in a set; text: the value's own text;
 *   parts: of a value that holds others
 */

/** What is longer, or deeper, is shown as text. */
const MOST_LENGTH = 200_000;
const MOST_DEPTH = 100;
const CLOSING = /** @type {Record<string, string>} */ ({ "{": "}", "[": "]", "(": ")" });
const ENDS = new Set(["}", "]", ")"]);

/**
 * @param {string} text
 * @returns {Part[]|null}  null if it is no such value, or only a part of one
 */
export function partsOf(text) {
  if (text.length > MOST_LENGTH) return null;
  const reader = new Reader(text);
  const parts = reader.container(0);
  return parts && reader.atEnd() ? parts : null;
}

class Reader {
  #text;
  #at = 0;

  /** @param {string} text */
  constructor(text) {
    this.#text = text;
    this.#skipSpace();
  }

  atEnd() {
    return this.#at === this.#text.length;
  }

  /**
   * Reads a value in brackets, and the space behind it.
   *
   * @param {number} depth
   * @returns {Part[]|null}
   */
  container(depth) {
    const open = this.#text[this.#at];
    const close = CLOSING[open];
    if (!close || depth > MOST_DEPTH) return null;
    this.#next();
    const parts = /** @type {Part[]} */ ([]);
    while (this.#text[this.#at] !== close) {
      const part = this.#part(open, parts.length, depth);
      if (!part) return null;
      parts.push(part);
      if (this.#text[this.#at] === ",") this.#next();
      else if (this.#text[this.#at] !== close) return null;
    }
    this.#next();
    return parts;
  }

  /** @param {string} open @param {number} place @param {number} depth @returns {Part|null} */
  #part(open, place, depth) {
    const first = this.#value(depth);
    if (!first) return null;
    if (this.#text[this.#at] !== ":") return { label: open === "{" ? "" : String(place), ...first };
    if (open !== "{") return null;
    this.#next();
    const value = this.#value(depth);
    return value && { label: first.text, ...value };
  }

  /** @param {number} depth @returns {{text: string, parts: Part[]|null}|null} */
  #value(depth) {
    const start = this.#at;
    const parts = this.container(depth + 1);
    // What goes on behind its brackets is a text as a whole, as "(1+2j)" or "[1][0]" would be.
    if (parts && ":,}])".includes(this.#text[this.#at] ?? " ")) {
      return { text: this.#text.slice(start, this.#at).trimEnd(), parts };
    }
    this.#at = start;
    return this.#plain() ? { text: this.#text.slice(start, this.#at).trim(), parts: null } : null;
  }

  /** Goes to the end of a value that is shown as text, and says whether there is one. */
  #plain() {
    const start = this.#at;
    let depth = 0;
    for (; this.#at < this.#text.length; this.#at += 1) {
      const sign = this.#text[this.#at];
      if (sign === '"' || sign === "'") {
        if (!this.#skipString(sign)) return false;
      } else if (sign in CLOSING) depth += 1;
      else if (depth === 0 && (ENDS.has(sign) || sign === "," || sign === ":")) break;
      else if (ENDS.has(sign)) depth -= 1;
    }
    return depth === 0 && this.#at > start;
  }

  /** Goes to the closing quote. @param {string} quote */
  #skipString(quote) {
    for (this.#at += 1; this.#at < this.#text.length; this.#at += 1) {
      const sign = this.#text[this.#at];
      if (sign === "\\") this.#at += 1;
      else if (sign === quote) return true;
    }
    return false;
  }

  #next() {
    this.#at += 1;
    this.#skipSpace();
  }

  #skipSpace() {
    while (" \t\r\n".includes(this.#text[this.#at] ?? "x")) this.#at += 1;
  }
}
