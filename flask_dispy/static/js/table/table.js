/** @import {Sortable} from "../lib/sort.js" */
/** @import {Column, Sort} from "./columns.js" */
/** @import {ColumnWidths} from "./columnwidths.js" */
import { h, isPlainClick, oncePerFrame, setAttr, setStyle, setText, show } from "../lib/dom.js";
import { pressKey } from "../lib/keys.js";
import { tracksOf } from "./columnwidths.js";
import { RowModel } from "./rowmodel.js";
import { RowPool } from "./rowpool.js";
import { Selection } from "./selection.js";
import { createRowView } from "./rowview.js";
import { TableHead } from "./tablehead.js";
import { firstRead, follow, revealRow, rowsInView } from "./viewport.js";

/** A table this short is in the page whole, for find-in-page, screenshots and screen readers. */
const WHOLE_ROWS = 60;
/** The most rows that are printed; the table says how many it left out. */
const PRINTED_ROWS = 500;

/**
 * A table of any length of which only the visible rows are in the page. It is sorted, filtered and selected by
 * key, so that all of that survives every update. On a phone each row is a card.
 *
 * @template Row
 */
export class Table {
  #element;
  #options;
  #sort;
  #model;
  /** @type {RowPool<Row>} */
  #views;
  #selection = new Selection();
  /** @type {Column<Row>[]} */
  #shownColumns = [];
  /** @type {string|null} */
  #activeKey = null;
  /** The row whose detail is open. @type {string|null} */
  #openKey = null;
  #rowHeight = 0;
  /** The table's width when its rows were measured, in whole pixels. */
  #width = -1;
  #printing = false;
  #lastCounts = "";
  #head;
  #body = h("div", { class: "tbody", role: "rowgroup" });
  #grid;
  #nothing = h("div", { class: "table-empty", hidden: true });
  #note = h("p", { class: "print-note", hidden: true });
  #parts;
  #renderSoon = oncePerFrame(() => this.#render());
  #render = () => {
    this.#measure();
    setStyle(this.#body, "height", `${this.#model.order.length * this.#rowHeight}px`);
    const [first, last] = this.#range();
    const keys = this.#model.order.slice(first, last);
    if (this.#activeKey === null || !this.#model.has(this.#activeKey)) this.#activeKey = this.#model.order[0] ?? null;
    this.#views.free(new Set(keys));
    keys.forEach((key, i) => this.#showRow(key, first + i));
    this.#views.settle(keys);
    this.#renderCounts();
    if (this.#options.onEnd && last === this.#model.order.length && last > 0) this.#options.onEnd();
  };

  /**
   * @param {HTMLElement} element
   * @param {object} options
   * @param {string} options.label
   * @param {Column<Row>[]} options.columns
   * @param {(row: Row) => string} options.keyOf
   * @param {(row: Row) => Sortable} [options.tie] orders rows of equal value
   * @param {(row: Row) => string} [options.name] what a row is called, for screen readers
   * @param {boolean} [options.selectable]
   * @param {Sort|null} [options.sort] null: in the order in which rows came
   * @param {Iterable<string>} [options.hidden]
   * @param {ColumnWidths} [options.widths] that the reader can change
   * @param {Node} [options.empty] shown in place of rows when there are none
   * @param {Node} [options.noMatch] shown when there are rows but none passes the filter
   * @param {boolean} [options.steady] rows that are added above the visible ones don't move these
   * @param {() => number} [options.now]
   * @param {(sort: Sort) => void} [options.onSort]
   * @param {(keys: string[]) => void} [options.onSelect]
   * @param {(row: Row) => void} [options.onOpen] Enter on a row
   * @param {boolean} [options.clickable] a click on a row opens it as well, but not one on its links and fields
   * @param {() => void} [options.onEnd] the last row came into view
   * @param {(row: Row) => void} [options.onActive] a key made a row the active one
   * @param {() => void} [options.onCount] how many are shown, or exist, changed
   */
  constructor(element, options) {
    const { label, columns, keyOf, tie = keyOf, selectable = false, sort = null, hidden = [], widths } = options;
    this.#element = element;
    this.#options = { name: keyOf, now: () => Date.now() / 1000, ...options, selectable };
    this.#sort = sort;
    this.#model = new RowModel({ keyOf, tie });
    this.#views = new RowPool(this.#body, {
      create: () => createRowView(this.#shownColumns, selectable, this.#options.name),
      fill: (view, key) => view.fill(this.#rowOf(key), this.#options.now()),
      has: (key) => this.#model.has(key),
    });
    this.#head = new TableHead({
      columns,
      selectable,
      widths,
      onSort: (next) => {
        this.setSort(next);
        this.#options.onSort?.(next);
      },
      onSelectAll: (all) => this.select(all ? this.#model.order : []),
    });
    if (widths)
      widths.onChange = () => {
        this.#fit();
        this.#noteOverflow();
      };
    this.#grid = h(
      "div",
      { class: "table", role: "grid", "aria-label": label, "aria-multiselectable": selectable ? "true" : null },
      this.#head.element,
      this.#body,
    );
    element.append(this.#head.bar, this.#grid, this.#nothing, this.#note);
    this.#parts = { grid: this.#grid, head: this.#head.element, body: this.#body };
    this.#listenToRows();
    new ResizeObserver(([{ contentRect }]) => {
      if (Math.abs(contentRect.width - this.#width) < 1) return this.#noteOverflow(); // only its height changed, by its own rows
      this.#width = contentRect.width;
      this.#rowHeight = 0;
      this.#renderSoon();
    }).observe(element);
    this.#listenToPage();
    this.#applySort();
    this.setHidden(hidden);
  }

  /** @param {Sort} next */
  setSort(next) {
    this.#sort = next;
    this.#applySort();
    this.#renderSoon();
  }

  /** Keys, in the order shown. */
  selected() {
    return this.#selection.within(this.#model.order);
  }

  /**
   * Move the active row, and focus it.
   *
   * @param {number} step
   * @param {string|null} [from] the row to move on from, in place of the active one
   */
  move(step, from = null) {
    if (from !== null && this.#model.has(from)) return this.#activate(this.#model.order.indexOf(from) + step);
    const focused = this.#body.contains(document.activeElement);
    this.#activate(focused ? this.#activeIndex() + step : Math.max(0, this.#activeIndex()));
  }

  /** Select or deselect the active row. */
  toggle() {
    if (this.#options.selectable && this.#activeKey !== null)
      this.#selectRow(this.#activeKey, !this.#selection.has(this.#activeKey), false);
  }

  /** Replace all rows. @param {Iterable<Row>} rows */
  setRows(rows) {
    const read = this.#options.steady ? firstRead(this.#parts, this.#rowHeight) : -1;
    const key = this.#model.order[read];
    this.#model.setAll(rows);
    const moved = key === undefined || !this.#model.has(key) ? 0 : this.#model.order.indexOf(key) - read;
    if (moved) {
      setStyle(this.#body, "height", `${this.#model.order.length * this.#rowHeight}px`);
      follow(this.#parts, moved * this.#rowHeight);
    }
    this.#views.change();
    this.#pruneSelection();
    this.#renderSoon();
  }

  /** @param {Iterable<Row>} changed @param {Iterable<string>} [removed] keys */
  change(changed, removed = []) {
    const list = [...changed];
    const moved = this.#model.change(list, removed);
    const seen = this.#views.change(list.map(this.#options.keyOf));
    if (moved) this.#pruneSelection();
    if (moved || seen) this.#renderSoon();
  }

  /** @param {((row: Row) => boolean)|null} filter */
  setFilter(filter) {
    this.#model.setFilter(filter);
    this.#pruneSelection();
    this.#renderSoon();
  }

  /** Hide columns, unless they are hidden already. @param {Iterable<string>} keys */
  setHidden(keys) {
    const hidden = new Set(keys);
    const shown = this.#options.columns.filter(({ key }) => !hidden.has(key));
    if (shown.length === this.#shownColumns.length && shown.every((column, i) => column === this.#shownColumns[i]))
      return;
    this.#shownColumns = shown;
    this.#layout();
  }

  /** Update the cells that change with time. */
  tick() {
    this.#views.tick(this.#options.now());
  }

  /** @param {Iterable<string>} keys */
  select(keys) {
    this.#selection.set([...keys].filter((key) => this.#model.has(key)));
    this.#selectionChanged();
  }

  /** Mark the row whose detail is open, also when it scrolls in later. @param {string|null} key */
  setOpen(key) {
    const before = this.#openKey;
    this.#openKey = key;
    for (const each of [before, key]) this.#mark(each);
  }

  /** @param {string} key of a row, which gets the focus if it is in view */
  focusRow(key) {
    this.#views.get(key)?.element.focus({ preventScroll: true });
  }

  counts() {
    return { shown: this.#model.order.length, total: this.#model.size };
  }

  /** @returns {[number, number]} the first row that must be in the page, and the one after the last */
  #range() {
    const { length } = this.#model.order;
    if (this.#printing || length <= WHOLE_ROWS) return [0, Math.min(length, PRINTED_ROWS)];
    return rowsInView(this.#parts, this.#rowHeight, length);
  }

  /** @param {string} key */
  #rowOf(key) {
    return /** @type {Row} */ (this.#model.row(key));
  }

  #noteOverflow() {
    this.#grid.classList.toggle("table-wide", this.#grid.scrollWidth > this.#grid.clientWidth + 1);
  }

  #measure() {
    const key = this.#model.order[0];
    if (this.#rowHeight || key === undefined) return;
    const sample = this.#views.sample(key);
    show(this.#grid, true);
    this.#rowHeight = Math.max(1, sample.offsetHeight);
    this.#width = this.#element.clientWidth;
    this.#noteOverflow();
  }

  /** @param {string} key @param {number} index */
  #showRow(key, index) {
    this.#views.show(key).place({ key, index, top: index * this.#rowHeight });
    this.#mark(key);
  }

  /** @param {string|null} key */
  #mark(key) {
    if (key === null) return;
    const [active, open] = [key === this.#activeKey, key === this.#openKey];
    this.#views.get(key)?.mark({ selected: this.#selection.has(key), active, open });
  }

  /** Open a row as it is, or was: it is in view for a moment after it has gone. @param {string} key */
  #open(key) {
    const row = this.#model.row(key) ?? this.#views.get(key)?.row();
    if (row !== undefined) this.#options.onOpen?.(row);
  }

  #renderCounts() {
    const { length } = this.#model.order;
    const all = this.#model.size;
    setAttr(this.#grid, "aria-rowcount", length + 1);
    this.#head.setSelected(this.#selection.size, length);
    show(this.#grid, length > 0);
    show(this.#head.bar, length > 0);
    show(this.#nothing, length === 0);
    const message = all === 0 ? this.#options.empty : this.#options.noMatch;
    if (length === 0 && message && this.#nothing.firstChild !== message) this.#nothing.replaceChildren(message);
    setText(this.#note, `Showing ${Math.min(length, PRINTED_ROWS)} of ${all}`);
    const counts = `${length}/${all}`;
    if (counts !== this.#lastCounts) {
      this.#lastCounts = counts;
      this.#options.onCount?.();
    }
  }

  /** Gives the columns their widths, without touching a row. */
  #fit() {
    const { template, least } = tracksOf(this.#shownColumns, this.#options.widths);
    setStyle(this.#grid, "--columns", (this.#options.selectable ? "36px " : "") + template);
    setStyle(this.#grid, "--least-width", `${least + this.#shownColumns.length * 12 + 64}px`);
  }

  #layout() {
    this.#fit();
    setAttr(this.#grid, "aria-colcount", this.#shownColumns.length + (this.#options.selectable ? 1 : 0));
    this.#head.setColumns(this.#shownColumns);
    this.#views.clear();
    this.#rowHeight = 0;
    this.#renderSoon();
  }

  #listenToRows() {
    /** @type {Record<string, () => void>} */
    const rowKeys = {
      ArrowDown: () => this.move(1),
      ArrowUp: () => this.move(-1),
      PageDown: () => this.move(10),
      PageUp: () => this.move(-10),
      Home: () => this.#activate(0),
      End: () => this.#activate(this.#model.order.length - 1),
      " ": () => this.toggle(),
      Enter: () => this.#activeKey !== null && this.#open(this.#activeKey),
    };
    this.#grid.addEventListener("keydown", (event) => {
      const onRow = event.target instanceof HTMLElement && event.target.classList.contains("tr");
      if (onRow) pressKey(event, rowKeys);
    });
    this.#body.addEventListener("click", (event) => {
      const target = /** @type {HTMLElement} */ (event.target);
      const key = target.closest(".tr")?.getAttribute("data-key");
      if (!key) return;
      if (target instanceof HTMLInputElement && target.closest(".td-select"))
        return this.#selectRow(key, target.checked, event.shiftKey);
      const within = target.closest("a:not(.job-link), button, input, label");
      if (!this.#options.clickable || within || !isPlainClick(event) || String(getSelection() ?? "") !== "") return;
      event.preventDefault();
      this.#open(key);
    });
    this.#body.addEventListener("focusin", (event) => {
      const key = /** @type {HTMLElement} */ (event.target).closest(".tr")?.getAttribute("data-key");
      if (!key || key === this.#activeKey) return;
      const before = this.#activeKey;
      this.#activeKey = key;
      for (const each of [before, key]) this.#mark(each);
    });
  }

  #listenToPage() {
    this.#grid.addEventListener("scroll", this.#renderSoon, { passive: true });
    window.addEventListener("scroll", this.#renderSoon, { passive: true });
    window.addEventListener("resize", this.#renderSoon);
    window.addEventListener("beforeprint", () => this.#print(true));
    window.addEventListener("afterprint", () => this.#print(false));
  }

  #applySort() {
    const column = this.#sort && this.#options.columns.find(({ key }) => key === this.#sort?.key);
    this.#model.setSort(column?.value ?? null, this.#sort?.order);
    this.#head.setSort(this.#sort);
  }

  #selectionChanged() {
    this.#render();
    this.#options.onSelect?.(this.selected());
  }

  /** @param {string} key @param {boolean} on @param {boolean} through with all rows up to the one chosen before */
  #selectRow(key, on, through) {
    this.#selection.choose(key, on, through ? this.#model.order : []);
    this.#selectionChanged();
  }

  #pruneSelection() {
    if (this.#selection.prune(this.#model.order)) this.#options.onSelect?.(this.selected());
  }

  /** @param {number} index */
  #activate(index) {
    const at = Math.max(0, Math.min(this.#model.order.length - 1, index));
    const key = this.#model.order[at];
    if (key === undefined) return;
    this.#activeKey = key;
    this.#measure(); // after a change of size, the height is measured only in the next frame
    revealRow(this.#parts, this.#rowHeight, at);
    this.#render();
    this.focusRow(key);
    this.#options.onActive?.(this.#rowOf(key));
  }

  #activeIndex() {
    return this.#activeKey === null ? -1 : this.#model.order.indexOf(this.#activeKey);
  }

  /** @param {boolean} on */
  #print(on) {
    this.#printing = on;
    show(this.#note, on && this.#model.order.length > PRINTED_ROWS);
    this.#render();
  }
}
