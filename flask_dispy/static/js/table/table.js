/** @import {Sortable} from "../lib/sort.js" */
/** @import {Column, Sort} from "./columns.js" */
/** @import {RowView} from "./rowview.js" */
import { h, oncePerFrame, setAttr, setStyle, setText, show } from "../lib/dom.js";
import { createRowModel } from "./rowmodel.js";
import { createRowView } from "./rowview.js";
import { createTableHead } from "./tablehead.js";
import { firstRead, follow, orderChildren, revealRow, rowsInView } from "./viewport.js";

/** A table this short stands in the page whole, for find-in-page, pictures and screen readers. */
const WHOLE_ROWS = 60;
/** Rows out of the page that are kept for reuse. */
const SPARE_ROWS = 60;
/** So long after the last change the order in the document follows the order that is seen. */
const SETTLE_MS = 150;
/** Printing more rows than this helps nobody; the table says how many it left out. */
const PRINTED_ROWS = 500;

/**
 * @template Row
 * @typedef {object} Table
 * @property {(rows: Iterable<Row>) => void} setRows replace all rows
 * @property {(changed: Iterable<Row>, removed?: Iterable<string>) => void} change
 * @property {(filter: ((row: Row) => boolean)|null) => void} setFilter
 * @property {(sort: Sort) => void} setSort
 * @property {(hidden: Iterable<string>) => void} setHidden keys of columns not to show
 * @property {() => void} tick show the passing of time
 * @property {() => string[]} selected keys, in the order shown
 * @property {(keys: Iterable<string>) => void} select
 * @property {(step: number, from?: string|null) => void} move the active row, and focus it: on from
 *   another one, if that is told
 * @property {() => void} toggle select the active row, or no longer
 * @property {() => string|null} active key of the active row
 * @property {() => {shown: number, total: number}} counts
 * @property {() => void} destroy
 */

/**
 * A table of any length with only the rows that are seen in the page: sorted, filtered and
 * selected by key, so that all of it survives every update. On a phone each row is a card.
 *
 * @template Row
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
 * @param {Node} [options.empty] shown in place of rows when there are none
 * @param {Node} [options.noMatch] shown when there are rows but none passes the filter
 * @param {boolean} [options.steady] rows that come above those that are read don't move them
 * @param {() => number} [options.now]
 * @param {(sort: Sort) => void} [options.onSort]
 * @param {(keys: string[]) => void} [options.onSelect]
 * @param {(row: Row) => void} [options.onOpen] Enter on a row
 * @param {() => void} [options.onEnd] the last row came into view
 * @param {(row: Row) => void} [options.onActive] a key made a row the active one
 * @param {() => void} [options.onCount] how many are shown, or exist, changed
 * @returns {Table<Row>}
 */
