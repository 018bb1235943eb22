/** @import {NodeRow} from "./types.js" */

/** Past this a figure of a node's load is no longer what is. */
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
