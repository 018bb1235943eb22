/** Fetches what the timeline shows: one request at a time, the latest wish wins, nothing twice. */

import { clusterPath } from "../data/api.js";
import { askFor, serves } from "./timeline-layout.js";

/** @import {Api} from "../data/api.js" */
/** @import {Answer, View} from "./timeline-layout.js" */

/** Past this many bars the server sends aggregates; 2,000 paint in about 3 ms. */
const MOST_BARS = 2000;
/** While the window moves, wait for it to rest this long. */
const REST_MS = 90;
/** Of a window that reaches now, a newer picture is fetched at most this often. */
const FRESH_SEC = { least: 1, most: 15, share: 1 / 200 };

/**
 * @param {object} options
 * @param {Api} options.api
 * @param {string} options.cluster
 * @param {string} [options.node]
 * @param {(answer: Answer) => void} options.onAnswer
 * @param {(error: Error) => void} options.onError
 * @param {() => number} [options.clock]  this machine's time, in seconds
 */
export function createTimelineData({ api, cluster, node, onAnswer, onError, clock = () => Date.now() / 1000 }) {
  /** @type {Answer|null} */
  let answer = null;
  /** @type {View|null} */
  let asked = null;
  /** @type {View|null} what to show; null: nothing is wished for */
  let wish = null;
  let fetchedAt = -Infinity;
  let busy = false;
  let ended = false;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let timer;

  /** Until a newer picture of a window may be fetched; Infinity: nothing in it changes any more. */
  const freshSec = (/** @type {View} */ view) => {
    if (!answer) return 0;
    if (answer.past || view.to < answer.now) return Infinity;
    const wait = Math.min(FRESH_SEC.most, Math.max(FRESH_SEC.least, (view.to - view.from) * FRESH_SEC.share));
    return Math.max(0, wait - (clock() - fetchedAt));
  };
  const served = (/** @type {View} */ view) => answer !== null && serves(asked, answer.mode, view, answer);

  const run = async () => {
    if (busy || ended || !wish) return;
    const ask = askFor(wish);
    wish = null;
    busy = true;
    try {
      const next = await api.get(clusterPath(cluster, "timeline"), {
        from: ask.from,
        to: ask.to,
        limit: MOST_BARS,
        node,
      });
      if (ended) return;
      answer = next;
      asked = ask;
      fetchedAt = clock();
      onAnswer(next);
    } catch (error) {
      if (!ended) onError(error instanceof Error ? error : new Error(String(error)));
    } finally {
      busy = false;
      if (wish) schedule();
    }
  };
  const schedule = (wait = REST_MS) => {
    clearTimeout(timer);
    timer = setTimeout(run, wait);
  };

  return {
    /** Whether what came last tells of all of a window. */
    served,
    /**
     * Makes sure that a window can be shown; asks only for what is missing.
     * @param {View} view
     */
    show(view) {
      if (served(view)) return;
      wish = view;
      schedule(answer ? REST_MS : 0);
    },
    /**
     * Something happened in the cluster: asks anew if the window would show it, at once or as soon as it may.
     * @param {View} view
     */
    refresh(view) {
      const sec = answer && served(view) ? freshSec(view) : 0;
      if (sec === Infinity) return;
      wish = view;
      schedule(sec * 1000);
    },
    /** Server's time now, in seconds. */
    now: () => (answer ? answer.now + (answer.past ? 0 : clock() - fetchedAt) : clock()),
    destroy() {
      ended = true;
      clearTimeout(timer);
    },
  };
}
