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
import { createTiles } from "../widgets/tiles.js";
import { Trends } from "../widgets/trends.js";

/** As high as the charts beside it, until there are more nodes than fit. */
const MAP_HEIGHT = 136;
/** Beyond this many nodes the map stands under the charts, as wide as the page. */
const MANY_NODES = 600;

const shell = startShell("Monitor");
const { config, cluster, api, store, summary, href } = shell;
showWithFigures(store);
const jobsHref = (/** @type {string} */ q) => href("jobs.html", { q });
const nodeHref = (/** @type {string} */ host) => href("node.html", { host });

const map = new NodeMap(need("nodemap"), {
  cluster,
  height: MAP_HEIGHT,
  now: store.now,
});
const nodes = new NodeTable(need("nodes"), {
  shell,
  columns: nodeColumns((row) => nodeHref(row.ip_addr), config.node_fields, config.past),
  name: "monitor",
  onSort: ({ key, order }) => map.setDirection(key === "ip_addr" ? order : "desc"),
});
const attention = createAttention(need("attention"), {
  jobsHref,
  nodesHref: (q) => href("monitor.html", { q }),
  offersHref: `${href("manage.html")}#offers`,
  onNodes(query) {
    nodes.setFilter(query);
    need("nodes").scrollIntoView({ block: "start" });
  },
});
const progress = createProgress(need("progress"), shell);
shell.everySecond(progress.tick);
const tiles = createTiles(need("tiles"), { jobsHref: (state) => jobsHref(`state:${state}`), past: config.past });
new Trends({ ranges: need("ranges"), throughput: need("throughput"), queue: need("queue"), cpus: need("cpus") }, shell);

shell.keys.tell(MAP_KEYS);
need("report").setAttribute("href", api.url(clusterPath(cluster, "report")));
if (config.permissions.change_settings) need("job-args").append(argumentsCheckbox(shell));

/** The chosen cluster alone, or each of those that are combined. */
function watched() {
  const chosen = summary();
  if (!chosen?.combined) return chosen ? [chosen] : [];
  return [...store.clusters.values()].filter((one) => !one.combined);
}

store.subscribe((event) => {
  if (event.kind !== "data") return;
  const chosen = summary();
  if (chosen) {
    attention.update(chosen);
    tiles.update(chosen);
  }
  progress.update(watched());
  need("overview").classList.toggle("overview-many", store.nodes.size > MANY_NODES);
  if (event.snapshot || event.nodes.size || event.removed.size) map.update([...store.nodes.values()]);
});
shell.feed.start();
