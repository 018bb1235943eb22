/**
 * Everything known about one job: a panel beside the list, a full sheet on a phone. Unchanged parts are left
 * alone, so a selection of text in them survives every update.
 */

import { ApiError, clusterPath } from "../data/api.js";
import { confirmInPlace } from "../lib/confirm.js";
import { h, iconButton, setAttr, setText, show } from "../lib/dom.js";
import { stateMark } from "../lib/format.js";
import { confirmDryRun, wouldRerun } from "./dryrun.js";
import { commandJobs, TERMINATE } from "./jobcommands.js";
import { jobName, jobNumber, jobWord } from "../data/jobwords.js";
import { copies } from "./clipboard.js";
import { isCancellable, isRerunnable } from "./jobactions.js";
import { createJobFacts } from "./jobfacts.js";
import { createJobLike } from "./joblike.js";
import { createJobTexts } from "./jobtexts.js";
import { SidePanel } from "./sidepanel.js";

/** @import {Shell} from "../frame/parts.js" */
/** @import {JobDetail} from "../data/jobtext.js" */

/** A job that has not ended is read again at most this often. */
const FRESH_MS = 1000;

export class JobPanel {
  #dialog;
  #panel;
  #shell;
  #facts;
  #texts;
  #like;
  #title = h("h2", { id: "job-title", class: "job-title", tabindex: "-1" });
  #number = h("span", { id: "job-number", class: "job-number" });
  #mark = h("span", { "aria-hidden": "true" });
  #state = h("span");
  #cluster = h("span", { class: "job-cluster muted" });
  #save = h("a", { class: "button small", download: "", title: "All texts that are kept, as a file" }, "Save texts");
  #terminate = h("button", { type: "button", class: "button small", hidden: true }, "Terminate");
  /** Runs the job again. */
  #again;
  #message = h("p", { class: "job-message muted", role: "status" });
  #body = h("div", { class: "job-body", hidden: true });
  /** @type {number|null} */
  #serial = null;
  /** @type {JobDetail|null} */
  #job = null;
  #readAt = 0;
  #reading = false;
  /** It was requested again while it was being read; the answer under way may be older. */
  #readAgain = false;
  /** @type {ReturnType<typeof setTimeout>|null} */
  #later = null;

