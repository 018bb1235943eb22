/**
 * The jobs that a search found, page by page, kept fresh without moving who reads them. Knows the API and
 * nothing of the document.
 */

import { clusterPath } from "./api.js";
import { toParams } from "./query.js";

/** @import {Api} from "./api.js" */
/** @import {JobWord} from "./jobwords.js" */
/** @import {JobRow} from "./types.js" */
/** @typedef {{total: number, items: JobRow[], next: string|null, counts: Partial<Record<JobWord, number>>, limit: number}} JobPage */
/**
 * @typedef {object} JobListState
 * @property {JobRow[]} rows  newest first
 * @property {number} total  how many the server found
 * @property {Partial<Record<string, number>>} counts  of the same search in each state
 * @property {boolean} more  whether there are rows beyond the last
 * @property {number} waiting  newer jobs that were found but are not among the rows yet
 * @property {"loading"|"ready"|"failed"} phase  of the search, not of its refreshing
 * @property {Error|null} error
 */

export const PAGE_ROWS = 100;
/** A refresh reads so many rows at most; what lies beyond was finished long ago, as a rule. */
const REFRESH_ROWS = 500;

/**
 * @param {object} options
 * @param {Api} options.api
 * @param {string} options.cluster
 * @param {(state: JobListState, rowsChanged: boolean) => void} options.onChange
 */
export function createJobList({ api, cluster, onChange }) {
  /** @type {JobListState} */
  let state = { rows: [], total: 0, counts: {}, more: false, waiting: 0, phase: "loading", error: null };
  let query = "";
  /** Answers to a search that was given up are dropped: each search has its number. */
  let search = 0;
  let busy = false;
  /** A refresh that was wanted while another request was under way; its answer may be from before. @type {{still: boolean}|null} */
  let wanted = null;
  /** The last row when more was wanted while another request was under way. @type {number|null} */
  let wantedAfter = null;
  /** The page that the rows are made of. @type {JobPage|null} */
  let shown = null;

  /** @param {Partial<JobListState>} next @param {boolean} [rowsChanged] */
  const set = (next, rowsChanged = false) => {
    state = { ...state, ...next };
    onChange(state, rowsChanged);
  };

  /**
   * One request at a time. A failure shows only while there is nothing else to show.
   * @param {{before?: number, limit: number}} page
   * @param {(page: JobPage) => void} use
   */
  const fetchPage = async ({ before, limit }, use) => {
    const mine = search;
    busy = true;
    try {
      const page = await api.get(clusterPath(cluster, "jobs"), { ...toParams(query), limit, before });
      if (mine === search) use(page);
    } catch (error) {
      if (mine !== search) return;
      wantedAfter = null; // whoever scrolls on asks again
      const failure = error instanceof Error ? error : new Error(String(error));
      set({ error: failure, phase: state.phase === "ready" ? "ready" : "failed" });
    } finally {
      if (mine === search) busy = false;
    }
    if (mine !== search) return;
    const after = wantedAfter;
    wantedAfter = null;
    if (after !== null && after === state.rows.at(-1)?.serial) await more();
    const again = wanted;
    wanted = null;
    if (again && mine === search) await refresh(again.still);
  };

  /** The rows after the last: now, or as soon as the request that is under way has ended. */
  const more = async () => {
    const last = state.rows.at(-1);
    if (!state.more || !last) return;
    if (busy) {
      wantedAfter = last.serial;
      return;
    }
    await fetchPage({ before: last.serial, limit: PAGE_ROWS }, (page) =>
      set(
        {
          rows: [...state.rows, ...page.items],
          more: page.next !== null,
          error: null,
        },
        true,
      ),
    );
  };

  /** @param {boolean} still */
  const refresh = async (still) => {
    if (busy || state.phase === "loading") {
      wanted = { still };
      return;
    }
    const limit = Math.min(REFRESH_ROWS, Math.max(PAGE_ROWS, state.rows.length));
    await fetchPage({ limit }, (page) => {
      if (page === shown && state.waiting === 0) return state.error ? set({ error: null }) : undefined; // as it was
      if (!still && state.rows.length <= limit) return replace(page);
      const { rows, waiting } = mergePage(state.rows, page.items, still);
      set({ rows, waiting, total: page.total, counts: page.counts, phase: "ready", error: null }, true);
    });
  };

  /** @param {JobPage} page */
  const replace = (page) => {
    shown = page;
    set(
      {
        rows: page.items,
        total: page.total,
        counts: page.counts,
        more: page.next !== null,
        waiting: 0,
        phase: "ready",
        error: null,
      },
      true,
    );
  };

  return {
    get state() {
      return state;
    },
    /**
     * Begins anew with another search; what stands there stays until the answer comes.
     * @param {string} text
     */
    search(text) {
      query = text;
      search += 1;
      wanted = null;
      wantedAfter = null;
      set({ phase: state.phase === "ready" ? "ready" : "loading", error: null });
      return fetchPage({ limit: PAGE_ROWS }, replace);
    },
    more,
    /**
     * Reads again what is shown. When `still`, rows are changed in place but none comes or goes: newer jobs
     * are counted as waiting.
     * @param {boolean} still
     */
    refresh,
  };
}

/**
 * Rows with a newer reading of their first page. `still` keeps every row in its place.
 * @param {JobRow[]} rows
 * @param {JobRow[]} page
 * @param {boolean} still
 * @returns {{rows: JobRow[], waiting: number}}
 */
export function mergePage(rows, page, still) {
  const newest = rows[0]?.serial ?? -Infinity;
  if (still && rows.length > 0) {
    const read = new Map(page.map((row) => [row.serial, row]));
    return {
      rows: rows.map((row) => read.get(row.serial) ?? row),
      waiting: page.filter((row) => row.serial > newest).length,
    };
  }
  const oldest = page.at(-1)?.serial ?? -Infinity;
  const rest = page.length > 0 ? rows.filter((row) => row.serial < oldest) : [];
  return { rows: [...page, ...rest], waiting: 0 };
}
