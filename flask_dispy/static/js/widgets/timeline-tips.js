/** What the tip at the pointer says of a bar, an aggregate or the queue. */

import { jobTitle } from "../data/jobwords.js";
import { clock, count, exact, plain, seconds } from "../lib/format.js";
import { nearest } from "./chart-scale.js";
import { barWord, OUTCOMES } from "./timeline-layout.js";

/** @import {Answer} from "./timeline-layout.js" */

/**
 * @param {Answer} answer
 * @param {number} item
 * @param {number} now
 */
export function tipOf(answer, item, now) {
  const { bars, buckets } = answer;
  const lane = answer.lanes[(bars ?? buckets)?.lane[item] ?? 0];
  const at = { label: "Node", value: plain(lane.name || lane.node) };
  if (bars) {
    const word = barWord(bars, item);
    const sec = (bars.end[item] ?? now) - bars.start[item];
    return {
      head: `Job ${jobTitle({ id: bars.id[item], serial: bars.serial[item] })}`,
      lines: [
        { state: word, label: word, value: seconds(sec) },
        at,
        { label: "Started", value: clock(bars.start[item]) },
      ],
    };
  }
  if (!buckets) return null;
  const start = answer.from + buckets.bucket[item] * buckets.bucket_sec;
  const ended = OUTCOMES.filter((key) => buckets[key][item] > 0);
  return {
    head: `${clock(start)} – ${clock(start + buckets.bucket_sec)}`,
    lines: [
      at,
      { label: "CPUs busy", value: `${buckets.busy[item].toFixed(1)} of ${lane.slots}` },
      ...ended.map((key) => ({ state: key, label: key, value: count(buckets[key][item]) })),
    ],
  };
}

/**
 * @param {Answer} answer
 * @param {number} time
 */
export function queueTip({ queue }, time) {
  const index = nearest(queue.t, time);
  const depth = index < 0 ? null : queue.depth[index];
  if (depth === null || depth === undefined) return null;
  return { head: exact(queue.t[index]), lines: [{ state: "queued", label: "queued", value: count(depth) }] };
}
