/** The commands for the jobs of a list: for the selected ones, or for all that match the search. */

import { confirmInPlace } from "../lib/confirm.js";
import { h, setText, show } from "../lib/dom.js";
import { count, counted } from "../lib/format.js";
import { jobWord } from "../data/jobwords.js";
import { confirmDryRun, wouldRerun, wouldTerminate } from "./dryrun.js";
import { TERMINATE, terminationOf } from "./jobcommands.js";

/** @import {Shell} from "../frame/parts.js" */
/** @import {JobRow, JobState} from "../data/types.js" */

/** @param {{state: string}} job */
export const isCancellable = (job) => job.state === "queued" || job.state === "running";

const UNFINISHED = new Set(["failed", "terminated", "cancelled", "abandoned"]);

/**
 * Whether a job can be run again, as far as its program can.
 *
 * @param {{state: JobState, failed?: boolean, cluster: string}} job
 * @param {Pick<Shell, "config"|"store">} shell
 */
export const isRerunnable = (job, { config, store }) =>
  config.permissions.rerun_jobs && UNFINISHED.has(jobWord(job)) && Boolean(store.clusters.get(job.cluster)?.rerun);

/**
 * @param {HTMLElement} element
 * @param {object} options
 * @param {Shell} options.shell
 * @param {() => JobRow[]} options.selected
 * @param {() => string} options.query
 * @param {() => void} options.onDone
 */
export function createJobActions(element, { shell, selected, query, onDone }) {
  const { permissions } = shell.config;
  const chosen = h("span", { class: "actions-count" });
  const again = h("button", { type: "button", class: "button small" }, "Run again");
  const some = h("button", { type: "button", class: "button small" }, "Terminate");
  const all = h("button", { type: "button", class: "button small" }, "Terminate all that match");
  const forSome = h(
    "div",
    { class: "actions", role: "group", "aria-label": "Selected jobs", hidden: true },
    chosen,
    again,
    some,
  );
  element.append(forSome, all);
  const serials = (/** @type {(job: JobRow) => boolean} */ which) =>
    selected()
      .filter(which)
      .map((job) => job.serial);

  confirmInPlace(some, () => terminationOf(shell, serials(isCancellable), onDone));
  const { element: forAgain } = confirmDryRun(again, {
    ask: () =>
      wouldRerun(
        shell,
        serials(() => true),
        serials((job) => isRerunnable(job, shell)),
      ),
    onDone,
  });
  const { element: forAll } = confirmDryRun(all, { ask: () => wouldTerminate(shell, query()), onDone });

  return {
    /** @param {boolean} any  whether the search has jobs that have not ended */
    update(any) {
      const jobs = selected();
      const can = jobs.filter(isCancellable).length;
      show(forSome, jobs.length > 0);
      show(forAll, jobs.length === 0 && permissions.cancel_jobs);
      show(forAgain, permissions.rerun_jobs && jobs.some(({ cluster }) => shell.store.clusters.get(cluster)?.rerun));
      show(some, permissions.cancel_jobs);
      forSome.classList.toggle("actions-floating", jobs.length > 0);
      again.disabled = !jobs.some((job) => isRerunnable(job, shell));
      some.disabled = can === 0;
      all.disabled = !any;
      setText(all, query() === "" ? "Terminate all" : "Terminate all that match");
      setText(chosen, selectionText(jobs.length, can));
      setText(some, can > 0 ? TERMINATE.words("do", counted(can, "job")) : "Terminate");
    },
  };
}

/**
 * @param {number} all
 * @param {number} can
 */
function selectionText(all, can) {
  if (all === can) return `${count(all)} selected`;
  return `${count(all)} selected, ${count(all - can)} ended already`;
}
