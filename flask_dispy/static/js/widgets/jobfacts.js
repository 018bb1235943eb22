/** When, where and how long: the steps of a job's life and its figures. */

import { h, setAttr, setText, show } from "../lib/dom.js";
import { count, exact, plain, relative, seconds, stateMark, UNKNOWN } from "../lib/format.js";
import { fieldText } from "../data/fieldvalue.js";
import { ranFor, waitedFor } from "./jobcolumns.js";
import { comparedText, stepsOf } from "../data/jobtext.js";
import { fillChildren } from "./svg.js";

/** @import {JobDetail} from "../data/jobtext.js" */
/** @import {ServedField} from "../data/types.js" */

/**
 * @param {HTMLElement} element
 * @param {object} options
 * @param {(ip: string) => string} options.nodeHref
 * @param {(ip: string) => string} options.nodeName
 * @param {((serial: number) => string)|null} options.jobHref null: the other jobs are not there
 * @param {() => number} options.now
 * @param {ServedField[]} options.fields custom columns
 */
export function createJobFacts(element, { nodeHref, nodeName, jobHref, now, fields }) {
  const node = h("a", {});
  const facts = {
    waited: fact("Waited"),
    run: fact("Ran for"),
    attempts: fact("Attempts"),
  };
  const [before, after] = [h("a"), h("a")];
  const reruns = h("span");
  const relations = { of: fact("Again of", before), as: fact("Run again", h("span", {}, reruns, after)) };
  const custom = fields.map((field) => ({ field, ...fact(field.label) }));
  const nodeFact = fact("Node", node);
  const compared = { waited: h("p", { class: "job-compared" }), ran: h("p", { class: "job-compared" }) };
  const steps = h("ol", { class: "job-steps", "aria-label": "States" });
  element.append(
    h(
      "dl",
      { class: "job-facts" },
      nodeFact.element,
      ...[...Object.values(facts), ...Object.values(relations), ...custom].map((each) => each.element),
    ),
    compared.ran,
    compared.waited,
    steps,
  );

  return {
    /** @param {JobDetail} job */
    update(job) {
      const at = now();
      setText(node, job.node ? plain(job.node) : UNKNOWN);
      setAttr(node, "href", job.node ? nodeHref(job.node) : null);
      const [waited, ran] = [waitedFor(job, at), ranFor(job, at)];
      setText(facts.waited.value, seconds(waited));
      setText(facts.run.value, seconds(ran));
      const names = { of: job.compared?.function ?? "", on: nodeName(job.node ?? "") };
      const say = (/** @type {HTMLElement} */ element, /** @type {string} */ verb, /** @type {string} */ text) => {
        setText(element, text && `${verb} ${text}`);
        show(element, text !== "");
      };
      say(compared.ran, job.state === "running" ? "Has run" : "Ran", comparedText(ran, job.compared?.ran, names));
      const wait = comparedText(waited, job.compared?.waited, names);
      say(compared.waited, job.state === "queued" ? "Has waited" : "Waited", wait);
      setText(facts.attempts.value, count(job.attempts));
      show(relations.of.element, job.rerun_of !== null);
      show(relations.as.element, job.reruns > 0);
      setText(reruns, rerunsText(job));
      for (const [link, serial] of /** @type {const} */ ([
        [before, job.rerun_of],
        [after, job.rerun_as],
      ])) {
        setText(link, serial === null ? "" : `#${serial}`);
        setAttr(link, "href", serial === null || !jobHref ? null : jobHref(serial));
      }
      for (const { field, value } of custom) setText(value, fieldText(job, field, at));
      fillChildren(steps, stepsOf(job, at), makeStep, (item, step) => fillStep(item, step, at));
    },
  };
}

/** What stands before the number of the newest job that running a job again made. @param {JobDetail} job */
function rerunsText({ reruns, rerun_as: latest }) {
  const times = reruns === 1 ? "" : `${count(reruns)} times`;
  if (latest === null) return times || "once";
  return times ? `${times}, last as ` : "as ";
}

/**
 * @param {string} name
 * @param {HTMLElement} [content]
 */
function fact(name, content) {
  const value = h("dd", {}, content ?? null);
  return { element: h("div", {}, h("dt", {}, name), value), value };
}

function makeStep() {
  return h(
    "li",
    { class: "job-step" },
    h("span", { "aria-hidden": "true" }),
    h("span", { class: "job-step-state" }),
    h("time", { class: "job-step-time" }),
    h("span", { class: "job-step-lasted" }),
  );
}

/**
 * @param {HTMLElement} item
 * @param {{word: string, at: number|null, node: string|null, lasted: number|null}} step
 * @param {number} now
 */
function fillStep(item, step, now) {
  const [mark, state, time, lasted] = item.children;
  setAttr(mark, "class", stateMark(step.word));
  setText(state, step.word + (step.node && step.word === "running" ? ` on ${plain(step.node)}` : ""));
  setText(time, step.at === null ? UNKNOWN : exact(step.at));
  setAttr(time, "title", relative(step.at, now));
  setAttr(time, "datetime", step.at === null ? null : new Date(step.at * 1000).toISOString());
  setText(lasted, step.lasted === null ? relative(step.at, now) : `for ${seconds(step.lasted)}`);
}