  /**
   * @param {HTMLDialogElement} dialog
   * @param {object} options
   * @param {Shell} options.shell
   * @param {() => void} options.onClose
   */
  constructor(dialog, { shell, onClose }) {
    this.#dialog = dialog;
    this.#shell = shell;
    const { config, notices, store } = shell;
    const copyLink = h("button", { type: "button", class: "button small" }, "Copy link");
    const again = h("button", { type: "button", class: "button small" }, "Run again");
    const close = iconButton("close", "Close", { onclick: onClose });
    const state = h("span", { class: "state" }, this.#mark, this.#state);
    const actions = h("div", { class: "actions end" }, copyLink, this.#save, again, this.#terminate);
    dialog.append(
      h(
        "div",
        { class: "job-head" },
        h("div", { class: "job-head-line" }, this.#title, this.#number, close),
        h("div", { class: "job-head-line" }, state, this.#cluster, actions),
      ),
      this.#message,
      this.#body,
    );
    const labelledBy = `${this.#title.id} ${this.#number.id}`;
    this.#panel = new SidePanel(dialog, { title: this.#title, labelledBy, onClose });
    this.#facts = createJobFacts(this.#body, {
      nodeHref: (ip) => shell.href("node.html", { host: ip }),
      nodeName: (ip) => store.nodes.get(ip)?.name || ip,
      jobHref: config.past ? null : (serial) => shell.href("jobs.html", { job: serial }),
      now: store.now,
      fields: config.job_fields.filter(({ custom }) => custom),
    });
    this.#like = createJobLike(this.#body, shell);
    this.#texts = createJobTexts(this.#body, { mayReadArguments: config.permissions.see_arguments, notices });
    this.#again = confirmDryRun(again, {
      ask: () => wouldRerun(shell, this.#serial === null ? [] : [this.#serial]),
      onDone: () => void this.#read(),
    }).element;
    confirmInPlace(this.#terminate, () => this.#termination());
    const say = (/** @type {boolean} */ copied) => notices.say(copied ? "Link copied" : "The link could not be copied");
    copies(copyLink, () => this.#link(), "Not copied", say);
  }

  #termination() {
    if (!this.#job || !isCancellable(this.#job)) return null;
    const { serial } = this.#job;
    const run = () => void commandJobs(this.#shell, TERMINATE, [serial]).then(() => this.#read());
    return { action: "Terminate this job", detail: "What it has done so far is lost.", run };
  }

  /** Read the job again if it may have changed: now, or when it is due, so that the last change is not missed. */
  refresh() {
    const settled = this.#job && !isCancellable(this.#job);
    if (this.#serial === null || settled || this.#later !== null) return;
    const waitMs = this.#reading ? FRESH_MS : this.#readAt + FRESH_MS - Date.now();
    if (waitMs <= 0) return void this.#read();
    this.#later = setTimeout(() => {
      this.#later = null;
      this.refresh();
    }, waitMs);
  }

  async #read() {
    this.#readAgain = this.#reading;
    if (this.#serial === null || this.#reading) return;
    const { api, cluster } = this.#shell;
    const wanted = this.#serial;
    this.#reading = true;
    this.#readAt = Date.now();
    try {
      const found = await api.get(clusterPath(cluster, "jobs", wanted));
      if (wanted === this.#serial) this.#showJob(found);
    } catch (error) {
      if (wanted === this.#serial) this.#complain(error);
    } finally {
      this.#reading = false;
      if (this.#readAgain) void this.#read();
    }
  }

  /** @param {number} next @param {{focus?: boolean}} [options] */
  open(next, { focus = true } = {}) {
    if (next !== this.#serial) this.#begin(next);
    this.#panel.open({ focus });
  }

  /** @param {number} serial */
  #begin(serial) {
    this.#serial = serial;
    this.#showMessage("Loading …");
    this.#dialog.scrollTop = 0;
    void this.#read();
  }

  /** @param {string} message shown in place of the job */
  #showMessage(message) {
    this.#job = null;
    for (const part of [this.#body, this.#save, this.#terminate, this.#again]) show(part, false);
    setText(this.#title, `#${this.#serial}`);
    for (const part of [this.#number, this.#state, this.#cluster]) setText(part, "");
    setAttr(this.#mark, "class", "");
    setText(this.#message, message);
    show(this.#message, true);
  }

  close() {
    this.#serial = null;
    this.#job = null;
    this.#panel.close();
  }

  /** Arguments are hidden now, or no longer, for everybody: also those of a job that has ended. @param {boolean} hidden */
  showAsHidden(hidden) {
    if (this.#job && Boolean(this.#job.hidden) !== hidden) void this.#read();
  }

  tick() {
    if (!this.#job) return;
    this.#facts.update(this.#job); // how long ago it ended changes, too
    this.#offerAgain();
  }

  /** The job may be read before it is known what its cluster can do. */
  #offerAgain() {
    show(this.#again, this.#job !== null && isRerunnable(this.#job, this.#shell));
  }

  get serial() {
    return this.#serial;
  }

  #link() {
    return new URL(this.#shell.href("jobs.html", { job: this.#serial }), location.href).href;
  }

  /** @param {JobDetail} found */
  #showJob(found) {
    this.#job = found;
    show(this.#message, false);
    show(this.#body, true);
    setText(this.#title, jobName(found));
    setText(this.#number, jobNumber(found));
    setText(this.#cluster, found.cluster);
    setAttr(this.#mark, "class", stateMark(jobWord(found)));
    setText(this.#state, jobWord(found));
    show(this.#terminate, this.#shell.config.permissions.cancel_jobs && isCancellable(found));
    this.#offerAgain();
    const { api, cluster } = this.#shell;
    setAttr(this.#save, "href", api.url(clusterPath(cluster, "jobs", found.serial, "texts")));
    show(this.#save, true);
    this.#facts.update(found);
    this.#like.update(found);
    this.#texts.update(found);
  }

  /** @param {unknown} error */
  #complain(error) {
    const gone = error instanceof ApiError && error.code === "unknown_job";
    if (this.#job && !gone) return; // what is shown still holds; the header reports the trouble
    this.#showMessage(error instanceof Error ? error.message : String(error));
  }
}
