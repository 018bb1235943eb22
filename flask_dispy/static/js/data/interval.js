/** @typedef {"live"|number} Interval "live": the stream; else seconds between polls, 0 or less: none */

/** To poll more often than this loads the server and gains nothing. */
export const LEAST_SEC = 0.5;

/**
 * Seconds between updates as they are used: 0 for none, else within bounds. A timer takes a wait of
 * more than 24.8 days for none at all.
 *
 * @param {number} sec
 * @param {number} mostSec what the server takes
 * @returns {number|null} null: it is no number
 */
export function boundedSec(sec, mostSec) {
  if (Number.isNaN(sec)) return null;
  return sec > 0 ? Math.min(Math.max(sec, LEAST_SEC), mostSec) : 0;
}
