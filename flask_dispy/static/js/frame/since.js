/** @import {Shell} from "./parts.js" */
/** @import {Event, Summary} from "../data/types.js" */
import { clusterPath } from "../data/api.js";
import { h, icon, iconButton, need, setText, show } from "../lib/dom.js";
import { clock, count, day, plain, rate } from "../lib/format.js";
import { readKept } from "../lib/storage.js";

/** One who was away for less has missed nothing. */
const AWAY_SEC = 300;
/** How often what is seen is noted. */
const NOTE_SEC = 10;
/** Clusters whose figures are remembered. */
const MOST = 20;
/** Names of nodes and kinds of errors that are listed. */
const NAMED = 3;
const KEY = "dispy.since";

/**
 * @typedef {object} Seen how a cluster stood when somebody last looked
 * @property {number} at
 * @property {number} run when its watching began: another run's figures compare with nothing
 * @property {number} done
 * @property {number} failed
 * @property {number} rate jobs per second
 * @property {number} event the newest one's serial number
 */

/** @param {Summary} summary @param {number} at @returns {Seen} */
export function seenNow(summary, at) {
  return {
    at,
    run: summary.started_at,
    done: summary.jobs.done,
    failed: summary.jobs.failed,
    rate: summary.jobs_per_sec,
    event: summary.events?.latest ?? 0,
  };
}

/** Whether somebody comes back to a run that went on without them. @param {Seen|null} seen @param {Summary} summary @param {number} now */
export function wasAway(seen, summary, now) {
  if (!seen || seen.run !== summary.started_at || now - seen.at < AWAY_SEC) return false;
  return summary.jobs.done > seen.done || (summary.events?.latest ?? 0) > seen.event;
}

/**
 * What happened meanwhile, in one line.
 *
 * @param {Seen} seen
 * @param {Summary} summary
 * @param {Event[]} events those since then
 * @param {number} now
 */
export function sinceText(seen, summary, events, now) {
  const failed = summary.jobs.failed - seen.failed;
  const parts = [`${count(Math.max(0, summary.jobs.done - seen.done))} done`];
  const fresh = named(events, "error_kind", ({ type }) => type || "error");
  if (failed > 0) parts.push(`${count(failed)} failed${fresh ? ` (new: ${fresh})` : ""}`);
  for (const [kind, word] of /** @type {[Event["kind"], string][]} */ ([
    ["node_lost", "lost"],
    ["node_silent", "silent"],
    ["node_joined", "joined"],
  ])) {
    const names = named(events, kind, ({ name, node }) => name || (node ?? ""));
    if (names) parts.push(`${names} ${word}`);
  }
  if (events.some(({ kind }) => kind === "stalled")) parts.push("stalled");
  const before = pace(seen.rate);
  const after = pace(summary.jobs_per_sec);
  if (before !== after) parts.push(`${before} to ${after} a second`);
  const when = day(seen.at) === day(now) ? clock(seen.at).slice(0, 5) : `${day(seen.at)} ${clock(seen.at).slice(0, 5)}`;
  return `Since ${when}: ${parts.join(", ")}`;
}

/** A rate in few digits. @param {number} perSec */
const pace = (perSec) => rate(perSec).replace(/\.0$/, "");

/** @param {Event[]} events @param {Event["kind"]} wanted @param {(event: Event) => string} name */
function named(events, wanted, name) {
  const found = events.filter(({ kind }) => kind === wanted).reverse();
  const names = [...new Set(found.map((event) => plain(name(event))))];
  const more = names.length - NAMED;
  return more > 0 ? `${names.slice(0, NAMED).join(", ")} and ${count(more)} more` : names.join(", ");
}

