/** @import {Shell} from "../frame/parts.js" */
/** @import {Sort} from "../table/columns.js" */
/** @import {NodeColumn} from "./nodecolumns.js" */
/** @import {NodeRow} from "../data/types.js" */
import { createColumnChooser } from "../table/columnchooser.js";
import { h, icon, setAttr, setText } from "../lib/dom.js";
import { count } from "../lib/format.js";
import { TABLE_KEYS } from "../frame/keymap.js";
import { nodeFilter, nodeFilterProblem } from "../data/nodefilter.js";
import { addressKey } from "../lib/sort.js";
import { Table } from "../table/table.js";
import { createNodeActions } from "./nodeactions.js";
import { createNoNode } from "./nonode.js";

/**
 * The nodes of the chosen cluster: filter, columns, selection and what is done to it. Sort and
 * filter live in the address of the page.
 *
 * @param {HTMLElement} panel
 * @param {object} options
 * @param {Shell} options.shell
 * @param {NodeColumn[]} options.columns
 * @param {string} options.name of the place, for what is remembered
 * @param {boolean} [options.withCpus]
 * @param {(sort: Sort) => void} [options.onSort] at first, and whenever another order is chosen
 * @returns {{setFilter: (text: string) => void}}
 */
export function createNodeTable(panel, { shell, columns, name, withCpus = false, onSort }) {
  const { store, url, storage, config, keys, href } = shell;
  const mayManage = config.permissions.manage_nodes;
  const input = h("input", {
    class: "input",
    type: "search",
    placeholder: "Filter nodes",
    "aria-label": "Filter nodes",
    "aria-describedby": "filter-problem",
    autocomplete: "off",
    spellcheck: "false",
    oninput: filter,
  });
  const problem = h("span", { class: "field-error search-problem", id: "filter-problem", role: "status" });
  const counts = h("span", { class: "table-count", role: "status" });
  const order = h("span", { class: "caption table-order" });
  const actions = h("div", { class: "end" });
  const chooser = h("div", { class: mayManage ? "" : "end" });
  const head = h(
    "div",
    { class: "panel-head" },
    h("h2", { text: "Nodes" }),
    h("label", { class: "search" }, icon("search"), input, h("kbd", { "aria-hidden": "true", text: "/" }), problem),
    counts,
    order,
    mayManage ? actions : null,
    chooser,
  );
  const element = h("div", {});
  panel.replaceChildren(head, element);

  const sort = readSort(url.get("sort"), columns);
  const hidden = createColumnChooser(chooser, {
    columns,
    store: `dispy.columns.${name}`,
    storage,
    onChange: (keys) => table.setHidden(keys),
  });
  /** @type {Table<NodeRow>} */
  const table = new Table(element, {
    label: "Nodes",
    columns,
    hidden,
    keyOf: (row) => row.ip_addr,
    tie: (row) => addressKey(row.ip_addr),
    name: (row) => row.ip_addr,
    selectable: mayManage,
    sort,
    now: store.now,
    empty: createNoNode(shell),
    noMatch: noMatchMessage(() => setFilter("")),
    onSort(next) {
      url.set({ sort: (next.order === "desc" ? "-" : "") + next.key });
      sayOrder(next);
    },
    onSelect: () => bar?.update(),
    onOpen: (row) => location.assign(href("node.html", { host: row.ip_addr })),
    onCount: showCounts,
  });
  const bar = mayManage ? createNodeActions(actions, { shell, selected: () => table.selected(), withCpus }) : null;

  function filter() {
    url.set({ q: input.value.trim() });
    applyFilter();
  }

  /** A filter that means nothing says so, and leaves the rows as they are. */
  function applyFilter() {
    const wrong = nodeFilterProblem(input.value);
    setText(problem, wrong ?? "");
    setAttr(input, "aria-invalid", wrong ? "true" : null);
    if (!wrong) table.setFilter(nodeFilter(input.value));
  }

  /** @param {Sort} chosen */
  function sayOrder(chosen) {
    setText(order, orderWords(chosen, columns));
    onSort?.(chosen);
  }

  /** @param {string} text */
  function setFilter(text) {
    input.value = text;
    filter();
  }

  function showCounts() {
    const { shown, total } = table.counts();
    setText(counts, total === 0 ? "" : shown === total ? count(total) : `${count(shown)} of ${count(total)}`);
  }

  sayOrder(sort);
  input.value = url.get("q");
  applyFilter();
  if (store.loaded) table.setRows(store.nodes.values());
  store.subscribe((event) => {
    if (event.kind !== "data") return;
    if (event.snapshot) table.setRows(store.nodes.values());
    else
      table.change(
        [...event.nodes].flatMap((ip) => store.nodes.get(ip) ?? []),
        event.removed,
      );
    bar?.update();
  });
  shell.everySecond(() => table.tick());
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") input.blur();
  });
  keys.bind("/", "Filter the nodes", () => {
    input.focus();
    input.select();
  });
  keys.bind("j", "Next row", () => table.move(1));
  keys.bind("k", "Previous row", () => table.move(-1));
  keys.bind(" ", "Select the row", () => table.toggle());
  keys.tell(TABLE_KEYS);
  return { setFilter };
}

/**
 * dispy's own page shows the highest address first, and so does its documentation.
 *
 * @param {string} text "cpus" or "-cpus"
 * @param {NodeColumn[]} columns
 * @returns {Sort}
 */
export function readSort(text, columns) {
  const key = text.replace(/^-/, "");
  if (!columns.some((column) => column.key === key && column.value)) return { key: "ip_addr", order: "desc" };
  return { key, order: text.startsWith("-") ? "desc" : "asc" };
}

/**
 * The order of the rows in words.
 *
 * @param {Sort} sort
 * @param {NodeColumn[]} columns
 */
function orderWords({ key, order }, columns) {
  const label = columns.find((column) => column.key === key)?.label ?? key;
  return `by ${label}, ${order}ending`;
}

/** @param {() => void} clear */
function noMatchMessage(clear) {
  return h(
    "div",
    { class: "empty" },
    h("strong", { text: "No node matches" }),
    h("p", {
      text: "Words look in address, name, state and cluster; state:silent, name: and cluster: in one of them.",
    }),
    h("button", { type: "button", class: "button", text: "Clear the filter", onclick: clear }),
  );
}
