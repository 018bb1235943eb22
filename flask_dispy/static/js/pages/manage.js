/** @import {Outcome} from "../data/types.js" */
import { ApiError, clusterPath } from "../data/api.js";
import { clusterLabel, COMBINED } from "../data/config.js";
import { cpusEditColumn } from "../widgets/cpusedit.js";
import { h, need, setAttr, setText } from "../lib/dom.js";
import { count, plain } from "../lib/format.js";
import { nodeColumns } from "../widgets/nodecolumns.js";
import { outcomeLine, setCpus } from "../widgets/nodecommands.js";
import { startShell } from "../frame/shell.js";
import { NodeTable } from "../widgets/nodetable.js";
import { Offers } from "../widgets/offers.js";

const shell = startShell("Manage");
const { config, cluster, store, api, notices, href } = shell;
const mayManage = config.permissions.manage_nodes;
let shownClusters = "";

/** @type {Partial<import("../widgets/nodecolumns.js").Look>} */
const plainCpus = { width: [80, 0.5], text: (row) => `${count(row.cpus)} of ${count(row.avail_cpus)}` };

const known = nodeColumns((row) => href("node.html", { host: row.ip_addr }), config.node_fields);
/** @param {string} key @param {Partial<import("../widgets/nodecolumns.js").Look>} [look] */
const column = (key, look) => known.filter((one) => one.key === key).map((one) => ({ ...one, ...look }));

need("nodes").hidden = Boolean(config.past);
new NodeTable(need("nodes"), {
  shell,
  name: "manage",
  withCpus: true,
  columns: [
    ...column("ip_addr"),
    ...column("name"),
    ...column("state", { hidden: false }),
    ...column("clusters", { hidden: cluster !== COMBINED }),
    ...column("cpus", mayManage ? cpusEditColumn((row, cpus) => void setCpus(shell, [row.ip_addr], cpus)) : plainCpus),
    ...column("busy"),
    {
      key: "running",
      label: "Running jobs",
      align: "end",
      first: "desc",
      optional: true,
      width: [72, 0.5],
      value: (row) => row.running,
      text: (row) => count(row.running),
    },
    ...column("update_time"),
  ],
});
const offers = new Offers(need("offers"), { shell, mayManage });
store.subscribe((event) => event.kind === "data" && offers.update());
if (mayManage) startForm(/** @type {HTMLFormElement} */ (need("allocate")));
else need("allocate-panel").hidden = true;
shell.feed.start();

/** @param {HTMLFormElement} form */
function startForm(form) {
  const select = /** @type {HTMLSelectElement} */ (form.elements.namedItem("cluster"));
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("button[type=submit]"));
  fillClusters(select);
  const cpus = () => sayCpusAreIgnored(form, select.value);
  store.subscribe((event) => {
    if (event.kind !== "data") return;
    fillClusters(select);
    cpus();
  });
  form.addEventListener("input", () => {
    showError(form, null, "");
    cpus();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    await allocate(form);
    button.disabled = false;
    cpus();
  });
}

/**
 * dispy takes no CPUs with a wildcard, nor where its scheduler decides.
 *
 * @param {HTMLFormElement} form
 * @param {string} chosen  cluster
 */
function sayCpusAreIgnored(form, chosen) {
  const host = /** @type {HTMLInputElement} */ (form.elements.namedItem("host"));
  const input = /** @type {HTMLInputElement} */ (form.elements.namedItem("cpus"));
  const kinds = [...store.clusters.values()]
    .filter(({ name }) => name !== COMBINED && (chosen === COMBINED || name === chosen))
    .map(({ kind }) => kind);
  const shared = kinds.length > 0 && kinds.every((kind) => kind !== "JobCluster");
  const why = host.value.includes("*") ? "ignored with *" : shared ? "dispyscheduler decides" : "";
  input.disabled = why !== "";
  setText(need("cpus-note"), why);
}

/** @param {HTMLSelectElement} select */
function fillClusters(select) {
  const known = store.loaded ? [...store.clusters.keys()].filter((name) => name !== COMBINED) : config.clusters;
  if (JSON.stringify(known) === shownClusters) return;
  shownClusters = JSON.stringify(known);
  const chosen = select.value || cluster;
  const names = known.length > 1 ? [COMBINED, ...known] : known.length ? known : [COMBINED];
  select.replaceChildren(
    ...names.map((name) =>
      h("option", { value: name, text: name === COMBINED ? "All clusters" : plain(clusterLabel(name)) }),
    ),
  );
  select.value = names.includes(chosen) ? chosen : names[0];
}

/** @param {HTMLFormElement} form */
async function allocate(form) {
  const fields = new FormData(form);
  const host = String(fields.get("host") ?? "").trim();
  if (!host) return showError(form, "host", "Give a host name or an IP address; * is a wildcard.");
  const port = String(fields.get("port") ?? "").trim();
  const body = { host, port: port ? Number(port) : null, cpus: Number(fields.get("cpus") || 0) };
  try {
    /** @type {{outcomes: Outcome[]}} */
    const { outcomes } = await api.send("POST", clusterPath(String(fields.get("cluster")), "nodes"), body);
    const good = outcomes.every((outcome) => outcome.ok);
    notices.show(
      good ? `Asked for ${plain(host)}` : `${plain(host)} could not be allocated everywhere`,
      outcomes.map((outcome) => outcomeLine(outcome, host)),
    );
    if (good) /** @type {HTMLInputElement} */ (form.elements.namedItem("host")).value = "";
  } catch (error) {
    if (error instanceof ApiError && error.field) showError(form, error.field, error.message);
    else notices.error(`${plain(host)} was not allocated`, error);
  }
}

/**
 * @param {HTMLFormElement} form
 * @param {string|null} field whose input the error is about
 * @param {string} message
 */
function showError(form, field, message) {
  setText(need("allocate-error"), message);
  for (const name of ["host", "port", "cpus"]) {
    const input = /** @type {HTMLInputElement} */ (form.elements.namedItem(name));
    setAttr(input, "aria-invalid", name === field ? "true" : null);
    setAttr(input, "aria-describedby", name === field ? "allocate-error" : null);
    if (name === field) input.focus();
  }
}
