/** What happened in a cluster, read again when a summary says that there is more. */

import { clusterPath } from "./api.js";
import { counted, plain } from "../lib/format.js";
import { SummaryFeed } from "./summaryfeed.js";

/** @import {Api, QueryParams} from "./api.js" */
/** @import {Store} from "./store.js" */
/** @import {Event, EventKind, Events, Summary} from "./types.js" */

/** No sooner than this after the last time: a thousand nodes may join within a minute. */
const REST_MS = 1000;
/** So many of the newest events are marked on charts. */
const MARKED = 500;
/** Nodes that do the same within so many seconds are one line. */
const TOGETHER_SEC = 10;

/** How an event looks; the worst first, because it decides how several at one time look. @type {Record<EventKind, string>} */
export const EVENT_MARKS = {
  node_lost: "lost",
  stalled: "silent",
  failing: "failed",
  history_failing: "failed",
  error_kind: "failed",
  node_silent: "silent",
  node_overdue: "silent",
  done: "finished",
  cluster_closed: "closed",
  node_closed: "closed",
  node_deallocated: "closed",
  cpus_set: "terminated",
  jobs_cancelled: "cancelled",
  jobs_rerun: "queued",
  node_withdrawn: "cancelled",
  settings_changed: "terminated",
  going: "running",
  recovered: "running",
  history_resumed: "finished",
  node_asked: "queued",
  node_heard: "up",
  node_joined: "up",
};

/** How an event looks; empty for a kind of a newer server, which an open page does not know. @param {EventKind} kind */
export const lookOf = (kind) => EVENT_MARKS[kind] ?? "";

/** What of a kind several nodes do, in one line. @type {Partial<Record<EventKind, string>>} */
const TOGETHER = {
  node_joined: "joined",
  node_silent: "fell silent",
  node_heard: "were heard of again",
  node_lost: "were lost",
  node_closed: "were closed, or left",
  node_overdue: "have not joined",
};

/**
 * @param {object} options
 * @param {Pick<Api, "get">} options.api
 * @param {string} options.cluster
 * @param {() => QueryParams} options.asked  what to ask for
 * @param {(events: Events) => void} options.onChange
 */
export const eventsFeed = ({ api, cluster, asked, onChange }) =>
  new SummaryFeed({
    api,
    path: clusterPath(cluster, "events"),
    asked,
    state: ({ events }) => events?.latest ?? 0,
    restMs: REST_MS,
    onChange,
  });

/**
 * The newest events of the page's cluster, for all of its charts.
 *
 * @param {{api: Pick<Api, "get">, cluster: string, store: Pick<Store, "subscribe">, summary: () => Summary|undefined}} shell
 * @param {(events: Event[]) => void} onChange
 */
export function followEvents({ api, cluster, store, summary }, onChange) {
  const asked = () => ({ limit: MARKED });
  const feed = eventsFeed({ api, cluster, asked, onChange: ({ items }) => onChange(items) });
  store.subscribe((event) => event.kind === "data" && feed.update(summary()));
  feed.update(summary());
}

/** Who did it, to follow the text; empty if nobody is known to have. @param {Event} event */
export function byWhom({ by, source }) {
  if (by) return `by ${plain(by)}`;
  return source ? { command: "by command", program: "by the program" }[source] : "";
}

/** The whole sentence. @param {Event} event */
export const eventText = (event) => [plain(event.text), byWhom(event)].filter(Boolean).join(", ");

/**
 * The events as lines: nodes that do the same shortly after one another are one.
 *
 * @param {Event[]} events the newest first
 * @returns {Event[][]} each line's events, the newest first
 */
export function linesOf(events) {
  /** @type {Event[][]} */
  const lines = [];
  for (const event of events) {
    const line = lines.at(-1);
    const last = line?.at(-1);
    if (
      line &&
      last &&
      event.kind in TOGETHER &&
      event.kind === last.kind &&
      event.cluster === last.cluster &&
      event.by === last.by &&
      Math.abs(last.at - event.at) <= TOGETHER_SEC
    )
      line.push(event);
    else lines.push([event]);
  }
  return lines;
}

/** A line's text. @param {Event[]} line */
export function lineText(line) {
  if (line.length === 1) return plain(line[0].text);
  return `${counted(line.length, "node")} ${TOGETHER[line[0].kind]}`;
}

/**
 * Where an event leads: to the node, the jobs or the time concerned.
 *
 * @param {Event} event
 * @param {(page: string, params?: import("../lib/url.js").Params) => string} href
 */
export function eventHref({ kind, node, error_kind: errorKind, job, at }, href) {
  if (errorKind) return href("jobs.html", { q: `error-kind:${errorKind}` });
  if (job) return href("jobs.html", { job });
  if (kind === "jobs_cancelled") return href("jobs.html", { q: "state:cancelled,terminated" });
  if (kind === "jobs_rerun") return href("jobs.html", { q: "is:rerun" });
  if (kind === "failing" || kind === "recovered") return href("jobs.html", { q: "state:failed" });
  if (kind === "node_asked" || kind === "node_withdrawn" || kind === "node_overdue")
    return `${href("manage.html")}#offers`;
  if (kind === "settings_changed" || kind.startsWith("history_")) return null;
  if (node && kind !== "stalled") return href("node.html", { host: node });
  return href("timeline.html", { from: Math.floor(at - 300), to: Math.ceil(at + 60) });
}
