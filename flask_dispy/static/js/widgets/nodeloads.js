/** @import {Shell} from "../frame/parts.js" */
/** @import {NodeLoads} from "../data/types.js" */
import { clusterPath } from "../data/api.js";
import { show } from "../lib/dom.js";
import { percent, plain } from "../lib/format.js";
import { Chart } from "./chart.js";

/** The loads are asked for again this often while updates come. */
const REFILL_SEC = 10;

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

/**
 * How busy all nodes are, over each other: a line for each of a few nodes, which leads to it, else bands.
 *
 * @param {HTMLElement} element shown once there is something to see
 * @param {Shell} shell
 */
export function createNodeLoads(element, shell) {
  const { api, cluster, store, everySecond, href } = shell;
  let askedAt = 0;
  let drawn = "";
  /** @type {Chart|null} */
  let chart = null;

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
    show(element, t.length > 1);
    if (t.length < 2) return;
    if (chart === null || wanted !== drawn) {
      drawn = wanted;
      element.replaceChildren();
      chart = new Chart(element, {
        title: "CPUs in use",
        unit: "% of each node's",
        series,
        format: (value) => percent(value / 100),
        crowded: series.length > LABELLED,
        ...(nodes.length > 0 && {
          onPick: (/** @type {string} */ host) => location.assign(href("node.html", { host })),
        }),
      });
    }
    const columns = nodes.length
      ? Object.fromEntries(nodes.map(({ ip_addr, busy }) => [ip_addr, busy]))
      : Object.fromEntries(BANDS.map(({ key }) => [key, loads[key]]));
    chart.update({ t, columns });
  }

  async function fill() {
    askedAt = Date.now() / 1000;
    try {
      draw(await api.get(clusterPath(cluster, "loads")));
    } catch {
      // the feed reports that the server can't be reached; the chart keeps what it shows
    }
  }

  everySecond(() => {
    const { connection } = store.state;
    const coming = connection === "live" || connection === "polling";
    if (coming && Date.now() / 1000 - askedAt >= REFILL_SEC) void fill();
  });
  void fill();
}
