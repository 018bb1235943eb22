/** @import {Shell} from "../frame/parts.js" */
/** @import {StoreEvent} from "../data/store.js" */
/** @import {NodeDetail, NodeRow} from "../data/types.js" */
import { ApiError, clusterPath } from "../data/api.js";
import { followEvents } from "../data/events.js";
import { withRange } from "../data/durations.js";
import { isUpdating } from "../data/store.js";
import { need, setAttr, setText, show } from "../lib/dom.js";
import { plain, stateMark } from "../lib/format.js";
import { EVENT_KEYS, LANE_KEYS } from "../frame/keymap.js";
import { createNodeChooser } from "../widgets/nodechooser.js";
import { startShell } from "../frame/shell.js";
import { NodeActions } from "../widgets/nodeactions.js";
import { createNodeCharts } from "../widgets/nodecharts.js";
import { createNodeLoads } from "../widgets/nodeloads.js";
import { createNodeFacts } from "../widgets/nodefacts.js";
import { createDurationsPanel } from "../widgets/durations.js";
import { NodeJobs } from "../widgets/nodejobs.js";
import { createNodePast } from "../widgets/nodepast.js";
import { Timeline } from "../widgets/timeline.js";

/** Details are requested at most this often, however fast the node's row changes. */
const DETAIL_SEC = 1;

export function start(shell = startShell("Node")) {
  const host = shell.url.get("host").trim();
  createNodeChooser(need("chooser"), { shell, current: host });
  show(need("choose"), !host);
  show(need("node"), Boolean(host));
  if (host) new NodePage(shell, host);
  else createNodeLoads(need("loads"), shell);
  shell.feed.start();
}

class NodePage {
  #shell;
  #host;
  #facts;
  #jobs;
  #past;
  /** @type {NodeActions|null} */
  #actions = null;
  /** @type {ReturnType<typeof createNodeCharts>|null} */
  #charts = null;
  /** @type {Timeline|null} */
  #lane = null;
  /** @type {NodeRow|null} */
  #row = null;
  /** Whether the detail may have changed since it was requested. */
  #due = false;
  #askedAt = 0;
  #asking = false;

  /** @param {Shell} shell @param {string} host */
  constructor(shell, host) {
    this.#shell = shell;
    this.#host = host;
    this.#facts = createNodeFacts(need("facts"), { shell });
    this.#jobs = new NodeJobs({ running: need("running"), recent: need("recent") }, shell);
    this.#past = createNodePast(need("past"), shell.store);
    const selected = () => [this.#row?.ip_addr ?? host];
    if (shell.config.permissions.manage_nodes)
      this.#actions = new NodeActions(need("actions"), { shell, selected, single: true });
    need("all-jobs").setAttribute("href", shell.href("jobs.html", { q: `node:${host}` }));
    shell.store.subscribe((event) => this.#hear(event));
    shell.everySecond(() => this.#tick());
    void this.#ask();
  }

  /** @param {StoreEvent} event */
  #hear(event) {
    if (event.kind === "settings" || event.kind === "update") void this.#ask();
    if (event.kind === "update") {
      void this.#charts?.fill();
      this.#lane?.update();
    }
    if (event.kind !== "data") return;
    const ip = this.#row?.ip_addr ?? this.#host;
    const changed = event.snapshot || event.nodes.has(ip);
    const known = this.#shell.store.nodes.get(ip);
    if (known && changed) this.#showRow(known);
    this.#due ||= changed || this.#row === null;
    if (Date.now() / 1000 - this.#askedAt >= DETAIL_SEC) this.#askIfDue();
  }

  #tick() {
    this.#jobs.tick();
    this.#facts.tick();
    this.#past.tick();
    if (isUpdating(this.#shell.store)) this.#lane?.update();
    this.#askIfDue();
  }

  #askIfDue() {
    if (this.#due) void this.#ask();
  }

  async #ask() {
    this.#due = this.#asking; // an answer under way may be older
    if (this.#asking) return;
    this.#asking = true;
    this.#askedAt = Date.now() / 1000;
    const { api, cluster } = this.#shell;
    try {
      /** @type {NodeDetail} */
      const detail = await api.get(clusterPath(cluster, "nodes", this.#host));
      this.#showRow(detail);
      this.#jobs.update(detail);
      this.#past.update(detail.events);
      show(need("past-panel"), detail.events.length > 0);
      show(need("missing"), false);
    } catch (error) {
      if (error instanceof ApiError && ["unknown_node", "ambiguous_node"].includes(error.code))
        this.#showMissing(error.message);
    } finally {
      this.#asking = false;
    }
  }

  /** @param {NodeRow} row */
  #showRow(row) {
    const first = this.#row === null;
    this.#row = row;
    setText(need("node-title"), row.ip_addr);
    setText(need("node-name"), plain(row.name));
    setAttr(need("node-mark"), "class", stateMark(row.state));
    setText(need("node-state"), row.state);
    this.#facts.update(row);
    this.#actions?.update();
    if (first) this.#startHistory(row.ip_addr);
  }

  /** @param {string} ip */
  #startHistory(ip) {
    const { api, cluster, href, keys } = this.#shell;
    keys.describe([...LANE_KEYS, ...EVENT_KEYS]);
    this.#charts = createNodeCharts(need("charts"), { shell: this.#shell, ip });
    const noRange = { fromSec: null, toSec: null };
    createDurationsPanel(need("durations"), {
      shell: this.#shell,
      asked: () => ({ state: [], node: ip, ran: noRange, waited: noRange }),
      onSelect: (range, time) => location.assign(href("jobs.html", { q: withRange(`node:${ip}`, range, time) })),
    });
    const lane = new Timeline(need("lane"), { api, cluster, node: ip, compact: true });
    this.#lane = lane;
    followEvents(this.#shell, (events) => {
      const here = events.filter(({ node }) => node === null || node === ip);
      lane.mark(here);
      this.#charts?.mark(here);
    });
  }

  /** @param {string} message */
  #showMissing(message) {
    setText(need("missing-text"), message);
    show(need("missing"), true);
    show(need("node-body"), this.#row !== null);
    setText(need("node-title"), plain(this.#host));
  }
}
