/** @import {Keys} from "../lib/keys.js" */
import { h, iconButton } from "../lib/dom.js";

/**
 * The keyboard map, as a dialog made when it is first opened.
 *
 * @param {Keys} keys
 * @param {string} version
 * @returns {() => void} opens it
 */
export function createHelp(keys, version) {
  /** @type {HTMLDialogElement|null} */
  let dialog = null;

  function build() {
    const close = iconButton("close", "Close", { onclick: () => dialog?.close() });
    const box = h("input", { type: "checkbox", onchange: () => (keys.enabled = box.checked) });
    box.checked = keys.enabled;
    const made = h(
      "dialog",
      { class: "help", "aria-labelledby": "help-title" },
      h("div", { class: "dialog-head" }, h("h2", { id: "help-title", text: "Keyboard map" }), close),
      h("dl", { class: "shortcuts" }, ...keys.list().map(entry)),
      h("label", { class: "check" }, box, "Single keys do something"),
      h("p", { class: "caption", text: `flask_dispy ${version}` }),
    );
    made.addEventListener("click", (event) => {
      if (event.target === made) made.close(); // the backdrop
    });
    document.body.append(made);
    return made;
  }

  return () => {
    dialog ??= build();
    if (!dialog.open) dialog.showModal();
  };
}

/** @param {{keys: string, label: string}} shortcut */
function entry({ keys, label }) {
  const names = keys === " " ? ["space"] : keys.split(" ");
  return h("div", {}, h("dt", { text: label }), h("dd", {}, ...names.map((name) => h("kbd", { text: name }))));
}
