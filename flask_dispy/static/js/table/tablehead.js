/** @import {Column, Sort} from "./columns.js" */
/** @import {ColumnWidths} from "./columnwidths.js" */
import { h, icon, setAttr, setChildren } from "../lib/dom.js";

/**
 * The head of a table, and the bar that replaces it on a phone, where rows are cards.
 *
 * @template Row
 */
export class TableHead {
  #columns;
  #selectable;
  #onSort;
  #onSelectAll;
  #widths;
  /** @type {Sort|null} */
  #sort = null;
  /** @type {Map<string, HTMLElement>} */
  #cells = new Map();
  #row = h("div", { class: "tr thead-row", role: "row", "aria-rowindex": "1" });
  element;
  #boxes;
  #selectCell;
  #choice;
  #direction;
  bar;
  /** @param {Event} event */
  #chooseAll = (event) => {
    this.#onSelectAll(/** @type {HTMLInputElement} */ (event.target).checked);
  };
  #chooseColumn = () => {
    const column = this.#columns.find(({ key }) => key === this.#choice.value);
    this.#onSort({ key: this.#choice.value, order: column?.first ?? "asc" });
  };
  #turn = () => {
    this.#onSort({ key: this.#choice.value, order: this.#sort?.order === "asc" ? "desc" : "asc" });
  };

  /**
   * @param {object} options
   * @param {Column<Row>[]} options.columns
   * @param {boolean} options.selectable
   * @param {(sort: Sort) => void} options.onSort
   * @param {(all: boolean) => void} options.onSelectAll
   * @param {ColumnWidths} [options.widths] that the reader can change
   */
  constructor({ columns, selectable, onSort, onSelectAll, widths }) {
    this.#columns = columns;
    this.#selectable = selectable;
    this.#onSort = onSort;
    this.#onSelectAll = onSelectAll;
    this.#widths = widths;
    this.element = h("div", { class: "thead", role: "rowgroup" }, this.#row);
    this.#boxes = [0, 1].map(() =>
      h("input", { type: "checkbox", "aria-label": "Select all rows shown", onchange: this.#chooseAll }),
    );
    this.#selectCell = h(
      "div",
      { class: "th td-select", role: "columnheader" },
      h("label", { class: "hit" }, this.#boxes[0]),
    );
    this.#choice = h("select", { "aria-label": "Sort by", onchange: this.#chooseColumn });
    this.#direction = h("button", { type: "button", class: "button icon-button", onclick: this.#turn }, icon("sort"));
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

  /** @param {Column<Row>[]} shown */
  setColumns(shown) {
    this.#cells = new Map(shown.map((column) => [column.key, this.#cells.get(column.key) ?? this.#headCell(column)]));
    setChildren(this.#row, [...(this.#selectable ? [this.#selectCell] : []), ...this.#cells.values()]);
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
    const cell = h("div", {
      class: `th td-${column.align ?? "start"}${column.primary ? " td-primary" : ""}`,
      role: "columnheader",
      "data-column": column.key,
      "aria-label": this.#widths ? column.label : null, // without its edge
    });
    cell.append(this.#title(column));
    if (this.#widths) cell.append(this.#widths.edge(column));
    return cell;
  }

  /** @param {Column<Row>} column */
  #title(column) {
    if (!isSortable(column)) return h("span", { text: column.label, title: column.hint ?? null });
    const again = () => {
      const order =
        this.#sort?.key === column.key ? (this.#sort.order === "asc" ? "desc" : "asc") : (column.first ?? "asc");
      this.#onSort({ key: column.key, order });
    };
    return h(
      "button",
      { type: "button", class: "th-button", title: column.hint ?? null, onclick: again },
      h("span", { text: column.label }),
      icon("sorted"),
    );
  }
}

/** @param {Column<any>} column */
const isSortable = (column) => Boolean(column.value ?? column.sorts);
