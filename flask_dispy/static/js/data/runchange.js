/** The words for how two runs differ. Nothing here touches the document. */

import { count, counted, percent, plain, rate, seconds } from "../lib/format.js";

/** @import {RunChange, RunSide} from "./types.js" */

/** @param {RunChange} change */
export function subjectOf({ what, of, name, detail }) {
  if (of === "error_kind")
    return [plain(name), plain(detail ?? "")].filter(Boolean).join(": ") || "Error without a text";
  const whose =
    of === "node" ? `on ${plain(name)}${detail && detail !== name ? ` (${plain(detail)})` : ""}` : `of ${plain(name)}`;
  return `${{ ran: "Time run", waited: "Time waited", failed: "Failures" }[what]} ${whose}`;
}

/** @param {RunChange} change @param {RunSide} side */
export function sideText({ what }, { jobs, failed, share, median_sec: median, p95_sec: p95 }) {
  if (what === "failed") return `${percent(share)}: ${count(failed)} of ${counted(jobs, "job")}`;
  return `${seconds(median)}, 95 % within ${seconds(p95)}; ${counted(jobs, "job")}`;
}

/** @param {RunChange} change */
export function changeText({ what, a, b, times, verdict }) {
  if (verdict === "same") return "about the same";
  if (what === "failed" && !a.failed) return "new";
  if (what === "failed" && !b.failed) return "gone";
  if (!times) return verdict === "worse" ? "longer" : "shorter";
  return `${rate(times)} times as ${what === "failed" ? "often" : "long"}`;
}

/** @param {RunChange} change */
export function sureText({ verdict, sure }) {
  if (verdict === "same") return "";
  return sure ? "sure" : "may be chance";
}
