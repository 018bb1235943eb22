/** @import {Shell} from "../frame/parts.js" */
/** @import {NodeRow} from "../data/types.js" */
import { busyText } from "../data/busytext.js";
import { createCpusEdit } from "./cpusedit.js";
import { h, setAttr, setText } from "../lib/dom.js";
import { bytes, clockOffset, count, exact, percent, plain, rate, relative, seconds } from "../lib/format.js";
import { isLoadOld, loadAt } from "../data/nodeload.js";
import { setCpus } from "./nodecommands.js";

/**
 * @typedef {object} Fact
 * @property {string} label
 * @property {(row: NodeRow, now: number, clusters: string) => string} text
 * @property {(row: NodeRow, clusters: string) => string} [title]
 * @property {boolean} [load] of its load, which may be old
 * @property {boolean} [live] says nothing of a run that is over
 */

/** @param {number|null|undefined} value percent, 0 to 100 */
const available = (value) => percent(value === null || value === undefined ? null : value / 100);

/** @type {Fact[]} */
const FACTS = [
  {
    label: "Busy",
    live: true,
    text: (row) => (row.busy > row.cpus ? busyText(row) : `${count(Math.max(0, row.busy))} of ${count(row.cpus)}`),
  },
  { label: "Running jobs", live: true, text: (row) => count(row.running) },
  { label: "Jobs done", text: (row) => count(row.jobs_done) },
  { label: "Seconds per job", text: (row) => seconds(row.jobs_done > 0 ? row.cpu_time / row.jobs_done : null) },
  { label: "CPU time", text: (row) => seconds(row.cpu_time), title: (row) => `${rate(row.cpu_time)} s` },
  { label: "Available CPU", load: true, text: (row) => available(row.avail_info?.cpu) },
  { label: "Available memory", load: true, text: (row) => bytes(row.avail_info?.memory) },
  { label: "Available swap", load: true, text: (row) => available(row.avail_info?.swap) },
  { label: "Available disk", load: true, text: (row) => bytes(row.avail_info?.disk) },
  { label: "Sent", text: (row) => bytes(row.tx) },
  { label: "Received", text: (row) => bytes(row.rx) },
  { label: "Last update", text: (row, now) => relative(row.update_time, now), title: (row) => exact(row.update_time) },
  {
    label: "Clock",
    text: (row) => clockOffset(row.clock_offset_sec),
    title: () =>
      "By this server's clock. All times here are the server's; the node's clock only says how long its jobs took.",
  },
  { label: "Clusters", text: (_row, _now, clusters) => clusters, title: (_row, clusters) => clusters },
];

/** @param {string} text @param {NodeRow} row @param {number} now */
function withAge(text, row, now) {
  return isLoadOld(row, now) ? `${text}, ${relative(loadAt(row), now)}` : text;
}

/**
 * What is known of one node, and its CPUs to be changed in place.
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
  const known = config.past ? FACTS.filter(({ live }) => !live) : FACTS;
  const values = known.map(() => h("dd", {}));
  const boxes = known.map((fact, i) => h("div", { class: "fact" }, h("dt", { text: fact.label }), values[i]));
  element.append(h("div", { class: "fact" }, h("dt", { text: "CPUs" }), cpus), ...boxes);
  /** @type {NodeRow|null} */
  let shown = null;
  let clusters = "";

  function tick() {
    if (!shown) return;
    for (const [i, fact] of known.entries()) {
      const now = store.now();
      let text = fact.text(shown, now, clusters);
      // Of a past run all is old.
      if (fact.load && !config.past) {
        text = withAge(text, shown, now);
        values[i].classList.toggle("is-old", isLoadOld(shown, now));
      }
      setText(values[i], text);
      boxes[i].hidden = text === "";
      if (fact.title) setAttr(values[i], "title", fact.title(shown, clusters));
    }
  }

  return {
    update(row) {
      // A row of the combined feed names its clusters; keep them when one without them comes.
      shown = row;
      if (row.clusters) clusters = row.clusters.map(plain).join(", ");
      edit(row);
      tick();
    },
    tick,
  };
}
