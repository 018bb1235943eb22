/** @import {Shell} from "../frame/parts.js" */
/** @import {ClusterSeries} from "../data/types.js" */
import { clusterPath } from "../data/api.js";
import { h } from "../lib/dom.js";
import { count, exact, rate, seconds } from "../lib/format.js";
import { CHART_KEYS } from "../frame/keymap.js";
import { createLiveSeries, fineness } from "../data/series.js";
import { createChart } from "./chart.js";

/** @type {[number, string, string][]} seconds, label, what the URL says */
const RANGES = [
  [600, "10 min", "10m"],
  [7200, "2 h", "2h"],
  [86400, "1 day", "1d"],
];
/** The server's own samples replace what was pieced together here this often. */
const REFILL_SEC = 120;

/**
 * Where no job ended in the time shown, when the last one did: a flat line says nothing.
 *
 * @param {import("../data/series.js").Points} points
 * @param {import("../data/types.js").Summary|undefined} summary
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
 *
 * @param {{ranges: HTMLElement, throughput: HTMLElement, queue: HTMLElement, cpus: HTMLElement}} places
 * @param {Shell} shell
 */
export function createTrends(places, { api, config, cluster, store, summary, url, everySecond, notices, keys }) {
  const past = Boolean(config.past);
  let spanSec = past ? Infinity : (RANGES.find(([, , name]) => name === url.get("range"))?.[0] ?? RANGES[0][0]);
  let resolution = fineness(spanSec, 0, past);
  let live = createLiveSeries(resolution);
  let filledAt = 0;
  let asking = false;
  const charts = [
    createChart(places.throughput, {
      past,
      title: "Throughput",
      unit: "jobs/s",
      series: [{ key: "jobs_per_sec", label: "done", token: "--finished" }],
      format: rate,
    }),
    createChart(places.queue, {
      past,
      title: "Queue",
      unit: "jobs",
      series: [{ key: "queued", label: "queued", token: "--queued" }],
      format: count,
      scale: "whole",
    }),
    createChart(places.cpus, {
      past,
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
      if (filledAt === 0)
        notices.say(`The charts could not be filled: ${error instanceof Error ? error.message : error}`);
      filledAt = Date.now() / 1000 - REFILL_SEC + 10; // the feed tells of trouble; ask again soon
    } finally {
      asking = false;
      if (wanted !== resolution) void fill();
    }
  }

  function draw() {
    const points = live.points();
    const note = quietNote(points, summary());
    charts.forEach((chart, index) => chart.update(points, index === 0 ? note : ""));
  }

  function tick() {
    const { connection } = store.state;
    const known = summary();
    if (known) adapt(known);
    if (!past && Date.now() / 1000 - filledAt > REFILL_SEC) void fill();
    if (!known || (connection !== "live" && connection !== "polling")) return;
    if (past) return; // its charts stand still
    live.append(store.now(), known);
    draw();
  }

  /** Of a short run, its finest samples: a day's would be a handful. @param {import("../data/types.js").Summary} known */
  function adapt(known) {
    const wanted = fineness(spanSec, runSec(known), past);
    if (wanted === resolution) return;
    resolution = wanted;
    live = createLiveSeries(resolution);
    void fill();
  }

  /** @param {import("../data/types.js").Summary} known */
  function runSec({ started_at, closed_at }) {
    return started_at ? (past ? (closed_at ?? started_at) : store.now()) - started_at : Infinity;
  }

  places.ranges.hidden = past;
  if (!past) places.ranges.append(...RANGES.map(([sec, label, name]) => rangeButton(sec, label, name)));

  /** @param {number} sec @param {string} label @param {string} name */
  function rangeButton(sec, label, name) {
    return h("button", { type: "button", "aria-pressed": String(sec === spanSec), text: label, onclick: choose });

    /** @param {Event} event */
    function choose(event) {
      for (const button of places.ranges.children)
        button.setAttribute("aria-pressed", String(button === event.currentTarget));
      const known = summary();
      spanSec = sec;
      resolution = fineness(sec, known ? runSec(known) : Infinity, past);
      live = createLiveSeries(resolution);
      url.set({ range: sec === RANGES[0][0] ? null : name });
      void fill();
    }
  }

  keys.tell(CHART_KEYS);
  everySecond(tick);
  if (past) {
    // Known with the first summary: how long it was.
    store.subscribe((event) => event.kind === "data" && filledAt === 0 && tick());
  }
  void fill();
}
