/** The commands for the jobs of a list: for the selected ones, or for all that match the search. */

import { confirmInPlace } from "../lib/confirm.js";
import { h, setText, show } from "../lib/dom.js";
import { count, counted } from "../lib/format.js";
import { cancelJobs, cancelMatching, countCancellable } from "./jobcommands.js";
import { createPopover } from "../lib/popover.js";

/** @import {Place} from "./jobcommands.js" */
/** @import {JobRow} from "../data/types.js" */

const LOST = "What they have done so far is lost.";

/** @param {{state: string}} job */
export const isCancellable = (job) => job.state === "queued" || job.state === "running";

/**
 * @param {HTMLElement} element
 * @param {object} options
 * @param {Place} options.place
 * @param {() => JobRow[]} options.selected
 * @param {() => string} options.query
 * @param {() => void} options.onDone
 */
export function createJobActions(element, { place, selected, query, onDone }) {
  const chosen = h("span", { class: "actions-count" });
  const some = h("button", { type: "button", class: "button small" }, "Terminate");
  const all = h("button", { type: "button", class: "button small" }, "Terminate all that match");
  const forSome = h(
    "div",
    { class: "actions", role: "group", "aria-label": "Selected jobs", hidden: true },
    chosen,
    some,
  );
  element.append(forSome, all);
  const cancellable = () =>
    selected()
      .filter(isCancellable)
      .map((job) => job.serial);

  confirmInPlace(some, () => {
    const serials = cancellable();
    if (serials.length === 0) return null;
    return {
      action: `Terminate ${counted(serials.length, "job")}`,
      detail: LOST,
      run: () => void cancelJobs(place, serials).then(onDone),
    };
  });
  const { element: forAll } = confirmCount(all, { place, query, onDone });

  return {
    /** @param {boolean} any  whether the search has jobs that have not ended */
    update(any) {
      const jobs = selected();
      const can = jobs.filter(isCancellable).length;
      show(forSome, jobs.length > 0);
      show(forAll, jobs.length === 0);
      forSome.classList.toggle("actions-floating", jobs.length > 0);
      some.disabled = can === 0;
      all.disabled = !any;
      setText(all, query() === "" ? "Terminate all" : "Terminate all that match");
      setText(chosen, selectionText(jobs.length, can));
      setText(some, can > 0 ? `Terminate ${counted(can, "job")}` : "Terminate");
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

/**
 * Asks the server how many jobs a search matches before it asks the user to confirm.
 *
 * @param {HTMLButtonElement} button
 * @param {{place: Place, query: () => string, onDone: () => void}} options
 */
export function confirmCount(button, { place, query, onDone }) {
  const detail = h("p", { class: "confirm-detail", role: "status" });
  const yes = h("button", { type: "button", class: "button danger" });
  const no = h("button", { type: "button", class: "button" }, "Cancel");
  const panel = h(
    "div",
    { class: "confirm", role: "group", "aria-label": "Confirm" },
    detail,
    h("div", { class: "confirm-buttons" }, yes, no),
  );
  const popover = createPopover(button, panel, { toggles: false });
  let asked = { query: "", cancellable: 0 };

  button.addEventListener("click", async () => {
    if (popover.isOpen) return popover.close();
    const wanted = query();
    setText(detail, "Counting …");
    show(yes, false);
    popover.open();
    no.focus();
    try {
      const { matched, cancellable } = await countCancellable(place, wanted);
      asked = { query: wanted, cancellable };
      setText(detail, countText(matched, cancellable));
      setText(yes, `Terminate ${counted(cancellable, "job")}`);
      show(yes, cancellable > 0);
    } catch (error) {
      setText(detail, `They can't be counted: ${error instanceof Error ? error.message : error}`);
    }
  });
  yes.addEventListener("click", () => {
    popover.close({ refocus: true });
    void cancelMatching(place, asked.query, asked.cancellable).then(onDone);
  });
  no.addEventListener("click", () => popover.close({ refocus: true }));
  return popover;
}

/**
 * @param {number} matched
 * @param {number} cancellable
 */
function countText(matched, cancellable) {
  if (cancellable === 0) return `All ${count(matched)} that match have ended.`;
  const ended = matched - cancellable;
  return ended > 0
    ? `${count(matched)} match, ${count(ended)} of them have ended. ${LOST}`
    : `All ${count(matched)} that match. ${LOST}`;
}
