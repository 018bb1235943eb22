import { ApiError } from "../data/api.js";
import { COMBINED } from "../data/config.js";
import { h, need, setText, show } from "../lib/dom.js";
import { count } from "../lib/format.js";
import {
  argumentsColumn,
  attemptsColumn,
  clusterColumn,
  durationColumn,
  errorColumn,
  idColumn,
  jobColumns,
  jobNodeColumn,
  jobStateColumn,
  waitedColumn,
  whenColumn,
} from "../widgets/jobcolumns.js";
import { clusterPath } from "../data/api.js";
import { JobList } from "../data/joblist.js";
import { columnOf, orderText, readOrder, sortOf } from "../data/joborder.js";
import { filtersOf, rangeOf, withRange } from "../data/durations.js";
import { JOB_WORDS, jobTitle } from "../data/jobwords.js";
import { PANEL_KEYS, SEARCH_KEYS, TABLE_KEYS } from "../frame/keymap.js";
import { addQualifiers, fromAddress as searchOf, withStates } from "../data/query.js";
import { startShell } from "../frame/shell.js";
import { createColumnChooser } from "../table/columnchooser.js";
import { Table } from "../table/table.js";
import { DurationsPanel } from "../widgets/durations.js";
import { ErrorsTab } from "../widgets/errorstab.js";
import { createExportMenu } from "../widgets/exportmenu.js";
import { createJobActions } from "../widgets/jobactions.js";
import { JobPanel } from "../widgets/jobdetail.js";
import { SearchBox } from "../widgets/searchbox.js";
import { createStateTabs } from "../widgets/statetabs.js";

/** @import {JobLook} from "../widgets/jobcolumns.js" */
/** @import {JobListState} from "../data/joblist.js" */
/** @import {JobOrder} from "../data/joborder.js" */
/** @import {Shell} from "../frame/parts.js" */
/** @import {JobRow} from "../data/types.js" */

/** While the panel is open, the list keeps what distinguishes jobs. */
const KEPT_BESIDE_DETAIL = ["id", "state", "node", "args", "error", "duration_sec"];

/** Pixels of the list beside the panel from which on the arguments fit in beside an error. */
const ROOM_FOR_ARGUMENTS = 800;

export function start(shell = startShell("Jobs")) {
  new JobsPage(shell);
  shell.feed.start();
}

class JobsPage {
  #shell;
  #layout = need("jobs-layout");
  #panel = need("jobs");
  #fresh = h("button", { type: "button", class: "button small jobs-fresh", hidden: true });
  #shown = h("span", { class: "table-count", role: "status" });
  #failure = h("p", { class: "field-error jobs-failure", role: "status", hidden: true });
  #place = h("div", { class: "table-jobs" });
  #query;
  #order;
  #columns;
  /** Columns that the reader has chosen not to see. @type {string[]} */
  #unchosen;
  #changesSeen = "";
  #hidden = "";
  #nothing;
  #search;
  #tabs;
  #table;
  #actions;
  #durations;
  #errors;
  #list;
  #detail;

