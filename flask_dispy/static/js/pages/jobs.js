import { ApiError } from "../data/api.js";
import { COMBINED } from "../data/config.js";
import { h, need, setText, show } from "../lib/dom.js";
import { count } from "../lib/format.js";
import {
  argumentsColumn,
  clusterColumn,
  durationColumn,
  errorColumn,
  idColumn,
  jobColumns,
  jobNodeColumn,
  jobStateColumn,
  whenColumn,
} from "../widgets/jobcolumns.js";
import { JobList } from "../data/joblist.js";
import { askedBy, rangeOf, withRange } from "../data/durations.js";
import { JOB_WORDS, jobTitle } from "../data/jobwords.js";
import { PANEL_KEYS, SEARCH_KEYS, TABLE_KEYS } from "../frame/keymap.js";
import { addQualifiers, fromAddress as searchOf, withStates } from "../data/query.js";
import { startShell } from "../frame/shell.js";
import { Table } from "../table/table.js";
import { DurationsPanel } from "../widgets/durations.js";
import { createJobActions } from "../widgets/jobactions.js";
import { JobPanel } from "../widgets/jobdetail.js";
import { SearchBox } from "../widgets/searchbox.js";
import { createStateTabs } from "../widgets/statetabs.js";

/** @import {JobLook} from "../widgets/jobcolumns.js" */
/** @import {JobListState} from "../data/joblist.js" */
/** @import {JobRow} from "../data/types.js" */

const shell = startShell("Jobs");
const { api, cluster, config, feed, href, keys, notices, store, url } = shell;
const layout = need("jobs-layout");
const panel = need("jobs");

/** While the panel is open, the list keeps what tells jobs apart. */
const HIDDEN_BESIDE_DETAIL = [
  ...["cluster", "error", "submitted_at"],
  ...config.job_fields.filter(({ custom }) => custom).map(({ name }) => name),
];

/** Columns that say nothing: clusters while there is one, errors where none of the jobs shown has one. */
function hiddenColumns() {
  const one = [...store.clusters.values()].filter(({ combined }) => !combined).length === 1;
  const noError = !list.state.rows.some(({ error }) => error);
  const beside = layout.classList.contains("has-detail") ? HIDDEN_BESIDE_DETAIL : [];
  return [...(one ? ["cluster"] : []), ...(noError ? ["error"] : []), ...beside];
}

let hiddenNow = "";

function hideColumns() {
  const hidden = hiddenColumns();
  if (hidden.join() !== hiddenNow) table.setHidden(hidden);
  hiddenNow = hidden.join();
}

addQualifiers(config.job_fields.filter(({ custom }) => custom));
let query = searchOf(new URLSearchParams(location.search));
let changesSeen = "";

const search = new SearchBox(need("search"), { value: query, longest: 500, vocabulary, onSearch: searchFor });
/** A history keeps jobs that ended. */
const words = config.past ? JOB_WORDS.filter((word) => word !== "queued" && word !== "running") : JOB_WORDS;
const tabs = createStateTabs(need("tabs"), {
  href: (q) => href("jobs.html", { q }),
  onChoose: (states) => search.ask(withStates(search.value, states)),
  words,
});
const fresh = h("button", { type: "button", class: "button small jobs-fresh", hidden: true });
const shown = h("span", { class: "table-count", role: "status" });
const failure = h("p", { class: "field-error jobs-failure", role: "status", hidden: true });
const actionPlace = h("div", { class: "jobs-actions end" });
const tablePlace = h("div", { class: "table-jobs" });
panel.append(h("div", { class: "panel-head" }, shown, fresh, actionPlace), failure, tablePlace);

const nothing = emptyMessage();
const table = new Table(tablePlace, {
  label: "Jobs",
  columns: jobColumns(config.job_fields, [
    markingOpen(idColumn((job) => detailHref(job.serial))),
    jobStateColumn,
    jobNodeColumn((ip) => href("node.html", { host: ip })),
    ...(cluster === COMBINED ? [clusterColumn] : []),
    argumentsColumn,
    errorColumn,
    whenColumn("submitted_at"),
    durationColumn(store.now),
  ]).map((column) => ({ ...column, value: undefined })), // the order is the server's: newest first
  keyOf: (/** @type {JobRow} */ job) => String(job.serial),
  name: (job) => `job ${jobTitle(job)}`,
  selectable: config.permissions.cancel_jobs,
  now: store.now,
  empty: nothing.element,
  onSelect: () => showActions(),
  onOpen: (job) => openJob(job.serial),
  onActive: (job) => detail.serial !== null && openJob(job.serial, { following: true }),
  onEnd: () => void list.more(),
});
const actions = config.permissions.cancel_jobs
  ? createJobActions(actionPlace, {
      place: { api, cluster, notices },
      selected: selectedJobs,
      query: () => query,
      onDone: () => void list.refresh(false),
    })
  : null;
