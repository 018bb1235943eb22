import { h, setText } from "./dom.js";
import { createPopover } from "./popover.js";

/**
 * @typedef {object} Question
 * @property {string} action what the confirming button says: "Close 3 nodes"
 * @property {string} [detail] the consequences, if they are not obvious
 * @property {() => void} run
 */

/**
 * Makes a button ask in place before it acts. The question is made when the button is pressed, so it remains
 * about the same items whatever arrives meanwhile.
 *
 * @param {HTMLButtonElement} button a button in the page
 * @param {() => Question|null} ask null: nothing to do
 */
export function confirmInPlace(button, ask) {
  /** @type {Question|null} */
  let question = null;
  const detail = h("p", { class: "confirm-detail" });
  const yes = h("button", { type: "button", class: "button danger", onclick: accept });
  const no = h("button", { type: "button", class: "button", text: "Cancel", onclick: dismiss });
  const panel = h(
    "div",
    { class: "confirm", role: "group", "aria-label": "Confirm" },
    detail,
    h("div", { class: "confirm-buttons" }, yes, no),
  );
  const popover = createPopover(button, panel, { toggles: false });
  button.addEventListener("click", press);

  function press() {
    if (popover.isOpen) return popover.close();
    question = ask();
    if (!question) return;
    setText(yes, question.action);
    setText(detail, question.detail ?? "");
    detail.hidden = !question.detail;
    popover.open();
    yes.focus();
  }

  function accept() {
    const asked = question;
    popover.close({ refocus: true });
    asked?.run();
  }

  function dismiss() {
    popover.close({ refocus: true });
  }
}
