/** Requests the job under the pointer, once the pointer rests on it. */

import { clusterPath } from "../data/api.js";

/** @import {Api} from "../data/api.js" */
/** @import {JobRow} from "../data/types.js" */

/** So long the pointer must rest: one that passes over bars requests none of them. */
const REST_MS = 150;
const MOST_KEPT = 100;

export class TimelinePeek {
  #options;
  /** @type {Map<string, JobRow>} */
  #kept = new Map();
  #wanted = "";
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;

  /** @param {{api: Api, cluster: string, onAnswer: () => void}} options */
  constructor(options) {
    this.#options = options;
  }

  /**
   * Returns the job if it is known, else requests it.
   * @param {number} serial
   * @param {string} word  its state; a row in another state is out of date
   */
  of(serial, word) {
    const key = `${serial} ${word}`;
    if (key !== this.#wanted) {
      this.#wanted = key;
      clearTimeout(this.#timer);
      if (!this.#kept.has(key)) this.#timer = setTimeout(() => void this.#ask(serial, key), REST_MS);
    }
    return this.#kept.get(key);
  }

  /** The pointer is on no job. */
  leave() {
    this.#wanted = "";
    clearTimeout(this.#timer);
  }

  /** @param {number} serial @param {string} key */
  async #ask(serial, key) {
    const { api, cluster, onAnswer } = this.#options;
    try {
      // Its row, as in a list: a job's output may be long.
      const { items } = await api.get(clusterPath(cluster, "jobs"), { q: `serial:${serial}`, limit: 1 });
      if (items.length === 0) return;
      if (this.#kept.size >= MOST_KEPT) this.#kept.clear();
      this.#kept.set(key, /** @type {JobRow} */ (items[0]));
      if (key === this.#wanted) onAnswer();
    } catch {
      // The tip shows what the bar itself knows.
    }
  }
}
