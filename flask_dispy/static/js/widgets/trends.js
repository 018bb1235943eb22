/** @import {Shell} from "../frame/parts.js" */
/** @import {ClusterSeries, Summary} from "../data/types.js" */
import { clusterPath } from "../data/api.js";
import { h } from "../lib/dom.js";
import { count, exact, rate, seconds } from "../lib/format.js";
import { CHART_KEYS } from "../frame/keymap.js";
import { followEvents } from "../data/events.js";
import { isUpdating } from "../data/store.js";
import { createLiveSeries, resolutionFor } from "../data/series.js";
import { Chart } from "./chart.js";

/** @type {[number, string, string][]} seconds, label, what the URL says */
const RANGES = [
  [600, "10 min", "10m"],
  [7200, "2 h", "2h"],
  [86400, "1 day", "1d"],
];
/** @type {(import("./chart-draw.js").ChartOptions & {place: "throughput"|"queue"|"cpus"})[]} */
const CHARTS = [
  {
    place: "throughput",
    title: "Throughput",
    unit: "jobs/s",
    series: [{ key: "jobs_per_sec", label: "done", token: "--finished" }],
    format: rate,
  },
  {
    place: "queue",
    title: "Queue",
    unit: "jobs",
    series: [{ key: "queued", label: "queued", token: "--queued" }],
    format: count,
    scale: "whole",
  },
  {
    place: "cpus",
    title: "CPUs in use",
    unit: "CPUs",
    series: [
      { key: "cpus_busy", label: "busy", token: "--running" },
      { key: "cpus_total", label: "total", token: "--muted" },
    ],
    format: count,
    scale: "whole",
  },
];
/** The server's own samples replace the ones collected here this often. */
const REFILL_SEC = 120;

/**
 * Where no job ended in the time shown, when the last one did: a flat line says nothing.
 *
 * @param {import("../data/series.js").Points} points
 * @param {Summary|undefined} summary
 */
export function quietNote({ t, columns }, summary) {
  const ended = columns.jobs_per_sec ?? [];
  if (!summary || summary.jobs.done === 0 || t.length < 2 || ended.some(Boolean)) return "";
  const words = `No job ended in these ${seconds(Math.round((t[t.length - 1] - t[0]) / 60) * 60 || t[t.length - 1] - t[0])}.`;
  const { outlook } = summary;
  const since = outlook && (outlook.state === "done" || outlook.state === "stalled") ? outlook.since : null;
  return since === null ? words : `${words} The last did at ${exact(since)}.`;
}

/**
 * Throughput, queue and CPUs over time: opened with the server's series, kept going from the
 * summaries that arrive.
 */
export class Trends {
  #places;
  #shell;
  #past;
  #spanSec;
  #resolution;
  #live;
  #filledAt = 0;
  #asking = false;
  #charts;

  /**
   * @param {{ranges: HTMLElement, throughput: HTMLElement, queue: HTMLElement, cpus: HTMLElement}} places
   * @param {Shell} shell
   */
  constructor(places, shell) {
    this.#places = places;
    this.#shell = shell;
    this.#past = Boolean(shell.config.past);
    const chosen = RANGES.find(([, , name]) => name === shell.url.get("range")) ?? RANGES[0];
    this.#spanSec = this.#past ? Infinity : chosen[0];
    this.#resolution = resolutionFor(this.#spanSec, 0, this.#past);
    this.#live = createLiveSeries(this.#resolution);
    this.#charts = CHARTS.map((options) => new Chart(places[options.place], { ...options, past: this.#past }));
    places.ranges.hidden = this.#past;
    if (!this.#past) places.ranges.append(...RANGES.map(([sec, label, name]) => this.#rangeButton(sec, label, name)));
    shell.keys.describe(CHART_KEYS);
    shell.everySecond(() => this.#tick());
    // The length of a past run is known with the first summary.
    if (this.#past) shell.store.onData(() => this.#filledAt === 0 && this.#tick());
    followEvents(shell, (events) => this.#charts.forEach((chart) => chart.mark(events)));
    void this.#fill();
  }

  async #fill() {
    if (this.#asking) return;
    this.#asking = true;
    const { api, cluster, notices } = this.#shell;
    const wanted = this.#resolution;
    try {
      /** @type {ClusterSeries} */
      const series = await api.get(clusterPath(cluster, "series"), { resolution_sec: wanted });
      if (wanted === this.#resolution) {
        this.#live.fill(series);
        this.#draw();
      }
      this.#filledAt = Date.now() / 1000;
    } catch (error) {
      if (this.#filledAt === 0)
        notices.say(`The charts could not be filled: ${error instanceof Error ? error.message : error}`);
      this.#filledAt = Date.now() / 1000 - REFILL_SEC + 10; // the feed reports the trouble; ask again soon
    } finally {
      this.#asking = false;
      if (wanted !== this.#resolution) void this.#fill();
    }
  }

  #draw() {
    const points = this.#live.points();
    const note = quietNote(points, this.#shell.summary());
    this.#charts.forEach((chart, index) => chart.update(points, index === 0 ? note : ""));
  }

  #tick() {
    const { store, summary } = this.#shell;
    const known = summary();
    if (known) this.#show(this.#spanSec, known);
    if (this.#past) return; // its charts stand still
    if (Date.now() / 1000 - this.#filledAt > REFILL_SEC) void this.#fill();
    if (!known || !isUpdating(store)) return;
    this.#live.append(store.now(), known);
    this.#draw();
  }

  /**
   * A span at the resolution that suits it: of a short run its finest samples, because a day's would be a handful.
   *
   * @param {number} spanSec
   * @param {Summary|undefined} known
   */
  #show(spanSec, known) {
    const wanted = resolutionFor(spanSec, known ? this.#runSec(known) : Infinity, this.#past);
    if (wanted === this.#resolution && spanSec === this.#spanSec) return;
    this.#spanSec = spanSec;
    this.#resolution = wanted;
    this.#live = createLiveSeries(wanted);
    void this.#fill();
  }

  /** @param {Summary} known */
  #runSec({ started_at, closed_at }) {
    if (!started_at) return Infinity;
    return (this.#past ? (closed_at ?? started_at) : this.#shell.store.now()) - started_at;
  }

  /** @param {number} sec @param {string} label @param {string} name */
  #rangeButton(sec, label, name) {
    const button = h("button", { type: "button", "aria-pressed": String(sec === this.#spanSec), text: label });
    button.addEventListener("click", () => {
      for (const other of this.#places.ranges.children) other.setAttribute("aria-pressed", String(other === button));
      this.#shell.url.set({ range: sec === RANGES[0][0] ? null : name });
      this.#show(sec, this.#shell.summary());
    });
    return button;
  }
}
