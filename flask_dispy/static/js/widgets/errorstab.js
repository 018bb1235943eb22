/** The tab "Errors" of the Jobs page: the kinds of errors in a table, in place of the jobs. */

import { clusterPath } from "../data/api.js";
import { errorKindsFeed, kindTitle, leftOutText } from "../data/errorkinds.js";
import { h, onPlainClick, setAttr, setText, show } from "../lib/dom.js";
import { count, counted, plain } from "../lib/format.js";
import { Table } from "../table/table.js";
import { kindColumns } from "./errorcolumns.js";
import { createExportMenu } from "./exportmenu.js";
import { KindPanel } from "./kindpanel.js";

/** @import {Shell} from "../frame/parts.js" */
/** @import {ErrorKind, ErrorKinds} from "../data/types.js" */
/** @import {Sort} from "../table/columns.js" */

/** Kinds that the tab lists, and that the search offers while it is not shown. */
const LISTED = 500;
const OFFERED = 20;
/** What the server can sort by, too. */
const SORTED = new Set(["count", "share", "first_at", "last_at"]);
/** @type {Sort} */
const FIRST = { key: "count", order: "desc" };

export class ErrorsTab {
  #shell;
  #section;
  #onToggle;
  #layout;
  #place = h("div", { class: "table-errors" });
  #caption = h("span", { class: "table-count", role: "status" });
  #count = h("span", { class: "tab-count" });
  /** The tab itself: a link to this page with the errors. */
  tab;
  /** Made when it is first shown. @type {Table<ErrorKind>|null} */
  #table = null;
  #panel;
  #feed;
  #on = false;
  #sort = FIRST;
  /** The id of a kind that is to be opened once it is known; empty if none. */
  #wanted = "";
  /** @type {ErrorKind[]} */
  #items = [];

  /**
   * @param {object} options
   * @param {Shell} options.shell
   * @param {HTMLElement} options.section
   * @param {HTMLDialogElement} options.dialog
   * @param {HTMLElement} options.layout  that has them both
   * @param {(on: boolean) => void} options.onToggle
   */
  constructor({ shell, section, dialog, layout, onToggle }) {
    this.#shell = shell;
    this.#section = section;
    this.#layout = layout;
    this.#onToggle = onToggle;
    const { api, cluster, href } = shell;
    this.tab = h("a", { class: "tab tab-errors", href: href("jobs.html", { view: "errors" }) }, "Errors ", this.#count);
    onPlainClick(this.tab, () => this.set(true));
    const menu = createExportMenu({
      api,
      what: "errors",
      which: "All kinds of errors",
      request: () => {
        const { key, order } = this.#sort;
        const ordered = SORTED.has(key);
        return { path: clusterPath(cluster, "errors"), params: ordered ? { sort: key, order } : {}, ordered };
      },
    });
    section.append(
      h(
        "div",
        { class: "panel-head" },
        h("h2", { text: "Kinds of errors" }),
        this.#caption,
        h("div", { class: "end" }, menu),
      ),
      this.#place,
    );
    this.#panel = new KindPanel(dialog, { shell, onClose: () => this.#close() });
    this.#feed = errorKindsFeed({
      api,
      cluster,
      limit: () => (this.#on ? LISTED : OFFERED),
      onChange: (kinds) => this.#show(kinds),
    });
  }

