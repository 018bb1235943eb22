/** @import {Summary} from "./types.js" */

/**
 * How many of what need attention, in the order in which they are shown.
 *
 * @param {Summary} summary
 */
export const attentionCounts = ({ attention, dropped_events: dropped, jobs, outlook, trouble }) => ({
  trouble: trouble && !outlook?.message.includes(trouble) ? 1 : 0, // else it is in the progress row
  lost: attention?.lost ?? 0,
  silent: attention?.silent ?? 0,
  offers: attention?.offers ?? 0,
  clocks: attention?.clocks_off ?? 0,
  slow: attention?.slow ?? 0,
  failing: attention?.failing ?? 0,
  failed: jobs.failed,
  abandoned: jobs.abandoned,
  stragglers: attention?.stragglers ?? 0,
  dropped: dropped ?? 0,
});

/** How many kinds of things need attention. @param {Summary} summary */
export const attentionNeeded = (summary) => Object.values(attentionCounts(summary)).filter((n) => n > 0).length;
