/** The text of the tip at the pointer, for a bar, an aggregate or the queue. */

import { jobTitle } from "../data/jobwords.js";
import { clock, count, exact, plain, seconds } from "../lib/format.js";
import { nearest } from "./chart-scale.js";
import { classOf, markOf, sharesOf, stackOf } from "./timeline-classes.js";
import { barWord } from "./timeline-layout.js";

/** @import {JobRow} from "../data/types.js" */
/** @import {Answer} from "./timeline-layout.js" */

/** Characters of arguments and of an error: a tip is for a glance. */
const BEGINNING = 60;

/**
 * @param {Answer} answer
 * @param {number} item
 * @param {number} now
 * @param {JobRow} [job]  what else is known of the job
 */
export function tipOf(answer, item, now, job) {
  return answer.bars ? barTip(answer, item, now, job) : answer.buckets ? bucketTip(answer, item) : null;
}

/** @param {Answer} answer @param {number} item @param {number} now @param {JobRow} [job] */
function barTip(answer, item, now, job) {
  const bars = /** @type {NonNullable<Answer["bars"]>} */ (answer.bars);
  const lane = answer.lanes[bars.lane[item]];
  const word = barWord(bars, item);
  const sec = (bars.end[item] ?? now) - bars.start[item];
  return {
    head: `Job ${jobTitle({ id: bars.id[item], serial: bars.serial[item] })}`,
    lines: [
      { state: word, label: word, value: seconds(sec) },
      ...classLine(answer, classOf(answer, item)),
      { label: "Node", value: plain(lane.name || lane.node) },
      { label: "Started", value: clock(bars.start[item]) },
      ...(job ? knownLines(job) : []),
    ],
  };
}

/** @param {Answer} answer @param {number} place */
function classLine(answer, place) {
  const { label, detail } = answer.classes[place];
  const names = { state: "", function: "", error: "Kind", ran: "Ran" };
  const value = [label, answer.color === "ran" ? detail : null].filter(Boolean).join(", ");
  return names[answer.color] && label !== "no error"
    ? [{ token: `--${markOf(answer, place).token}`, label: names[answer.color], value: beginning(value) }]
    : [];
}

/** @param {JobRow} job */
function knownLines(job) {
  const given = [job.args, job.kwargs].filter(Boolean).join(", ");
  return [
    { label: "Function", value: beginning(job.cluster) },
    ...(given ? [{ label: "Arguments", value: beginning(given) }] : []),
    ...(job.error ? [{ label: "Error", value: beginning(job.error) }] : []),
  ];
}

/** @param {string} text */
function beginning(text) {
  const letters = [...plain(text.slice(0, 4 * BEGINNING))];
  return letters.length > BEGINNING ? `${letters.slice(0, BEGINNING - 1).join("")}…` : letters.join("");
}

/** @param {Answer} answer @param {number} item */
function bucketTip(answer, item) {
  const buckets = /** @type {NonNullable<Answer["buckets"]>} */ (answer.buckets);
  const lane = answer.lanes[buckets.lane[item]];
  const start = answer.from + buckets.bucket[item] * buckets.bucket_sec;
  const ended = sharesOf(answer, item, stackOf(answer)).filter((share) => share.ended > 0);
  return {
    head: `${clock(start)} – ${clock(start + buckets.bucket_sec)}`,
    lines: [
      { label: "Node", value: plain(lane.name || lane.node) },
      { label: "CPUs busy", value: `${buckets.busy[item].toFixed(1)} of ${lane.slots}` },
      ...ended.map(({ place, ended: number }) => {
        const { key, label } = answer.classes[place];
        const mark = answer.color === "state" ? { state: key } : { token: `--${markOf(answer, place).token}` };
        return { ...mark, label: beginning(label), value: count(number) };
      }),
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
