/** @import {OutlookWords} from "./outlook.js" */
/** @import {Summary} from "../data/types.js" */
/** @import {Shell} from "../frame/parts.js" */
import { h, icon, setAttr, setText, show } from "../lib/dom.js";
import { counted } from "../lib/format.js";
import { stuckJobs, stuckQuery } from "./outlook.js";
import { createPopover } from "../lib/popover.js";
import { confirmDryRun, wouldTerminate } from "./dryrun.js";

/**
 * A line under a cluster's bar: what is in the way of its jobs, and what can be done about it.
 *
 * @param {string} name of the cluster
 * @param {Pick<Shell, "api"|"config"|"href"|"notices">} shell
 */
export function createProgressNote(name, { api, config, href, notices }) {
  const text = h("span", { class: "progress-note-text" });
  const jobs = h("a", { class: "button small", text: "Show" });
  const terminate = h("button", { type: "button", class: "button small" });
  const why = h("button", { type: "button", class: "button small quiet", text: "Why?" });
  const actions = h("span", { class: "progress-note-actions" }, jobs, terminate, why);
  const element = h("div", { class: "progress-note", hidden: true }, icon("warning"), text, actions);
  let query = "";
  const place = { api, config, cluster: name, notices };
  const { element: forTerminate } = confirmDryRun(terminate, {
    ask: () => wouldTerminate(place, query),
    onDone: () => {},
  });
  const { element: forWhy } = createPopover(why, explanation());
  forWhy.classList.add("progress-why");

  return {
    element,
    /** @param {Summary} summary @param {OutlookWords} words */
    update({ outlook }, { tone, note }) {
      show(element, note !== "");
      setText(text, note);
      const held = outlook && tone !== "closed" ? stuckJobs(outlook) : 0;
      show(actions, held > 0);
      show(forWhy, tone === "stalled");
      show(forTerminate, config.permissions.cancel_jobs && held > 0);
      if (!outlook || held === 0) return;
      query = stuckQuery(outlook);
      setAttr(jobs, "href", href("jobs.html", { cluster: name, q: query }));
      setText(terminate, `Terminate ${counted(held, "job")}`);
    },
  };
}

/** Why running jobs may never end, and the remedy. */
function explanation() {
  return h(
    "div",
    { class: "progress-explanation" },
    h("p", {
      text: "They may wait for something: a file, a lock, another machine. Or their processes have died, killed for want of memory for instance: dispynode does not notice that, reports such jobs as running for ever, and keeps their CPUs.",
    }),
    h("p", { text: "Nodes that are started this way notice it and report the job as failed:" }),
    h("code", { class: "command", tabindex: "0", text: "flask-dispy node --clean" }),
  );
}
