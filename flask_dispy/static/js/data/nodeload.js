/** @import {NodeRow} from "./types.js" */

/** A node's load that is older than this is out of date. */
const OLD_SEC = 60;

/**
 * When a node reported its load, in epoch seconds.
 *
 * @param {NodeRow} row
 */
export const loadAt = ({ update_time, avail_info_age_sec }) => (update_time ?? 0) - (avail_info_age_sec ?? 0);

/**
 * @param {NodeRow} row
 * @param {number} now epoch seconds
 */
export const isLoadOld = (row, now) => row.avail_info !== null && now - loadAt(row) > OLD_SEC;
