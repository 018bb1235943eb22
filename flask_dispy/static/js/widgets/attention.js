/** @import {NodeRow, Summary} from "../data/types.js" */
/** @import {Shell} from "../frame/parts.js" */
import { attentionCounts } from "../data/attention.js";
import { timesText } from "../data/standing.js";
import { h, icon, onPlainClick, setText, show } from "../lib/dom.js";
import { count, counted, percent, plain } from "../lib/format.js";

/** Letters of a node's name in a chip. */
const NAME = 24;

/**
 * @typedef {object} Kind of what needs attention
 * @property {string} icon
 * @property {string} [jobs] the search for them, if they are jobs
 * @property {string} [nodes] the filter for them, if they are nodes
 * @property {string} [title]
 * @property {(n: number, summary: Summary, nodes: () => Iterable<NodeRow>) => string} text
 */

/** @type {Record<keyof ReturnType<typeof attentionCounts>, Kind>} */
const KINDS = {
  trouble: { icon: "warning", text: (_n, { trouble }) => trouble ?? "" },
  lost: { icon: "node", nodes: "state:lost", text: (n) => `${counted(n, "node")} lost` },
  silent: { icon: "clock", nodes: "state:silent", text: (n) => `${counted(n, "node")} silent` },
  offers: {
    icon: "plus",
    title: "Asked to join over 30 s ago. Manage lists them, with the likely reasons.",
    text: (n) => `${counted(n, "node")} not joined`,
  },
  clocks: {
    icon: "clock",
    nodes: "clock:off",
    title: "Times that their jobs write are wrong. The times here are this server's.",
    text: (n) => (n === 1 ? "1 node's clock is off" : `${count(n)} nodes' clocks are off`),
  },
  slow: {
    icon: "straggler",
    nodes: "is:slow",
    title: "Jobs take longer there than on other nodes, beyond chance.",
    text: (n, _summary, nodes) => {
      const row = n === 1 ? find(nodes(), ({ compared }) => compared?.slow) : null;
      return row ? `${nameOf(row)} slow: ${timesText(row.compared?.times_others)} others` : counted(n, "slow node");
    },
  },
  failing: {
    icon: "warning",
    nodes: "is:failing",
    title: "Jobs fail there more often than on other nodes, beyond chance.",
    text: (n, _summary, nodes) => {
      const row = n === 1 ? find(nodes(), ({ compared }) => compared?.failing) : null;
      return row ? `${nameOf(row)} failing: ${percent(row.compared?.failed_share)}` : counted(n, "failing node");
    },
  },
  failed: { icon: "warning", jobs: "state:failed", text: (n) => `${counted(n, "job")} failed` },
  abandoned: { icon: "warning", jobs: "state:abandoned", text: (n) => `${counted(n, "job")} abandoned` },
  stragglers: { icon: "straggler", jobs: "is:straggler", text: (n) => counted(n, "straggler") },
  dropped: { icon: "warning", text: (n) => `${counted(n, "event")} dropped: counts may be low` },
};

/**
 * What needs attention, in few words; empty if nothing does.
 *
 * @param {HTMLElement} element keeps its height when empty, so that nothing else moves
 * @param {object} options
 * @param {Shell["href"]} options.href
 * @param {() => Iterable<NodeRow>} options.nodes  those that the page knows
 * @param {(query: string) => void} options.onNodes filters the nodes on this page
 * @returns {{update: (summary: Summary) => void}}
 */
export function createAttention(element, { href, nodes, onNodes }) {
  const chips = Object.entries(KINDS).map(([kind, { icon: picture, jobs, nodes: filter, title, text }]) => {
    const words = h("span", {});
    const link = h("a", { class: `chip chip-${kind}`, title: title ?? null, hidden: true }, icon(picture), words);
    if (kind === "offers") link.href = `${href("manage.html")}#offers`;
    if (jobs) link.href = href("jobs.html", { q: jobs });
    if (filter) {
      link.href = href("monitor.html", { q: filter });
      onPlainClick(link, () => onNodes(filter));
    }
    return { kind: /** @type {keyof typeof KINDS} */ (kind), link, words, text };
  });
  element.classList.add("attention");
  element.replaceChildren(...chips.map(({ link }) => link));
  return {
    update(summary) {
      const counts = attentionCounts(summary);
      for (const { kind, link, words, text } of chips) {
        show(link, counts[kind] > 0);
        if (counts[kind] > 0) setText(words, text(counts[kind], summary, nodes));
      }
    },
  };
}

/** @param {Iterable<NodeRow>} rows @param {(row: NodeRow) => unknown} fits */
function find(rows, fits) {
  for (const row of rows) if (fits(row)) return row;
  return null;
}

/** @param {NodeRow} row */
function nameOf({ name, ip_addr }) {
  const text = plain(name) || ip_addr;
  return text.length > NAME ? `${text.slice(0, NAME - 1)}…` : text;
}
