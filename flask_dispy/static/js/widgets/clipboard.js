import { h, setText } from "../lib/dom.js";

/**
 * Copies text, also if the page is not served securely and so has no access to the clipboard.
 *
 * @param {string} text
 * @returns {Promise<boolean>} whether it worked
 */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = h("textarea", { class: "sr", "aria-hidden": "true", tabindex: "-1" });
    area.value = text;
    const focused = document.activeElement;
    (document.querySelector("dialog[open]") ?? document.body).append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    if (focused instanceof HTMLElement) focused.focus();
    return copied;
  }
}

/**
 * Shows another word in a button for a moment, without changing the button's size.
 *
 * @param {HTMLButtonElement} button
 * @param {string} word
 */
export function flash(button, word) {
  const before = button.dataset.word ?? button.textContent ?? "";
  button.dataset.word = before;
  button.style.minWidth = `${button.offsetWidth}px`;
  setText(button, word);
  setTimeout(() => setText(button, before), 1500);
}
