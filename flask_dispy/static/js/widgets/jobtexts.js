/** The texts of a job, each in a block that can be copied; a text that was cut says so. */

import { h, setText, show } from "../lib/dom.js";
import { KeyedList } from "../lib/keyedlist.js";
import { blocksOf, droppedText, plainLines } from "../data/jobtext.js";
import { copies } from "./clipboard.js";
import { createTree } from "./tree.js";

/** @import {Notices} from "../frame/notices.js" */
/** @import {Block, JobDetail} from "../data/jobtext.js" */

/** The keys of those that may be data. */
const RESULTS = new Set(["result", "provisional_result"]);

/**
 * @param {HTMLElement} element
 * @param {{mayReadArguments: boolean, notices: Notices}} options
 */
export function createJobTexts(element, { mayReadArguments, notices }) {
  const hidden = h("p", { class: "job-hidden muted", hidden: true });
  const list = h("div", { class: "job-texts" });
  const dropped = h("p", { class: "job-dropped muted", hidden: true });
  element.append(hidden, dropped, list);
  const blocks = new KeyedList(
    list,
    (/** @type {Block} */ { key }) => key,
    (block) => createBlock(block, notices),
  );

  return {
    /** @param {JobDetail} job */
    update(job) {
      setText(
        hidden,
        mayReadArguments ? "Arguments are hidden: Show Job Arguments is off." : "You may not see arguments and output.",
      );
      show(hidden, job.hidden === true);
      setText(dropped, droppedText(job));
      show(dropped, dropped.textContent !== "");
      blocks.show(blocksOf(job));
    },
  };
}

/**
 * @param {Block} first
 * @param {Notices} notices
 */
function createBlock({ key, title }, notices) {
  let text = "";
  const id = `job-text-${key}`;
  const copy = h("button", { type: "button", class: "button small", "aria-label": `Copy: ${title}` }, "Copy");
  const cut = h("p", { class: "caption", hidden: true });
  const pre = h("pre", {
    class: `job-pre job-pre-${key}`,
    tabindex: "0",
    role: "region",
    "aria-labelledby": id,
    dir: "ltr",
  });
  const tree = RESULTS.has(key) ? createTree(pre, title) : null;
  const element = h(
    "section",
    { class: "job-text" },
    h("div", { class: "job-text-head" }, h("h3", { id }, title), tree?.button ?? null, copy),
    pre,
    tree?.element ?? null,
    cut,
  );
  const say = (/** @type {boolean} */ copied) => notices.say(copied ? `${title} copied` : "It could not be copied");
  copies(copy, () => text, "Failed", say);
  return {
    element,
    /** @param {Block} block */
    update(block) {
      text = block.text;
      setText(pre, plainLines(block.text));
      setText(cut, block.cut);
      show(cut, block.cut !== "");
      tree?.update(block.cut ? "" : block.text);
    },
  };
}
