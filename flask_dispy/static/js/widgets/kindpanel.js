/** One kind of error: its whole sample, its nodes and its latest jobs. Beside the list; a sheet on a phone. */

import { kindTitle, searchOfKind } from "../data/errorkinds.js";
import { plainLines } from "../data/jobtext.js";
import { h, iconButton, setAttr, setText, show } from "../lib/dom.js";
import { KeyedList } from "../lib/keyedlist.js";
import { count, counted, exact, percent, plain } from "../lib/format.js";
import { copies } from "./clipboard.js";
import { confirmDryRun, wouldRerun } from "./dryrun.js";
import { SidePanel } from "./sidepanel.js";

/** @import {Shell} from "../frame/parts.js" */
/** @import {ErrorKind} from "../data/types.js" */

export class KindPanel {
  #dialog;
  #shell;
  #panel;
  /** @type {ErrorKind|null} */
  #kind = null;
  #title = h("h2", { id: "kind-title", class: "job-title", tabindex: "-1" });
  #close = iconButton("close", "Close");
  #jobs = h("a", { class: "button small" });
  #again;
  #copy = h("button", { type: "button", class: "button small", "aria-label": "Copy: Sample" }, "Copy");
  #message = h("p", { class: "kind-whole" });
  #facts = h("dl", { class: "job-facts" });
  #pre = h("pre", {
    class: "job-pre kind-sample",
    tabindex: "0",
    role: "region",
    "aria-labelledby": "kind-sample-title",
    dir: "ltr",
  });
  #hidden = h("p", { class: "muted", text: "You may not see the jobs' output." });
  #cut = h("p", { class: "caption", text: "Cut: no more of it was kept." });
  #more = h("li", { class: "muted" });
  #nodes;
  #serials;

  /**
   * @param {HTMLDialogElement} dialog
   * @param {{shell: Shell, onClose: () => void}} options
   */
  constructor(dialog, { shell, onClose }) {
    this.#dialog = dialog;
    this.#shell = shell;
    this.#panel = new SidePanel(dialog, { title: this.#title, onClose });
    const nodes = h("ul", { class: "kind-list" });
    const latest = h("ul", { class: "kind-list kind-latest" });
    const { href } = shell;
    this.#nodes = new KeyedList(
      nodes,
      (/** @type {ErrorKind["nodes"][number]} */ node) => node.ip_addr,
      () => createNode(href),
    );
    this.#serials = new KeyedList(
      latest,
      (/** @type {number} */ serial) => serial,
      () => this.#createSerial(),
    );
    const head = h("div", { class: "job-head-line" }, this.#title, this.#close);
    const again = h("button", { type: "button", class: "button small" }, "Run again");
    const actions = h("div", { class: "job-head-line" }, this.#jobs, again);
    this.#again = confirmDryRun(again, {
      ask: () => wouldRerun(shell, this.#kind ? searchOfKind(this.#kind) : []),
      onDone: () => {},
    }).element;
    const sample = h("h3", { id: "kind-sample-title", text: "Sample: the first one's text" });
    dialog.append(
      h("div", { class: "job-head" }, head, actions),
      h(
        "div",
        { class: "job-body" },
        this.#message,
        this.#facts,
        h(
          "section",
          { class: "job-text" },
          h("div", { class: "job-text-head" }, sample, this.#copy),
          this.#pre,
          this.#cut,
          this.#hidden,
        ),
        h("section", {}, h("h3", { text: "Nodes" }), nodes),
        h("section", {}, h("h3", { text: "Latest jobs" }), latest),
      ),
    );
    this.#close.addEventListener("click", onClose);
    copies(this.#copy, () => this.#kind?.sample ?? "", "Failed");
  }

  /** The id of the shown kind. */
  get id() {
    return this.#kind?.id ?? null;
  }

  /** @param {ErrorKind} kind @param {{focus?: boolean}} [options] */
  open(kind, { focus = true } = {}) {
    if (kind.id !== this.id) this.#dialog.scrollTop = 0;
    this.update(kind);
    this.#panel.open({ focus });
  }

  close() {
    this.#kind = null;
    this.#panel.close();
  }

  /** @param {ErrorKind} kind */
  update(kind) {
    this.#kind = kind;
    this.offerAgain();
    setText(this.#title, plain(kind.type) || kindTitle(kind));
    setText(this.#message, plain(kind.message ?? ""));
    show(this.#message, Boolean(kind.message));
    setText(this.#jobs, `Show ${counted(kind.count, "job")}`);
    setAttr(this.#jobs, "href", this.#shell.href("jobs.html", { q: searchOfKind(kind) }));
    this.#fillFacts(kind);
    setText(this.#pre, plainLines(kind.sample ?? ""));
    show(this.#pre, kind.sample !== null);
    show(this.#copy, kind.sample !== null);
    show(this.#hidden, kind.sample === null);
    show(this.#cut, kind.sample_truncated);
    this.#fillNodes(kind);
  }

  /** Jobs can be run again, as far as is known by now. */
  offerAgain() {
    show(this.#again, this.#shell.config.permissions.rerun_jobs && Boolean(this.#shell.summary()?.rerun));
  }

  #createSerial() {
    const link = h("a");
    return {
      element: h("li", {}, link),
      update: (/** @type {number} */ serial) => {
        setText(link, `#${serial}`);
        const q = this.#kind ? searchOfKind(this.#kind) : "";
        setAttr(link, "href", this.#shell.href("jobs.html", { q, job: serial }));
      },
    };
  }

  /** @param {ErrorKind} kind */
  #fillFacts(kind) {
    /** @type {[string, string][]} */
    const facts = [
      ["Jobs", count(kind.count)],
      ["Share of jobs that ended", percent(kind.share)],
      ["Function", plain(kind.function)],
      ["First seen", `${exact(kind.first_at)}${kind.new ? ", new" : ""}`],
      ["Last seen", exact(kind.last_at)],
    ];
    const said = facts.flat().join("\n");
    if (this.#facts.dataset.said === said) return;
    this.#facts.dataset.said = said;
    this.#facts.replaceChildren(
      ...facts.map(([name, value]) => h("div", {}, h("dt", { text: name }), h("dd", { text: value }))),
    );
  }

  /** @param {ErrorKind} kind */
  #fillNodes(kind) {
    const more = kind.nodes_total - kind.nodes.length;
    this.#more.textContent = `and ${counted(more, "node")} more`;
    this.#nodes.show(kind.nodes, more > 0 ? [this.#more] : []);
    this.#serials.show(kind.serials);
  }
}

/** @param {Shell["href"]} href */
function createNode(href) {
  const link = h("a");
  const jobs = h("span");
  return {
    element: h("li", {}, link, " ", jobs),
    /** @param {ErrorKind["nodes"][number]} node */
    update({ ip_addr: ip, count: failed }) {
      setText(link, plain(ip));
      setAttr(link, "href", href("node.html", { host: ip }));
      setText(jobs, counted(failed, "job"));
    },
  };
}
