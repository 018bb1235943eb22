/** @import {ClusterSeries, Summary} from "./types.js" */

/** @typedef {{t: number[], columns: Record<string, (number|null)[]>}} Points what a chart draws */

/**
 * @typedef {object} LiveSeries
 * @property {(series: ClusterSeries) => void} fill with the server's own samples
 * @property {(now: number, summary: Summary) => void} append the figures of this moment
 * @property {() => Points} points
 */

/** How much of the past each resolution shows: 10 minutes, 2 hours, a day; for a past run, a month. @type {Record<number, number>} */
const SAMPLES = { 1: 600, 10: 720, 60: 1440, 600: 4320 };

/** The finest samples that a history keeps. */
const KEPT_SEC = 10;

/**
 * The finest resolution that shows a span, or the whole run if that is shorter.
 *
 * @param {number} spanSec
 * @param {number} runSec
 * @param {boolean} past of a run that is over
 */
export function resolutionFor(spanSec, runSec, past) {
  const wanted = Math.min(spanSec, runSec);
  const offered = Object.entries(SAMPLES)
    .map(([sec, samples]) => ({ sec: Number(sec), shownSec: Number(sec) * samples }))
    .filter(({ sec }) => (past ? sec >= KEPT_SEC : sec <= 60));
  return (offered.find(({ shownSec }) => shownSec >= wanted) ?? offered[offered.length - 1]).sec;
}

/**
 * A summary's figures, by the series' columns.
 *
 * @param {Summary} summary
 * @returns {Record<string, number>}
 */
export function sample({ jobs, cpus, jobs_per_sec }) {
  return {
    jobs_per_sec,
    queued: jobs.queued,
    running: jobs.running,
    cpus_busy: cpus.busy,
    cpus_total: cpus.total,
  };
}

/**
 * A window of samples that ends now: filled once from the server, then continued from the summaries that
 * arrive. The server sends nothing while nothing changes, so a short silence repeats the last figures; a
 * longer one is a gap.
 *
 * @param {number} resolutionSec
 * @param {number} [carrySec] how long a silence still means "no change"
 * @returns {LiveSeries}
 */
export function createLiveSeries(resolutionSec, carrySec = 60) {
  const size = SAMPLES[resolutionSec];
  /** Number of the last sample: its start in units of the resolution. */
  let end = 0;
  /** @type {Record<string, (number|null)[]>} */
  let columns = {};

  /** @param {number} index of the new last sample */
  function advance(index) {
    const steps = Math.min(index - end, size);
    const carried = (index - end) * resolutionSec <= Math.max(carrySec, resolutionSec);
    for (const column of Object.values(columns)) {
      const last = carried ? (column[column.length - 1] ?? null) : null;
      for (let i = 0; i < steps; i += 1) column.push(last);
      if (column.length > size) column.splice(0, column.length - size);
    }
    end = index;
  }

  return {
    fill(series) {
      columns = {};
      let length = 0;
      for (const [name, values] of Object.entries(series.columns)) {
        columns[name] = values.slice(-size);
        length = Math.max(length, values.length);
      }
      end = Math.floor(series.from / resolutionSec + 0.5) + length - 1;
    },
    append(now, summary) {
      const index = Math.floor(now / resolutionSec);
      if (index > end && end > 0) advance(index);
      else if (end === 0) end = index;
      for (const [name, value] of Object.entries(sample(summary))) {
        const column = (columns[name] ??= []);
        column[Math.max(0, column.length - 1)] = value;
      }
    },
    points() {
      const length = Math.max(0, ...Object.values(columns).map((column) => column.length));
      const first = end - length + 1;
      const t = Array.from({ length }, (_, i) => (first + i) * resolutionSec);
      return { t, columns };
    },
  };
}
