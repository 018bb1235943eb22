/** @import {Shell} from "../frame/parts.js" */
/** @import {JobRow, NodeDetail, Outcome} from "../data/types.js" */
import { clusterPath } from "../data/api.js";
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
  jobStateColumn,
  whenColumn,
} from "./jobcolumns.js";
import { jobTitle } from "../data/jobwords.js";
import { TABLE_KEYS } from "../frame/keymap.js";
import { outcomeLine } from "./nodecommands.js";
import { failureLine } from "../data/remedy.js";
import { Table } from "../table/table.js";

/** The server takes so many at once. */
const MOST_AT_ONCE = 1000;

/**
 * The jobs of one node: those that run, to select and terminate, and those that ended lately.
 *
 * @param {{running: HTMLElement, recent: HTMLElement}} places
 * @param {Shell} shell
 * @returns {{update: (detail: NodeDetail) => void, tick: () => void}}
 */
export function createNodeJobs(places, shell) {
  const { store, config, cluster, href, keys } = shell;
  const mayCancel = config.permissions.cancel_jobs;
  const jobHref = (/** @type {JobRow} */ job) => href("jobs.html", { job: job.serial });
  const which = cluster === COMBINED ? [clusterColumn] : [];
  const common = {
    keyOf: (/** @type {JobRow} */ job) => String(job.serial),
    tie: (/** @type {JobRow} */ job) => job.serial,
    name: (/** @type {JobRow} */ job) => `job ${jobTitle(job)}`,
    now: store.now,
    onOpen: (/** @type {JobRow} */ job) => location.assign(jobHref(job)),
  };
  const runningCount = h("span", { class: "table-count" });
  const recentCount = h("span", { class: "table-count" });
  const chosen = h("span", { class: "actions-count" });
  const terminate = h("button", { type: "button", class: "button", text: "Terminate", disabled: true });
  const actions = h(
    "div",
    { class: "actions end actions-idle", role: "group", "aria-label": "Actions on jobs" },
    chosen,
    terminate,
  );
  const runningBody = h("div", { class: "table-jobs" });
  const recentBody = h("div", { class: "table-jobs" });
  const recentFold = h(
    "details",
    { class: "fold", open: !matchMedia("(max-width: 700px)").matches },
    h("summary", { class: "panel-head" }, h("h2", { text: "Recent jobs" }), recentCount),
    recentBody,
  );
  places.running.append(
    h("div", { class: "panel-head" }, h("h2", { text: "Running jobs" }), runningCount, mayCancel ? actions : null),
    runningBody,
  );
  places.recent.append(recentFold);
  places.running.hidden = Boolean(config.past);

  const running = new Table(runningBody, {
    ...common,
    label: "Running jobs",
    selectable: mayCancel,
    sort: { key: "started_at", order: "asc" },
    columns: [
      idColumn(jobHref),
      argumentsColumn,
      ...which,
      whenColumn("started_at", "Started"),
      durationColumn(store.now),
    ],
    empty: quiet("No job runs here now."),
    onSelect: selectionChanged,
  });
  const recent = new Table(recentBody, {
    ...common,
    label: "Recent jobs",
    steady: true,
    sort: { key: "ended_at", order: "desc" },
    columns: [
      idColumn(jobHref),
      jobStateColumn,
      argumentsColumn,
      ...which,
      errorColumn,
      whenColumn("ended_at", "Ended"),
      durationColumn(store.now),
    ],
    empty: quiet(config.past ? "No job that ended here is loaded." : "No job has ended here yet."),
  });

  /** @param {string[]} serials */
  function selectionChanged(serials) {
    terminate.disabled = serials.length === 0;
    setText(chosen, serials.length ? `${counted(serials.length, "job")}:` : "Select jobs to");
    actions.classList.toggle("actions-floating", serials.length > 0);
    actions.classList.toggle("actions-idle", serials.length === 0);
  }

  confirmInPlace(terminate, () => {
    const serials = running.selected().slice(0, MOST_AT_ONCE).map(Number);
    if (serials.length === 0) return null;
    return {
      action: `Terminate ${counted(serials.length, "job")}`,
      detail: "What they have done so far is lost.",
      run: () => void cancel(shell, serials),
    };
  });
  keys.bind("j", "Next running job", () => running.move(1));
  keys.bind("k", "Previous running job", () => running.move(-1));
  keys.bind(" ", "Select the job", () => running.toggle());
  keys.tell(TABLE_KEYS);
  selectionChanged([]);

  return {
    update(detail) {
      running.setRows(detail.running_jobs);
      recent.setRows(detail.recent_jobs);
      setText(runningCount, ofTotal(detail.running_jobs.length, detail.running_total));
      setText(recentCount, ofTotal(detail.recent_jobs.length, detail.recent_total));
    },
    tick() {
      running.tick();
      recent.tick();
    },
  };
}

/** @param {string} text */
const quiet = (text) => h("p", { class: "empty", text });

/** @param {number} shown @param {number} total */
const ofTotal = (shown, total) => (total > shown ? `showing ${count(shown)} of ${count(total)}` : count(shown));

/** @param {Shell} shell @param {number[]} serials */
async function cancel({ api, cluster, notices }, serials) {
  const notice = notices.show(`Terminating ${counted(serials.length, "job")}`);
  try {
    /** @type {{outcomes: Outcome[]}} */
    const { outcomes } = await api.send("POST", clusterPath(cluster, "jobs", "cancel"), { serials });
    const good = outcomes.filter((outcome) => outcome.ok).length;
    const all = counted(serials.length, "job");
    notice.done(
      good === serials.length ? `Terminated ${all}` : `Terminated ${good} of ${all}`,
      outcomes.map((outcome) => outcomeLine(outcome)),
    );
  } catch (error) {
    notice.done("No job was terminated", [failureLine(error)]);
  }
}