  #makeTable() {
    const { href, store } = this.#shell;
    return new Table(this.#place, {
      label: "Kinds of errors",
      columns: kindColumns((q) => href("jobs.html", { q })),
      keyOf: (/** @type {ErrorKind} */ kind) => kind.id,
      name: kindTitle,
      sort: FIRST,
      onSort: (sort) => (this.#sort = sort),
      now: store.now,
      empty: h("p", { class: "kind-none muted", text: "No job failed." }),
      onOpen: (kind) => this.#open(kind),
      clickable: true,
      onActive: (kind) => this.#panel.id !== null && this.#open(kind, { focus: false }),
    });
  }

  /** Whether the errors are shown, in place of the jobs. */
  get on() {
    return this.#on;
  }

  /** What the search box offers for error-kind:. */
  get offered() {
    return this.#items.slice(0, OFFERED).map((kind) => ({ id: kind.id, title: kindTitle(kind) }));
  }

  /** @param {boolean} on @param {{remember?: boolean}} [options] */
  set(on, { remember = true } = {}) {
    if (on === this.#on) return;
    this.#on = on;
    this.#wanted = "";
    if (!on) this.#close({ remember: false });
    show(this.#section, on);
    setAttr(this.tab, "aria-current", on ? "true" : null);
    if (remember) this.#shell.url.set({ view: on ? "errors" : null, job: null, kind: null });
    if (on) this.#table ??= this.#makeTable();
    this.#hideColumns();
    this.#table?.setRows(on ? this.#items : []);
    this.#onToggle(on);
    this.update();
  }

  /** Show what the address names: the errors or not, and the panel of a kind. */
  fromAddress() {
    const { url } = this.#shell;
    this.set(url.get("view") === "errors", { remember: false });
    this.#wanted = this.#on ? url.get("kind") : "";
    if (this.#wanted) this.#openWanted();
    else this.#close({ remember: false });
  }

  #openWanted() {
    const kind = this.#items.find(({ id }) => id === this.#wanted);
    if (kind) this.#open(kind, { remember: false });
  }

  /** The kind of the address is not among the kinds. @param {boolean} all whether the kinds are all listed */
  #miss(all) {
    const id = plain(this.#wanted);
    this.#wanted = "";
    this.#shell.url.set({ kind: null });
    this.#shell.notices.show(
      all ? `No job failed with the error kind ${id}` : `The error kind ${id} is not among the ${LISTED} listed`,
    );
  }

  /** Reads the kinds again if more jobs have failed. */
  update() {
    const summary = this.#shell.summary();
    this.#feed.update(summary);
    this.#panel.offerAgain();
    if (this.#wanted && summary?.jobs.failed === 0) this.#miss(true);
  }

  tick() {
    if (this.#on) this.#table?.tick();
  }

  /** @param {number} step */
  move(step) {
    this.#table?.move(step, this.#panel.id);
  }

  /** @param {ErrorKinds} kinds */
  #show(kinds) {
    this.#items = kinds.items;
    setText(this.#count, count(kinds.total));
    const rest = leftOutText(kinds);
    setText(
      this.#caption,
      `${counted(kinds.failed, "failed job")} of ${counted(kinds.total, "kind")}${rest && this.#on ? `; ${rest}` : ""}`,
    );
    this.#hideColumns();
    this.#table?.setRows(this.#on ? kinds.items : []);
    if (this.#wanted) this.#openWanted();
    if (this.#wanted && kinds.items.length === Math.min(kinds.total, LISTED)) this.#miss(kinds.total <= LISTED);
    const open = kinds.items.find((kind) => kind.id === this.#panel.id);
    if (open) this.#panel.update(open);
  }

  /** @param {ErrorKind} kind @param {{focus?: boolean, remember?: boolean}} [options] */
  #open(kind, { focus = true, remember = true } = {}) {
    this.#wanted = "";
    if (remember && kind.id !== this.#panel.id) this.#shell.url.open("kind", kind.id);
    this.#layout.classList.add("has-detail");
    this.#panel.open(kind, { focus });
    this.#hideColumns();
    this.#table?.setOpen(kind.id);
  }

  /** @param {{remember?: boolean}} [options] */
  #close({ remember = true } = {}) {
    const id = this.#panel.id;
    if (id === null) return;
    if (remember) this.#shell.url.close("kind");
    this.#panel.close();
    this.#layout.classList.remove("has-detail");
    this.#hideColumns();
    this.#table?.setOpen(null);
    requestAnimationFrame(() => this.#on && this.#table?.focusRow(id));
  }

  /** Hide the function if all kinds have the same; beside the panel, hide what the panel shows. */
  #hideColumns() {
    if (!this.#table) return;
    const one = new Set(this.#items.map((kind) => kind.function)).size < 2;
    this.#table.setHidden([...(one ? ["function"] : []), ...(this.#panel.id === null ? [] : ["nodes", "first_at"])]);
  }
}
