/** @import {Column} from "./columns.js" */
import { h, icon } from "../lib/dom.js";
import { createPopover } from "../lib/popover.js";

/**
 * A button whose panel chooses the columns of a table; the choice is remembered in this browser.
 *
 * @template Row
 * @param {HTMLElement} element
 * @param {object} options
 * @param {Column<Row>[]} options.columns
 * @param {string} options.store name under which the choice is kept
 * @param {Pick<Storage, "getItem"|"setItem">|null} options.storage
 * @param {(hidden: string[]) => void} options.onChange
 * @returns {string[]} keys of the columns that are hidden to begin with
 */
export function createColumnChooser(element, { columns, store, storage, onChange }) {
  const optional = columns.filter((column) => column.optional);
  const hidden = new Set(
    storedKeys(storage, store) ?? optional.filter((column) => column.hidden).map(({ key }) => key),
  );
  const button = h(
    "button",
    { type: "button", class: "button quiet icon-button", title: "Choose columns" },
    icon("columns"),
    h("span", { class: "sr", text: "Choose columns" }),
  );
  const boxes = optional.map((column) => {
    const box = h("input", { type: "checkbox", onchange: () => choose(column.key, box.checked) });
    box.checked = !hidden.has(column.key);
    return h("label", { class: "check" }, box, column.label);
  });
  element.append(button);
  createPopover(button, h("div", { class: "columns" }, h("fieldset", {}, h("legend", { text: "Columns" }), ...boxes)));

  /** @param {string} key @param {boolean} shown */
  function choose(key, shown) {
    if (shown) hidden.delete(key);
    else hidden.add(key);
    storage?.setItem(store, JSON.stringify([...hidden]));
    onChange([...hidden]);
  }

  return [...hidden];
}

/**
 * @param {Pick<Storage, "getItem">|null} storage
 * @param {string} store
 * @returns {string[]|null}
 */
function storedKeys(storage, store) {
  try {
    const keys = JSON.parse(storage?.getItem(store) ?? "null");
    return Array.isArray(keys) ? keys.map(String) : null;
  } catch {
    return null;
  }
}
