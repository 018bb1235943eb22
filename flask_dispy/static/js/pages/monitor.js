/** @import {Shell} from "../frame/parts.js" */
import { clusterPath } from "../data/api.js";
import { need } from "../lib/dom.js";
import { showWithFigures } from "../frame/firstpaint.js";
import { MAP_KEYS } from "../frame/keymap.js";
import { nodeColumns } from "../widgets/nodecolumns.js";
import { argumentsCheckbox } from "../frame/settings.js";
import { startShell } from "../frame/shell.js";
import { createAttention } from "../widgets/attention.js";
import { NodeMap } from "../widgets/nodemap.js";
import { NodeTable } from "../widgets/nodetable.js";
import { createProgress } from "../widgets/progress.js";
import { createTopErrors } from "../widgets/toperrors.js";
import { createTiles } from "../widgets/tiles.js";
import { Trends } from "../widgets/trends.js";

/** The map is as high as the charts beside it, unless there are more nodes than fit. */
const MAP_HEIGHT = 136;
/** Beyond this many nodes the map stands under the charts, as wide as the page. */
const MANY_NODES = 600;

export function start(shell = startShell("Monitor")) {
  const { config, cluster, api, store, href } = shell;
  showWithFigures(store);
  const { attention, map } = nodeWidgets(shell);
  const progress = createProgress(need("progress"), shell);
  const jobsHref = (/** @type {string} */ state) => href("jobs.html", { q: `state:${state}` });
  const tiles = createTiles(need("tiles"), { jobsHref, past: config.past });
  const charts = { throughput: need("throughput"), queue: need("queue"), cpus: need("cpus") };
  new Trends({ ranges: need("ranges"), ...charts }, shell);
  const updateErrors = createTopErrors(need("errors"), shell);
  shell.keys.describe(MAP_KEYS);
  need("report").setAttribute("href", api.url(clusterPath(cluster, "report")));
  if (config.permissions.change_settings) need("job-args").append(argumentsCheckbox(shell));
  shell.everySecond(progress.tick);
  store.onData((event) => {
    const chosen = shell.summary();
    if (chosen) {
      attention.update(chosen);
      tiles.update(chosen);
    }
    updateErrors();
    progress.update(watched(shell));
    need("overview").classList.toggle("overview-many", store.nodes.size > MANY_NODES);
    if (event.snapshot || event.nodes.size || event.removed.size) map.update([...store.nodes.values()]);
  });
  shell.feed.start();
}

/** The map, the table, and the chips that filter it. @param {Shell} shell */
function nodeWidgets(shell) {
  const { config, cluster, store, href } = shell;
  const map = new NodeMap(need("nodemap"), { cluster, height: MAP_HEIGHT, now: store.now, storage: shell.storage });
  const table = new NodeTable(need("nodes"), {
    shell,
    columns: nodeColumns((row) => href("node.html", { host: row.ip_addr }), config.node_fields, config.past),
    name: "monitor",
    onSort: ({ key, order }) => map.setDirection(key === "ip_addr" ? order : "desc"),
  });
  const attention = createAttention(need("attention"), {
    href,
    nodes: () => store.nodes.values(),
    onNodes(query) {
      table.setFilter(query);
      need("nodes").scrollIntoView({ block: "start" });
    },
  });
  return { attention, map };
}

/** The chosen cluster alone, or all clusters of the combined view. @param {Shell} shell */
function watched({ store, summary }) {
  const chosen = summary();
  if (!chosen?.combined) return chosen ? [chosen] : [];
  return [...store.clusters.values()].filter((one) => !one.combined);
}
