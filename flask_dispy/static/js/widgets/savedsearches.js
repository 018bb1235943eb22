/** A button beside the search box, whose panel has the searches that are kept in this browser. */

import { LONGEST_NAME, MOST, readSearches, withoutSearch, withSearch, writeSearches } from "../data/savedsearches.js";
import { h, iconButton, onPlainClick, setAttr, setText } from "../lib/dom.js";
import { plain } from "../lib/format.js";
import { KeyedList } from "../lib/keyedlist.js";
import { createPopover } from "../lib/popover.js";

/** @import {Shell} from "../frame/parts.js" */
/** @import {SavedSearch} from "../data/savedsearches.js" */

export class SavedSearches {
  #options;
  #button = h("button", { type: "button", class: "button" }, "Saved");
  #none = h("p", { class: "caption", text: "No search is saved in this browser." });
  #name = h("input", { class: "input", type: "text", maxlength: LONGEST_NAME, "aria-label": "Name of the search" });
  #save = h("button", { type: "submit", class: "button" }, "Save");
  #problem = h("p", { class: "field-error", role: "status" });
  #list;
  #popover;
  /** Also where the browser keeps nothing. @type {SavedSearch[]} */
  #searches;

  /**
   * @param {HTMLElement} element
   * @param {object} options
   * @param {Shell} options.shell
   * @param {() => string} options.search  that is shown
   * @param {(text: string) => void} options.onSearch
   */
  constructor(element, options) {
    this.#options = options;
    this.#searches = readSearches(options.shell.storage);
    const list = h("ul", { class: "saved-list" });
    this.#list = new KeyedList(
      list,
      (/** @type {SavedSearch} */ { name }) => name,
      (search) => this.#makeItem(search),
    );
    const form = h("form", { class: "saved-form" }, this.#name, this.#save);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#add();
    });
    const panel = h("div", { class: "saved-panel" }, list, this.#none, form, this.#problem);
    element.append(this.#button);
    this.#popover = createPopover(this.#button, panel, { onOpen: () => this.#show() });
  }

  #show() {
    const q = this.#options.search();
    const { storage } = this.#options.shell;
    this.#showAll(storage ? readSearches(storage) : this.#searches, "");
    setAttr(this.#name, "placeholder", q ? "Save this search as …" : "Search for something to save it");
    this.#name.disabled = this.#save.disabled = q === "";
  }

  #add() {
    const name = this.#name.value.trim();
    if (name === "") return setText(this.#problem, "Give the search a name");
    const next = withSearch(this.#searches, { name, q: this.#options.search() });
    if (next === null) return setText(this.#problem, `${MOST} searches are saved: delete one first`);
    this.#keep(next);
  }

  /** @param {SavedSearch[]} next */
  #keep(next) {
    const kept = writeSearches(this.#options.shell.storage, next);
    this.#showAll(next, kept ? "" : "This browser keeps nothing: it is forgotten with this page");
  }

  /** @param {SavedSearch[]} searches @param {string} problem */
  #showAll(searches, problem) {
    this.#searches = searches;
    this.#list.show(searches);
    this.#none.hidden = searches.length > 0;
    this.#name.value = "";
    setText(this.#problem, problem);
  }

  /** @param {SavedSearch} search */
  #makeItem({ name }) {
    const { shell } = this.#options;
    const title = h("bdi", { class: "saved-name" });
    const words = h("span", { class: "saved-words muted" });
    const link = h("a", { class: "saved-link" }, title, " ", words);
    const remove = iconButton("close", `Delete ${plain(name)}`);
    onPlainClick(link, () => {
      this.#popover.close({ refocus: true });
      this.#options.onSearch(this.#searches.find((one) => one.name === name)?.q ?? "");
    });
    remove.addEventListener("click", () => {
      this.#name.focus();
      if (this.#name.disabled) this.#button.focus();
      this.#keep(withoutSearch(this.#searches, name));
    });
    return {
      element: h("li", { class: "saved-item" }, link, remove),
      /** @param {SavedSearch} search */
      update({ name: said, q }) {
        setText(title, plain(said));
        setText(words, plain(q));
        setAttr(link, "title", plain(q));
        setAttr(link, "href", shell.href("jobs.html", { q }));
      },
    };
  }
}
