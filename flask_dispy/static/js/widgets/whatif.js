/** @import {Shell} from "../frame/parts.js" */
/** @import {WhatIfAnswer} from "../data/types.js" */
import { clusterPath } from "../data/api.js";
import { h, setAttr, setText, debounced } from "../lib/dom.js";
import { localMinute, plain } from "../lib/format.js";
import { createPopover } from "../lib/popover.js";
import { at } from "./outlook.js";

/** @typedef {Pick<Shell, "api"|"store">} Place */

/** How many nodes are suggested while somebody types. */
const OFFERED = 200;

/** From this far away on, a time of the day is shown. */
const FAR_SEC = 120;

let lists = 0;

/**
 * When a cluster will be done; opens the questions about other CPUs, which are answered one at a time, while
 * they are typed.
 */
export class WhatIf {
  #place;
  #cluster;
  #button = h("button", { type: "button", class: "progress-eta", disabled: true });
  #list = h("datalist", { id: `what-if-nodes-${(lists += 1)}` });
  #answer = h("p", { class: "what-if-answer", role: "status" });
  /** @type {Record<"cpus"|"by"|"without", HTMLInputElement>} */
  #inputs = {
    cpus: h("input", { class: "input", type: "number", min: "1", step: "1" }),
    by: h("input", { class: "input", type: "datetime-local" }),
    without: h("input", { class: "input", type: "text", list: this.#list.id, placeholder: "Name or address" }),
  };
  #asked = 0;
  #cpus = 0;

  /** @param {string} cluster @param {Place} place */
  constructor(cluster, place) {
    this.#place = place;
    this.#cluster = cluster;
    const { cpus, by, without } = this.#inputs;
    const panel = h(
      "div",
      { class: "what-if", role: "group", "aria-label": "What if" },
      field("With this many CPUs", cpus),
      field("To be done by", by),
      field("Without this node", without),
      this.#list,
      this.#answer,
    );
    const ask = debounced(() => void this.#ask(), 250);
    for (const input of Object.values(this.#inputs)) {
      input.addEventListener("input", () => {
        for (const other of Object.values(this.#inputs)) if (other !== input) other.value = "";
        ask();
      });
    }
    const popover = createPopover(this.#button, panel, { onOpen: () => this.#fill() });
    popover.element.classList.add("progress-what-if");
    this.element = popover.element;
  }

  /**
   * @param {string} text
   * @param {{cpus: number, open: boolean}} cluster its CPUs, and whether its jobs may still go on
   */
  update(text, { cpus, open }) {
    this.#cpus = cpus;
    setText(this.#button, text);
    if (this.#button.disabled === open) this.#button.disabled = !open;
    setAttr(this.#button, "title", open ? "What if there were more CPUs, or fewer?" : null);
  }

  #fill() {
    const { cpus, by } = this.#inputs;
    by.min = localMinute(this.#place.store.now() + 60);
    const nodes = [...this.#place.store.nodes.values()].slice(0, OFFERED);
    this.#list.replaceChildren(...nodes.map(({ ip_addr, name }) => h("option", { value: ip_addr, text: plain(name) })));
    if (Object.values(this.#inputs).every((input) => input.value === "")) cpus.value = String(2 * this.#cpus || 1);
    void this.#ask();
  }

  async #ask() {
    const mine = (this.#asked += 1);
    const question = this.#question();
    if (!question) return setText(this.#answer, "");
    const text = await this.#place.api
      .get(clusterPath(this.#cluster, "what-if"), question)
      .then((/** @type {WhatIfAnswer} */ found) => this.#words(found))
      .catch((error) => (error instanceof Error ? error.message : String(error)));
    if (mine === this.#asked) setText(this.#answer, plain(text)); // else another question was asked meanwhile
  }

  #question() {
    const { cpus, by, without } = this.#inputs;
    if (without.value.trim()) return { without: without.value.trim() };
    if (by.value) return { by: new Date(by.value).getTime() / 1000 };
    return cpus.value ? { cpus: cpus.value } : null;
  }

  /** @param {WhatIfAnswer} found */
  #words({ message, eta_sec }) {
    const now = this.#place.store.now();
    return eta_sec !== null && eta_sec >= FAR_SEC ? `${message} Done about ${at(now + eta_sec, now)}.` : message;
  }
}

/** @param {string} label @param {HTMLInputElement} input */
const field = (label, input) => h("label", { class: "field" }, h("span", { text: label }), input);