/** The strip over the page when somebody comes back after a while. @param {Shell} shell */
export function startSince(shell) {
  const { cluster, config, keys, store, everySecond } = shell;
  if (config.past) return;
  const memory = createMemory(shell.storage, cluster);
  const strip = new Strip(need("since"), shell, () => note());
  let notedAt = 0;

  function note() {
    const summary = shell.summary();
    if (!summary || document.hidden || strip.shown) return;
    notedAt = store.now();
    memory.keep(seenNow(summary, notedAt));
  }

  function look() {
    const summary = shell.summary();
    if (!summary || document.hidden) return;
    if (strip.shown) return strip.update(summary);
    const seen = memory.recall();
    if (wasAway(seen, summary, store.now())) strip.open(/** @type {Seen} */ (seen), summary);
    else if (store.now() - notedAt >= NOTE_SEC) note();
  }

  keys.bind("x", "Dismiss what happened since", () => strip.dismiss());
  store.onData(look);
  everySecond(look);
  window.addEventListener("storage", (event) => {
    if (
      event.key === KEY &&
      strip.shown &&
      !wasAway(memory.recall(), /** @type {Summary} */ (shell.summary()), store.now())
    )
      strip.dismiss();
  });
}

/** What this browser remembers of a cluster; nothing where it keeps nothing. @param {Shell["storage"]} storage @param {string} cluster */
function createMemory(storage, cluster) {
  const place = `${location.pathname.replace(/[^/]*$/, "")} ${cluster}`;
  /** @returns {Record<string, Seen>} */
  const all = () => Object(readKept(storage, KEY));
  return {
    /** @returns {Seen|null} */
    recall: () => all()[place] ?? null,
    /** @param {Seen} seen */
    keep(seen) {
      const others = Object.entries(all()).filter(([name]) => name !== place);
      const kept = others.slice(1 - MOST);
      storage?.setItem(KEY, JSON.stringify(Object.fromEntries([...kept, [place, seen]])));
    },
  };
}

class Strip {
  #element;
  #shell;
  #onDismiss;
  #text = h("span", { class: "since-text" });
  /** @type {Seen|null} */
  #seen = null;
  /** @type {Event[]} */
  #events = [];
  #asked = -1;

  /** @param {HTMLElement} element @param {Shell} shell @param {() => void} onDismiss */
  constructor(element, shell, onDismiss) {
    this.#element = element;
    this.#shell = shell;
    this.#onDismiss = onDismiss;
    const all = h("a", { class: "since-all", href: shell.href("events.html"), text: "Events" });
    const close = iconButton("close", "Dismiss", { title: "Dismiss (x)", onclick: () => this.dismiss() });
    element.append(icon("clock"), this.#text, all, close);
  }

  get shown() {
    return this.#seen !== null;
  }

  /** @param {Seen} seen @param {Summary} summary */
  open(seen, summary) {
    this.#seen = seen;
    this.#asked = -1;
    this.update(summary);
  }

  /** @param {Summary} summary */
  update(summary) {
    const latest = summary.events?.latest ?? 0;
    if (latest > this.#asked) void this.#ask(latest);
    else this.#draw(summary);
  }

  /** @param {number} latest */
  async #ask(latest) {
    const { api, cluster } = this.#shell;
    const seen = /** @type {Seen} */ (this.#seen);
    this.#asked = latest;
    try {
      if (latest > seen.event) {
        const kind = ["error_kind", "node_lost", "node_silent", "node_joined", "stalled"];
        const found = await api.get(clusterPath(cluster, "events"), { after: seen.event, kind, limit: 1000 });
        this.#events = found.items;
      }
    } catch {
      // without the events the line says less
    }
    const summary = this.#shell.summary();
    if (summary && this.#seen === seen) this.#draw(summary);
  }

  /** @param {Summary} summary */
  #draw(summary) {
    if (!this.#seen) return;
    const text = sinceText(this.#seen, summary, this.#events, this.#shell.store.now());
    if (this.#element.hidden) this.#shell.notices.say(text); // once, however it goes on
    setText(this.#text, text);
    show(this.#element, true);
  }

  dismiss() {
    if (!this.#seen) return;
    const held = this.#element.contains(document.activeElement);
    this.#seen = null;
    this.#events = [];
    show(this.#element, false);
    if (held) need("main").focus({ preventScroll: true });
    this.#onDismiss();
  }
}
