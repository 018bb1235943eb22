import { h, setText } from "./dom.js";
import { createPopover } from "./popover.js";

/**
 * A panel under a button for a question. Cancel closes it; what the other button does is up to the caller.
 *
 * @param {HTMLButtonElement} button a button in the page
 */
export function createQuestion(button) {
  const detail = h("p", { class: "confirm-detail" });
  const yes = h("button", { type: "button", class: "button danger" });
  const no = h("button", { type: "button", class: "button", text: "Cancel" });
  const panel = h(
    "div",
    { class: "confirm", role: "group", "aria-label": "Confirm" },
    detail,
    h("div", { class: "confirm-buttons" }, yes, no),
  );
  const popover = createPopover(button, panel, { toggles: false });
  no.addEventListener("click", () => popover.close({ refocus: true }));
  return { popover, detail, yes, no };
}

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
  const { popover, detail, yes } = createQuestion(button);
  button.addEventListener("click", () => {
    if (popover.isOpen) return popover.close();
    question = ask();
    if (!question) return;
    setText(yes, question.action);
    setText(detail, question.detail ?? "");
    detail.hidden = !question.detail;
    popover.open();
    yes.focus();
  });
  yes.addEventListener("click", () => {
    popover.close({ refocus: true });
    question?.run();
  });
}
