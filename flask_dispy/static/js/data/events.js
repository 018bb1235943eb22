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

/**
 * @typedef {object} Kind of events
 * @property {EventKind} kind
 * @property {string} look the state whose mark they have
 * @property {readonly string[]} groups that can be shown alone
 * @property {string} [together] what several nodes do, in one line
 */

/** The kinds; the worst first, because it decides how several at one time look. @type {Kind[]} */
export const EVENT_KINDS = [
  { kind: "node_lost", look: "lost", groups: ["problems", "nodes"], together: "were lost" },
  { kind: "stalled", look: "silent", groups: ["problems", "jobs"] },
  { kind: "failing", look: "failed", groups: ["problems", "jobs"] },
  { kind: "history_failing", look: "failed", groups: ["problems"] },
  { kind: "error_kind", look: "failed", groups: ["problems", "jobs"] },
  { kind: "node_silent", look: "silent", groups: ["problems", "nodes"], together: "fell silent" },
  { kind: "node_overdue", look: "silent", groups: ["problems", "nodes"], together: "have not joined" },
  { kind: "done", look: "finished", groups: ["jobs"] },
  { kind: "cluster_closed", look: "closed", groups: ["jobs"] },
  { kind: "node_closed", look: "closed", groups: ["nodes", "changes"], together: "were closed, or left" },
  { kind: "node_deallocated", look: "closed", groups: ["nodes", "changes"] },
  { kind: "cpus_set", look: "terminated", groups: ["nodes", "changes"] },
  { kind: "jobs_cancelled", look: "cancelled", groups: ["jobs", "changes"] },
  { kind: "jobs_rerun", look: "queued", groups: ["jobs", "changes"] },
  { kind: "node_withdrawn", look: "cancelled", groups: ["nodes", "changes"] },
  { kind: "settings_changed", look: "terminated", groups: ["changes"] },
  { kind: "going", look: "running", groups: ["jobs"] },
  { kind: "recovered", look: "running", groups: ["jobs"] },
  { kind: "history_resumed", look: "finished", groups: [] },
  { kind: "node_asked", look: "queued", groups: ["nodes", "changes"] },
  { kind: "node_heard", look: "up", groups: ["nodes"], together: "were heard of again" },
  { kind: "node_joined", look: "up", groups: ["nodes"], together: "joined" },
];

/** Those by name; a newer server has kinds that an open page does not know. @type {ReadonlyMap<EventKind, Kind>} */
const KINDS = new Map(EVENT_KINDS.map((one) => [one.kind, one]));

/** How an event looks; empty for a kind that is not known. @param {EventKind} kind */
export const lookOf = (kind) => KINDS.get(kind)?.look ?? "";

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
 * @param {{api: Pick<Api, "get">, cluster: string, store: Pick<Store, "onData">, summary: () => Summary|undefined}} shell
 * @param {(events: Event[]) => void} onChange
 */
export function followEvents({ api, cluster, store, summary }, onChange) {
  const asked = () => ({ limit: MARKED });
  const feed = eventsFeed({ api, cluster, asked, onChange: ({ items }) => onChange(items) });
  store.onData(() => feed.update(summary()));
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
      KINDS.get(event.kind)?.together &&
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
  return `${counted(line.length, "node")} ${KINDS.get(line[0].kind)?.together}`;
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
