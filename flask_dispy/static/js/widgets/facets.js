/** How many jobs of the search are of each function, node and kind of error; each a link that narrows the search. */

import { asksFor, listedFacets, toggled, valueName } from "../data/facets.js";
import { h, onPlainClick, setAttr, setText, show } from "../lib/dom.js";
import { count, counted, percent } from "../lib/format.js";
import { KeyedList } from "../lib/keyedlist.js";
import { AskingPanel } from "./askingpanel.js";

/** @import {Shell} from "../frame/parts.js" */
/** @import {FacetValue, JobFacets} from "../data/types.js" */
/** @import {Field} from "../data/query.js" */

/** Values of each facet that are listed. */
const VALUES = 6;

/** @typedef {ReturnType<typeof listedFacets>[number]} Listed */

/**
 * @typedef {object} Options
 * @property {Shell} shell
 * @property {() => {q: string, state: string[]}} asked  of the server
 * @property {() => string} search  as it is shown
 * @property {(text: string) => void} onSearch
 */

/**
 * @param {HTMLElement} element a panel
 * @param {Options} options
 */
export function createFacetsPanel(element, options) {
  const none = h("p", { class: "muted", text: "There is nothing to break down.", hidden: true });
  const place = h("div", { class: "facets" });
  const lists = new KeyedList(
    place,
    (/** @type {Listed} */ { field }) => field,
    (listed) => createList(listed, options),
  );
  return new AskingPanel(element, {
    shell: options.shell,
    title: "Breakdown",
    path: "jobs/facets",
    body: h("div", {}, place, none),
    asked: () => ({ ...options.asked(), limit: VALUES }),
    onAnswer: (/** @type {JobFacets} */ { facets, total }) => {
      show(none, total === 0);
      lists.show(listedFacets(facets, options.search()));
    },
    foldable: true,
  });
}

/** @param {Listed} listed @param {Options} options */
function createList({ field, title }, options) {
  const values = h("ul", { class: "facet-values" });
  const rest = h("li", { class: "facet-rest muted" });
  const list = new KeyedList(
    values,
    (/** @type {FacetValue} */ { value }) => value,
    ({ value }) => createValue(field, value, options),
  );
  return {
    element: h("section", { "aria-label": title }, h("h3", { text: title }), values),
    /** @param {Listed} listed */
    update({ facet: { items, other } }) {
      setText(rest, `${count(other.values)} more with ${counted(other.jobs, "job")}`);
      list.show(items, other.values > 0 ? [rest] : []);
    },
  };
}

/** @param {Field} field @param {string} value @param {Options} options */
function createValue(field, value, { onSearch, search, shell }) {
  const name = h("bdi", { class: "facet-name" });
  const jobs = h("span", { class: "facet-jobs" });
  const failed = h("span", { class: "facet-failed" });
  const link = h("a", { class: "facet-value" }, name, " ", jobs);
  if (field !== "error-kind") link.append(" ", failed);
  onPlainClick(link, () => onSearch(toggled(search(), field, value)));
  return {
    element: h("li", {}, link),
    /** @param {FacetValue} item */
    update(item) {
      const { jobs: number, failed: bad } = item;
      const text = search();
      setText(name, valueName(field, item));
      setAttr(name, "title", valueName(field, item));
      setText(jobs, count(number));
      // Of jobs that failed it is all of them.
      setText(failed, bad > 0 && bad < number ? `${percent(bad / number)} failed` : "");
      setAttr(link, "href", shell.href("jobs.html", { q: toggled(text, field, value) }));
      setAttr(link, "aria-current", asksFor(text, field, value) ? "true" : null);
    },
  };
}
