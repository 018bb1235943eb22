/** A search field that completes its qualifiers, after the ARIA pattern of an editable combobox. */

import { h, icon, setAttr, setText, show } from "../lib/dom.js";
import { plain } from "../lib/format.js";
import { accept, complete, isHalfTyped, problemOf, unknownQualifier } from "../data/query.js";

/** @import {Completion, Suggestion, Vocabulary} from "../data/query.js" */

/** Typing rests this long before it is searched for. */
const REST_MS = 250;
/** The server refuses longer ones. */
const LONGEST = 500;

/**
 * @param {HTMLElement} element
 * @param {object} options
 * @param {string} options.value
 * @param {() => Vocabulary} options.vocabulary
 * @param {(text: string) => void} options.onSearch  called with a search that can be asked for
 */
export function createSearchBox(element, { value, vocabulary, onSearch }) {
  const parts = build(value);
  element.append(parts.root);
  const { input, list, problem } = parts;
  /** @type {Completion} */
  let completion = { from: 0, to: 0, items: [] };
  let chosen = -1;
  let searched = value;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let timer;

  const isOpen = () => !list.hidden;

  function suggest() {
    completion = complete(input.value, input.selectionStart ?? input.value.length, vocabulary());
    chosen = -1;
    list.replaceChildren(...completion.items.map((item, index) => option(item, `${list.id}-${index}`)));
    open(completion.items.length > 0);
  }

  /** @param {boolean} shown */
  function open(shown) {
    show(list, shown);
    setAttr(input, "aria-expanded", String(shown));
    if (!shown) choose(-1);
  }

  /** @param {number} index */
  function choose(index) {
    chosen = index;
    [...list.children].forEach((child, at) => setAttr(child, "aria-selected", String(at === index)));
    const active = list.children[index];
    setAttr(input, "aria-activedescendant", active?.id ?? null);
    active?.scrollIntoView({ block: "nearest" });
  }

  /** @param {number} index */
  function take(index) {
    const { text, caret } = accept(input.value, completion, completion.items[index]);
    input.value = text;
    input.focus();
    input.setSelectionRange(caret, caret);
    suggest();
    if (text.endsWith(" ")) {
      open(false);
      search(true);
    }
  }

  /** @param {boolean} asked  not while a word is still being typed: half of one is no mistake */
  function search(asked) {
    clearTimeout(timer);
    const found = problemOf(input.value);
    const shown = found !== null && (asked || unknownQualifier(input.value) !== null);
    setAttr(input, "aria-invalid", shown ? "true" : null);
    setText(problem, shown ? found : "");
    if (found || input.value.trim() === searched) return;
    searched = input.value.trim();
    onSearch(searched);
  }

  /** @type {Record<string, (event: KeyboardEvent) => void>} */
  const keys = {
    ArrowDown: () => (isOpen() ? choose((chosen + 1) % completion.items.length) : suggest()),
    ArrowUp: () => isOpen() && choose((chosen <= 0 ? completion.items.length : chosen) - 1),
    Enter: () => {
      if (isOpen() && chosen >= 0) return take(chosen);
      open(false);
      search(true);
    },
    Escape: () => {
      if (isOpen()) open(false);
      else input.blur();
    },
  };

  input.addEventListener("keydown", (event) => {
    const begun = chosen >= 0 || completion.from < completion.to;
    if (event.key === "Tab" && !event.shiftKey && isOpen() && begun) {
      event.preventDefault();
      return take(Math.max(0, chosen));
    }
    if (!(event.key in keys) || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    event.preventDefault();
    keys[event.key](event);
  });
  input.addEventListener("input", () => {
    suggest();
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (!isHalfTyped(input.value, input.selectionStart ?? input.value.length, vocabulary())) search(false);
    }, REST_MS);
  });
  input.addEventListener("click", () => input.value === "" && !isOpen() && suggest());
  input.addEventListener("blur", () => {
    open(false);
    search(true);
  });
  list.addEventListener("pointerdown", (event) => {
    event.preventDefault(); // the field keeps the focus
    const at = [...list.children].findIndex((child) => child.contains(/** @type {Node} */ (event.target)));
    if (at >= 0) take(at);
  });

  return {
    focus() {
      input.focus();
      input.select();
    },
    /** @param {string} text  shown without being searched for */
    set(text) {
      searched = text.trim();
      if (input.value.trim() !== searched) input.value = searched;
      setAttr(input, "aria-invalid", null);
      setText(problem, "");
    },
    /** @param {string} text  shown and searched for, unless something is wrong with it */
    ask(text) {
      input.value = text;
      search(true);
    },
    /** @param {string} message  what the server says of the search */
    complain(message) {
      setText(problem, message);
      setAttr(input, "aria-invalid", "true");
    },
    get value() {
      return input.value;
    },
  };
}

/** @param {string} value */
function build(value) {
  const list = h("ul", {
    class: "searchbox-list",
    id: "search-suggestions",
    role: "listbox",
    "aria-label": "Suggestions",
    hidden: true,
  });
  const problem = h("p", { class: "field-error searchbox-problem", id: "search-problem", role: "status" });
  const input = h("input", {
    class: "input",
    type: "text",
    inputmode: "search",
    enterkeyhint: "search",
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    maxlength: LONGEST,
    role: "combobox",
    "aria-label": "Search jobs",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": list.id,
    "aria-describedby": problem.id,
    placeholder: "Search: words, state:failed, node:10.0.0.7, slower:30s …",
  });
  input.value = value;
  const field = h(
    "div",
    { class: "search searchbox-field" },
    icon("search"),
    input,
    h("kbd", { "aria-hidden": "true" }, "/"),
  );
  const root = h("div", { class: "searchbox" }, field, list, problem);
  return { root, input, list, problem };
}

/**
 * @param {Suggestion} item
 * @param {string} id
 */
function option(item, id) {
  return h(
    "li",
    { class: "searchbox-option", id, role: "option", "aria-selected": "false" },
    h("code", {}, h("bdi", {}, plain(item.label))),
    " ",
    h("span", { class: "muted" }, h("bdi", {}, plain(item.hint))),
  );
}
