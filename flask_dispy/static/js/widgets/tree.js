/** A value that holds others as a tree that folds, in place of its text, to which one can go back. */

import { partsOf } from "../data/literal.js";
import { plainLines } from "../data/jobtext.js";
import { h, setAttr, setText, show } from "../lib/dom.js";
import { count } from "../lib/format.js";

/** @import {Part} from "../data/literal.js" */

/** As many parts of one value are shown at first, and with each press of the button below them. */
const STEP = 200;

/**
 * @param {HTMLElement} pre shows the text
 * @param {string} title
 */
export function createTree(pre, title) {
  const button = h("button", { type: "button", class: "button small", hidden: true });
  const list = h("ul");
  const element = h(
    "div",
    { class: "tree", role: "region", "aria-label": title, tabindex: "0", hidden: true, dir: "ltr" },
    list,
  );
  let shown = "";
  let possible = false;
  let wanted = true;

  function choose() {
    show(button, possible);
    show(element, possible && wanted);
    show(pre, !(possible && wanted));
    setText(button, wanted ? "Text" : "Tree");
    setAttr(button, "aria-label", `Show as ${wanted ? "text" : "tree"}: ${title}`);
  }
  button.addEventListener("click", () => {
    wanted = !wanted;
    choose();
  });
  return {
    button,
    element,
    /** @param {string} text */
    update(text) {
      if (text === shown) return;
      shown = text;
      const parts = partsOf(text) ?? [];
      possible = parts.length > 0 && (parts.length > 1 || parts[0].parts !== null);
      const open = new Set([...element.querySelectorAll("details[open]")].map(pathOf));
      list.replaceChildren();
      if (possible) fill(list, parts, "", open);
      choose();
    },
  };
}

/** @param {Element} details */
const pathOf = (details) => details.getAttribute("data-path") ?? "";

/**
 * @param {Element} list
 * @param {Part[]} parts
 * @param {string} path  that of the value whose parts they are
 * @param {Set<string>} open  the paths of what is unfolded
 * @param {number} [from]
 */
function fill(list, parts, path, open, from = 0) {
  const until = Math.min(parts.length, from + STEP);
  list.append(...parts.slice(from, until).map((part, i) => item(part, `${path}/${from + i}`, open)));
  if (until === parts.length) return;
  const text = `Show ${count(Math.min(STEP, parts.length - until))} more of ${count(parts.length)}`;
  const more = h("button", { type: "button", class: "button small", text });
  const last = h("li", {}, more);
  more.addEventListener("click", () => {
    last.remove();
    fill(list, parts, path, open, until);
    const next = list.children[until];
    if (next instanceof HTMLElement) {
      next.tabIndex = -1;
      next.focus();
    }
  });
  list.append(last);
}

/** @param {Part} part @param {string} path @param {Set<string>} open */
function item({ label, text, parts }, path, open) {
  const name = label ? h("span", { class: "tree-label", text: `${plainLines(label)}: ` }) : null;
  if (!parts?.length) return h("li", {}, name, h("span", { class: "tree-value", text: plainLines(text) }));
  const list = h("ul");
  const size = h("span", { class: "muted", text: sizeText(text, parts.length) });
  const details = h("details", { "data-path": path, open: open.has(path) }, h("summary", {}, name, size), list);
  const unfold = () => {
    if (details.open && !list.firstChild) fill(list, parts, path, open);
  };
  details.addEventListener("toggle", unfold);
  unfold();
  return h("li", {}, details);
}

/** Its brackets with the number of its parts. @param {string} text @param {number} size */
const sizeText = (text, size) => `${text[0]} ${count(size)} ${text.at(-1)}`;
