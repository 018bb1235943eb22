/** @import {Shell} from "../frame/parts.js" */
/** @import {NodeAction} from "./nodecommands.js" */
import { confirmInPlace } from "../lib/confirm.js";
import { h, setText } from "../lib/dom.js";
import { counted } from "../lib/format.js";
import { NODE_ACTIONS, runNodeAction, setCpus } from "./nodecommands.js";

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
  /** The buttons, each with the command that decides whether it can be pressed. @type {Map<HTMLButtonElement, NodeAction>} */
  #buttons = new Map();

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
    element.classList.add("actions");
    element.setAttribute("role", "group");
    element.setAttribute("aria-label", "Actions on nodes");
    if (!single) element.append(this.#number);
    for (const action of /** @type {NodeAction[]} */ (Object.keys(NODE_ACTIONS))) this.#addButton(action);
    if (withCpus) element.append(this.#cpusForm());
    this.update();
  }

  /** To be called when the selection or a node's state changes. */
  update() {
    const n = this.#selected().length;
    setText(this.#number, n === 0 ? "Select nodes to" : `${counted(n, "node")}:`);
    for (const [button, action] of this.#buttons) button.disabled = this.#able(action).length === 0;
    this.#element.classList.toggle("actions-floating", n > 0 && !this.#single);
    this.#element.classList.toggle("actions-idle", n === 0);
  }

  /** @param {NodeAction} action */
  #addButton(action) {
    const { word, detail } = NODE_ACTIONS[action];
    const text = action === "close" && this.#single ? "Close node" : word;
    const button = h("button", { type: "button", class: "button", text });
    this.#buttons.set(button, action);
    this.#element.append(button);
    if (action === "allocate") {
      button.addEventListener("click", () => void runNodeAction(this.#shell, action, this.#selected()));
      return;
    }
    confirmInPlace(button, () => {
      const addresses = this.#able(action);
      if (addresses.length === 0) return null;
      const run = () => void runNodeAction(this.#shell, action, addresses);
      return { action: `${word} ${counted(addresses.length, "node")}`, detail, run };
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
    this.#buttons.set(button, "allocate"); // of any nodes
    return form;
  }
}
