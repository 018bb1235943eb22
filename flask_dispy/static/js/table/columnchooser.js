/** @import {Column} from "./columns.js" */
import { h, iconButton, show } from "../lib/dom.js";
import { createPopover } from "../lib/popover.js";
import { readKept } from "../lib/storage.js";
import { ColumnWidths } from "./columnwidths.js";

/** Before the key of a column, among those that are kept: it is hidden because somebody chose so. */
const HIDDEN_BY_HAND = "-";

/**
 * A button whose panel chooses the columns of a table; the choice is remembered in this browser.
 *
 * @template Row
 * @param {HTMLElement} element
 * @param {object} options
 * @param {Column<Row>[]} options.columns
 * @param {string} options.name of the table, under which choices are kept
 * @param {Pick<Storage, "getItem"|"setItem">|null} options.storage
 * @param {(hidden: string[]) => void} options.onChange
 * @returns {{hidden: string[], widths: ColumnWidths, reveal: (keys: string[], spare: string[]) => void}} the keys of
 *   the columns that are hidden to begin with; the chosen widths; `reveal` shows columns that have something to say
 *   now, but for those that somebody has hidden, in place of some to spare, if nobody has chosen columns
 */
export function createColumnChooser(element, { columns, name, storage, onChange }) {
  const store = `dispy.columns.${name}`;
  const widths = new ColumnWidths({ store: `dispy.widths.${name}`, storage });
  const optional = columns.filter((column) => column.optional);
  const kept = readKept(storage, store);
  const stored = Array.isArray(kept) ? kept.map(String) : null;
  const hidden = new Set(stored ?? optional.filter((column) => column.hidden).map(({ key }) => key));
  let chosen = stored !== null;
  /** Columns that are hidden, or not, because of what the rows say: not kept. @type {Map<string, boolean>} */
  const forNow = new Map();
  const isHidden = (/** @type {string} */ key) => forNow.get(key) ?? hidden.has(key);
  const change = () => onChange(optional.map(({ key }) => key).filter(isHidden));
  const button = iconButton("columns", "Choose columns", { title: "Choose columns" });
  const boxes = optional.map((column) => {
    const box = h("input", { type: "checkbox", onchange: () => choose(column.key, box.checked) });
    box.checked = !hidden.has(column.key);
    return { key: column.key, box, label: h("label", { class: "check" }, box, column.label) };
  });
  const reset = h("button", { type: "button", class: "button small", onclick: () => widths.reset() }, "Usual widths");
  element.append(button);
  createPopover(
    button,
    h(
      "div",
      { class: "columns" },
      h("fieldset", {}, h("legend", { text: "Columns" }), ...boxes.map(({ label }) => label)),
      reset,
    ),
    { onOpen: () => show(reset, widths.any) },
  );

  /** @param {string} key @param {boolean} shown */
  function choose(key, shown) {
    for (const each of [key, HIDDEN_BY_HAND + key]) {
      if (shown) hidden.delete(each);
      else hidden.add(each);
    }
    chosen = true;
    forNow.delete(key);
    storage?.setItem(store, JSON.stringify([...hidden]));
    change();
  }

  /** @param {string[]} keys @param {string[]} spare */
  function reveal(keys, spare) {
    const due = boxes.filter(({ key }) => keys.includes(key) && isHidden(key) && !hidden.has(HIDDEN_BY_HAND + key));
    if (due.length === 0) return;
    for (const { key, box } of boxes) {
      if (due.some((each) => each.key === key)) forNow.set(key, false);
      else if (!chosen && spare.includes(key)) forNow.set(key, true);
      box.checked = !isHidden(key);
    }
    change();
  }

  return { hidden: [...hidden], widths, reveal };
}
