/**
 * All that is known of one job: a panel beside the list, a full sheet on a phone. What did not change is
 * left alone, so a selection of text in it survives every update.
 */

import { ApiError, clusterPath } from "../data/api.js";
import { confirmInPlace } from "../lib/confirm.js";
import { h, icon, isTyping, setAttr, setText, show } from "../lib/dom.js";
import { stateMark } from "../lib/format.js";
import { cancelJobs } from "./jobcommands.js";
import { jobName, jobNumber, jobWord } from "../data/jobwords.js";
import { copyText, flash } from "./clipboard.js";
import { isCancellable } from "./jobactions.js";
import { createJobFacts } from "./jobfacts.js";
import { createJobTexts } from "./jobtexts.js";

/** @import {Shell} from "../frame/parts.js" */
/** @import {JobDetail} from "../data/jobtext.js" */

/** Below this width the panel is a sheet over the page. */
const NARROW = "screen and (max-width: 1099px)";
/** A job that has not ended is read again at most this often. */
const FRESH_MS = 1000;

/**
 * @param {HTMLDialogElement} dialog
 * @param {object} options
 * @param {Shell} options.shell
 * @param {() => void} options.onClose
 */
export function createJobDetail(dialog, { shell, onClose }) {
  const { api, cluster, config, notices, store } = shell;
  const parts = build(dialog);
  const facts = createJobFacts(parts.body, { nodeHref: (ip) => shell.href("node.html", { host: ip }), now: store.now });
  const texts = createJobTexts(parts.body, { mayReadArguments: config.permissions.see_arguments, notices });
  const narrow = matchMedia(NARROW);
  /** @type {number|null} */
  let serial = null;
  /** @type {JobDetail|null} */
  let job = null;
  let readAt = 0;
  let reading = false;
  /** @type {ReturnType<typeof setTimeout>|null} */
  let later = null;

  confirmInPlace(parts.terminate, () =>
    job && isCancellable(job)
      ? {
          action: "Terminate this job",
          detail: "What it has done so far is lost.",
          run: () => void cancelJobs({ api, cluster, notices }, [/** @type {JobDetail} */ (job).serial]).then(read),
        }
      : null,
  );
  parts.close.addEventListener("click", onClose);
  parts.copyLink.addEventListener("click", () => void copyLink());
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    onClose();
  });
  // Wherever the focus is, but for a field, whose Escape is its own, and another dialog.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || !dialog.open || isTyping(event.target)) return;
    const within = event.target instanceof Element ? event.target.closest("dialog") : null;
    // One that has just closed holds the focus until the next frame.
    if (within?.open && within !== dialog) return;
    event.preventDefault();
    onClose();
  });
  narrow.addEventListener("change", () => {
    if (!dialog.open) return;
    dialog.close();
    reveal();
  });

  function reveal() {
    if (dialog.open) return;
    if (narrow.matches) dialog.showModal();
    else dialog.show();
  }

  async function copyLink() {
    const { origin, pathname } = location;
    const base = origin + pathname.replace(/[^/]*$/, "");
    const copied = await copyText(base + shell.href("jobs.html", { job: serial }));
    notices.say(copied ? "Link copied" : "The link could not be copied");
    flash(parts.copyLink, copied ? "Copied" : "Not copied");
  }

  /** Read again what may have changed: now or, so that the last change is not missed, when it is due. */
  function refresh() {
    const settled = job && !isCancellable(job);
    if (serial === null || settled || later !== null) return;
    const waitMs = reading ? FRESH_MS : readAt + FRESH_MS - Date.now();
    if (waitMs <= 0) return void read();
    later = setTimeout(() => {
      later = null;
      refresh();
    }, waitMs);
  }

  async function read() {
    if (serial === null || reading) return;
    const wanted = serial;
    reading = true;
    readAt = Date.now();
    try {
      const found = await api.get(clusterPath(cluster, "jobs", wanted));
      if (wanted === serial) showJob(found);
    } catch (error) {
      if (wanted === serial) complain(error);
    } finally {
      reading = false;
      if (serial !== null && wanted !== serial) void read();
    }
  }

  /** @param {JobDetail} found */
  function showJob(found) {
    job = found;
    show(parts.message, false);
    show(parts.body, true);
    setText(parts.title, jobName(found));
    setText(parts.number, jobNumber(found));
    setText(parts.cluster, found.cluster);
    setAttr(parts.mark, "class", stateMark(jobWord(found)));
    setText(parts.state, jobWord(found));
    show(parts.terminate, config.permissions.cancel_jobs && isCancellable(found));
    facts.update(found);
    texts.update(found);
  }

  /** @param {unknown} error */
  function complain(error) {
    const gone = error instanceof ApiError && error.code === "unknown_job";
    if (job && !gone) return; // what is shown is still true; the header tells of the trouble
    show(parts.body, false);
    setText(parts.title, `#${serial}`);
    setText(parts.number, "");
    setText(parts.message, error instanceof Error ? error.message : String(error));
    show(parts.message, true);
  }

  return {
    /** @param {number} next @param {{focus?: boolean}} [options] */
    open(next, { focus = true } = {}) {
      if (next !== serial) {
        serial = next;
        job = null;
        setText(parts.title, `#${next}`);
        setText(parts.number, "");
        setText(parts.state, "");
        setText(parts.cluster, "");
        setAttr(parts.mark, "class", "");
        show(parts.terminate, false);
        show(parts.body, false);
        setText(parts.message, "Loading …");
        show(parts.message, true);
        dialog.scrollTop = 0;
        void read();
      }
      reveal();
      if (focus) parts.title.focus({ preventScroll: true });
    },
    close() {
      serial = null;
      job = null;
      if (dialog.open) dialog.close();
    },
    /** Something happened in the cluster. */
    refresh,
    /** Arguments are hidden now, or no longer, for everybody: also those of a job that has ended. @param {boolean} hidden */
    showAsHidden(hidden) {
      if (job && Boolean(job.hidden) !== hidden) void read();
    },
    tick() {
      if (job && isCancellable(job)) facts.update(job);
    },
    get serial() {
      return serial;
    },
  };
}

/** @param {HTMLDialogElement} dialog */
function build(dialog) {
  const title = h("h2", { id: "job-title", class: "job-title", tabindex: "-1" });
  const number = h("span", { id: "job-number", class: "job-number" });
  const mark = h("span", { "aria-hidden": "true" });
  const state = h("span");
  const cluster = h("span", { class: "job-cluster muted" });
  const copyLink = h("button", { type: "button", class: "button small" }, "Copy link");
  const terminate = h("button", { type: "button", class: "button small", hidden: true }, "Terminate");
  const close = h(
    "button",
    { type: "button", class: "button quiet icon-button", "aria-label": "Close" },
    icon("close"),
  );
  const message = h("p", { class: "job-message muted", role: "status" });
  const body = h("div", { class: "job-body", hidden: true });
  setAttr(dialog, "aria-labelledby", `${title.id} ${number.id}`);
  dialog.append(
    h(
      "div",
      { class: "job-head" },
      h("div", { class: "job-head-line" }, title, number, close),
      h(
        "div",
        { class: "job-head-line" },
        h("span", { class: "state" }, mark, state),
        cluster,
        h("div", { class: "actions end" }, copyLink, terminate),
      ),
    ),
    message,
    body,
  );
  return { title, number, mark, state, cluster, copyLink, terminate, close, message, body };
}
