/** @import {Column, Sort} from "./columns.js" */
/** @import {ColumnWidths} from "./columnwidths.js" */
import { h, icon, setAttr, setChildren } from "../lib/dom.js";

/**
 * The head of a table, and the bar that replaces it on a phone, where rows are cards.
 *
 * @template Row
 */
export class TableHead {
  #options;
  /** @type {Sort|null} */
  #sort = null;
  /** @type {Map<string, HTMLElement>} */
  #cells = new Map();
  #row = h("div", { class: "tr thead-row", role: "row", "aria-rowindex": "1" });
  element = h("div", { class: "thead", role: "rowgroup" }, this.#row);
  #boxes = [0, 1].map(() =>
    h("input", {
      type: "checkbox",
      "aria-label": "Select all rows shown",
      onchange: ({ target }) => this.#options.onSelectAll(target.checked),
    }),
  );
  #selectCell = h("div", { class: "th td-select", role: "columnheader" }, h("label", { class: "hit" }, this.#boxes[0]));
  #choice = h("select", { "aria-label": "Sort by", onchange: () => this.#sortBy(this.#choice.value, false) });
  #direction = h(
    "button",
    { type: "button", class: "button icon-button", onclick: () => this.#sortBy(this.#choice.value, true) },
    icon("sort"),
  );
  bar;

  /**
   * @param {object} options
   * @param {Column<Row>[]} options.columns
   * @param {boolean} options.selectable
   * @param {(sort: Sort) => void} options.onSort
   * @param {(all: boolean) => void} options.onSelectAll
   * @param {ColumnWidths} [options.widths] that the reader can change
   */
  constructor(options) {
    this.#options = options;
    const { columns, selectable } = options;
    this.bar = h(
      "div",
      { class: "table-bar" },
      selectable ? h("label", { class: "check" }, this.#boxes[1], h("span", { text: "All" })) : null,
      this.#choice,
      this.#direction,
    );
    const sortable = columns.filter(isSortable);
    this.#choice.append(
      ...sortable.map((column) => h("option", { value: column.key, text: `Sort by ${column.label}` })),
    );
    this.#choice.hidden = this.#direction.hidden = sortable.length === 0;
  }

  /** @param {string} key @param {boolean} turn the other way round, if the rows are in this order */
  #sortBy(key, turn) {
    const { columns, onSort } = this.#options;
    const first = columns.find((column) => column.key === key)?.first ?? "asc";
    onSort({ key, order: turn && this.#sort?.key === key ? (this.#sort.order === "asc" ? "desc" : "asc") : first });
  }

  /** @param {Column<Row>[]} shown */
  setColumns(shown) {
    this.#cells = new Map(shown.map((column) => [column.key, this.#cells.get(column.key) ?? this.#headCell(column)]));
    setChildren(this.#row, [...(this.#options.selectable ? [this.#selectCell] : []), ...this.#cells.values()]);
    if (!this.#row.querySelector(".th-edge[tabindex='0']"))
      this.#row.querySelector(".th-edge")?.setAttribute("tabindex", "0");
    this.setSort(this.#sort);
  }

  /** @param {Sort|null} next */
  setSort(next) {
    this.#sort = next;
    for (const [key, cell] of this.#cells) {
      if (!cell.querySelector("button")) continue;
      const order = this.#sort?.key === key ? (this.#sort.order === "asc" ? "ascending" : "descending") : "none";
      setAttr(cell, "aria-sort", order);
    }
    if (this.#sort) this.#choice.value = this.#sort.key;
    setAttr(
      this.#direction,
      "aria-label",
      this.#sort?.order === "desc" ? "Descending; sort ascending" : "Ascending; sort descending",
    );
    this.#direction.classList.toggle("descending", this.#sort?.order === "desc");
  }

  /** @param {number} selected @param {number} shown */
  setSelected(selected, shown) {
    for (const box of this.#boxes) {
      box.checked = selected > 0 && selected === shown;
      box.indeterminate = selected > 0 && selected < shown;
    }
  }

  /** @param {Column<Row>} column */
  #headCell(column) {
    const { widths } = this.#options;
    const cell = h("div", {
      class: `th td-${column.align ?? "start"}${column.primary ? " td-primary" : ""}`,
      role: "columnheader",
      "data-column": column.key,
      "aria-label": widths ? column.label : null, // without its edge
    });
    cell.append(this.#title(column));
    if (widths) cell.append(widths.edge(column));
    return cell;
  }

  /** @param {Column<Row>} column */
  #title(column) {
    if (!isSortable(column)) return h("span", { text: column.label, title: column.hint ?? null });
    const onclick = () => this.#sortBy(column.key, true);
    return h(
      "button",
      { type: "button", class: "th-button", title: column.hint ?? null, onclick },
      h("span", { text: column.label }),
      icon("sorted"),
    );
  }
}

/** @param {Column<any>} column */
const isSortable = (column) => Boolean(column.value ?? column.sorts);
