/** @import {Shell} from "../frame/parts.js" */
/** @import {NodeRow, ServedField} from "../data/types.js" */
import { busyText, failedText, isLoadOld, loadAt, rankText, timesOthersText } from "../data/standing.js";
import { createCpusEdit } from "./cpusedit.js";
import { h, setAttr, setText } from "../lib/dom.js";
import { bytes, clockOffset, count, exact, money, plain, rate, relative, seconds } from "../lib/format.js";
import { fieldText, percentOf100 } from "../data/fieldvalue.js";
import { setCpus } from "./nodecommands.js";

/**
 * @typedef {object} Fact
 * @property {string} label
 * @property {(row: NodeRow, now: number, clusters: string, rows: Iterable<NodeRow>) => string} text
 * @property {(row: NodeRow, clusters: string) => string} [title]
 * @property {(row: NodeRow) => boolean} [alert] whether it needs attention
 * @property {boolean} [load] part of its load, which may be old
 * @property {boolean} [live] left out for a run that is over
 */

/**
 * The facts, each with its heading, or with the name of the field that has one.
 *
 * @type {(Omit<Fact, "label"> & ({label: string}|{field: string}))[]}
 */
const FACTS = [
  {
    field: "busy",
    live: true,
    text: (row) => (row.busy > row.cpus ? busyText(row) : `${count(Math.max(0, row.busy))} of ${count(row.cpus)}`),
  },
  { label: "Running jobs", live: true, text: (row) => count(row.running) },
  { field: "jobs_done", text: (row) => count(row.jobs_done) },
  { label: "Seconds per job", text: (row) => seconds(row.jobs_done > 0 ? row.cpu_time / row.jobs_done : null) },
  {
    label: "Median run time",
    text: (row) => seconds(row.compared?.median_sec),
    title: () => "Half of the jobs that finished here ran no longer",
  },
  {
    label: "Beside the others",
    text: timesOthersText,
    title: () => "Its median over that of the other nodes, for the same functions",
    alert: (row) => Boolean(row.compared?.slow),
  },
  { label: "Rank by time", text: (row, _now, _clusters, rows) => rankText(row, rows) },
  { label: "Failed", text: failedText, alert: (row) => Boolean(row.compared?.failing) },
  {
    field: "lost_sec",
    text: (row) => seconds(row.compared?.lost_sec),
    title: () => "By failed and abandoned jobs",
  },
  {
    field: "idle_sec",
    text: (row) => seconds(row.cost?.idle_sec),
    title: (row) => `Up to its last change; jobs used ${seconds(row.cost?.used_sec)}`,
  },
  { field: "money", text: (row) => (typeof row.cost?.money === "number" ? money(row.cost.money) : "") },
  { field: "cpu_time", text: (row) => seconds(row.cpu_time), title: (row) => `${rate(row.cpu_time)} s` },
  { field: "cpu", load: true, text: (row) => percentOf100(row.avail_info?.cpu) },
  { label: "Available memory", load: true, text: (row) => bytes(row.avail_info?.memory) },
  { label: "Available swap", load: true, text: (row) => percentOf100(row.avail_info?.swap) },
  { label: "Available disk", load: true, text: (row) => bytes(row.avail_info?.disk) },
  { field: "tx", text: (row) => bytes(row.tx) },
  { field: "rx", text: (row) => bytes(row.rx) },
  { field: "update_time", text: (row, now) => relative(row.update_time, now), title: (row) => exact(row.update_time) },
  {
    label: "Clock",
    text: (row) => clockOffset(row.clock_offset_sec),
    title: () =>
      "By this server's clock. All times here are the server's; the node's clock only says how long its jobs took.",
  },
  { field: "clusters", text: (_row, _now, clusters) => clusters, title: (_row, clusters) => clusters },
];

/**
 * @param {ServedField[]} fields that have a heading
 * @param {boolean} [past] nothing goes on there any more
 * @returns {Fact[]}
 */
function factsOf(fields, past = false) {
  const labels = new Map(fields.map(({ name, label }) => [name, label]));
  const shown = FACTS.filter(({ live }) => !past || !live);
  const ours = shown.map((fact) => ({ ...fact, label: "label" in fact ? fact.label : (labels.get(fact.field) ?? "") }));
  const custom = fields.filter((field) => field.custom);
  const theirs = custom.map((field) => ({
    label: field.label,
    text: (/** @type {NodeRow} */ row, /** @type {number} */ now) => fieldText(row, field, now),
  }));
  return [...ours, ...theirs];
}

/**
 * The facts about one node, and its CPUs, which can be changed in place.
 *
 * @param {HTMLElement} element a `dl`
 * @param {{shell: Shell}} options
 * @returns {{update: (row: NodeRow) => void, tick: () => void}}
 */
export function createNodeFacts(element, { shell }) {
  const { store, config } = shell;
  const cpus = h("dd", {});
  const edit = config.permissions.manage_nodes
    ? createCpusEdit(cpus, (row, value) => void setCpus(shell, [row.ip_addr], value))
    : (/** @type {NodeRow} */ row) => setText(cpus, `${count(row.cpus)} of ${count(row.avail_cpus)}`);
  const known = factsOf(config.node_fields, config.past);
  const values = known.map(() => h("dd", {}));
  const boxes = known.map((fact, i) => h("div", { class: "fact" }, h("dt", { text: fact.label }), values[i]));
  element.append(h("div", { class: "fact" }, h("dt", { text: "CPUs" }), cpus), ...boxes);
  /** @type {NodeRow|null} */
  let shown = null;
  let clusters = "";

  function tick() {
    if (!shown) return;
    const end = config.past ? shell.summary()?.now : null; // the facts of a past run are as of its end
    const now = end ?? store.now();
    for (const [i, fact] of known.entries()) {
      let text = fact.text(shown, now, clusters, store.nodes.values());
      // All figures of a past run are old.
      if (fact.load && !config.past) {
        const old = isLoadOld(shown, now);
        if (old) text += `, ${relative(loadAt(shown), now)}`;
        values[i].classList.toggle("is-old", old);
      }
      setText(values[i], text);
      boxes[i].hidden = text === "";
      values[i].classList.toggle("is-alert", fact.alert?.(shown) ?? false);
      if (fact.title) setAttr(values[i], "title", fact.title(shown, clusters));
    }
  }

  return {
    update(row) {
      // A row of the combined feed names its clusters; keep them if a row without them arrives.
      shown = row;
      if (row.clusters) clusters = row.clusters.map(plain).join(", ");
      edit(row);
      tick();
    },
    tick,
  };
}
