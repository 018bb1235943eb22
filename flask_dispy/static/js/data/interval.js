/** @typedef {"live"|number} Interval "live": the stream; else seconds between polls, 0 or less: none */

/** A poll more often than this loads the server for nothing; less often than a day is never. */
export const INTERVAL_SEC = { least: 0.5, most: 86_400 };

/**
 * Seconds between updates as they are used: 0 for none, else within bounds. Timers take a wait of
 * more than 24.8 days for none at all.
 *
 * @param {number} sec
 * @returns {number|null} null: it is no number
 */
export function boundedSec(sec) {
  if (Number.isNaN(sec)) return null;
  return sec > 0 ? Math.min(Math.max(sec, INTERVAL_SEC.least), INTERVAL_SEC.most) : 0;
}

/**
 * @param {Interval} interval
 * @returns {Interval}
 */
export const boundedInterval = (interval) => (interval === "live" ? interval : (boundedSec(interval) ?? "live"));
