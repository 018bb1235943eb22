/** @import {Shell} from "../frame/parts.js" */
/** @import {NodeSeries} from "../data/types.js" */
import { clusterPath } from "../data/api.js";
import { percentOf100 } from "../data/fieldvalue.js";
import { h } from "../lib/dom.js";
import { bytes, count } from "../lib/format.js";
import { Chart } from "./chart.js";
import { keepFilled } from "./refill.js";

/** Why a past run has no charts. */
const UNAVAILABLE = {
  not_kept: "The node's load is not known: this run's file does not keep it, or no longer.",
  several_runs: "The node's load is shown of one run at a time: choose one above.",
};

/** @type {{key: "running"|"cpu_avail"|"memory_avail_bytes"|"disk_avail_bytes", title: string, unit: string, label: string, token: string, format: (value: number|null|undefined) => string, scale?: "whole"|"bytes"}[]} */
const CHARTS = [
  {
    key: "running",
    title: "Jobs running",
    unit: "",
    label: "running",
    token: "--running",
    format: count,
    scale: "whole",
  },
  {
    key: "cpu_avail",
    title: "Available CPU",
    unit: "%",
    label: "available",
    token: "--finished",
    format: percentOf100,
    scale: "whole",
  },
  {
    key: "memory_avail_bytes",
    title: "Available memory",
    unit: "",
    label: "available",
    token: "--accent",
    format: bytes,
    scale: "bytes",
  },
  {
    key: "disk_avail_bytes",
    title: "Available disk",
    unit: "",
    label: "available",
    token: "--muted",
    format: bytes,
    scale: "bytes",
  },
];

/**
 * The load of one node over time.
 *
 * @param {HTMLElement} element
 * @param {{shell: Shell, ip: string}} options
 * @returns {{fill: () => Promise<void>, mark: (events: import("../data/types.js").Event[]) => void}} `fill` asks for the series now
 */
export function createNodeCharts(element, { shell, ip }) {
  const { api, cluster, config, store } = shell;
  const past = Boolean(config.past);
  const charts = CHARTS.map(({ key, title, unit, label, token, format, scale }) => {
    const panel = h("section", { class: "panel chart-panel", "aria-label": `${title} over time` });
    element.append(panel);
    return new Chart(panel, { title, unit, series: [{ key, label, token }], format, scale, past });
  });
  /** @type {{t: number[], columns: Record<string, (number|null)[]>}[]} */
  const shown = [];

  /** Up to now, whenever the node last reported; its running jobs are known without its reports. */
  function draw() {
    const running = store.nodes.get(ip)?.running;
    for (const [i, { t, columns }] of shown.entries()) {
      const now = past ? t[t.length - 1] : store.now();
      const known = CHARTS[i].key === "running" && running !== undefined && t.length > 0 && t[t.length - 1] < now;
      charts[i].update(
        known ? { t: [...t, now], columns: { running: [...columns.running, running] }, now } : { t, columns, now },
      );
    }
  }

  const fill = keepFilled(shell, async () => {
    /** @type {NodeSeries} */
    const series = await api.get(clusterPath(cluster, "nodes", ip, "series"));
    if (series.unavailable) {
      element.replaceWith(h("p", { class: "panel empty" }, UNAVAILABLE[series.unavailable]));
      return;
    }
    for (const [i, { key }] of CHARTS.entries()) {
      shown[i] = { t: series.t, columns: { [key]: series[key] } };
    }
    draw();
  });
  return { fill, mark: (events) => charts.forEach((chart) => chart.mark(events)) };
}
