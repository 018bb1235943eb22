/** The states of jobs as tabs with their counts. Each is a link to the same search in that state. */

import { h, oncePerFrame, onPlainClick, setAttr, setText, stateIcon } from "../lib/dom.js";
import { count } from "../lib/format.js";
import { statesOf, withStates } from "../data/query.js";

/**
 * @param {HTMLElement} element
 * @param {object} options
 * @param {(query: string) => string} options.href
 * @param {(states: string[]) => void} options.onChoose
 * @param {readonly string[]} options.words of states that jobs can be in
 * @param {readonly HTMLElement[]} options.others further tabs, after these
 */
export function createStateTabs(element, { href, onChoose, words, others }) {
  const tabs = ["", ...words].map((state) => {
    const number = h("span", { class: "tab-count" });
    const link = h("a", { class: "tab" }, state ? stateIcon(state) : null, state || "all", " ", number);
    onPlainClick(link, () => onChoose(state ? [state] : []));
    return { state, link, number };
  });
  const row = h("div", { class: "tabs" }, ...tabs.map(({ link }) => link), ...others);
  element.append(row);
  const noteMore = oncePerFrame(() => setAttr(row, "data-more", edgesWithMore(row)));
  row.addEventListener("scroll", noteMore, { passive: true });
  new ResizeObserver(noteMore).observe(row);

  return {
    /**
     * @param {string} text  the search
     * @param {Partial<Record<string, number>>} counts  of each state; empty while they are not known
     * @param {boolean} [here]  whether the jobs are shown, and none of the other things
     */
    update(text, counts, here = true) {
      const chosen = statesOf(text);
      const known = Object.keys(counts).length > 0;
      const all = Object.values(counts).reduce((sum, number) => (sum ?? 0) + (number ?? 0), 0);
      for (const { state, link, number } of tabs) {
        const current = here && (state ? chosen.includes(state) : chosen.length === 0);
        setAttr(link, "href", href(withStates(text, state ? [state] : [])));
        setAttr(link, "aria-current", current ? "true" : null);
        setText(number, known ? count(state ? (counts[state] ?? 0) : all) : "");
      }
      noteMore();
    },
  };
}

/**
 * The edges beyond which a sideways scrolling row goes on: "start", "end", both, or null.
 *
 * @param {HTMLElement} row
 */
function edgesWithMore({ scrollLeft, scrollWidth, clientWidth }) {
  const start = scrollLeft > 1;
  const end = scrollLeft + clientWidth < scrollWidth - 1;
  return [start ? "start" : "", end ? "end" : ""].filter(Boolean).join(" ") || null;
}
