/** @import {Shell} from "./parts.js" */
/** @import {StoreState} from "../data/store.js" */
import { h, icon, need, setText, show } from "../lib/dom.js";
import { exact, relative } from "../lib/format.js";
import { remedyLink } from "../data/remedy.js";

/** @type {Record<string, string>} */
const WORDS = {
  connecting: "Connecting",
  live: "Live",
  polling: "Polling",
  paused: "Paused",
  retrying: "Retrying",
  stale: "Disconnected",
};

/** A past run has no updates to wait for, but a server that is gone still shows. @type {Record<string, string>} */
const PAST_WORDS = { ...WORDS, live: "Past run", polling: "Past run", paused: "Past run" };

/**
 * How fresh the page is: a word in the header, and a message over the page if updates fail. The words that
 * change every second are hidden from screen readers, which announce the message once.
 *
 * @param {Pick<Shell, "config"|"store"|"feed"|"everySecond">} shell
 */
export function startStatus({ config, store, feed, everySecond }) {
  const element = need("connection");
  const text = /** @type {HTMLElement} */ (element.querySelector(".connection-text"));
  const trouble = need("trouble");
  const what = h("span", {});
  const when = h("span", { class: "muted nowrap", "aria-hidden": "true" });
  const again = h("button", {
    type: "button",
    class: "button small",
    text: "Try now",
    onclick: () => void feed.update(),
  });
  const help = h("span", { class: "trouble-help" });
  trouble.append(icon("warning"), what, help, when, again);
  const printed = h("p", { class: "printed" });
  element.before(printed);

  function update() {
    const { state } = store;
    element.dataset.state = document.body.dataset.connection = state.connection;
    setText(text, (config.past ? PAST_WORDS : WORDS)[state.connection]);
    element.title =
      config.past && state.error === null ? "Read from a history: nothing changes any more." : explain(state);
    show(trouble, state.error !== null);
    if (state.error !== null) setText(what, `${state.error}.`.replace(/([.?!])\.$/, "$1"));
    if (help.dataset.remedy !== String(state.remedy)) {
      help.dataset.remedy = String(state.remedy);
      help.replaceChildren(...[remedyLink(state.remedy)].filter((link) => link !== null));
    }
    tick();
  }

  function tick() {
    const { lastAt, retryAt, error } = store.state;
    if (error === null) return;
    const now = Date.now() / 1000;
    const data = lastAt === null ? "No data yet." : `Data from ${relative(lastAt, now)}.`;
    const next = retryAt === null ? "" : ` Next try ${relative(Math.max(retryAt, now), now)}.`;
    setText(when, data + next);
  }

  // Paper doesn't show how old its figures are.
  window.addEventListener("beforeprint", () => {
    const { connection, lastAt } = store.state;
    setText(
      printed,
      lastAt === null
        ? "No data yet"
        : `${connection === "stale" ? "Disconnected; data from" : "As of"} ${exact(lastAt)}`,
    );
  });
  store.subscribe(update);
  everySecond(tick);
  update();
}

/** @param {StoreState} state */
function explain({ connection, lastAt }) {
  const last = lastAt === null ? "" : ` Last checked ${exact(lastAt)}.`;
  /** @type {Record<string, string>} */
  const meaning = {
    connecting: "Waiting for the first data.",
    live: "Changes appear as they happen.",
    polling: "The server is asked at the update interval.",
    paused: "Automatic updates are off; Update fetches now.",
    retrying: "The last update failed; trying again.",
    stale: "No update for a while; what you see is old.",
  };
  return meaning[connection] + last;
}
