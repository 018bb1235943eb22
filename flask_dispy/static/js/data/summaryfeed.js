/** A list that is read again when a summary says that it has changed. */

/** @import {Api, QueryParams} from "./api.js" */
/** @import {Summary} from "./types.js" */

/** @template Answer */
export class SummaryFeed {
  #options;
  /** @type {Summary|undefined} */
  #summary;
  /** @type {string|number} */
  #seen = "";
  #asking = false;
  #readAt = -Infinity;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #later;

  /**
   * @param {object} options
   * @param {Pick<Api, "get">} options.api
   * @param {string} options.path
   * @param {() => QueryParams} options.asked what to ask for
   * @param {(summary: Summary) => string|number} options.state another one means another answer; "": there is none
   * @param {number} options.restMs least time between two readings
   * @param {(answer: Answer) => void} options.onChange
   */
  constructor(options) {
    this.#options = options;
  }

  /** @param {Summary|undefined} summary */
  update(summary) {
    this.#summary = summary;
    if (!summary || this.#asking || this.#later !== undefined || this.#state() === this.#seen) return;
    const waitMs = this.#readAt + this.#options.restMs - Date.now();
    if (waitMs <= 0) return void this.read();
    this.#later = setTimeout(() => {
      this.#later = undefined;
      void this.read();
    }, waitMs);
  }

  #state() {
    return this.#summary ? this.#options.state(this.#summary) : "";
  }

  async read() {
    const { api, path, asked, onChange } = this.#options;
    const state = this.#state();
    this.#asking = true;
    this.#readAt = Date.now();
    try {
      onChange(await api.get(path, asked()));
      this.#seen = state;
    } catch {
      // The connection's state is shown; the next change asks again.
    } finally {
      this.#asking = false;
    }
    if (this.#seen === state) this.update(this.#summary);
  }
}
