import { clusterPath } from "../data/api.js";
import { filtersOf, rangeOf, withRange } from "../data/durations.js";
import { JobList } from "../data/joblist.js";
import { columnOf, orderText, readOrder, sortOf } from "../data/joborder.js";
import { END_WORDS, JOB_WORDS } from "../data/jobwords.js";
import { addQualifiers, fromAddress as searchOf, statesOf, toParams, withStates } from "../data/query.js";
import { EDGE_KEYS, PANEL_KEYS, SEARCH_KEYS, TABLE_KEYS } from "../frame/keymap.js";
import { startShell } from "../frame/shell.js";
import { h, need, setText, show } from "../lib/dom.js";
import { count } from "../lib/format.js";
import { createDurationsPanel } from "../widgets/durations.js";
import { ErrorsTab } from "../widgets/errorstab.js";
import { createExportMenu } from "../widgets/exportmenu.js";
import { createFacetsPanel } from "../widgets/facets.js";
import { createJobActions } from "../widgets/jobactions.js";
import { JobPanel } from "../widgets/jobdetail.js";
import { JobTable } from "../widgets/jobtable.js";
import { emptyMessage, isRefused } from "../widgets/nojobs.js";
import { SavedSearches } from "../widgets/savedsearches.js";
import { SearchBox } from "../widgets/searchbox.js";
import { createStateTabs } from "../widgets/statetabs.js";

