/** @import {Shell} from "../frame/parts.js" */
/** @import {NodeLoads} from "../data/types.js" */
import { clusterPath } from "../data/api.js";
import { followEvents } from "../data/events.js";
import { h, show } from "../lib/dom.js";
import { percent, plain } from "../lib/format.js";
import { Chart } from "./chart.js";
import { keepFilled } from "./refill.js";

/** Labels at the end of more lines than these would cover each other. */
const LABELLED = 6;

/** Colours of the nodes' lines; they come again with other dashes. */
const TOKENS = ["--running", "--finished", "--abandoned", "--terminated", "--muted"];

/** @type {{key: "median"|"low"|"high"|"least"|"most", label: string, token: string}[]} */
const BANDS = [
  { key: "median", label: "median", token: "--running" },
  { key: "low", label: "quarter", token: "--finished" },
  { key: "high", label: "3 quarters", token: "--abandoned" },
  { key: "least", label: "least", token: "--muted" },
  { key: "most", label: "most", token: "--muted" },
];

/** Why a past run has no chart. */
const UNAVAILABLE = {
  not_kept: "How busy the nodes were is not known: an earlier version of flask_dispy wrote this run's file.",
  several_runs: "How busy the nodes were is shown of one run at a time: choose one above.",
};

/**
 * How busy all nodes are, over each other: a line for each of a few nodes, which leads to it, else bands.
 *
 * @param {HTMLElement} element shown once there is something to see
 * @param {Shell} shell
 */
export function createNodeLoads(element, shell) {
  const { api, cluster, config, href } = shell;
  let drawn = "";
  /** @type {Chart|null} */
  let chart = null;
  /** @type {import("../data/types.js").Event[]} */
  let events = [];

  /** @param {NodeLoads} loads */
  function draw(loads) {
    const { t, nodes } = loads;
    const lines = nodes.map(({ ip_addr: key, name }, i) => ({
      key,
      label: plain(name) || key,
      token: TOKENS[i % TOKENS.length],
    }));
    const series = nodes.length > 0 ? lines : BANDS;
    const wanted = JSON.stringify(series);
    if (loads.unavailable) element.replaceChildren(h("p", { class: "muted" }, UNAVAILABLE[loads.unavailable]));
    show(element, t.length > 1 || loads.unavailable !== null);
    if (t.length < 2) return;
    if (chart === null || wanted !== drawn) {
      drawn = wanted;
      element.replaceChildren();
      chart = new Chart(element, {
        title: "CPUs in use",
        unit: "% of each node's",
        series,
        format: (value) => percent(value / 100),
        scale: "whole",
        crowded: series.length > LABELLED,
        past: Boolean(config.past),
        ...(nodes.length > 0 && {
          onPick: (/** @type {string} */ host) => location.assign(href("node.html", { host })),
        }),
      });
      chart.mark(events);
    }
    const columns = nodes.length
      ? Object.fromEntries(nodes.map(({ ip_addr, busy }) => [ip_addr, busy]))
      : Object.fromEntries(BANDS.map(({ key }) => [key, loads[key]]));
    chart.update({ t, columns });
  }

  followEvents(shell, (found) => {
    events = found;
    chart?.mark(events);
  });
  keepFilled(shell, async () => draw(await api.get(clusterPath(cluster, "loads"))));
}
