/** The runs of the history that a search found, page by page, and what is said of them. */

import { pageHref } from "../lib/url.js";

/** @import {Api} from "./api.js" */
/** @import {Sort} from "../lib/sort.js" */
/** @import {RunRow} from "./types.js" */
/** @typedef {{total: number, items: RunRow[], next_after: string|null}} RunPage */
/**
 * @typedef {object} RunListState
 * @property {RunRow[]} rows  in order
 * @property {number} total  how many the server found
 * @property {"loading"|"ready"|"failed"} phase
 * @property {Error|null} error
 */

const PAGE_ROWS = 100;
const MOST_ROWS = 1000;

/** The usual order. @type {Readonly<Sort>} */
export const NEWEST_RUN = Object.freeze({ key: "started_at", order: "desc" });

export class RunList {
  #api;
  #onChange;
  /** @type {RunListState} */
  #state = { rows: [], total: 0, phase: "loading", error: null };
  /** @type {import("./api.js").QueryParams} */
  #asked = {};
  /** @type {string|null} */
  #after = null;
  /** An answer to a search that was given up is dropped: each search has its number. */
  #search = 0;
  #busy = false;

  /** @param {{api: Pick<Api, "get">, onChange: (state: RunListState) => void}} options */
  constructor({ api, onChange }) {
    this.#api = api;
    this.#onChange = onChange;
  }

  get state() {
    return this.#state;
  }

  /** What is listed, as the server is asked for it. */
  get asked() {
    return this.#asked;
  }

  /** @param {string} q @param {Sort} sort */
  async search(q, { key, order }) {
    this.#asked = { q, sort: key, order };
    this.#search += 1;
    this.#busy = false;
    await this.#read(PAGE_ROWS, null);
  }

  /** Reads the rows that are listed again. */
  async refresh() {
    if (this.#busy) return;
    await this.#read(Math.min(MOST_ROWS, Math.max(PAGE_ROWS, this.#state.rows.length)), null);
  }

  /** Reads the page after the last row. */
  async more() {
    if (!this.#busy && this.#after !== null) await this.#read(PAGE_ROWS, this.#after);
  }

  /** @param {number} limit @param {string|null} after */
  async #read(limit, after) {
    const search = this.#search;
    this.#busy = true;
    try {
      /** @type {RunPage} */
      const page = await this.#api.get("runs", { ...this.#asked, limit, after });
      if (search !== this.#search) return;
      const rows = after === null ? page.items : withoutTwins([...this.#state.rows, ...page.items]);
      this.#after = page.next_after;
      this.#state = { rows, total: page.total, phase: "ready", error: null };
    } catch (error) {
      if (search !== this.#search) return;
      // The rows that are there stay: the next refresh may get through.
      this.#state = { ...this.#state, phase: "failed", error: /** @type {Error} */ (error) };
    }
    this.#busy = false;
    this.#onChange(this.#state);
  }
}

/** A run that moved behind the last row meanwhile is listed once. @param {RunRow[]} rows */
const withoutTwins = (rows) => [...new Map(rows.map((row) => [row.id, row])).values()];

/**
 * The address of two runs side by side: what began first is what the other is compared with.
 *
 * @param {RunRow[]} pair
 */
export function compareHref(pair) {
  const [a, b] = [...pair].sort((one, other) => one.started_at - other.started_at || one.id - other.id);
  return pageHref("runs.html", { a: a.id, b: b.id });
}
