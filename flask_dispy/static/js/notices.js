/** @import {Remedy} from "./foreign.js" */
import { h, icon, setText } from "./dom.js";
import { failureLine, remedyLink } from "./remedy.js";

/** More lines than this are summed up: a notice is for reading. */
const SHOWN_LINES = 100;

/**
 * @typedef {object} Line one outcome
 * @property {boolean} ok
 * @property {string} text
 * @property {Remedy} [remedy]
 *
 * @typedef {object} Notice
 * @property {(title: string) => void} progress change the title while work goes on
 * @property {(title: string, lines?: Line[]) => void} done
 * @property {() => void} dismiss
 *
 * @typedef {object} Notices
 * @property {(title: string, lines?: Line[]) => Notice} show stays until it is dismissed
 * @property {(title: string, error: unknown) => Notice} error
 * @property {(text: string) => void} say for screen readers only
 */

/**
 * What came of what the user did: one notice an action, one line an item, until dismissed.
 *
 * @param {HTMLElement} element the region that holds the notices
 * @param {HTMLElement} live a polite live region; hears each title once
 * @returns {Notices}
 */
export function createNotices(element, live) {
  /** @param {string} text */
  function say(text) {
    setText(live, "");
    setTimeout(() => setText(live, text), 50); // the same words twice are spoken twice
  }

  /** @type {Notices["show"]} */
  function open(title, lines) {
    const head = h("p", { class: "notice-title", text: title });
    const list = h("ul", { class: "notice-lines", hidden: true, tabindex: "0", "aria-label": "Outcomes" });
    const close = h(
      "button",
      { type: "button", class: "button icon-button", "aria-label": "Dismiss", onclick: () => box.remove() },
      icon("close"),
    );
    const box = h("div", { class: "notice", role: "group", "aria-label": "Outcome" }, h("div", { class: "notice-head" }, head, close), list);
    element.prepend(box);

    /** @type {Notice} */
    const notice = {
      progress: (text) => setText(head, text),
      done(text, outcomes = []) {
        setText(head, text);
        const failed = outcomes.some((line) => !line.ok);
        box.classList.add(failed ? "notice-failed" : "notice-ok");
        list.replaceChildren(...lineItems(outcomes));
        list.hidden = outcomes.length === 0;
        say(text);
      },
      dismiss: () => box.remove(),
    };
    if (lines) notice.done(title, lines);
    return notice;
  }

  return {
    show: open,
    error(title, error) {
      return open(title, [failureLine(error)]);
    },
    say,
  };
}

/**
 * What failed stands first.
 *
 * @param {Line[]} lines
 */
function lineItems(lines) {
  const ordered = [...lines.filter((line) => !line.ok), ...lines.filter((line) => line.ok)];
  const items = ordered.slice(0, SHOWN_LINES).map((line) =>
    h(
      "li",
      {},
      h("span", { class: `mark mark-${line.ok ? "finished" : "failed"}`, "aria-hidden": "true" }),
      h("span", { class: "sr", text: line.ok ? "Done: " : "Failed: " }),
      h("span", { text: line.text }),
      remedyLink(line.remedy ?? null),
    ),
  );
  const left = ordered.length - items.length;
  if (left > 0) items.push(h("li", { class: "muted", text: `and ${left.toLocaleString("en")} more` }));
  return items;
}
