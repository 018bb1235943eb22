/** @import {Column, Sort} from "./columns.js" */
import { h, icon, setAttr } from "../lib/dom.js";

/**
 * The head of a table, and the bar that does its work on a phone, where rows are cards.
 *
 * @template Row
 * @param {object} options
 * @param {Column<Row>[]} options.columns
 * @param {boolean} options.selectable
 * @param {(sort: Sort) => void} options.onSort
 * @param {(all: boolean) => void} options.onSelectAll
 */
export function createTableHead({ columns, selectable, onSort, onSelectAll }) {
  /** @type {Sort|null} */
  let sort = null;
  /** @type {Map<string, HTMLElement>} */
  const cells = new Map();
  const row = h("div", { class: "tr thead-row", role: "row", "aria-rowindex": "1" });
  const element = h("div", { class: "thead", role: "rowgroup" }, row);
  const boxes = [0, 1].map(() =>
    h("input", { type: "checkbox", "aria-label": "Select all rows shown", onchange: chooseAll }),
  );
  const choice = h("select", { "aria-label": "Sort by", onchange: chooseColumn });
  const direction = h("button", { type: "button", class: "button icon-button", onclick: turn }, icon("sort"));
  const bar = h(
    "div",
    { class: "table-bar" },
    selectable ? h("label", { class: "check" }, boxes[1], h("span", { text: "All" })) : null,
    choice,
    direction,
  );
  const sortable = columns.filter((column) => column.value);
  choice.append(...sortable.map((column) => h("option", { value: column.key, text: `Sort by ${column.label}` })));
  choice.hidden = direction.hidden = sortable.length === 0;

  /** @param {Event} event */
  function chooseAll(event) {
    onSelectAll(/** @type {HTMLInputElement} */ (event.target).checked);
  }

  function chooseColumn() {
    const column = columns.find(({ key }) => key === choice.value);
    onSort({ key: choice.value, order: column?.first ?? "asc" });
  }

  function turn() {
    onSort({ key: choice.value, order: sort?.order === "asc" ? "desc" : "asc" });
  }

  /** @param {Column<Row>} column */
  function headCell(column) {
    const cell = h("div", {
      class: `th td-${column.align ?? "start"}${column.primary ? " td-primary" : ""}`,
      role: "columnheader",
      "data-column": column.key,
    });
    if (!column.value) {
      cell.append(h("span", { text: column.label, title: column.hint ?? null }));
      return cell;
    }
    const again = () => {
      const order = sort?.key === column.key ? (sort.order === "asc" ? "desc" : "asc") : (column.first ?? "asc");
      onSort({ key: column.key, order });
    };
    cell.append(
      h(
        "button",
        { type: "button", class: "th-button", title: column.hint ?? null, onclick: again },
        h("span", { text: column.label }),
        icon("sorted"),
      ),
    );
    return cell;
  }

  return {
    element,
    bar,
    /** @param {Column<Row>[]} shown */
    setColumns(shown) {
      cells.clear();
      for (const column of shown) cells.set(column.key, headCell(column));
      const first = selectable
        ? [h("div", { class: "th td-select", role: "columnheader" }, h("label", { class: "hit" }, boxes[0]))]
        : [];
      row.replaceChildren(...first, ...cells.values());
      this.setSort(sort);
    },
    /** @param {Sort|null} next */
    setSort(next) {
      sort = next;
      for (const [key, cell] of cells) {
        if (!cell.querySelector("button")) continue;
        const order = sort?.key === key ? (sort.order === "asc" ? "ascending" : "descending") : "none";
        setAttr(cell, "aria-sort", order);
      }
      if (sort) choice.value = sort.key;
      setAttr(
        direction,
        "aria-label",
        sort?.order === "desc" ? "Descending; sort ascending" : "Ascending; sort descending",
      );
      direction.classList.toggle("descending", sort?.order === "desc");
    },
    /** @param {number} selected @param {number} shown */
    setSelected(selected, shown) {
      for (const box of boxes) {
        box.checked = selected > 0 && selected === shown;
        box.indeterminate = selected > 0 && selected < shown;
      }
    },
  };
}
