import { h, setText } from "../lib/dom.js";

/**
 * Makes a button copy a text, and say for a moment whether that worked.
 *
 * @param {HTMLButtonElement} button
 * @param {() => string} text
 * @param {string} failed what the button says if it did not
 * @param {(copied: boolean) => void} [onCopy]
 */
export function copies(button, text, failed, onCopy) {
  button.addEventListener("click", async () => {
    const copied = await copyText(text());
    onCopy?.(copied);
    flash(button, copied ? "Copied" : failed);
  });
}

/**
 * Copies text, also if the page is not served securely and so has no access to the clipboard.
 *
 * @param {string} text
 * @returns {Promise<boolean>} whether it worked
 */
async function copyText(text) {
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
function flash(button, word) {
  const before = button.dataset.word ?? button.textContent ?? "";
  button.dataset.word = before;
  button.style.minWidth = `${button.offsetWidth}px`;
  setText(button, word);
  setTimeout(() => setText(button, before), 1500);
}
