/** Fetches the timeline's data: one request at a time, only the latest window, nothing twice. */

import { clusterPath } from "../data/api.js";
import { USUAL_CHOICES } from "./timeline-classes.js";
import { requestFor, covers } from "./timeline-layout.js";

/** @import {Api} from "../data/api.js" */
/** @import {Answer, Choices, View} from "./timeline-layout.js" */

/** Past this many bars the server sends aggregates; 2,000 paint in about 3 ms. */
const MOST_BARS = 2000;
/** A moving window is requested once it has rested this long. */
const REST_MS = 90;
/** A window that includes now is fetched again at most this often. */
const FRESH_SEC = { least: 1, most: 15, share: 1 / 200 };

export class TimelineData {
  #options;
  /** @type {Answer|null} */
  #answer = null;
  /** @type {View|null} */
  #asked = null;
  /** @type {View|null} the window to show; null: none was asked for */
  #wish = null;
  #fetchedAt = -Infinity;
  #busy = false;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;

  /**
   * @param {object} options
   * @param {Api} options.api
   * @param {string} options.cluster
   * @param {string} [options.node]
   * @param {() => Choices} [options.choices]  of colours and of the lanes' order
   * @param {(answer: Answer) => void} options.onAnswer
   * @param {(error: Error) => void} options.onError
   * @param {() => number} [options.clock]  this machine's time, in seconds
   */
  constructor({ clock = () => Date.now() / 1000, choices = () => USUAL_CHOICES, ...options }) {
    this.#options = { ...options, clock, choices };
  }

  /** Whether the last answer covers all of a window. @param {View} view */
  served(view) {
    return this.#answer !== null && covers(this.#asked, this.#answer.mode, view, this.#answer);
  }

  /**
   * Makes sure that a window can be shown; requests only what is missing.
   * @param {View} view
   */
  show(view) {
    if (this.served(view)) return;
    this.#wish = view;
    this.#schedule(this.#answer ? REST_MS : 0);
  }

  /** Requests a window again, because its colours or its order changed. @param {View} view */
  renew(view) {
    this.#asked = null;
    this.#wish = view;
    this.#schedule(0);
  }

  /**
   * Something happened in the cluster: fetches the window again if it can show it, now or when it is next allowed.
   * @param {View} view
   * @param {boolean} [grows]  whether it goes on if another job runs, though it ends before the present
   */
  refresh(view, grows = false) {
    const sec = this.served(view) ? this.#freshSec(view, grows) : 0;
    if (sec === Infinity) return;
    this.#wish = view;
    this.#schedule(sec * 1000);
  }

  /** Server's time now, in seconds. */
  now() {
    const here = this.#options.clock();
    if (!this.#answer) return here;
    return this.#answer.now + (this.#answer.past ? 0 : here - this.#fetchedAt);
  }

  /** The time until a window may be fetched again; Infinity: nothing in it changes any more. @param {View} view @param {boolean} grows */
  #freshSec(view, grows) {
    if (!this.#answer) return 0;
    if (this.#answer.past || (!grows && view.to < this.#answer.now)) return Infinity;
    const wait = Math.min(FRESH_SEC.most, Math.max(FRESH_SEC.least, (view.to - view.from) * FRESH_SEC.share));
    return Math.max(0, wait - (this.#options.clock() - this.#fetchedAt));
  }

  /** @param {number} waitMs */
  #schedule(waitMs) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#run(), waitMs);
  }

  async #run() {
    if (this.#busy || !this.#wish) return;
    const { api, cluster, node, choices, onAnswer, onError, clock } = this.#options;
    const ask = requestFor(this.#wish);
    const { color, sort } = choices();
    this.#wish = null;
    this.#busy = true;
    try {
      const { from, to } = ask;
      this.#answer = await api.get(clusterPath(cluster, "timeline"), { from, to, limit: MOST_BARS, node, color, sort });
      this.#asked = ask;
      this.#fetchedAt = clock();
      onAnswer(/** @type {Answer} */ (this.#answer));
    } catch (error) {
      onError(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.#busy = false;
      if (this.#wish) this.#schedule(REST_MS);
    }
  }
}