const durations = new DurationsPanel(need("durations"), {
  shell,
  asked: () => ({ ...askedBy(query), range: rangeOf(query) }),
  onSelect: (range) => search.ask(withRange(search.value, range)),
  foldable: true,
});
const list = new JobList({ api, cluster, onChange: showList });
const detail = new JobPanel(/** @type {HTMLDialogElement} */ (need("job")), { shell, onClose: () => closeJob() });

/** What completion offers: the clusters and nodes that this page knows of. */
function vocabulary() {
  const nodes = [...store.nodes.values()].map(({ ip_addr, name }) => ({
    ip: ip_addr,
    name: name === ip_addr ? "" : name,
  }));
  return { clusters: config.clusters, nodes };
}

/** @param {string} text */
function searchFor(text) {
  query = text;
  url.set({ q: query, state: null });
  search.set(query);
  tabs.update(query, list.state.counts);
  table.select([]);
  scrollToTop();
  void durations.refresh();
  void list.search(query);
}

/** @param {JobListState} state @param {boolean} rowsChanged */
function showList(state, rowsChanged) {
  if (rowsChanged && state.rows.length > 0) detail.showAsHidden(state.rows.some((job) => job.hidden));
  if (rowsChanged) {
    hideColumns();
    table.setRows(state.rows);
  }
  tabs.update(query, state.counts);
  setText(shown, state.phase === "ready" ? `Showing ${count(state.rows.length)} of ${count(state.total)}` : "");
  setText(fresh, `${count(state.waiting)} new`);
  show(fresh, state.waiting > 0);
  const refused = isRefused(state.error);
  if (refused && state.error) search.complain(state.error.message);
  setText(failure, state.error ? `The jobs can't be read: ${state.error.message}` : "");
  show(failure, state.error !== null && !refused && state.rows.length > 0);
  nothing.update(state);
  showActions();
}

/** Whether the server found something wrong with the search itself. @param {Error|null} error */
function isRefused(error) {
  return error instanceof ApiError && error.field === "q";
}

/** Whether jobs may be others now than when this was asked last: nodes alone change all the time. */
function jobsChanged() {
  const changes = `${store.clusters.size} ${shell.summary()?.job_changes}`;
  const same = changes === changesSeen && (list.state.error === null || isRefused(list.state.error));
  changesSeen = changes;
  return !same || /\b(slower|faster|is):/.test(query); // time alone decides these
}

function showActions() {
  const { counts } = list.state;
  actions?.update((counts.queued ?? 0) + (counts.running ?? 0) > 0);
}

function selectedJobs() {
  const chosen = new Set(table.selected());
  return list.state.rows.filter((job) => chosen.has(String(job.serial)));
}

/** Whether rows must keep their places: someone reads further down, points at them or has chosen some. */
function isRead() {
  const grid = tablePlace.querySelector(".table");
  const away = (grid?.scrollTop ?? 0) > 4 || tablePlace.getBoundingClientRect().top < 0;
  return away || tablePlace.matches(":hover, :focus-within") || table.selected().length > 0;
}

function scrollToTop() {
  tablePlace.querySelector(".table")?.scrollTo(0, 0);
  if (panel.getBoundingClientRect().top < 0) panel.scrollIntoView({ block: "start" });
}

fresh.addEventListener("click", async (event) => {
  scrollToTop();
  await list.refresh(false);
  if (event.detail === 0) table.move(0); // pressed by key: the pill is gone, the focus goes on to the rows
});

/** @param {number} serial */
function detailHref(serial) {
  return href("jobs.html", { q: query, job: serial });
}

/** @param {number} serial @param {{remember?: boolean, following?: boolean}} [options] following: the rows keep the focus */
function openJob(serial, { remember = true, following = false } = {}) {
  if (remember && serial !== detail.serial) {
    if (detail.serial === null) history.pushState({ job: true }, "", detailHref(serial));
    else url.set({ job: serial });
  }
  if (detail.serial === null) {
    layout.classList.add("has-detail");
    hideColumns();
  }
  detail.open(serial, { focus: !following });
  markOpen();
}