/** @import {JobListState} from "../data/joblist.js" */
/** @import {JobOrder} from "../data/joborder.js" */
/** @import {Shell} from "../frame/parts.js" */

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
  #query;
  #order;
  #changesSeen = "";
  #nothing;
  #search;
  #tabs;
  #jobs;
  #actions;
  #durations;
  #facets;
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
    new SavedSearches(need("saved"), {
      shell,
      search: () => this.#query,
      onSearch: (text) => this.#search.ask(text),
    });
    this.#errors = this.#makeErrors();
    this.#tabs = this.#makeTabs();
    const actions = h("div", { class: "jobs-actions" });
    const tools = h("div", { class: "jobs-actions end" }, actions, this.#makeExport());
    this.#jobs = this.#makeTable(tools);
    this.#panel.append(
      h("div", { class: "panel-head" }, this.#shown, this.#fresh, tools),
      this.#failure,
      this.#jobs.element,
    );
    const { cancel_jobs: mayCancel, rerun_jobs: mayRerun } = config.permissions;
    this.#actions = mayCancel || mayRerun ? this.#makeActions(actions) : null;
    this.#durations = createDurationsPanel(need("durations"), {
      shell,
      asked: () => ({
        ...filtersOf(this.#query),
        ran: rangeOf(this.#query),
        waited: rangeOf(this.#query, "waited"),
      }),
      onSelect: (range, time) => this.#search.ask(withRange(this.#search.value, range, time)),
      foldable: true,
    });
    this.#facets = createFacetsPanel(need("facets"), {
      shell,
      asked: () => toParams(this.#query),
      search: () => this.#query,
      onSearch: (text) => this.#search.ask(text),
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

  #makeTabs() {
    const { config, href } = this.#shell;
    return createStateTabs(need("tabs"), {
      href: (q) => href("jobs.html", { q }),
      onChoose: (states) => {
        this.#errors.set(false);
        this.#search.ask(withStates(this.#search.value, states));
      },
      words: config.past ? END_WORDS : JOB_WORDS, // a history keeps jobs that ended
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
        for (const element of [this.#panel, need("facets"), need("durations")]) show(element, !on);
        this.#tabs.update(this.#query, this.#list.state.counts, !on);
      },
    });
  }

  /** @param {HTMLElement} tools */
  #makeTable(tools) {
    return new JobTable(tools, {
      shell: this.#shell,
      href: (serial) => this.#detailHref(serial),
      sort: columnOf(this.#order),
      empty: this.#nothing.element,
      onSort: (next) =>
        this.#sortBy({ sort: sortOf(next.key, this.#shell.config.job_fields) ?? next.key, order: next.order }),
      onSelect: () => this.#showActions(),
      onOpen: (serial, following) => this.#openJob(serial, { following }),
      onEnd: () => void this.#list.more(),
    });
  }

  /** @param {HTMLElement} place */
  #makeActions(place) {
    return createJobActions(place, {
      shell: this.#shell,
      selected: () => this.#jobs.selectedJobs,
      query: () => this.#query,
      onDone: () => void this.#list.refresh(false),
    });
  }

  #listen() {
    this.#fresh.addEventListener("click", async (event) => {
      this.#scrollToTop();
      await this.#list.refresh(false);
      if (event.detail === 0) this.#jobs.move(0); // pressed by key: the pill is gone, the focus goes on to the rows
    });
    window.addEventListener("popstate", () => {
      const asked = searchOf(new URLSearchParams(location.search));
      const order = readOrder(this.#shell.url.get("sort"), this.#shell.config.job_fields);
      const reordered = orderText(order) !== orderText(this.#order);
      this.#order = order;
      if (reordered) this.#jobs.table.setSort(columnOf(order));
      if (asked !== this.#query || reordered) this.#searchFor(asked, { remember: false });
      this.#fromAddress();
    });
  }

  /** Keep up with the cluster. */
  #follow() {
    const { store, everySecond } = this.#shell;
    store.subscribe(({ kind }) => kind === "settings" && void this.#list.refresh(this.#jobs.isRead));
    store.onData(() => {
      this.#errors.update();
      this.#jobs.arrange();
      if (!this.#jobsChanged()) return;
      void this.#list.refresh(this.#jobs.isRead);
      this.#detail.refresh();
    });
    everySecond(() => {
      this.#jobs.table.tick();
      this.#detail.tick();
      this.#errors.tick();
    });
  }

  #bindKeys() {
    const { keys } = this.#shell;
    keys.bind("/", "Search jobs", () => this.#search.focus());
    const move = (/** @type {number} */ step) => (this.#errors.on ? this.#errors.move(step) : this.#jobs.move(step));
    keys.bind("j", "Next job", () => move(1));
    keys.bind("k", "Previous job", () => move(-1));
    keys.bind(" ", "Select the job", () => this.#jobs.table.toggle());
    keys.describe([...TABLE_KEYS, ...EDGE_KEYS, ...SEARCH_KEYS, ...PANEL_KEYS]);
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

  /** @param {string} text @param {{remember?: boolean}} [options] */
  #searchFor(text, { remember = true } = {}) {
    this.#query = text;
    this.#errors.set(false, { remember });
    if (remember) this.#shell.url.set({ q: text, state: null }, { step: true });
    this.#search.set(text);
    this.#tabs.update(text, this.#list.state.counts);
    this.#jobs.table.select([]);
    this.#scrollToTop();
    void this.#durations.refresh();
    void this.#facets.refresh();
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
      this.#jobs.setRows(rows);
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
    const { counts } = this.#list.state;
    const asked = statesOf(this.#query); // the counts are those of all states
    const going = ["queued", "running"].filter((word) => asked.length === 0 || asked.includes(word));
    this.#actions?.update(going.some((word) => (counts[word] ?? 0) > 0));
  }

  #scrollToTop() {
    this.#jobs.scrollToTop();
    if (this.#panel.getBoundingClientRect().top < 0) this.#panel.scrollIntoView({ block: "start" });
  }

  /** @param {number} serial */
  #detailHref(serial) {
    return this.#shell.href("jobs.html", { q: this.#query, sort: orderText(this.#order), job: serial });
  }

  /** @param {number} serial @param {{remember?: boolean, following?: boolean}} [options] following: the rows keep the focus */
  #openJob(serial, { remember = true, following = false } = {}) {
    if (remember && serial !== this.#detail.serial) this.#shell.url.open("job", serial);
    this.#layout.classList.add("has-detail");
    this.#jobs.mark(serial);
    this.#detail.open(serial, { focus: !following });
  }

  /** @param {{remember?: boolean}} [options] */
  #closeJob({ remember = true } = {}) {
    const { serial } = this.#detail;
    if (serial === null) return;
    this.#detail.close();
    this.#layout.classList.remove("has-detail");
    this.#jobs.mark(null);
    if (remember) this.#shell.url.close("job");
    requestAnimationFrame(() => requestAnimationFrame(() => this.#jobs.table.focusRow(String(serial))));
  }

  #fromAddress() {
    this.#errors.fromAddress();
    const serial = Number(this.#shell.url.get("job"));
    if (Number.isInteger(serial) && serial > 0) this.#openJob(serial, { remember: false });
    else this.#closeJob({ remember: false });
  }
}
