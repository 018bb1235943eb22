/** The table of runs: searched, sorted, and two of them ticked to be compared. */

import { compareHref, NEWEST_RUN, RunList } from "../data/runs.js";
import { h, icon, need, searchInput, setAttr, setText, show } from "../lib/dom.js";
import { TABLE_KEYS } from "../frame/keymap.js";
import { count, counted, exact, plain } from "../lib/format.js";
import { readSort, sortText } from "../lib/sort.js";
import { Table } from "../table/table.js";
import { createExportMenu } from "./exportmenu.js";
import { runColumns } from "./runcolumns.js";

/** @import {Shell} from "../frame/parts.js" */
/** @import {RunListState} from "../data/runs.js" */
/** @import {Sort} from "../lib/sort.js" */
/** @import {RunRow} from "../data/types.js" */

/** Typing rests this long before it is searched for. */
const REST_MS = 250;
/** While a run goes on, the rows are read again so often. */
const REFRESH_SEC = 5;

export class RunTable {
  #shell;
  #list;
  #columns;
  /** @type {Sort} */
  #sort;
  #query;
  #input;
  #shown = h("span", { class: "table-count", role: "status" });
  #failure = h("p", { class: "field-error jobs-failure", role: "status", hidden: true });
  #compare = h("a", { class: "button primary run-compare", text: "Compare" });
  #advice = h("span", { class: "actions-count" });
  #nothing = h("p", { class: "kind-none muted" });
  #table;
  #readAt = Date.now();
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;

  /** @param {HTMLElement} section @param {Shell} shell */
  constructor(section, shell) {
    this.#shell = shell;
    const { api, url } = shell;
    this.#query = url.get("q");
    this.#columns = runColumns({ api, onTag: (tag) => this.#searchTag(tag) });
    const sort = readSort(url.get("sort"));
    this.#sort = this.#columns.some(({ key, sorts }) => sorts && key === sort.key) ? sort : NEWEST_RUN;
    this.#input = this.#makeSearch(need("search"));
    const actions = h("div", { class: "actions" }, this.#compare, this.#advice);
    const menu = createExportMenu({
      api,
      what: "runs",
      request: () => ({ path: "runs", params: this.#list.asked }),
    });
    const head = h("div", { class: "panel-head" }, this.#shown, actions, h("div", { class: "end" }, menu));
    const place = h("div", { class: "table-runs" });
    section.append(head, this.#failure, place);
    this.#table = this.#makeTable(place);
    this.#list = new RunList({ api, onChange: (state) => this.#show(state) });
    this.#choose([]);
    show(section, true);
    this.#listen();
    void this.#list.search(this.#query, this.#sort);
  }

  #listen() {
    const { keys, store, everySecond } = this.#shell;
    store.subscribe((event) => event.kind === "update" && this.#update());
    everySecond(() => this.#tick());
    keys.bind("/", "Search runs", () => this.#input.focus());
    keys.bind("j", "Next run", () => this.#table.move(1));
    keys.bind("k", "Previous run", () => this.#table.move(-1));
    keys.bind("c", "Compare the two that are ticked", () => {
      if (this.#compare.hasAttribute("href")) this.#compare.click();
    });
    keys.describe(TABLE_KEYS);
  }

  /** Reads the rows again, if it is time. */
  #tick() {
    // A run that begins is written, and so listed, a moment later.
    const live = !this.#shell.config.past;
    if ((live || this.#list.state.phase === "failed") && Date.now() - this.#readAt >= REFRESH_SEC * 1000)
      this.#update();
  }

  #update() {
    this.#readAt = Date.now();
    void this.#list.refresh();
  }

  /** @param {HTMLElement} place */
  #makeSearch(place) {
    const input = searchInput("Search runs", {
      placeholder: "Words, tag:night, name:train",
      title: "Words in names and tags; tag: a whole tag; name: names alone; -word excludes",
      maxlength: String(Math.min(this.#shell.config.limits.query_letters, 10_000)),
    });
    input.value = this.#query;
    input.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#search(input.value), REST_MS);
    });
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.#search(input.value);
      if (event.key === "Escape") input.blur();
    });
    place.append(h("div", { class: "search" }, icon("search"), input));
    show(place, true);
    return input;
  }

  /** @param {HTMLElement} place */
  #makeTable(place) {
    return new Table(place, {
      label: "Runs",
      columns: this.#columns,
      keyOf: (/** @type {RunRow} */ run) => String(run.id),
      name: (run) => `${plain(run.name)}, begun ${exact(run.started_at)}`,
      selectable: true,
      sort: this.#sort,
      empty: this.#nothing,
      onSort: (sort) => {
        this.#sort = sort;
        this.#ask();
      },
      onSelect: (keys) => this.#choose(keys),
      onOpen: (run) => this.#open(run),
      onEnd: () => void this.#list.more(),
    });
  }

  /** @param {RunRow} run */
  #open(run) {
    if (run.cluster !== null) location.assign(this.#shell.href("monitor.html", { cluster: run.cluster }));
  }

  /** @param {string} tag */
  #searchTag(tag) {
    this.#input.value = /[\s"]/.test(tag) ? `tag:"${tag.replaceAll('"', "")}"` : `tag:${tag}`;
    this.#search(this.#input.value);
  }

  /** @param {string} text */
  #search(text) {
    clearTimeout(this.#timer);
    if (text.trim() === this.#query) return;
    this.#query = text.trim();
    this.#ask();
  }

  #ask() {
    const sort = sortText(this.#sort);
    this.#shell.url.set({ q: this.#query, sort: sort === sortText(NEWEST_RUN) ? null : sort });
    void this.#list.search(this.#query, this.#sort);
  }

  /** @param {RunListState} state */
  #show({ rows, total, phase, error }) {
    this.#readAt = Date.now();
    const found = (rows.length < total ? `${count(rows.length)} of ` : "") + counted(total, "run");
    setText(this.#shown, phase === "failed" && rows.length === 0 ? "" : found);
    setText(this.#failure, error?.message ?? "");
    show(this.#failure, phase === "failed");
    setText(this.#nothing, this.#query ? "No run matches." : "No run is in the history yet.");
    if (phase === "ready") this.#table.setRows(rows);
    this.#choose(this.#table.selected());
  }

  /** @param {string[]} keys */
  #choose(keys) {
    const pair = (this.#list?.state.rows ?? []).filter((run) => keys.includes(String(run.id)));
    setAttr(this.#compare, "href", pair.length === 2 ? compareHref(pair) : null);
    setAttr(this.#compare, "aria-disabled", pair.length === 2 ? null : "true");
    setAttr(this.#compare, "role", pair.length === 2 ? null : "link");
    setText(
      this.#advice,
      pair.length === 2 ? "" : pair.length > 2 ? "Tick no more than two runs" : "Tick two runs to compare them",
    );
  }
}
