/** @import {Shell} from "../frame/parts.js" */
/** @import {Sort} from "../table/columns.js" */
/** @import {ColumnWidths} from "../table/columnwidths.js" */
/** @import {NodeColumn} from "./nodecolumns.js" */
/** @import {DataEvent} from "../data/store.js" */
/** @import {NodeRow} from "../data/types.js" */
import { createColumnChooser } from "../table/columnchooser.js";
import { h, icon, searchInput, setAttr, setText } from "../lib/dom.js";
import { count } from "../lib/format.js";
import { clusterPath } from "../data/api.js";
import { EDGE_KEYS, TABLE_KEYS } from "../frame/keymap.js";
import { verdictOf } from "../data/standing.js";
import { nodeFilter, nodeFilterProblem } from "../data/nodefilter.js";
import { addressKey, readSort, sortText } from "../lib/sort.js";
import { Table } from "../table/table.js";
import { createExportMenu } from "./exportmenu.js";
import { NodeActions } from "./nodeactions.js";
import { ROOM_FOR_ALL } from "./nodecolumns.js";
import { createNoNode } from "./nonode.js";

/** The columns that say how slow a node is, and how often jobs fail there. */
const COMPARING = ["times_others", "failed_share"];
/** Columns that make room for them. */
const SPARE = ["swap", "tx", "rx"];
/** dispy's own page shows the highest address first, and so does its documentation. @type {Sort} */
const USUAL = { key: "ip_addr", order: "desc" };

/**
 * The nodes of the chosen cluster, with filter, columns, selection and commands. Sort order and filter are kept
 * in the page's address.
 */
export class NodeTable {
  #shell;
  #columns;
  #onSort;
  /** @type {Sort} */
  #sort = USUAL;
  #input = searchInput("Filter nodes", { placeholder: "Filter nodes", "aria-describedby": "filter-problem" });
  #problem = h("span", { class: "field-error search-problem", id: "filter-problem", role: "status" });
  #counts = h("span", { class: "table-count", role: "status" });
  #order = h("span", { class: "caption table-order" });
  #reveal;
  /** @type {Table<NodeRow>} */
  #table;
  /** @type {NodeActions|null} */
  #actions = null;

