/** @import {Shell} from "../frame/parts.js" */
/** @import {JobRow, NodeDetail} from "../data/types.js" */
import { COMBINED } from "../data/config.js";
import { confirmInPlace } from "../lib/confirm.js";
import { h, setText } from "../lib/dom.js";
import { count, counted } from "../lib/format.js";
import {
  argumentsColumn,
  clusterColumn,
  durationColumn,
  errorColumn,
  idColumn,
  jobColumns,
  jobStateColumn,
  whenColumn,
} from "./jobcolumns.js";
import { jobTitle } from "../data/jobwords.js";
import { TABLE_KEYS } from "../frame/keymap.js";
import { terminationOf } from "./jobcommands.js";
import { Table } from "../table/table.js";

/** The jobs of one node: the running ones, which can be selected and terminated, and those that ended last. */
export class NodeJobs {
  #shell;
  #runningCount = h("span", { class: "table-count" });
  #recentCount = h("span", { class: "table-count" });
  #running;
  #recent;

  /**
   * @param {{running: HTMLElement, recent: HTMLElement}} places
   * @param {Shell} shell
   */
  constructor(places, shell) {
    this.#shell = shell;
    this.#running = this.#runningTable(places.running);
    this.#recent = this.#recentTable(places.recent);
    shell.keys.bind("j", "Next running job", () => this.#running.move(1));
    shell.keys.bind("k", "Previous running job", () => this.#running.move(-1));
    shell.keys.bind(" ", "Select the job", () => this.#running.toggle());
    shell.keys.describe(TABLE_KEYS);
  }

  /** @param {NodeDetail} detail */
  update(detail) {
    this.#running.setRows(detail.running_jobs);
    this.#recent.setRows(detail.recent_jobs);
    setText(this.#runningCount, ofTotal(detail.running_jobs.length, detail.running_total));
    setText(this.#recentCount, ofTotal(detail.recent_jobs.length, detail.recent_total));
  }

  tick() {
    this.#running.tick();
    this.#recent.tick();
  }

  /** @param {HTMLElement} place @returns {Table<JobRow>} */
  #runningTable(place) {
    const { config, store } = this.#shell;
    const mayCancel = config.permissions.cancel_jobs;
    const actions = createJobChoice(this.#shell, () => this.#running.selected().map(Number));
    const title = h("h2", { text: "Running jobs" });
    const body = h("div", { class: "table-jobs" });
    const head = h("div", { class: "panel-head" }, title, this.#runningCount, mayCancel ? actions.element : null);
    place.append(head, body);
    place.hidden = Boolean(config.past);
    return new Table(body, {
      ...this.#common(),
      label: "Running jobs",
      selectable: mayCancel,
      sort: { key: "started_at", order: "asc" },
      columns: jobColumns(config.job_fields, [
        idColumn(this.#jobHref),
        argumentsColumn,
        ...this.#which(),
        whenColumn("started_at"),
        durationColumn(store.now),
      ]),
      empty: quiet("No job runs here now."),
      onSelect: (keys) => actions.update(keys.length),
    });
  }

  /** @param {HTMLElement} place */
  #recentTable(place) {
    const { config, store } = this.#shell;
    const title = h("h2", { text: "Recent jobs" });
    const body = h("div", { class: "table-jobs" });
    const open = !matchMedia("(max-width: 700px)").matches;
    const summary = h("summary", { class: "panel-head" }, title, this.#recentCount);
    place.append(h("details", { class: "fold", open }, summary, body));
    return new Table(body, {
      ...this.#common(),
      label: "Recent jobs",
      steady: true,
      sort: { key: "ended_at", order: "desc" },
      columns: jobColumns(config.job_fields, [
        idColumn(this.#jobHref),
        jobStateColumn,
        argumentsColumn,
        ...this.#which(),
        errorColumn,
        whenColumn("ended_at"),
        durationColumn(store.now),
      ]),
      empty: quiet(config.past ? "No job that ended here is loaded." : "No job has ended here yet."),
    });
  }

  #common() {
    return {
      keyOf: (/** @type {JobRow} */ job) => String(job.serial),
      tie: (/** @type {JobRow} */ job) => job.serial,
      name: (/** @type {JobRow} */ job) => `job ${jobTitle(job)}`,
      now: this.#shell.store.now,
      onOpen: (/** @type {JobRow} */ job) => location.assign(this.#jobHref(job)),
    };
  }

  #which() {
    return this.#shell.cluster === COMBINED ? [clusterColumn] : [];
  }

  #jobHref = (/** @type {JobRow} */ job) => this.#shell.href("jobs.html", { job: job.serial });
}

/** The commands for the selected jobs. @param {Shell} shell @param {() => number[]} selected serials */
function createJobChoice(shell, selected) {
  const chosen = h("span", { class: "actions-count" });
  const terminate = h("button", { type: "button", class: "button", text: "Terminate" });
  const element = h("div", { class: "actions end", role: "group", "aria-label": "Actions on jobs" }, chosen, terminate);
  confirmInPlace(terminate, () => terminationOf(shell, selected()));

  /** @param {number} number of jobs that are selected */
  function update(number) {
    terminate.disabled = number === 0;
    setText(chosen, number ? `${counted(number, "job")}:` : "Select jobs to");
    element.classList.toggle("actions-floating", number > 0);
    element.classList.toggle("actions-idle", number === 0);
  }

  update(0);
  return { element, update };
}

/** @param {string} text */
const quiet = (text) => h("p", { class: "empty", text });

/** @param {number} shown @param {number} total */
const ofTotal = (shown, total) => (total > shown ? `showing ${count(shown)} of ${count(total)}` : count(shown));
