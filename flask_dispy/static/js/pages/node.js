/** @import {NodeDetail, NodeRow} from "../data/types.js" */
import { ApiError, clusterPath } from "../data/api.js";
import { withRange } from "../data/durations.js";
import { need, setAttr, setText, show } from "../lib/dom.js";
import { plain, stateMark } from "../lib/format.js";
import { LANE_KEYS } from "../frame/keymap.js";
import { createNodeChooser } from "../widgets/nodechooser.js";
import { startShell } from "../frame/shell.js";
import { NodeActions } from "../widgets/nodeactions.js";
import { createNodeCharts } from "../widgets/nodecharts.js";
import { createNodeFacts } from "../widgets/nodefacts.js";
import { DurationsPanel } from "../widgets/durations.js";
import { NodeJobs } from "../widgets/nodejobs.js";
import { createNodePast } from "../widgets/nodepast.js";
import { Timeline } from "../widgets/timeline.js";

/** Details are asked for no more often than this, however fast the node's row changes. */
const DETAIL_SEC = 1;

const shell = startShell("Node");
const { config, cluster, api, store, url, href } = shell;
const host = url.get("host").trim();

createNodeChooser(need("chooser"), { shell, current: host });
show(need("choose"), !host);
show(need("node"), Boolean(host));
if (host) startNode();
shell.feed.start();

function startNode() {
  const facts = createNodeFacts(need("facts"), { shell });
  const jobs = new NodeJobs({ running: need("running"), recent: need("recent") }, shell);
  const past = createNodePast(need("past"), store);
  /** @type {NodeRow|null} */
  let row = null;
  let asked = 0;
  let asking = false;
  /** @type {ReturnType<typeof createNodeCharts>|null} */
  let charts = null;
  /** @type {NodeActions|null} */
  let actions = null;

  if (config.permissions.manage_nodes) {
    actions = new NodeActions(need("actions"), { shell, selected: () => [row?.ip_addr ?? host], single: true });
  }

  /** @param {NodeRow} next */
  function showRow(next) {
    const first = row === null;
    row = next;
    setText(need("node-title"), next.ip_addr);
    setText(need("node-name"), plain(next.name));
    setAttr(need("node-mark"), "class", stateMark(next.state));
    setText(need("node-state"), next.state);
    facts.update(next);
    actions?.update();
    if (first) startHistory(next.ip_addr);
  }

  /** @param {string} ip */
  function startHistory(ip) {
    shell.keys.tell(LANE_KEYS);
    // A history keeps no load of nodes.
    if (config.past) need("charts").hidden = true;
    else charts = createNodeCharts(need("charts"), { shell, ip });
    const noRange = { fromSec: null, toSec: null };
    new DurationsPanel(need("durations"), {
      shell,
      asked: () => ({ state: [], node: ip, range: noRange }),
      onSelect: (range) => location.assign(href("jobs.html", { q: withRange(`node:${ip}`, range) })),
    });
    const lane = new Timeline(need("lane"), { api, cluster, node: ip, compact: true });
    shell.everySecond(() => {
      if (store.state.connection === "live" || store.state.connection === "polling") lane.update();
    });
    need("update").addEventListener("click", () => lane.update());
  }

  async function ask() {
    if (asking) return;
    asking = true;
    asked = Date.now() / 1000;
    try {
      /** @type {NodeDetail} */
      const detail = await api.get(clusterPath(cluster, "nodes", host));
      showRow(detail);
      jobs.update(detail);
      past.update(detail.events);
      show(need("past-panel"), detail.events.length > 0);
      show(need("missing"), false);
    } catch (error) {
      if (error instanceof ApiError && ["unknown_node", "ambiguous_node"].includes(error.code))
        showMissing(error.message);
    } finally {
      asking = false;
    }
  }

  /** @param {string} message */
  function showMissing(message) {
    setText(need("missing-text"), message);
    show(need("missing"), true);
    show(need("node-body"), row !== null);
    setText(need("node-title"), plain(host));
  }

  let due = false;
  store.subscribe((event) => {
    if (event.kind !== "data") return;
    const ip = row?.ip_addr ?? host;
    const known = store.nodes.get(ip);
    if (known && (event.nodes.has(ip) || event.snapshot)) showRow(known);
    due ||= event.snapshot || event.nodes.has(ip) || row === null;
    if (due && Date.now() / 1000 - asked >= DETAIL_SEC) {
      due = false;
      void ask();
    }
  });
  shell.everySecond(() => {
    jobs.tick();
    facts.tick();
    past.tick();
    if (due) {
      due = false;
      void ask();
    }
  });
  need("update").addEventListener("click", () => {
    void ask();
    void charts?.fill();
  });
  document.addEventListener("dispy:settings", () => void ask());
  void ask();
  need("all-jobs").setAttribute("href", href("jobs.html", { q: `node:${host}` }));
}
