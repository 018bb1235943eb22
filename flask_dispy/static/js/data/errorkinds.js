/** The kinds of errors of a cluster's jobs, read again when more jobs have failed. */

import { clusterPath } from "./api.js";
import { counted, plain } from "../lib/format.js";
import { SummaryFeed } from "./summaryfeed.js";

/** @import {Api} from "./api.js" */
/** @import {ErrorKind, ErrorKinds} from "./types.js" */

/** Least time between two readings, because a run whose jobs keep failing changes all the time. */
const REST_MS = 2000;

/**
 * @param {object} options
 * @param {Pick<Api, "get">} options.api
 * @param {string} options.cluster
 * @param {() => number} options.limit how many kinds to read, those with the most failures
 * @param {(kinds: ErrorKinds) => void} options.onChange
 */
export const errorKindsFeed = ({ api, cluster, limit, onChange }) =>
  new SummaryFeed({
    api,
    path: clusterPath(cluster, "errors"),
    asked: () => ({ limit: limit() }),
    state: ({ jobs: { failed, done } }) => (failed ? `${failed} ${done} ${limit()}` : ""),
    restMs: REST_MS,
    onChange,
  });

/** The search for the jobs of a kind. @param {ErrorKind} kind */
export const searchOfKind = (kind) => `error-kind:${kind.id}`;

/** The title of a kind: its type and message, or the one that it has. @param {ErrorKind} kind */
export function kindTitle({ type, message }) {
  const [head, rest] = [plain(type), plain(message ?? "")];
  if (head && rest) return `${head}: ${rest}`;
  return head || rest || "Error without a text";
}

/** The nodes of a kind in few words: the two with the most failures, and how many more. @param {ErrorKind} kind */
export function nodesText({ nodes, nodes_total: total }) {
  const named = nodes.slice(0, 2).map(({ ip_addr: ip, count }) => `${plain(ip)} (${count})`);
  const more = total - named.length;
  return [...named, ...(more > 0 ? [`${more} more`] : [])].join(", ");
}

/** What the list of kinds leaves out, in words; empty if nothing. @param {ErrorKinds} kinds */
export function leftOutText({ items, total, other }) {
  const parts = [];
  if (total > items.length) parts.push(`${counted(total - items.length, "rarer kind")} not listed`);
  if (other > 0) parts.push(`${counted(other, "failed job")} in no kind`);
  return parts.join(", ");
}

/**
 * A kind's course as an SVG path in a box: a bar for each step, as high as the rate of failures in it.
 *
 * @param {ErrorKind["course"]} course
 * @param {{from: number, to: number, width: number, height: number}} box  times at its edges, and its size
 */
export function coursePath({ start_at: start, step_sec: step, counts }, { from, to, width, height }) {
  const most = Math.max(1, ...counts);
  const scale = width / Math.max(to - from, step);
  return counts
    .map((count, i) => {
      if (count === 0) return "";
      const left = Math.min(width - 1, Math.max(0, (start + i * step - from) * scale));
      const wide = Math.max(1.5, Math.min(width - left, step * scale - 0.5));
      const tall = Math.max(1.5, (count / most) * height);
      return `M${left.toFixed(1)} ${height}v${(-tall).toFixed(1)}h${wide.toFixed(1)}v${tall.toFixed(1)}z`;
    })
    .join("");
}
