/** What the jobs of a search have in common, and the words that narrow the search to some of them. */

import { plain } from "../lib/format.js";
import { formatQuery, parseQuery } from "./query.js";

/** @import {JobFacet} from "./types.js" */
/** @import {Field} from "./query.js" */

/** Facets that are listed, with what people call them; the tabs have the states. @type {[Field, string][]} */
export const LISTED = [
  ["cluster", "Functions"],
  ["node", "Nodes"],
  ["error-kind", "Kinds of errors"],
];

/** @param {import("./query.js").Term} term @param {Field} field @param {string} value */
function finds(term, field, value) {
  const [written] = parseQuery(formatQuery([{ field, value }]));
  return term.field === field && !term.excluded && !term.joined && term.value === written.value;
}

/** Whether the search asks for a value of a facet. @param {string} text @param {Field} field @param {string} value */
export const asksFor = (text, field, value) => parseQuery(text).some((term) => finds(term, field, value));

/**
 * The same search narrowed to a value, or no longer if it was; its other words kept as they were typed.
 * @param {string} text
 * @param {Field} field
 * @param {string} value
 */
export function toggled(text, field, value) {
  const kept = parseQuery(text)
    .filter((term) => !finds(term, field, value))
    .map(({ start, end }) => text.slice(start, end));
  if (!asksFor(text, field, value)) kept.push(formatQuery([{ field, value }]));
  return kept.join(" ");
}

/**
 * What people call a value: a node by its address and name, a kind of error by its type and message.
 * @param {Field} field
 * @param {import("./types.js").FacetValue} value
 */
export function valueName(field, { value, label }) {
  if (!label || label === value) return plain(value);
  return field === "node" ? `${plain(value)} ${plain(label)}` : plain(label);
}

/**
 * The facets worth a list: those with more than one value, or with one that the search asks for.
 * @param {JobFacet[]} facets
 * @param {string} text  the search
 * @returns {{field: Field, title: string, facet: JobFacet}[]}
 */
export function listedFacets(facets, text) {
  return LISTED.flatMap(([field, title]) => {
    const facet = facets.find(({ qualifier }) => qualifier === field);
    if (!facet || facet.items.length === 0) return [];
    const telling = field !== "cluster" || facet.items.length > 1 || asksFor(text, field, facet.items[0].value);
    return telling ? [{ field, title, facet }] : [];
  });
}
