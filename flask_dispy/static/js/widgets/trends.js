/** @import {Shell} from "../shell.js" */
/** @import {ClusterSeries} from "../types.js" */
import { clusterPath } from "../api.js";
import { h } from "../dom.js";
import { count, rate } from "../format.js";
import { CHART_KEYS } from "../keymap.js";
import { createLiveSeries } from "../series.js";
import { createChart } from "./chart.js";

/** @type {[number, string, string][]} resolution, label, what the URL says */
const RANGES = [
  [1, "10 min", "10m"],
  [10, "2 h", "2h"],
  [60, "1 day", "1d"],
];
/** The server's own samples replace what was pieced together here this often. */
const REFILL_SEC = 120;

/**
 * Throughput, queue and CPUs over time: opened with the server's series, kept going from the
 * summaries that arrive.
 *
 * @param {{ranges: HTMLElement, throughput: HTMLElement, queue: HTMLElement, cpus: HTMLElement}} places
 * @param {Shell} shell
 */
export function createTrends(places, { api, cluster, store, summary, url, everySecond, notices, keys }) {
  let resolution = RANGES.find(([, , name]) => name === url.get("range"))?.[0] ?? 1;
  let live = createLiveSeries(resolution);
  let filledAt = 0;
  let asking = false;
  const charts = [
    createChart(places.throughput, {
      title: "Throughput",
      unit: "jobs/s",
      series: [{ key: "jobs_per_sec", label: "done", token: "--finished" }],
      format: rate,
    }),
    createChart(places.queue, {
      title: "Queue",
      unit: "jobs",
      series: [{ key: "queued", label: "queued", token: "--queued" }],
      format: count,
      scale: "whole",
    }),
    createChart(places.cpus, {
      title: "CPUs in use",
      unit: "CPUs",
      series: [
        { key: "cpus_busy", label: "busy", token: "--running" },
        { key: "cpus_total", label: "total", token: "--muted" },
      ],
      format: count,
      scale: "whole",
    }),
  ];

  async function fill() {
    if (asking) return;
    asking = true;
    const wanted = resolution;
    try {
      /** @type {ClusterSeries} */
      const series = await api.get(clusterPath(cluster, "series"), { resolution_sec: wanted });
      if (wanted === resolution) {
        live.fill(series);
        draw();
      }
      filledAt = Date.now() / 1000;
    } catch (error) {
      if (filledAt === 0) notices.say(`The charts could not be filled: ${error instanceof Error ? error.message : error}`);
      filledAt = Date.now() / 1000 - REFILL_SEC + 10; // the feed tells of trouble; ask again soon
    } finally {
      asking = false;
      if (wanted !== resolution) void fill();
    }
  }

  function draw() {
    const points = live.points();
    for (const chart of charts) chart.update(points);
  }

  function tick() {
    const { connection } = store.state;
    const known = summary();
    if (Date.now() / 1000 - filledAt > REFILL_SEC) void fill();
    if (!known || (connection !== "live" && connection !== "polling")) return;
    if (known.watching === "history") return; // the run is over: its charts stand still
    live.append(store.now(), known);
    draw();
  }

  places.ranges.append(...RANGES.map(([sec, label, name]) => rangeButton(sec, label, name)));

  /** @param {number} sec @param {string} label @param {string} name */
  function rangeButton(sec, label, name) {
    return h("button", { type: "button", "aria-pressed": String(sec === resolution), text: label, onclick: choose });

    /** @param {Event} event */
    function choose(event) {
      for (const button of places.ranges.children) button.setAttribute("aria-pressed", String(button === event.currentTarget));
      resolution = sec;
      live = createLiveSeries(sec);
      url.set({ range: sec === 1 ? null : name });
      void fill();
    }
  }

  keys.tell(CHART_KEYS);
  everySecond(tick);
  void fill();
}