/** @param {{remember?: boolean}} [options] */
function closeJob({ remember = true } = {}) {
  const serial = detail.serial;
  if (serial === null) return;
  detail.close();
  layout.classList.remove("has-detail");
  hideColumns();
  if (remember && history.state?.job) history.back();
  else if (remember) url.set({ job: null });
  requestAnimationFrame(() => requestAnimationFrame(() => focusRow(serial)));
}

/** @param {number} serial */
function focusRow(serial) {
  const row = tablePlace.querySelector(`.tr[data-key="${serial}"]`);
  if (row instanceof HTMLElement) row.focus({ preventScroll: true });
}

/** The row whose detail is open is marked, also when it scrolls in later. */
function markOpen() {
  for (const row of tablePlace.querySelectorAll(".tr[data-key]")) {
    row.classList.toggle("is-open", row.getAttribute("data-key") === String(detail.serial));
  }
}

/** @param {JobLook} column @returns {JobLook} */
function markingOpen(column) {
  return {
    ...column,
    render(cell) {
      const fill = column.render?.(cell);
      return (job, now) => {
        fill?.(job, now);
        cell.closest(".tr")?.classList.toggle("is-open", job.serial === detail.serial);
      };
    },
  };
}

function fromAddress() {
  const serial = Number(url.get("job"));
  if (Number.isInteger(serial) && serial > 0) openJob(serial, { remember: false });
  else closeJob({ remember: false });
}

tablePlace.addEventListener("click", (event) => {
  if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const target = /** @type {HTMLElement} */ (event.target);
  const row = target.closest(".tr[data-key]");
  const other = target.closest("a:not(.job-link), input, label, button");
  if (!row || other || String(getSelection() ?? "") !== "") return;
  event.preventDefault();
  openJob(Number(row.getAttribute("data-key")));
});

/** The next row, or the one before; while the panel is open, those of its job. @param {number} step */
function move(step) {
  table.move(step, detail.serial === null ? null : String(detail.serial));
}

/** The words in place of rows. */
function emptyMessage() {
  const title = h("strong", {});
  const text = h("p", {});
  const clear = h("button", { type: "button", class: "button", onclick: () => searchFor("") }, "Clear the search");
  const again = h("button", { type: "button", class: "button", onclick: () => void list.search(query) }, "Try again");
  const element = h("div", { class: "empty", role: "status" }, title, text, clear, again);
  return {
    element,
    /** @param {JobListState} state */
    update(state) {
      const failed = state.phase === "failed";
      const refused = isRefused(state.error);
      const searched = query !== "";
      const [head, body] = failed
        ? [refused ? "This can't be searched for" : "The jobs can't be read", state.error?.message ?? ""]
        : state.phase === "loading"
          ? ["Loading jobs …", ""]
          : searched
            ? [
                "No job matches",
                "Words look in id, arguments, node and error; qualifiers such as state:failed or node:10.0.0.7 in one of them.",
              ]
            : config.past
              ? ["No job", "None of this run had ended, or none is loaded."]
              : ["No job yet", "Jobs appear here as soon as a program submits one with cluster.submit(…)."];
      setText(title, head);
      setText(text, body);
      show(clear, refused || (!failed && searched && state.phase === "ready"));
      show(again, failed && !refused);
    },
  };
}

nothing.update(list.state);
tabs.update(query, {});
keys.bind("/", "Search jobs", () => search.focus());
keys.bind("j", "Next job", () => move(1));
keys.bind("k", "Previous job", () => move(-1));
keys.bind(" ", "Select the job", () => table.toggle());
keys.tell([...TABLE_KEYS, ...SEARCH_KEYS, ...PANEL_KEYS]);
window.addEventListener("popstate", () => {
  const asked = searchOf(new URLSearchParams(location.search));
  if (asked !== query) searchFor(asked);
  fromAddress();
});
store.subscribe((event) => {
  if (event.kind !== "data") return;
  hideColumns();
  if (!jobsChanged()) return;
  void list.refresh(isRead());
  detail.refresh();
});
document.addEventListener("dispy:settings", () => void list.refresh(isRead()));
shell.everySecond(() => {
  table.tick();
  detail.tick();
});
fromAddress();
void list.search(query);
feed.start();