  /**
   * @param {HTMLElement} panel
   * @param {object} options
   * @param {Shell} options.shell
   * @param {NodeColumn[]} options.columns
   * @param {string} options.name of the place, under which choices are remembered
   * @param {boolean} [options.withCpus]
   * @param {(sort: Sort) => void} [options.onSort] called at first, and whenever another order is chosen
   */
  constructor(panel, { shell, columns, name, withCpus = false, onSort }) {
    this.#shell = shell;
    this.#columns = columns;
    this.#onSort = onSort;
    const mayManage = shell.config.permissions.manage_nodes;
    const actions = h("div", { class: "end" });
    const chooser = h("div", { class: `table-tools ${mayManage ? "" : "end"}` }, this.#makeExport());
    const place = h("div", {});
    panel.replaceChildren(this.#head(mayManage ? actions : null, chooser), place);
    const sort = sortFrom(shell.url.get("sort"), columns);
    const { hidden, widths, reveal } = createColumnChooser(chooser, {
      columns,
      name,
      storage: shell.storage,
      onChange: (keys) => this.#table.setHidden(keys),
    });
    this.#reveal = reveal;
    this.#table = this.#makeTable(place, { hidden, sort, widths });
    if (mayManage)
      this.#actions = new NodeActions(actions, { shell, selected: () => this.#table.selected(), withCpus });
    this.#sayOrder(sort);
    this.#input.value = shell.url.get("q");
    this.#applyFilter();
    if (shell.store.loaded) this.#setRows();
    shell.store.onData((event) => this.#take(event));
    shell.everySecond(() => this.#table.tick());
    this.#listenToKeys();
  }

  /** @param {string} text */
  setFilter(text) {
    this.#input.value = text;
    this.#filter();
  }

  #makeExport() {
    const { api, cluster, config } = this.#shell;
    const fields = new Set(config.node_fields.filter(({ sortable }) => sortable).map(({ name }) => name));
    return createExportMenu({
      api,
      what: "nodes",
      request: () => {
        const { key, order } = this.#sort;
        const name = key === "avail_cpu" ? "cpu" : key;
        const sorted = fields.has(name) || name === "sec_per_job"; // the server can't sort by the others
        const params = { q: this.#input.value.trim(), ...(sorted && { sort: name, order }) };
        return { path: clusterPath(cluster, "nodes"), params, ordered: sorted };
      },
    });
  }

  /** @param {HTMLElement|null} actions @param {HTMLElement} chooser */
  #head(actions, chooser) {
    const key = h("kbd", { "aria-hidden": "true", text: "/" });
    const search = h("label", { class: "search" }, icon("search"), this.#input, key, this.#problem);
    const title = h("h2", { text: "Nodes" });
    return h("div", { class: "panel-head" }, title, search, this.#counts, this.#order, actions, chooser);
  }

  /** @param {HTMLElement} place @param {{hidden: Iterable<string>, sort: Sort, widths: ColumnWidths}} look */
  #makeTable(place, look) {
    const { config, store, url, href } = this.#shell;
    return new Table(place, {
      label: "Nodes",
      columns: this.#columns,
      ...look,
      keyOf: (/** @type {NodeRow} */ row) => row.ip_addr,
      tie: (row) => addressKey(row.ip_addr),
      name: (row) => row.ip_addr,
      selectable: config.permissions.manage_nodes,
      now: store.now,
      empty: createNoNode(this.#shell),
      noMatch: noMatchMessage(() => this.setFilter("")),
      onSort: (next) => {
        url.set({ sort: sortText(next) });
        this.#sayOrder(next);
      },
      onSelect: () => this.#actions?.update(),
      onOpen: (row) => location.assign(href("node.html", { host: row.ip_addr })),
      onCount: () => this.#showCounts(),
    });
  }

  /** @param {DataEvent} event */
  #take({ snapshot, nodes, removed }) {
    const known = this.#shell.store.nodes;
    if (snapshot) this.#setRows();
    else {
      const changed = [...nodes].flatMap((ip) => known.get(ip) ?? []);
      this.#table.change(changed, removed);
      this.#showVerdicts(changed);
    }
    this.#actions?.update();
  }

  #setRows() {
    const { nodes } = this.#shell.store;
    this.#table.setRows(nodes.values());
    this.#showVerdicts([...nodes.values()]);
  }

  /** The columns that compare nodes are hidden where there is little room, unless a node is slow or failing. @param {NodeRow[]} rows */
  #showVerdicts(rows) {
    if (rows.some(verdictOf)) this.#reveal(COMPARING, innerWidth < ROOM_FOR_ALL ? SPARE : []);
  }

  #listenToKeys() {
    const { keys } = this.#shell;
    this.#input.addEventListener("input", () => this.#filter());
    this.#input.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#input.blur();
    });
    keys.bind("/", "Filter the nodes", () => {
      this.#input.focus();
      this.#input.select();
    });
    keys.bind("j", "Next row", () => this.#table.move(1));
    keys.bind("k", "Previous row", () => this.#table.move(-1));
    keys.bind(" ", "Select the row", () => this.#table.toggle());
    keys.describe([...TABLE_KEYS, ...EDGE_KEYS]);
  }

  #filter() {
    this.#shell.url.set({ q: this.#input.value.trim() });
    this.#applyFilter();
  }

  #showCounts() {
    const { shown, total } = this.#table.counts();
    setText(this.#counts, total === 0 ? "" : shown === total ? count(total) : `${count(shown)} of ${count(total)}`);
  }

  /** The names of the nodes' custom columns. */
  #custom() {
    return this.#shell.config.node_fields.filter(({ custom }) => custom).map(({ name }) => name);
  }

  /** An invalid filter shows its error and leaves the rows as they are. */
  #applyFilter() {
    const wrong = nodeFilterProblem(this.#input.value, this.#custom());
    setText(this.#problem, wrong ?? "");
    setAttr(this.#input, "aria-invalid", wrong ? "true" : null);
    if (!wrong) this.#table.setFilter(nodeFilter(this.#input.value, this.#custom()));
  }

  /** @param {Sort} chosen */
  #sayOrder(chosen) {
    this.#sort = chosen;
    const { key, order } = chosen;
    const label = this.#columns.find((column) => column.key === key)?.label ?? key;
    setText(this.#order, `by ${label}, ${order}ending`);
    this.#onSort?.(chosen);
  }
}

/**
 * @param {string} text "cpus" or "-cpus"
 * @param {NodeColumn[]} columns
 * @returns {Sort}
 */
function sortFrom(text, columns) {
  const sort = readSort(text);
  return columns.some(({ key, value }) => key === sort.key && value) ? sort : USUAL;
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
