/**
 * The jobs that a search found, page by page, kept fresh without moving rows that are being read. Uses the API,
 * not the DOM.
 */

import { clusterPath } from "./api.js";
import { isNewest, NEWEST } from "./joborder.js";
import { toParams } from "./query.js";

/** @import {Api} from "./api.js" */
/** @import {JobOrder} from "./joborder.js" */
/** @import {JobWord} from "./jobwords.js" */
/** @import {JobRow} from "./types.js" */
/** @typedef {{total: number, items: JobRow[], next: string|null, next_after: string|null, counts: Partial<Record<JobWord, number>>, limit: number}} JobPage */
/**
 * @typedef {object} JobListState
 * @property {JobRow[]} rows  in order
 * @property {number} total  how many the server found
 * @property {Partial<Record<string, number>>} counts  of the same search in each state
 * @property {boolean} more  whether there are rows beyond the last
 * @property {number} waiting  newer jobs that were found but are not among the rows yet
 * @property {"loading"|"ready"|"failed"} phase  of the search, not of its refreshing
 * @property {Error|null} error
 */

export const PAGE_ROWS = 100;
/** A refresh reads at most this many rows; jobs further down usually ended long ago. */
const REFRESH_ROWS = 500;

export class JobList {
  #options;
  /** @type {JobListState} */
  #state = { rows: [], total: 0, counts: {}, more: false, waiting: 0, phase: "loading", error: null };
  #query = "";
  /** @type {JobOrder} */
  #order = NEWEST;
  /** The cursor of the next page, in every order but the default. @type {string|null} */
  #after = null;
  /** The number of the current search; answers to earlier searches are dropped. */
  #search = 0;
  #busy = false;
  /** A refresh that was requested while another request was under way, whose answer may be older. @type {{still: boolean}|null} */
  #wanted = null;
  /** The last row when more rows were requested while another request was under way. @type {number|null} */
  #wantedAfter = null;
  /** The page that the rows are made of. @type {JobPage|null} */
  #shown = null;

  /**
   * @param {object} options
   * @param {Api} options.api
   * @param {string} options.cluster
   * @param {(state: JobListState, rowsChanged: boolean) => void} options.onChange
   */
  constructor(options) {
    this.#options = options;
  }

  get state() {
    return this.#state;
  }

  /**
   * Starts another search; the old rows stay until the answer comes.
   * @param {string} text
   * @param {JobOrder} [order]
   */
  search(text, order = this.#order) {
    this.#query = text;
    this.#order = order;
    this.#search += 1;
    this.#wanted = null;
    this.#wantedAfter = null;
    this.#set({ phase: this.#state.phase === "ready" ? "ready" : "loading", error: null });
    return this.#fetchPage({ limit: PAGE_ROWS }, (page) => this.#replace(page));
  }

  /** The parameters that all pages of the search share. */
  asked() {
    return { ...toParams(this.#query), ...(isNewest(this.#order) ? {} : this.#order) };
  }

  /** Loads the rows after the last one: now, or as soon as the current request has ended. */
  async more() {
    const last = this.#state.rows.at(-1);
    if (!this.#state.more || !last) return;
    if (this.#busy) {
      this.#wantedAfter = last.serial;
      return;
    }
    const from = isNewest(this.#order) ? { before: last.serial } : { after: this.#after };
    await this.#fetchPage({ ...from, limit: PAGE_ROWS }, ({ items, next, next_after }) => {
      this.#after = next_after;
      this.#set({ rows: [...this.#state.rows, ...items], more: next !== null, error: null }, true);
    });
  }

  /**
   * Reads the shown rows again. With `still`, rows change in place but none is added or removed: newer jobs are
   * only counted.
   * @param {boolean} still
   */
  async refresh(still) {
    if (this.#busy || this.#state.phase === "loading") {
      this.#wanted = { still };
      return;
    }
    const limit = Math.min(REFRESH_ROWS, Math.max(PAGE_ROWS, this.#state.rows.length));
    await this.#fetchPage({ limit }, (page) => {
      const { rows, waiting, error } = this.#state;
      if (page === this.#shown && waiting === 0) return error ? this.#set({ error: null }) : undefined; // as it was
      const newest = isNewest(this.#order);
      if (!still && (rows.length <= limit || !newest)) return this.#replace(page);
      const { total, counts } = page;
      const merged = newest ? mergePage(rows, page.items, still) : inPlace(rows, page.items);
      this.#set({ ...merged, total, counts, phase: "ready", error: null }, true);
    });
  }

  /** @param {Partial<JobListState>} next @param {boolean} [rowsChanged] */
  #set(next, rowsChanged = false) {
    this.#state = { ...this.#state, ...next };
    this.#options.onChange(this.#state, rowsChanged);
  }

  /** @param {JobPage} page */
  #replace(page) {
    this.#shown = page;
    this.#after = page.next_after;
    const { items: rows, total, counts, next } = page;
    this.#set({ rows, total, counts, more: next !== null, waiting: 0, phase: "ready", error: null }, true);
  }

  /**
   * Sends one request at a time. A failure shows only if there is nothing else to show.
   * @param {{before?: number, after?: string|null, limit: number}} place
   * @param {(page: JobPage) => void} use
   */
  async #fetchPage(place, use) {
    const { api, cluster } = this.#options;
    const mine = this.#search;
    this.#busy = true;
    try {
      const page = await api.get(clusterPath(cluster, "jobs"), { ...this.asked(), ...place });
      if (mine === this.#search) use(page);
    } catch (error) {
      if (mine !== this.#search) return;
      this.#wantedAfter = null; // scrolling on asks again
      const failure = error instanceof Error ? error : new Error(String(error));
      this.#set({ error: failure, phase: this.#state.phase === "ready" ? "ready" : "failed" });
    } finally {
      if (mine === this.#search) this.#busy = false;
    }
    if (mine === this.#search) await this.#catchUp();
  }

  /** Does what was requested during the last request. */
  async #catchUp() {
    const mine = this.#search;
    const after = this.#wantedAfter;
    this.#wantedAfter = null;
    if (after !== null && after === this.#state.rows.at(-1)?.serial) await this.more();
    const again = this.#wanted;
    this.#wanted = null;
    if (again && mine === this.#search) await this.refresh(again.still);
  }
}

/**
 * The rows, with their first page replaced by a newer reading. `still` keeps every row in its place.
 * @param {JobRow[]} rows
 * @param {JobRow[]} page
 * @param {boolean} still
 * @returns {{rows: JobRow[], waiting: number}}
 */
export function mergePage(rows, page, still) {
  const newest = rows[0]?.serial ?? -Infinity;
  if (still && rows.length > 0) {
    return { ...inPlace(rows, page), waiting: page.filter((row) => row.serial > newest).length };
  }
  const oldest = page.at(-1)?.serial ?? -Infinity;
  const rest = page.length > 0 ? rows.filter((row) => row.serial < oldest) : [];
  return { rows: [...page, ...rest], waiting: 0 };
}

/**
 * The rows, with some replaced in place by a newer reading.
 * @param {JobRow[]} rows
 * @param {JobRow[]} page
 * @returns {{rows: JobRow[], waiting: number}} `waiting`: those that belong on the page and are not among the rows
 */
function inPlace(rows, page) {
  const read = new Map(page.map((row) => [row.serial, row]));
  const kept = rows.map((row) => read.get(row.serial) ?? row);
  for (const row of rows) read.delete(row.serial);
  return { rows: kept, waiting: read.size };
}
