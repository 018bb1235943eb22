/** A search field that completes its qualifiers, after the ARIA pattern of an editable combobox. */

import { h, icon, setAttr, setText, show } from "../lib/dom.js";
import { plain } from "../lib/format.js";
import { accept, complete, isHalfTyped, problemOf, unknownQualifier } from "../data/query.js";

/** @import {Completion, Suggestion, Vocabulary} from "../data/query.js" */

/** Typing rests this long before it is searched for. */
const REST_MS = 250;

export class SearchBox {
  #options;
  #input;
  #list;
  #problem;
  /** @type {Completion} */
  #completion = { from: 0, to: 0, items: [] };
  #chosen = -1;
  #searched;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;
  /** @type {Record<string, () => void>} */
  #keys = {
    ArrowDown: () => {
      if (this.#isOpen()) this.#choose((this.#chosen + 1) % this.#completion.items.length);
      else this.#suggest();
    },
    ArrowUp: () => {
      if (this.#isOpen()) this.#choose((this.#chosen <= 0 ? this.#completion.items.length : this.#chosen) - 1);
    },
    Enter: () => {
      if (this.#isOpen() && this.#chosen >= 0) return this.#take(this.#chosen);
      this.#open(false);
      this.#search(true);
    },
    Escape: () => {
      if (this.#isOpen()) this.#open(false);
      else this.#input.blur();
    },
  };

  /**
   * @param {HTMLElement} element
   * @param {object} options
   * @param {string} options.value
   * @param {number} options.longest letters that the server takes
   * @param {() => Vocabulary} options.vocabulary
   * @param {(text: string) => void} options.onSearch  called with a search that can be asked for
   */
  constructor(element, options) {
    this.#options = options;
    this.#searched = options.value;
    const { root, input, list, problem } = build(options);
    this.#input = input;
    this.#list = list;
    this.#problem = problem;
    element.append(root);
    this.#listen();
  }

  #listen() {
    const [input, list] = [this.#input, this.#list];
    input.addEventListener("keydown", (event) => {
      const begun = this.#chosen >= 0 || this.#completion.from < this.#completion.to;
      if (event.key === "Tab" && !event.shiftKey && this.#isOpen() && begun) {
        event.preventDefault();
        return this.#take(Math.max(0, this.#chosen));
      }
      if (!(event.key in this.#keys) || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
      event.preventDefault();
      this.#keys[event.key]();
    });
    input.addEventListener("input", () => {
      this.#suggest();
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => {
        if (!isHalfTyped(input.value, this.#caret(), this.#options.vocabulary())) this.#search(false);
      }, REST_MS);
    });
    input.addEventListener("click", () => input.value === "" && !this.#isOpen() && this.#suggest());
    input.addEventListener("blur", () => {
      this.#open(false);
      this.#search(true);
    });
    list.addEventListener("pointerdown", (event) => {
      event.preventDefault(); // the field keeps the focus
      const at = [...list.children].findIndex((child) => child.contains(/** @type {Node} */ (event.target)));
      if (at >= 0) this.#take(at);
    });
  }

  focus() {
    this.#input.focus();
    this.#input.select();
  }

  /** @param {string} text  shown without being searched for */
  set(text) {
    this.#searched = text.trim();
    if (this.#input.value.trim() !== this.#searched) this.#input.value = this.#searched;
    setAttr(this.#input, "aria-invalid", null);
    setText(this.#problem, "");
  }

  /** @param {string} text  shown and searched for, unless something is wrong with it */
  ask(text) {
    this.#input.value = text;
    this.#search(true);
  }

  /** @param {string} message  what the server says of the search */
  complain(message) {
    setText(this.#problem, message);
    setAttr(this.#input, "aria-invalid", "true");
  }

  get value() {
    return this.#input.value;
  }

  #isOpen() {
    return !this.#list.hidden;
  }

  #caret() {
    return this.#input.selectionStart ?? this.#input.value.length;
  }

  #suggest() {
    this.#completion = complete(this.#input.value, this.#caret(), this.#options.vocabulary());
    this.#chosen = -1;
    const { items } = this.#completion;
    this.#list.replaceChildren(...items.map((item, index) => option(item, `${this.#list.id}-${index}`)));
    this.#open(items.length > 0);
  }

  /** @param {boolean} shown */
  #open(shown) {
    show(this.#list, shown);
    setAttr(this.#input, "aria-expanded", String(shown));
    if (!shown) this.#choose(-1);
  }

  /** @param {number} index */
  #choose(index) {
    this.#chosen = index;
    [...this.#list.children].forEach((child, at) => setAttr(child, "aria-selected", String(at === index)));
    const active = this.#list.children[index];
    setAttr(this.#input, "aria-activedescendant", active?.id ?? null);
    active?.scrollIntoView({ block: "nearest" });
  }

  /** @param {number} index */
  #take(index) {
    const { text, caret } = accept(this.#input.value, this.#completion, this.#completion.items[index]);
    this.#input.value = text;
    this.#input.focus();
    this.#input.setSelectionRange(caret, caret);
    this.#suggest();
    if (text.endsWith(" ")) {
      this.#open(false);
      this.#search(true);
    }
  }

  /** @param {boolean} asked  not while a word is still being typed: half of one is no mistake */
  #search(asked) {
    clearTimeout(this.#timer);
    const found = problemOf(this.#input.value);
    const shown = found !== null && (asked || unknownQualifier(this.#input.value) !== null);
    setAttr(this.#input, "aria-invalid", shown ? "true" : null);
    setText(this.#problem, shown ? found : "");
    if (found || this.#input.value.trim() === this.#searched) return;
    this.#searched = this.#input.value.trim();
    this.#options.onSearch(this.#searched);
  }
}

/** @param {{value: string, longest: number}} options */
function build({ value, longest }) {
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
    maxlength: longest,
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
