/** @import {Shell} from "../frame/parts.js" */
/** @import {NodeAction} from "./nodecommands.js" */
import { confirmInPlace } from "../lib/confirm.js";
import { h, setText } from "../lib/dom.js";
import { counted } from "../lib/format.js";
import { NODE_ACTIONS, runNodeAction, setCpus } from "./nodecommands.js";

/** @type {[NodeAction, string][]} */
const BUTTONS = [
  ["allocate", "Allocate"],
  ["deallocate", "Deallocate"],
  ["close", "Close"],
];

/**
 * The commands for the chosen nodes. All but allocating ask first, with the number of nodes in the button
 * that confirms. In the combined view, a command goes to every cluster that knows the node.
 */
export class NodeActions {
  #element;
  #shell;
  #selected;
  #single;
  #number = h("span", { class: "actions-count" });
  #buttons;

  /**
   * @param {HTMLElement} element
   * @param {object} options
   * @param {Shell} options.shell
   * @param {() => string[]} options.selected addresses
   * @param {boolean} [options.withCpus] also offer to set the CPUs of all chosen nodes
   * @param {boolean} [options.single] the page is about one node: no count, nothing to select
   */
  constructor(element, { shell, selected, withCpus = false, single = false }) {
    this.#element = element;
    this.#shell = shell;
    this.#selected = selected;
    this.#single = single;
    this.#buttons = BUTTONS.map(([action, word]) => this.#actionButton(action, word));
    element.classList.add("actions");
    element.setAttribute("role", "group");
    element.setAttribute("aria-label", "Actions on nodes");
    if (!single) element.append(this.#number);
    element.append(...this.#buttons);
    for (const [i, [action, word]] of BUTTONS.entries()) {
      if (action !== "allocate") this.#ask(this.#buttons[i], action, word);
    }
    if (withCpus) element.append(this.#cpusForm());
    this.update();
  }

  /** To be called when the selection or a node's state changes. */
  update() {
    const n = this.#selected().length;
    setText(this.#number, n === 0 ? "Select nodes to" : `${counted(n, "node")}:`);
    for (const [i, button] of this.#buttons.entries()) {
      const action = BUTTONS[i]?.[0] ?? "allocate";
      button.disabled = n === 0 || this.#able(action).length === 0;
    }
    this.#element.classList.toggle("actions-floating", n > 0 && !this.#single);
    this.#element.classList.toggle("actions-idle", n === 0);
  }

  /** @param {NodeAction} action @param {string} word */
  #actionButton(action, word) {
    const button = h("button", {
      type: "button",
      class: "button",
      text: action === "close" && this.#single ? "Close node" : word,
    });
    if (action === "allocate") button.addEventListener("click", () => this.#run(action, this.#selected()));
    return button;
  }

  /** @param {HTMLButtonElement} button @param {NodeAction} action @param {string} word */
  #ask(button, action, word) {
    confirmInPlace(button, () => {
      const addresses = this.#able(action);
      if (addresses.length === 0) return null;
      return {
        action: `${word} ${counted(addresses.length, "node")}`,
        detail: NODE_ACTIONS[action].detail,
        run: () => this.#run(action, addresses),
      };
    });
  }

  /**
   * A node that has left can't be closed.
   *
   * @param {NodeAction} action
   */
  #able(action) {
    return this.#selected().filter(
      (address) => action === "allocate" || this.#shell.store.nodes.get(address)?.state !== "closed",
    );
  }

  /** @param {NodeAction} action @param {string[]} addresses */
  #run(action, addresses) {
    if (addresses.length > 0) void runNodeAction(this.#shell, action, addresses);
  }

  #cpusForm() {
    const input = h("input", {
      class: "input",
      type: "number",
      step: "1",
      "aria-label": "CPUs for the selected nodes",
      placeholder: "CPUs",
    });
    const button = h("button", { type: "submit", class: "button", text: "Set CPUs" });
    const form = h("form", { class: "cpus-edit" }, input, button);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const addresses = this.#selected();
      const cpus = Number(input.value);
      const valid = input.value.trim() !== "" && Number.isInteger(cpus);
      input.setAttribute("aria-invalid", String(!valid));
      if (valid && addresses.length > 0) void setCpus(this.#shell, addresses, cpus);
    });
    this.#buttons.push(button);
    return form;
  }
}
