/** @import {Line} from "../data/remedy.js" */
import { h, iconButton, setStyle, setText, stateIcon } from "../lib/dom.js";
import { failureLine, remedyLink } from "../data/remedy.js";

/** More lines than this are summed up, because a notice is meant to be read. */
const SHOWN_LINES = 100;
/** How long a good outcome is shown. */
const GOOD_SEC = 15;

/**
 * @typedef {object} Notice
 * @property {(title: string) => void} progress change the title while work goes on
 * @property {(word: string, run: () => void) => void} offer a button until it is done
 * @property {(title: string, lines?: Line[]) => void} done
 *
 * @typedef {object} Notices
 * @property {(title: string, lines?: Line[]) => Notice} show
 * @property {(title: string, error: unknown) => Notice} error
 * @property {(text: string) => void} say for screen readers only
 */

/**
 * The outcomes of what the user did: one notice for each action, one line for each item. Failures stay until
 * they are dismissed.
 *
 * @param {HTMLElement} element the region that holds the notices
 * @param {HTMLElement} live a polite live region; gets each title once
 * @returns {Notices}
 */
export function createNotices(element, live) {
  // The page grows by their height, so that what they cover can be scrolled out from under them.
  new ResizeObserver(() => setStyle(document.body, "--notices", `${element.offsetHeight}px`)).observe(element);

  /** @param {string} text */
  function say(text) {
    setText(live, "");
    setTimeout(() => setText(live, text), 50); // so that the same words are announced again
  }

  /** @type {Notices["show"]} */
  function open(title, lines) {
    const head = h("p", { class: "notice-title", text: title });
    const list = h("ul", { class: "notice-lines", hidden: true, tabindex: "0", "aria-label": "Outcomes" });
    const close = iconButton("close", "Dismiss", { onclick: () => box.remove() });
    const offers = h("span", {});
    const box = h(
      "div",
      { class: "notice", role: "group", "aria-label": "Outcome" },
      h("div", { class: "notice-head" }, head, offers, close),
      list,
    );
    element.prepend(box);

    /** @type {Notice} */
    const notice = {
      progress: (text) => setText(head, text),
      offer(word, run) {
        const button = h("button", { type: "button", class: "button small", text: word });
        button.addEventListener("click", () => {
          button.disabled = true;
          run();
        });
        offers.append(button);
      },
      done(text, outcomes = []) {
        setText(head, text);
        offers.replaceChildren();
        const failed = outcomes.some((line) => !line.ok);
        const asked = outcomes.some((line) => line.asked);
        box.classList.add(failed ? "notice-failed" : asked ? "notice-asked" : "notice-ok");
        if (!failed) leaveSoon(box);
        list.replaceChildren(...lineItems(outcomes));
        list.hidden = outcomes.length === 0;
        say(text);
      },
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
 * Removes notices that need no action, because they cover the page; but not while the pointer or the focus is
 * in them, nor while the page is hidden.
 *
 * @param {HTMLElement} box
 */
function leaveSoon(box) {
  let left = GOOD_SEC;
  const timer = setInterval(() => {
    if (!box.isConnected) return clearInterval(timer);
    if (document.hidden || box.matches(":hover, :focus-within")) left = GOOD_SEC;
    else left -= 1;
    if (left <= 0) box.remove();
  }, 1000);
}

/**
 * Failures come first.
 *
 * @param {Line[]} lines
 */
function lineItems(lines) {
  const ordered = [...lines.filter((line) => !line.ok), ...lines.filter((line) => line.ok)];
  const items = ordered
    .slice(0, SHOWN_LINES)
    .map((line) =>
      h(
        "li",
        {},
        stateIcon(!line.ok ? "failed" : line.asked ? "queued" : "finished"),
        h("span", { class: "sr", text: !line.ok ? "Failed: " : line.asked ? "Asked: " : "Done: " }),
        h("span", { text: line.text }),
        remedyLink(line.remedy ?? null),
      ),
    );
  const left = ordered.length - items.length;
  if (left > 0) items.push(h("li", { class: "muted", text: `and ${left.toLocaleString("en")} more` }));
  return items;
}
