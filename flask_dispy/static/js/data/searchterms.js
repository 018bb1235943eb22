/**
 * The words of a search as they are typed: free words, quoted text and qualifiers. Words that look like an
 * unknown qualifier are marked, because a search for them as text would silently find nothing;
 * core/search/terms.py of the server says what looks like one. No access to the DOM.
 */

/**
 * `unknown`: it looks like an unknown qualifier; `excluded`: a minus precedes it; `isOr`: it is the word OR;
 * `joined`: OR stands beside it.
 *
 * @typedef {{field: string|null, value: string, start: number, end: number, unknown: string|null, excluded: boolean, isOr: boolean, joined: boolean}} Term
 */

/**
 * The words of a search with their positions in the text. Never fails: an open quote extends to the end.
 * @param {string} text
 * @param {readonly string[]} names  of the qualifiers that exist
 * @returns {Term[]}
 */
export function readTerms(text, names) {
  /** @type {Term[]} */
  const terms = [];
  let at = 0;
  while (at < text.length) {
    if (/\s/.test(text[at])) {
      at += 1;
      continue;
    }
    const term = readTerm(text, at, names);
    terms.push(term);
    at = term.end;
  }
  terms.forEach((term, i) => (term.joined = !term.isOr && Boolean(terms[i - 1]?.isOr || terms[i + 1]?.isOr)));
  return terms;
}

/**
 * @param {string} text
 * @param {number} start
 * @param {readonly string[]} names
 * @returns {Term}
 */
export function readTerm(text, start, names) {
  const excluded = /^-[\p{L}\p{N}_"#]/u.test(text.slice(start, start + 3));
  const term = readUnsigned(text, excluded ? start + 1 : start, names);
  const isOr = text.slice(start, term.end) === "OR";
  return { ...term, start, excluded, isOr, joined: false };
}

/**
 * @param {string} text
 * @param {number} start
 * @param {readonly string[]} names
 */
function readUnsigned(text, start, names) {
  const typed = /^[A-Za-z_][A-Za-z0-9_]*(?:-[A-Za-z]+)?(?=:)/.exec(text.slice(start, start + 40))?.[0] ?? "";
  const name = typed.toLowerCase();
  const next = text.slice(start + typed.length + 1, start + typed.length + 2);
  const known = names.includes(name) && (typed === name || next.trim() !== "");
  const unknown = !known && /^[a-z_]{2,}$/.test(typed) && !/[/\\:]/.test(next) ? typed : null;
  const { value, end } = readValue(text, known ? start + name.length + 1 : start);
  return { field: known ? name : null, value, end, unknown };
}

/**
 * @param {string} text
 * @param {number} start
 */
function readValue(text, start) {
  if (text[start] !== '"') {
    let at = start;
    while (at < text.length && !/\s/.test(text[at])) at += 1;
    return { value: text.slice(start, at), end: at };
  }
  const close = text.indexOf('"', start + 1);
  const end = close < 0 ? text.length : close;
  return { value: text.slice(start + 1, end), end: Math.min(end + 1, text.length) };
}

/**
 * The complaint about an unknown qualifier, with the known ones; null if there is none.
 * @param {readonly Term[]} terms
 * @param {readonly string[]} names
 */
export function unknownProblem(terms, names) {
  const unknown = terms.find((term) => term.unknown !== null)?.unknown;
  return unknown
    ? `There is no qualifier ${unknown}: there are ${names.join(", ")}. Text with a colon stands in quotes.`
    : null;
}

/**
 * The complaint about an OR that does not stand between two words; null if there is none.
 * @param {readonly Term[]} terms
 */
export function orProblem(terms) {
  const alone = terms.some(({ isOr }, i) => isOr && !(terms[i - 1]?.isOr === false && terms[i + 1]?.isOr === false));
  return alone ? "OR stands between two words; the word itself stands in quotes." : null;
}

/**
 * Groups of words: every group must match, by at least one of its words.
 * @template {Term} One
 * @param {readonly One[]} terms
 * @returns {One[][]}
 */
export function groupsOf(terms) {
  /** @type {One[][]} */
  const groups = [];
  terms.forEach((term, i) => {
    if (term.isOr) return;
    if (terms[i - 1]?.isOr && groups.length > 0) groups[groups.length - 1].push(term);
    else groups.push([term]);
  });
  return groups;
}