export function createTable(
  element,
  {
    label,
    columns,
    keyOf,
    tie = keyOf,
    name = keyOf,
    selectable = false,
    sort = null,
    steady = false,
    hidden = [],
    empty,
    noMatch,
    now = () => Date.now() / 1000,
    onSort,
    onSelect,
    onOpen,
    onActive,
    onEnd,
    onCount,
  },
) {
  const model = createRowModel({ keyOf, tie });
  /** @type {Map<string, RowView<Row>>} */
  const views = new Map();
  /** @type {RowView<Row>[]} */
  let spare = [];
  /** @type {Set<string>} */
  const stale = new Set();
  /** @type {Set<string>} */
  const selection = new Set();
  let hiddenKeys = new Set(hidden);
  let shownColumns = columns.filter((column) => !hiddenKeys.has(column.key));
  /** @type {string|null} */
  let activeKey = null;
  /** @type {string|null} */
  let anchorKey = null;
  let rowHeight = 0;
  /** Of the table when its rows were measured, in whole pixels. */
  let width = -1;
  let printing = false;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let settling;
  let lastCounts = "";

  const head = createTableHead({ columns, selectable, onSort: sortBy, onSelectAll: selectAll });
  const body = h("div", { class: "tbody", role: "rowgroup" });
  const grid = h(
    "div",
    { class: "table", role: "grid", "aria-label": label, "aria-multiselectable": selectable ? "true" : null },
    head.element,
    body,
  );
  const nothing = h("div", { class: "table-empty", hidden: true });
  const note = h("p", { class: "print-note", hidden: true });
  element.append(head.bar, grid, nothing, note);

  const parts = { grid, head: head.element, body };
  const renderSoon = oncePerFrame(render);

  /** @returns {[number, number]} first and one past the last row to have in the page */
  function range() {
    const { length } = model.order;
    if (printing || length <= WHOLE_ROWS) return [0, Math.min(length, PRINTED_ROWS)];
    return rowsInView(parts, rowHeight, length);
  }

  /** @param {string} key */
  const rowOf = (key) => /** @type {Row} */ (model.row(key));

  function noteOverflow() {
    grid.classList.toggle("table-wide", grid.scrollWidth > grid.clientWidth + 1);
  }

  function measure() {
    const key = model.order[0];
    if (rowHeight || key === undefined) return;
    const view = createRowView(shownColumns, selectable, name);
    view.fill(rowOf(key), now());
    body.append(view.element);
    show(grid, true);
    rowHeight = Math.max(1, view.element.offsetHeight);
    width = element.clientWidth;
    noteOverflow();
    spare.push(view); // stays where it is: it will be the first row
  }

  /** @param {string} key @param {number} index */
  function showRow(key, index) {
    let view = views.get(key);
    if (!view || stale.has(key)) {
      view ??= spare.pop() ?? createRowView(shownColumns, selectable, name);
      view.fill(rowOf(key), now());
      views.set(key, view);
    }
    view.place({ key, index, top: index * rowHeight });
    view.mark({ selected: selection.has(key), active: key === activeKey });
    if (!view.element.parentNode) body.append(view.element);
  }

  /**
   * Rows that are no longer seen are free for others, but never the one that holds the focus.
   * They stay in the page until then: taking out and putting in costs most of a frame.
   *
   * @param {Set<string>} wanted
   */
  function freeViews(wanted) {
    for (const [key, view] of views) {
      if (wanted.has(key)) continue;
      const focused = view.element.contains(document.activeElement) && model.has(key);
      if (!focused) {
        views.delete(key);
        spare.push(view);
      } else if (stale.has(key)) {
        view.fill(rowOf(key), now());
      }
    }
  }

  function render() {
    measure();
    setStyle(body, "height", `${model.order.length * rowHeight}px`);
    const [first, last] = range();
    const keys = model.order.slice(first, last);
    if (activeKey === null || !model.has(activeKey)) activeKey = model.order[0] ?? null;
    freeViews(new Set(keys));
    keys.forEach((key, i) => showRow(key, first + i));
    for (const view of spare) view.element.remove();
    spare.length = Math.min(spare.length, SPARE_ROWS);
    stale.clear();
    clearTimeout(settling);
    settling = setTimeout(
      () =>
        orderChildren(
          body,
          keys.flatMap((key) => views.get(key)?.element ?? []),
        ),
      SETTLE_MS,
    );
    renderCounts();
    if (onEnd && last === model.order.length && last > 0) onEnd();
  }

  function renderCounts() {
    const { length } = model.order;
    const all = model.size;
    setAttr(grid, "aria-rowcount", length + 1);
    head.setSelected(selection.size, length);
    show(grid, length > 0);
    show(head.bar, length > 0);
    show(nothing, length === 0);
    const message = all === 0 ? empty : noMatch;
    if (length === 0 && message && nothing.firstChild !== message) nothing.replaceChildren(message);
    setText(note, `Showing ${Math.min(length, PRINTED_ROWS)} of ${all}`);
    const counts = `${length}/${all}`;
    if (counts !== lastCounts) {
      lastCounts = counts;
      onCount?.();
    }
  }

  function layout() {
    const template = shownColumns.map(({ width: [least, share] = [80, 1] }) => `minmax(${least}px, ${share}fr)`);
    const least = shownColumns.reduce((sum, { width: [pixels] = [80, 1] }) => sum + pixels, 0);
    setStyle(grid, "--columns", (selectable ? "36px " : "") + template.join(" "));
    setStyle(grid, "--least-width", `${least + shownColumns.length * 12 + 64}px`);
    setAttr(grid, "aria-colcount", shownColumns.length + (selectable ? 1 : 0));
    head.setColumns(shownColumns);
    for (const view of views.values()) view.element.remove();
    views.clear();
    spare = [];
    rowHeight = 0;
    renderSoon();
  }

  function applySort() {
    const column = sort && columns.find(({ key }) => key === sort?.key);
    model.setSort(column?.value ?? null, sort?.order);
    head.setSort(sort);
  }

  /** @param {Sort} next */
  function sortBy(next) {
    setSort(next);
    onSort?.(next);
  }

  /** @param {Sort} next */
  function setSort(next) {
    sort = next;
    applySort();
    renderSoon();
  }

  function selectionChanged() {
    render();
    onSelect?.(selected());
  }

  const selected = () => model.order.filter((key) => selection.has(key));

  /** @param {boolean} all */
  function selectAll(all) {
    selection.clear();
    if (all) for (const key of model.order) selection.add(key);
    selectionChanged();
  }

  /** @param {string} key @param {boolean} on @param {boolean} through up to where the last one was */
  function selectRow(key, on, through) {
    const from = through && anchorKey !== null ? model.order.indexOf(anchorKey) : -1;
    const to = model.order.indexOf(key);
    const keys = from < 0 ? [key] : model.order.slice(Math.min(from, to), Math.max(from, to) + 1);
    for (const one of keys) {
      if (on) selection.add(one);
      else selection.delete(one);
    }
    anchorKey = key;
    selectionChanged();
  }

  /** Forget what is gone or filtered out: nobody acts on rows that can't be seen. */
  function pruneSelection() {
    if (selection.size === 0) return;
    const before = selection.size;
    const shown = new Set(model.order);
    for (const key of selection) if (!shown.has(key)) selection.delete(key);
    if (selection.size !== before) onSelect?.(selected());
  }

  /** @param {number} index */
  function activate(index) {
    const at = Math.max(0, Math.min(model.order.length - 1, index));
    const key = model.order[at];
    if (key === undefined) return;
    activeKey = key;
    measure(); // after a change of size the height waits for the next frame
    revealRow(parts, rowHeight, at);
    render();
    views.get(key)?.element.focus({ preventScroll: true });
    onActive?.(rowOf(key));
  }

  const activeIndex = () => (activeKey === null ? -1 : model.order.indexOf(activeKey));

  /** @param {number} step @param {string|null} [from] */
  function move(step, from = null) {
    if (from !== null && model.has(from)) return activate(model.order.indexOf(from) + step);
    const focused = body.contains(document.activeElement);
    activate(focused ? activeIndex() + step : Math.max(0, activeIndex()));
  }

  function toggle() {
    if (selectable && activeKey !== null) selectRow(activeKey, !selection.has(activeKey), false);
  }

  /** @type {Record<string, () => void>} */
  const rowKeys = {
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    PageDown: () => move(10),
    PageUp: () => move(-10),
    Home: () => activate(0),
    End: () => activate(model.order.length - 1),
    " ": toggle,
    Enter: () => {
      if (activeKey !== null) onOpen?.(rowOf(activeKey));
    },
  };

  grid.addEventListener("keydown", (event) => {
    const onRow = event.target instanceof HTMLElement && event.target.classList.contains("tr");
    if (!onRow || event.ctrlKey || event.metaKey || event.altKey || !(event.key in rowKeys)) return;
    event.preventDefault();
    rowKeys[event.key]();
  });
  body.addEventListener("click", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const key = target.closest(".tr")?.getAttribute("data-key");
    if (key && target instanceof HTMLInputElement && target.closest(".td-select")) {
      selectRow(key, target.checked, event.shiftKey);
    }
  });
  body.addEventListener("focusin", (event) => {
    const key = /** @type {HTMLElement} */ (event.target).closest(".tr")?.getAttribute("data-key");
    if (!key || key === activeKey) return;
    const before = activeKey === null ? undefined : views.get(activeKey);
    activeKey = key;
    before?.mark({ selected: selection.has(before.key), active: false });
    views.get(key)?.mark({ selected: selection.has(key), active: true });
  });

  const observer = new ResizeObserver(([{ contentRect }]) => {
    if (Math.abs(contentRect.width - width) < 1) return noteOverflow(); // only its rows made it higher
    width = contentRect.width;
    rowHeight = 0;
    renderSoon();
  });
  observer.observe(element);
  grid.addEventListener("scroll", renderSoon, { passive: true });
  window.addEventListener("scroll", renderSoon, { passive: true });
  window.addEventListener("resize", renderSoon);
  const beforePrint = () => print(true);
  const afterPrint = () => print(false);
  window.addEventListener("beforeprint", beforePrint);
  window.addEventListener("afterprint", afterPrint);

  /** @param {boolean} on */
  function print(on) {
    printing = on;
    show(note, on && model.order.length > PRINTED_ROWS);
    render();
  }

  applySort();
  layout();

  return {
    setRows(rows) {
      const read = steady ? firstRead(parts, rowHeight) : -1;
      const key = model.order[read];
      model.setAll(rows);
      const moved = key === undefined || !model.has(key) ? 0 : model.order.indexOf(key) - read;
      if (moved) {
        setStyle(body, "height", `${model.order.length * rowHeight}px`);
        follow(parts, moved * rowHeight);
      }
      for (const key of views.keys()) stale.add(key);
      pruneSelection();
      renderSoon();
    },
    change(changed, removed = []) {
      const list = [...changed];
      const moved = model.change(list, removed);
      for (const row of list) if (views.has(keyOf(row))) stale.add(keyOf(row));
      if (moved) pruneSelection();
      if (moved || stale.size) renderSoon();
    },
    setFilter(filter) {
      model.setFilter(filter);
      pruneSelection();
      renderSoon();
    },
    setSort,
    setHidden(keys) {
      hiddenKeys = new Set(keys);
      shownColumns = columns.filter((column) => !hiddenKeys.has(column.key));
      layout();
    },
    tick() {
      const at = now();
      for (const view of views.values()) view.tick(at);
    },
    selected,
    select(keys) {
      selection.clear();
      for (const key of keys) if (model.has(key)) selection.add(key);
      selectionChanged();
    },
    move,
    toggle,
    active: () => activeKey,
    counts: () => ({ shown: model.order.length, total: model.size }),
    destroy() {
      clearTimeout(settling);
      observer.disconnect();
      window.removeEventListener("scroll", renderSoon);
      window.removeEventListener("resize", renderSoon);
      window.removeEventListener("beforeprint", beforePrint);
      window.removeEventListener("afterprint", afterPrint);
      for (const part of [head.bar, grid, nothing, note]) part.remove();
    },
  };
}
