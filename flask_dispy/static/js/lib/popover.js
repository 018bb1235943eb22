import { h, setAttr, setStyle, show } from "./dom.js";

/**
 * @typedef {object} Popover
 * @property {HTMLElement} element wraps the button and the panel
 * @property {() => void} open
 * @property {(options?: {refocus?: boolean}) => void} close
 * @property {() => void} fit keep the panel in view though its content has grown
 * @property {boolean} isOpen
 */

/**
 * A panel under a button. Escape, a click elsewhere and focus moving elsewhere close it.
 *
 * @param {HTMLButtonElement} button stays where it is if it is in the page already
 * @param {HTMLElement} panel
 * @param {object} [options]
 * @param {() => void} [options.onOpen]
 * @param {() => void} [options.onClose]
 * @param {boolean} [options.toggles] a click on the button opens and closes
 * @returns {Popover}
 */
export function createPopover(button, panel, { onOpen, onClose, toggles = true } = {}) {
  const element = h("div", { class: "popover" });
  if (button.parentNode) button.replaceWith(element);
  element.append(button, panel);
  panel.classList.add("popover-panel");
  panel.hidden = true;
  setAttr(button, "aria-expanded", "false");

  /** @param {Event} event */
  function outside(event) {
    if (!(event.target instanceof Node) || !element.contains(event.target)) close();
  }

  function open() {
    if (!panel.hidden) return;
    show(panel, true);
    setAttr(button, "aria-expanded", "true");
    keepInView(panel);
    document.addEventListener("pointerdown", outside, true);
    document.addEventListener("focusin", outside);
    onOpen?.();
  }

  function close({ refocus = false } = {}) {
    if (panel.hidden) return;
    show(panel, false);
    setAttr(button, "aria-expanded", "false");
    document.removeEventListener("pointerdown", outside, true);
    document.removeEventListener("focusin", outside);
    if (refocus) button.focus();
    onClose?.();
  }

  if (toggles) button.addEventListener("click", () => (panel.hidden ? open() : close()));
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || panel.hidden) return;
    event.stopPropagation();
    event.preventDefault(); // else it would close a dialog around it, too
    close({ refocus: true });
  });

  return {
    element,
    open,
    close,
    fit: () => keepInView(panel),
    get isOpen() {
      return !panel.hidden;
    },
  };
}

/**
 * Align the panel with whichever end of the button keeps it in view, and put it above if need be.
 *
 * @param {HTMLElement} panel
 */
function keepInView(panel) {
  panel.classList.remove("popover-end", "popover-up");
  setStyle(panel, "translate", "");
  const { right, bottom, height, top } = panel.getBoundingClientRect();
  const { clientWidth, clientHeight } = document.documentElement;
  const cutAt = panel.closest("dialog")?.getBoundingClientRect().right ?? Infinity; // it scrolls
  panel.classList.toggle("popover-end", right > Math.min(clientWidth, cutAt) - 8);
  panel.classList.toggle("popover-up", bottom > clientHeight - 8 && top - height > 96);
  const { left } = panel.getBoundingClientRect();
  setStyle(panel, "translate", left < 8 ? `${8 - left}px` : "");
}
