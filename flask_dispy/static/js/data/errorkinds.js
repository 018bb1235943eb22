/** The kinds of errors of a cluster's jobs, read again when more jobs have failed. */

import { clusterPath } from "./api.js";
import { counted, plain } from "../lib/format.js";

/** @import {Api} from "./api.js" */
/** @import {ErrorKind, ErrorKinds, Summary} from "./types.js" */

/** Least time between two readings, because a run whose jobs keep failing changes all the time. */
const REST_MS = 2000;

export class ErrorKindsFeed {
  #api;
  #cluster;
  #onChange;
  #seen = "";
  #asking = false;
  #readAt = -Infinity;
  /** @type {ReturnType<typeof setTimeout>|null} */
  #later = null;
  /** @type {Summary|null} */
  #summary = null;
  /** How many kinds to read, those with the most failures. */
  limit;

  /**
   * @param {object} options
   * @param {Pick<Api, "get">} options.api
   * @param {string} options.cluster
   * @param {number} options.limit
   * @param {(kinds: ErrorKinds) => void} options.onChange
   */
  constructor({ api, cluster, limit, onChange }) {
    this.#api = api;
    this.#cluster = cluster;
    this.limit = limit;
    this.#onChange = onChange;
  }

  /** @param {Summary|null|undefined} summary */
  update(summary) {
    this.#summary = summary ?? null;
    if (!summary || this.#asking || this.#later !== null || this.#key() === this.#seen) return;
    const waitMs = this.#readAt + REST_MS - Date.now();
    if (waitMs <= 0) return void this.read();
    this.#later = setTimeout(() => {
      this.#later = null;
      void this.read();
    }, waitMs);
  }

  #key() {
    const { failed = 0, done = 0 } = this.#summary?.jobs ?? {};
    return failed ? `${failed} ${done} ${this.limit}` : "";
  }

  async read() {
    const key = this.#key();
    this.#asking = true;
    this.#readAt = Date.now();
    try {
      this.#onChange(await this.#api.get(clusterPath(this.#cluster, "errors"), { limit: this.limit }));
      this.#seen = key;
    } catch {
      // The connection's state is shown; the next change asks again.
    } finally {
      this.#asking = false;
    }
    if (this.#key() !== this.#seen && this.#seen === key) this.update(this.#summary);
  }
}

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
