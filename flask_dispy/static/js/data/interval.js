/** @typedef {"live"|number} Interval "live": the stream; else seconds between polls, 0 or less: none */

/** Polling more often than this loads the server and gains nothing. */
export const LEAST_SEC = 0.5;

/**
 * The seconds between updates that are used: 0 for none, else within bounds. A timer treats a wait of
 * more than 24.8 days as no wait at all.
 *
 * @param {number} sec
 * @param {number} mostSec the most that the server accepts
 * @returns {number|null} null: it is no number
 */
export function boundedSec(sec, mostSec) {
  if (Number.isNaN(sec)) return null;
  return sec > 0 ? Math.min(Math.max(sec, LEAST_SEC), mostSec) : 0;
}
