/** A panel whose content is asked for while it is open: when it is opened, and again while jobs change. */

/** @import {QueryParams} from "../data/api.js" */
/** @import {Shell} from "../frame/parts.js" */
import { ApiError, clusterPath } from "../data/api.js";
import { isUpdating } from "../data/store.js";
import { h, setAttr, setText, show } from "../lib/dom.js";

/** While jobs change, it is asked for again this often. */
const REFILL_SEC = 5;

/** @template Answer */
export class AskingPanel {
  #shell;
  #options;
  #body;
  #toggle = h("button", { type: "button", class: "button small panel-toggle" });
  #error = h("p", { class: "field-error", role: "status", hidden: true });
  #isOpen = true;
  #askedAt = 0;
  #jobsSeen = -1;
  #newest = 0;

  /**
   * @param {HTMLElement} element
   * @param {object} options
   * @param {Shell} options.shell
   * @param {string} options.title
   * @param {string} options.path  of the answer, within those of the cluster
   * @param {HTMLElement} options.body
   * @param {() => QueryParams} options.asked
   * @param {(answer: Answer) => void} options.onAnswer
   * @param {boolean} [options.foldable]  whether it can be closed; then it is until somebody opens it
   */
  constructor(element, options) {
    const { shell, title, body, foldable = false } = options;
    this.#shell = shell;
    this.#options = options;
    this.#body = body;
    body.classList.add("panel-body");
    const head = h("div", { class: "panel-head" }, h("h2", { text: title }));
    if (foldable) head.append(h("div", { class: "end" }, this.#toggle));
    body.append(this.#error);
    element.append(head, body);
    this.#toggle.addEventListener("click", () => this.#open(!this.#isOpen));
    if (foldable) this.#open(shell.storage?.getItem(this.#stored) === "open", false);
    shell.everySecond(() => this.#tick());
  }

  get #stored() {
    return `dispy.${this.#options.path.replace("/", ".")}`;
  }

  /** @param {boolean} open @param {boolean} [remember] */
  #open(open, remember = true) {
    this.#isOpen = open;
    show(this.#body, open);
    setText(this.#toggle, open ? "Hide" : "Show");
    setAttr(this.#toggle, "aria-expanded", String(open));
    setAttr(this.#toggle, "aria-label", `${open ? "Hide" : "Show"} ${this.#options.title.toLowerCase()}`);
    if (remember) this.#shell.storage?.setItem(this.#stored, open ? "open" : "closed");
    if (open) void this.refresh();
  }

  #jobChanges() {
    return this.#shell.summary()?.job_changes ?? -1;
  }

  #tick() {
    const changed = this.#jobChanges() !== this.#jobsSeen;
    const due = Date.now() / 1000 - this.#askedAt >= REFILL_SEC;
    if (changed && due && isUpdating(this.#shell.store)) void this.refresh();
  }

  /** Ask anew, if it is open. */
  async refresh() {
    if (!this.#isOpen) return;
    this.#askedAt = Date.now() / 1000;
    this.#jobsSeen = this.#jobChanges();
    const number = (this.#newest += 1);
    const { asked, onAnswer, path, title } = this.#options;
    const { api, cluster } = this.#shell;
    try {
      const found = await api.get(clusterPath(cluster, ...path.split("/")), asked());
      if (number !== this.#newest) return;
      show(this.#error, false);
      onAnswer(found);
    } catch (error) {
      if (number !== this.#newest || !(error instanceof ApiError)) return;
      setText(this.#error, `The ${title.toLowerCase()} can't be read: ${error.message}`);
      show(this.#error, true);
    }
  }
}
