/** @import {Shell} from "./parts.js" */
/** @import {StoreState} from "../data/store.js" */
/** @import {Connection} from "../data/types.js" */
import { h, icon, need, setText, show } from "../lib/dom.js";
import { exact, relative } from "../lib/format.js";
import { remedyLink } from "../data/remedy.js";

/** @type {Record<Connection, {word: string, meaning: string}>} */
const STATES = {
  connecting: { word: "Connecting", meaning: "Waiting for the first data." },
  live: { word: "Live", meaning: "Changes appear as they happen." },
  polling: { word: "Polling", meaning: "The server is asked at the update interval." },
  paused: { word: "Paused", meaning: "Automatic updates are off; Update fetches now." },
  retrying: { word: "Retrying", meaning: "The last update failed; trying again." },
  stale: { word: "Disconnected", meaning: "No update for a while; what you see is old." },
};

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
    // A past run has no updates to wait for, but a server that is gone still shows.
    const settled = config.past && ["live", "polling", "paused"].includes(state.connection);
    setText(text, settled ? "Past run" : STATES[state.connection].word);
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
  return STATES[connection].meaning + (lastAt === null ? "" : ` Last checked ${exact(lastAt)}.`);
}
