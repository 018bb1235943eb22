/** @import {Shell} from "../frame/parts.js" */
/** @import {Look, NodeColumn} from "../widgets/nodecolumns.js" */
/** @import {Outcome} from "../data/types.js" */
import { ApiError, clusterPath } from "../data/api.js";
import { COMBINED } from "../data/config.js";
import { clusterNames } from "../data/store.js";
import { cpusEditColumn } from "../widgets/cpusedit.js";
import { need, setAttr, setOptions, setText } from "../lib/dom.js";
import { count, plain } from "../lib/format.js";
import { nodeColumns } from "../widgets/nodecolumns.js";
import { outcomeLine, setCpus } from "../widgets/nodecommands.js";
import { startShell } from "../frame/shell.js";
import { NodeTable } from "../widgets/nodetable.js";
import { Offers } from "../widgets/offers.js";

/** @type {Partial<Look>} */
const plainCpus = { width: [80, 0.5], text: (row) => `${count(row.cpus)} of ${count(row.avail_cpus)}` };

/** @type {NodeColumn} */
const runningColumn = {
  key: "running",
  label: "Running jobs",
  align: "end",
  first: "desc",
  optional: true,
  width: [72, 0.5],
  value: (row) => row.running,
  text: (row) => count(row.running),
};

export function start(shell = startShell("Manage")) {
  const { config, store } = shell;
  const mayManage = config.permissions.manage_nodes;
  need("nodes").hidden = Boolean(config.past);
  new NodeTable(need("nodes"), { shell, name: "manage", withCpus: true, columns: columnsOf(shell) });
  const offers = new Offers(need("offers"), { shell, mayManage });
  store.onData(() => offers.update());
  if (mayManage) new AllocateForm(shell);
  else need("allocate-panel").hidden = true;
  shell.feed.start();
}

/** @param {Shell} shell @returns {NodeColumn[]} */
function columnsOf(shell) {
  const { config, cluster, href } = shell;
  const known = nodeColumns((row) => href("node.html", { host: row.ip_addr }), config.node_fields);
  /** @param {string} key @param {Partial<Look>} [look] */
  const column = (key, look) => known.filter((one) => one.key === key).map((one) => ({ ...one, ...look }));
  const edited = cpusEditColumn((row, cpus) => void setCpus(shell, [row.ip_addr], cpus));
  return [
    ...column("ip_addr"),
    ...column("name"),
    ...column("state", { hidden: false }),
    ...column("clusters", { hidden: cluster !== COMBINED }),
    ...column("cpus", config.permissions.manage_nodes ? edited : plainCpus),
    ...column("busy"),
    runningColumn,
    ...config.node_fields.filter(({ custom }) => custom).flatMap(({ name }) => column(name)),
    ...column("update_time"),
  ];
}

class AllocateForm {
  #shell;
  #form = /** @type {HTMLFormElement} */ (need("allocate"));
  #host = this.#input("host");
  #port = this.#input("port");
  #cpus = this.#input("cpus");
  #cluster = /** @type {HTMLSelectElement} */ (this.#form.elements.namedItem("cluster"));
  #button = /** @type {HTMLButtonElement} */ (this.#form.querySelector("button[type=submit]"));

  /** @param {Shell} shell */
  constructor(shell) {
    this.#shell = shell;
    this.#fillClusters();
    shell.store.onData(() => {
      this.#fillClusters();
      this.#sayCpusAreIgnored();
    });
    this.#form.addEventListener("input", () => {
      this.#showError(null, "");
      this.#sayCpusAreIgnored();
    });
    this.#form.addEventListener("submit", async (event) => {
      event.preventDefault();
      this.#button.disabled = true;
      await this.#allocate();
      this.#button.disabled = false;
      this.#sayCpusAreIgnored();
    });
  }

  /** @param {string} name */
  #input(name) {
    return /** @type {HTMLInputElement} */ (this.#form.elements.namedItem(name));
  }

  /** dispy accepts no CPUs with a wildcard, nor if its scheduler decides. */
  #sayCpusAreIgnored() {
    const chosen = this.#cluster.value;
    const kinds = [...this.#shell.store.clusters.values()]
      .filter(({ name }) => name !== COMBINED && (chosen === COMBINED || name === chosen))
      .map(({ kind }) => kind);
    const shared = kinds.length > 0 && kinds.every((kind) => kind !== "JobCluster");
    const why = this.#host.value.includes("*") ? "ignored with *" : shared ? "dispyscheduler decides" : "";
    this.#cpus.disabled = why !== "";
    setText(need("cpus-note"), why);
  }

  #fillClusters() {
    const known = clusterNames(this.#shell);
    const chosen = this.#cluster.value || this.#shell.cluster;
    const names = known.length === 1 ? known : [COMBINED, ...known];
    const label = (/** @type {string} */ name) => (name === COMBINED ? "All clusters" : plain(name));
    const choices = names.map((name) => /** @type {[string, string]} */ ([name, label(name)]));
    setOptions(this.#cluster, choices, names.includes(chosen) ? chosen : names[0]);
  }

  async #allocate() {
    const { api, notices } = this.#shell;
    const host = this.#host.value.trim();
    if (!host) return this.#showError("host", "Give a host name or an IP address; * is a wildcard.");
    const port = this.#port.value.trim();
    const cpus = this.#cpus.disabled ? 0 : Number(this.#cpus.value || 0);
    const body = { host, port: port ? Number(port) : null, cpus };
    try {
      /** @type {{outcomes: Outcome[]}} */
      const { outcomes } = await api.send("POST", clusterPath(this.#cluster.value, "nodes"), body);
      const good = outcomes.every((outcome) => outcome.ok);
      notices.show(
        good ? `Asked for ${plain(host)}` : `${plain(host)} could not be allocated everywhere`,
        outcomes.map((outcome) => outcomeLine(outcome, host)),
      );
      // Keep what was typed meanwhile.
      if (good && this.#host.value.trim() === host) this.#host.value = "";
    } catch (error) {
      if (error instanceof ApiError && error.field) this.#showError(error.field, error.message);
      else notices.error(`${plain(host)} was not allocated`, error);
    }
  }

  /**
   * @param {string|null} field whose input the error is about
   * @param {string} message
   */
  #showError(field, message) {
    setText(need("allocate-error"), message);
    for (const input of [this.#host, this.#port, this.#cpus]) {
      const wrong = input.name === field;
      setAttr(input, "aria-invalid", wrong ? "true" : null);
      const notes = [wrong && "allocate-error", input === this.#cpus && "cpus-note"].filter(Boolean);
      setAttr(input, "aria-describedby", notes.join(" ") || null);
      if (wrong) input.focus();
    }
  }
}