  /** @param {Shell} shell */
  constructor(shell) {
    this.#shell = shell;
    const { api, cluster, config } = shell;
    addQualifiers(config.job_fields.filter(({ custom }) => custom));
    this.#order = readOrder(shell.url.get("sort"), config.job_fields);
    this.#query = searchOf(new URLSearchParams(location.search));
    this.#nothing = emptyMessage({
      past: Boolean(config.past),
      clear: () => this.#searchFor(""),
      again: () => void this.#list.search(this.#query),
    });
    this.#search = new SearchBox(need("search"), {
      value: this.#query,
      longest: config.limits.query_letters,
      vocabulary: () => this.#vocabulary(),
      onSearch: (text) => this.#searchFor(text),
    });
    this.#errors = this.#makeErrors();
    this.#tabs = this.#makeTabs();
    const actions = h("div", { class: "jobs-actions" });
    const tools = h("div", { class: "jobs-actions end" }, actions, this.#makeExport());
    this.#columns = this.#makeColumns();
    this.#unchosen = createColumnChooser(tools, {
      columns: this.#columns,
      store: "dispy.columns.jobs",
      storage: shell.storage,
      onChange: (keys) => {
        this.#unchosen = keys;
        this.#hideColumns();
      },
    });
    this.#panel.append(h("div", { class: "panel-head" }, this.#shown, this.#fresh, tools), this.#failure, this.#place);
    this.#table = this.#makeTable();
    this.#actions = config.permissions.cancel_jobs ? this.#makeActions(actions) : null;
    this.#durations = new DurationsPanel(need("durations"), {
      shell,
      asked: () => ({
        ...filtersOf(this.#query),
        ran: rangeOf(this.#query),
        waited: rangeOf(this.#query, "waited"),
      }),
      onSelect: (range, time) => this.#search.ask(withRange(this.#search.value, range, time)),
      foldable: true,
    });
    this.#list = new JobList({ api, cluster, onChange: (state, rows) => this.#showList(state, rows) });
    const dialog = /** @type {HTMLDialogElement} */ (need("job"));
    this.#detail = new JobPanel(dialog, { shell, onClose: () => this.#closeJob() });
    this.#nothing.update(this.#list.state, this.#query);
    this.#tabs.update(this.#query, {});
    this.#listen();
    this.#follow();
    this.#bindKeys();
    this.#fromAddress();
    void this.#list.search(this.#query, this.#order);
  }

  #makeExport() {
    const { api, cluster } = this.#shell;
    return createExportMenu({
      api,
      what: "jobs",
      request: () => ({ path: clusterPath(cluster, "jobs"), params: this.#list.asked() }),
    });
  }

  #makeColumns() {
    const { cluster, config, href, store } = this.#shell;
    const onCards = matchMedia("(max-width: 700px)").matches; // each would be a line more
    const looks = [
      this.#markingOpen(idColumn((job) => this.#detailHref(job.serial))),
      jobStateColumn,
      { ...jobNodeColumn((ip) => href("node.html", { host: ip })), optional: true },
      ...(cluster === COMBINED ? [clusterColumn] : []),
      { ...argumentsColumn, optional: true },
      { ...errorColumn, optional: true },
      { ...whenColumn("submitted_at"), optional: true },
      { ...whenColumn("started_at"), optional: true, hidden: true },
      { ...whenColumn("ended_at"), optional: true, hidden: onCards },
      { ...waitedColumn, hidden: onCards },
      attemptsColumn,
      durationColumn(store.now),
    ];
    // The order is the server's.
    return jobColumns(config.job_fields, looks).map((column) => ({
      ...column,
      value: undefined,
      sorts: sortOf(column.key, config.job_fields) !== undefined,
    }));
  }

  #makeTabs() {
    const { config, href } = this.#shell;
    // A history keeps jobs that ended.
    const words = config.past ? JOB_WORDS.filter((word) => word !== "queued" && word !== "running") : JOB_WORDS;
    return createStateTabs(need("tabs"), {
      href: (q) => href("jobs.html", { q }),
      onChoose: (states) => {
        this.#errors.set(false);
        this.#search.ask(withStates(this.#search.value, states));
      },
      words,
      others: [this.#errors.tab],
    });
  }

  /** The kinds of errors, which take the place of the jobs. */
  #makeErrors() {
    const dialog = /** @type {HTMLDialogElement} */ (need("kind"));
    return new ErrorsTab({
      shell: this.#shell,
      section: need("errors"),
      dialog,
      layout: this.#layout,
      onToggle: (on) => {
        if (on) this.#closeJob({ remember: false });
        for (const element of [this.#panel, need("durations")]) show(element, !on);
        this.#tabs.update(this.#query, this.#list.state.counts, !on);
      },
    });
  }

  #makeTable() {
    const { config, store } = this.#shell;
    return new Table(this.#place, {
      label: "Jobs",
      columns: this.#columns,
      hidden: this.#unchosen,
      sort: columnOf(this.#order),
      onSort: (next) =>
        this.#sortBy({ sort: sortOf(next.key, this.#shell.config.job_fields) ?? next.key, order: next.order }),
      keyOf: (/** @type {JobRow} */ job) => String(job.serial),
      name: (job) => `job ${jobTitle(job)}`,
      selectable: config.permissions.cancel_jobs,
      now: store.now,
      empty: this.#nothing.element,
      onSelect: () => this.#showActions(),
      onOpen: (job) => this.#openJob(job.serial),
      onActive: (job) => this.#detail.serial !== null && this.#openJob(job.serial, { following: true }),
      onEnd: () => void this.#list.more(),
    });
  }

  /** @param {HTMLElement} place */
  #makeActions(place) {
    return createJobActions(place, {
      place: this.#shell,
      selected: () => this.#selectedJobs(),
      query: () => this.#query,
      onDone: () => void this.#list.refresh(false),
    });
  }

  #listen() {
    this.#fresh.addEventListener("click", async (event) => {
      this.#scrollToTop();
      await this.#list.refresh(false);
      if (event.detail === 0) this.#table.move(0); // pressed by key: the pill is gone, the focus goes on to the rows
    });
    this.#place.addEventListener("click", (event) => {
      if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
      const target = /** @type {HTMLElement} */ (event.target);
      const row = target.closest(".tr[data-key]");
      const other = target.closest("a:not(.job-link), input, label, button");
      if (!row || other || String(getSelection() ?? "") !== "") return;
      event.preventDefault();
      this.#openJob(Number(row.getAttribute("data-key")));
    });
    window.addEventListener("popstate", () => {
      const asked = searchOf(new URLSearchParams(location.search));
      const order = readOrder(this.#shell.url.get("sort"), this.#shell.config.job_fields);
      const reordered = orderText(order) !== orderText(this.#order);
      this.#order = order;
      if (reordered) this.#table.setSort(columnOf(order));
      if (asked !== this.#query || reordered) this.#searchFor(asked);
      this.#fromAddress();
    });
  }

  /** Keep up with the cluster. */
  #follow() {
    const { store, everySecond } = this.#shell;
    store.subscribe(({ kind }) => {
      if (kind === "settings") return void this.#list.refresh(this.#isRead());
      if (kind !== "data") return;
      this.#errors.update();
      this.#hideColumns();
      if (!this.#jobsChanged()) return;
      void this.#list.refresh(this.#isRead());
      this.#detail.refresh();
    });
    everySecond(() => {
      this.#table.tick();
      this.#detail.tick();
      this.#errors.tick();
    });
  }

  #bindKeys() {
    const { keys } = this.#shell;
    // While the panel is open, from the row of its job.
    const from = () => (this.#detail.serial === null ? null : String(this.#detail.serial));
    keys.bind("/", "Search jobs", () => this.#search.focus());
    const move = (/** @type {number} */ step) =>
      this.#errors.on ? this.#errors.move(step) : this.#table.move(step, from());
    keys.bind("j", "Next job", () => move(1));
    keys.bind("k", "Previous job", () => move(-1));
    keys.bind(" ", "Select the job", () => this.#table.toggle());
    keys.describe([...TABLE_KEYS, ...SEARCH_KEYS, ...PANEL_KEYS]);
  }

  /** What completion offers: the clusters and nodes that this page knows of. */
  #vocabulary() {
    const { config, store } = this.#shell;
    const nodes = [...store.nodes.values()].map(({ ip_addr, name }) => ({
      ip: ip_addr,
      name: name === ip_addr ? "" : name,
    }));
    return { clusters: config.clusters, nodes, errorKinds: this.#errors.offered };
  }

  /** @param {string} text */
  #searchFor(text) {
    this.#query = text;
    this.#errors.set(false);
    this.#shell.url.set({ q: text, state: null });
    this.#search.set(text);
    this.#tabs.update(text, this.#list.state.counts);
    this.#table.select([]);
    this.#scrollToTop();
    void this.#durations.refresh();
    void this.#list.search(text, this.#order);
  }

  /** @param {JobOrder} order */
  #sortBy(order) {
    this.#order = order;
    this.#shell.url.set({ sort: orderText(order) });
    this.#scrollToTop();
    void this.#list.search(this.#query, order);
  }

  /** @param {JobListState} state @param {boolean} rowsChanged */
  #showList(state, rowsChanged) {
    const { rows, total, waiting, phase, error } = state;
    if (rowsChanged) {
      if (rows.length > 0) this.#detail.showAsHidden(rows.some((job) => job.hidden));
      this.#hideColumns();
      this.#table.setRows(rows);
    }
    this.#tabs.update(this.#query, state.counts, !this.#errors.on);
    setText(this.#shown, phase === "ready" ? `Showing ${count(rows.length)} of ${count(total)}` : "");
    setText(this.#fresh, `${count(waiting)} new`);
    show(this.#fresh, waiting > 0);
    const refused = isRefused(error);
    if (refused && error) this.#search.complain(error.message);
    setText(this.#failure, error ? `The jobs can't be read: ${error.message}` : "");
    show(this.#failure, error !== null && !refused && rows.length > 0);
    this.#nothing.update(state, this.#query);
    this.#showActions();
  }

  /** Hide the columns that say nothing: clusters while there is one, errors where no job shown has one. */
  #hideColumns() {
    const one = [...this.#shell.store.clusters.values()].filter(({ combined }) => !combined).length === 1;
    const anyError = this.#list.state.rows.some(({ error }) => error);
    const beside = this.#layout.classList.contains("has-detail")
      ? this.#columns.map(({ key }) => key).filter((key) => !KEPT_BESIDE_DETAIL.includes(key))
      : [];
    // Where there is little room beside the detail, the arguments leave theirs to the error.
    if (anyError && beside.length > 0 && this.#place.clientWidth < ROOM_FOR_ARGUMENTS) beside.push("args");
    const hidden = [...this.#unchosen, ...(one ? ["cluster"] : []), ...(anyError ? [] : ["error"]), ...beside];
    if (hidden.join() !== this.#hidden) this.#table.setHidden(hidden);
    this.#hidden = hidden.join();
  }

  /** Whether jobs may be others now than when this was asked last: nodes alone change all the time. */
  #jobsChanged() {
    const { store, summary } = this.#shell;
    const { error } = this.#list.state;
    const changes = `${store.clusters.size} ${summary()?.job_changes}`;
    const same = changes === this.#changesSeen && (error === null || isRefused(error));
    this.#changesSeen = changes;
    return !same || /\b(slower|faster|waited|since|until|ended|is):/.test(this.#query); // time alone decides these
  }

  #showActions() {
    const { queued = 0, running = 0 } = this.#list.state.counts;
    this.#actions?.update(queued + running > 0);
  }

  #selectedJobs() {
    const chosen = new Set(this.#table.selected());
    return this.#list.state.rows.filter((job) => chosen.has(String(job.serial)));
  }

  /** Whether rows must keep their places: someone reads further down, points at them or has chosen some. */
  #isRead() {
    const grid = this.#place.querySelector(".table");
    const away = (grid?.scrollTop ?? 0) > 4 || this.#place.getBoundingClientRect().top < 0;
    return away || this.#place.matches(":hover, :focus-within") || this.#table.selected().length > 0;
  }

  #scrollToTop() {
    this.#place.querySelector(".table")?.scrollTo(0, 0);
    if (this.#panel.getBoundingClientRect().top < 0) this.#panel.scrollIntoView({ block: "start" });
  }

  /** @param {number} serial */
  #detailHref(serial) {
    return this.#shell.href("jobs.html", { q: this.#query, sort: orderText(this.#order), job: serial });
  }

  /** @param {number} serial @param {{remember?: boolean, following?: boolean}} [options] following: the rows keep the focus */
  #openJob(serial, { remember = true, following = false } = {}) {
    const first = this.#detail.serial === null;
    if (remember && serial !== this.#detail.serial) {
      if (first) history.pushState({ job: true }, "", this.#detailHref(serial));
      else this.#shell.url.set({ job: serial });
    }
    if (first) {
      this.#layout.classList.add("has-detail");
      this.#hideColumns();
    }
    this.#detail.open(serial, { focus: !following });
    // The row whose detail is open is marked, also when it scrolls in later.
    for (const row of this.#place.querySelectorAll(".tr[data-key]"))
      row.classList.toggle("is-open", row.getAttribute("data-key") === String(serial));
  }

  /** @param {{remember?: boolean}} [options] */
  #closeJob({ remember = true } = {}) {
    const { serial } = this.#detail;
    if (serial === null) return;
    this.#detail.close();
    this.#layout.classList.remove("has-detail");
    this.#hideColumns();
    if (remember && history.state?.job) history.back();
    else if (remember) this.#shell.url.set({ job: null });
    requestAnimationFrame(() => requestAnimationFrame(() => this.#focusRow(serial)));
  }

  /** @param {number} serial */
  #focusRow(serial) {
    const row = this.#place.querySelector(`.tr[data-key="${serial}"]`);
    if (row instanceof HTMLElement) row.focus({ preventScroll: true });
  }

  /** @param {JobLook} column @returns {JobLook} */
  #markingOpen(column) {
    return {
      ...column,
      render: (cell) => {
        const fill = column.render?.(cell);
        return (job, now) => {
          fill?.(job, now);
          cell.closest(".tr")?.classList.toggle("is-open", job.serial === this.#detail.serial);
        };
      },
    };
  }

  #fromAddress() {
    this.#errors.set(this.#shell.url.get("view") === "errors", { remember: false });
    const serial = Number(this.#shell.url.get("job"));
    if (Number.isInteger(serial) && serial > 0) this.#openJob(serial, { remember: false });
    else this.#closeJob({ remember: false });
  }
}

/** Whether the server found something wrong with the search itself. @param {Error|null} error */
function isRefused(error) {
  return error instanceof ApiError && error.field === "q";
}

/**
 * The words in place of rows.
 *
 * @param {{past: boolean, clear: () => void, again: () => void}} options
 */
function emptyMessage({ past, clear, again }) {
  const title = h("strong", {});
  const text = h("p", {});
  const clearing = h("button", { type: "button", class: "button", onclick: clear }, "Clear the search");
  const retry = h("button", { type: "button", class: "button", onclick: again }, "Try again");
  const element = h("div", { class: "empty", role: "status" }, title, text, clearing, retry);
  return {
    element,
    /** @param {JobListState} state @param {string} query */
    update({ phase, error }, query) {
      const refused = isRefused(error);
      const [head, body] = emptyWords({ phase, error }, query !== "", past);
      setText(title, head);
      setText(text, body);
      show(clearing, refused || (phase === "ready" && query !== ""));
      show(retry, phase === "failed" && !refused);
    },
  };
}

/** @param {Pick<JobListState, "phase"|"error">} state @param {boolean} searched @param {boolean} past */
function emptyWords({ phase, error }, searched, past) {
  if (phase === "failed")
    return [isRefused(error) ? "This can't be searched for" : "The jobs can't be read", error?.message ?? ""];
  if (phase === "loading") return ["Loading jobs …", ""];
  if (searched)
    return [
      "No job matches",
      "Words look in id, arguments, node and error; qualifiers such as state:failed or node:10.0.0.7 in one of them.",
    ];
  if (past) return ["No job", "None of this run had ended, or none is loaded."];
  return ["No job yet", "Jobs appear here as soon as a program submits one with cluster.submit(…)."];
}
