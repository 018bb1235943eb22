/** @import {Column} from "./columns.js" */
import { h, setAttr, setStyle, setText } from "../lib/dom.js";

/**
 * @template Row
 * @typedef {object} RowView one row in the page; reused for other rows as they scroll in
 * @property {HTMLElement} element
 * @property {string} key
 * @property {() => Row|undefined} row that it shows, which may have gone since
 * @property {(row: Row, now: number) => void} fill
 * @property {(now: number) => void} tick only the cells that change with time
 * @property {(place: {key: string, index: number, top: number}) => void} place
 * @property {(state: {selected: boolean, active: boolean, open: boolean}) => void} mark
 */

/**
 * @template Row
 * @param {Column<Row>[]} columns
 * @param {boolean} selectable
 * @param {(row: Row) => string} name what the row is called, for its checkbox
 * @returns {RowView<Row>}
 */
export function createRowView(columns, selectable, name) {
  const element = h("div", { class: "tr", role: "row", tabindex: "-1" });
  const box = h("input", { type: "checkbox", tabindex: "-1" });
  if (selectable) {
    element.append(h("div", { class: "td td-select", role: "gridcell" }, h("label", { class: "hit" }, box)));
  }
  const cells = columns.map((column) => createCell(column));
  element.append(...cells.map((cell) => cell.element));
  /** @type {Row|undefined} */
  let shown;
  let active = false;

  return {
    element,
    key: "",
    row: () => shown,
    fill(row, now) {
      if (selectable) setAttr(box, "aria-label", `Select ${name(row)}`);
      for (const cell of cells) cell.fill(row, now);
      shown = row;
    },
    tick(now) {
      if (shown === undefined) return;
      for (const cell of cells) if (cell.ticks) cell.fill(shown, now);
    },
    place({ key, index, top }) {
      this.key = key;
      element.dataset.key = key;
      setAttr(element, "aria-rowindex", index + 2); // the head is row 1
      setStyle(element, "transform", `translateY(${top}px)`);
    },
    mark(state) {
      if (selectable) {
        if (box.checked !== state.selected) box.checked = state.selected;
        setAttr(element, "aria-selected", String(state.selected));
      }
      element.classList.toggle("is-open", state.open);
      setAttr(element, "tabindex", state.active ? "0" : "-1");
      if (active === state.active) return;
      active = state.active;
      for (const control of element.querySelectorAll("a, button, input"))
        setAttr(control, "tabindex", active ? null : "-1");
    },
  };
}

/**
 * @template Row
 * @param {Column<Row>} column
 * @returns {{element: HTMLElement, ticks: boolean, fill: (row: Row, now: number) => void}}
 */
function createCell(column) {
  const value = h("span", { class: "td-value" });
  const element = h(
    "div",
    {
      class: `td td-${column.align ?? "start"}${column.primary ? " td-primary" : ""}`,
      role: "gridcell",
      "data-column": column.key,
    },
    h("span", { class: "td-label", "aria-hidden": "true", text: column.label }),
    value,
  );
  const custom = column.render?.(value);
  for (const control of value.querySelectorAll("a, button, input")) setAttr(control, "tabindex", "-1");
  return {
    element,
    ticks: column.ticks === true,
    fill(row, now) {
      if (custom) custom(row, now);
      else setText(value, column.text(row, now));
      if (column.title) setAttr(value, "title", column.title(row, now));
    },
  };
}
