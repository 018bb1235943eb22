/** A panel beside what it is about; a sheet over the page where there is no room for both. */

import { isTyping, need, setAttr } from "../lib/dom.js";

/** Below this width it is a sheet. */
const NARROW = "screen and (max-width: 1099px)";

export class SidePanel {
  #dialog;
  #title;
  #narrow = matchMedia(NARROW);

  /**
   * @param {HTMLDialogElement} dialog
   * @param {object} options
   * @param {HTMLElement} options.title  gets the focus
   * @param {string} [options.labelledBy]  ids of what names it, if not of the title alone
   * @param {() => void} options.onClose  it is to be closed
   */
  constructor(dialog, { title, labelledBy = title.id, onClose }) {
    this.#dialog = dialog;
    this.#title = title;
    setAttr(dialog, "aria-labelledby", labelledBy);
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      onClose();
    });
    dialog.addEventListener("close", () => {
      if (!dialog.open && dialog.contains(need("notices"))) holdNotices(document.body);
    });
    // Wherever the focus is, except in a field, which uses Escape itself, or in another dialog.
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.defaultPrevented || !dialog.open || isTyping(event.target)) return;
      const within = event.target instanceof Element ? event.target.closest("dialog") : null;
      // A panel that has just closed keeps the focus until the next frame.
      if (within?.open && within !== dialog) return;
      event.preventDefault();
      onClose();
    });
    this.#narrow.addEventListener("change", () => {
      if (!dialog.open) return;
      dialog.close();
      this.#show();
    });
  }

  /** @param {{focus: boolean}} options  focus: behind a sheet nothing else can have it */
  open({ focus }) {
    this.#show();
    if (focus || this.#narrow.matches) this.#title.focus({ preventScroll: true });
  }

  close() {
    if (this.#dialog.open) this.#dialog.close();
  }

  #show() {
    if (this.#dialog.open) return;
    if (this.#narrow.matches) this.#dialog.showModal();
    else this.#dialog.show();
    holdNotices(this.#narrow.matches ? this.#dialog : document.body);
  }
}

/** Under a sheet, notices could neither be seen nor pressed, nor be heard. @param {HTMLElement} place */
const holdNotices = (place) => place.append(need("notices"), need("live"));
