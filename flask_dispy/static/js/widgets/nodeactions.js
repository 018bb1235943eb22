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
 * What may be done to the chosen nodes. All but allocating asks first, with the number in the
 * button that confirms. In the combined view it is done in every cluster that knows the node.
 *
 * @param {HTMLElement} element
 * @param {object} options
 * @param {Shell} options.shell
 * @param {() => string[]} options.selected addresses
 * @param {boolean} [options.withCpus] also offer to set the CPUs of all chosen nodes
 * @param {boolean} [options.single] the page is about one node: no count, nothing to select
 * @returns {{update: () => void}} call when the selection changed, or a node's state
 */
export function createNodeActions(element, { shell, selected, withCpus = false, single = false }) {
  const number = h("span", { class: "actions-count" });
  const buttons = BUTTONS.map(([action, word]) => actionButton(action, word));
  element.classList.add("actions");
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", "Actions on nodes");
  if (!single) element.append(number);
  element.append(...buttons);
  for (const [i, [action, word]] of BUTTONS.entries()) {
    if (action !== "allocate") ask(buttons[i], action, word);
  }
  if (withCpus) element.append(cpusForm());

  /** @param {NodeAction} action @param {string} word */
  function actionButton(action, word) {
    const button = h("button", {
      type: "button",
      class: "button",
      text: action === "close" && single ? "Close node" : word,
    });
    if (action === "allocate") button.addEventListener("click", () => run(action, selected()));
    return button;
  }

  /** @param {HTMLButtonElement} button @param {NodeAction} action @param {string} word */
  function ask(button, action, word) {
    confirmInPlace(button, () => {
      const addresses = able(action);
      if (addresses.length === 0) return null;
      return {
        action: `${word} ${counted(addresses.length, "node")}`,
        detail: NODE_ACTIONS[action].detail,
        run: () => run(action, addresses),
      };
    });
  }

  /**
   * Of a node that has left there is nothing to close.
   *
   * @param {NodeAction} action
   */
  function able(action) {
    return selected().filter((address) => action === "allocate" || shell.store.nodes.get(address)?.state !== "closed");
  }

  /** @param {NodeAction} action @param {string[]} addresses */
  function run(action, addresses) {
    if (addresses.length > 0) void runNodeAction(shell, action, addresses);
  }

  function cpusForm() {
    const input = h("input", {
      class: "input",
      type: "number",
      step: "1",
      "aria-label": "CPUs for the selected nodes",
      placeholder: "CPUs",
    });
    const button = h("button", { type: "submit", class: "button", text: "Set CPUs" });
    buttons.push(button);
    return h("form", { class: "cpus-edit", onsubmit: submit }, input, button);

    /** @param {Event} event */
    function submit(event) {
      event.preventDefault();
      const addresses = selected();
      const cpus = Number(input.value);
      const valid = input.value.trim() !== "" && Number.isInteger(cpus);
      input.setAttribute("aria-invalid", String(!valid));
      if (valid && addresses.length > 0) void setCpus(shell, addresses, cpus);
    }
  }

  function update() {
    const n = selected().length;
    setText(number, n === 0 ? "Select nodes to" : `${counted(n, "node")}:`);
    for (const [i, button] of buttons.entries()) {
      const action = BUTTONS[i]?.[0] ?? "allocate";
      button.disabled = n === 0 || able(action).length === 0;
    }
    element.classList.toggle("actions-floating", n > 0 && !single);
    element.classList.toggle("actions-idle", n === 0);
  }

  update();
  return { update };
}
