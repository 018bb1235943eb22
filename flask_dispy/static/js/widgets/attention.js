/** @import {NodeRow, Summary} from "../data/types.js" */
import { attentionCounts } from "../data/attention.js";
import { timesText } from "../data/standing.js";
import { h, icon, setText, show } from "../lib/dom.js";
import { count, counted, percent, plain } from "../lib/format.js";

/** Letters of a node's name in a chip. */
const NAME = 24;

/** @param {string} text @param {number} most */
const cut = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

/**
 * What needs attention, in few words; empty if nothing does.
 *
 * @param {HTMLElement} element keeps its height when empty, so that nothing else moves
 * @param {object} options
 * @param {(query: string) => string} options.jobsHref
 * @param {(query: string) => string} options.nodesHref
 * @param {string} options.offersHref
 * @param {() => Iterable<NodeRow>} options.nodes  those that the page knows
 * @param {(query: string) => void} [options.onNodes] filters the nodes on this page
 * @returns {{update: (summary: Summary) => void}}
 */
export function createAttention(element, { jobsHref, nodesHref, offersHref, nodes, onNodes }) {
  const trouble = chip("trouble", "warning");
  const failed = chip("failed", "warning");
  const abandoned = chip("abandoned", "warning");
  const lost = chip("lost", "node");
  const offers = chip("offers", "plus");
  const silent = chip("silent", "clock");
  const clocks = chip("clocks", "clock");
  const slow = chip("slow", "straggler");
  const failing = chip("failing", "warning");
  const stragglers = chip("stragglers", "straggler");
  const dropped = chip("dropped", "warning");
  abandoned.element.href = jobsHref("state:abandoned");
  failed.element.href = jobsHref("state:failed");
  stragglers.element.href = jobsHref("is:straggler");
  clocks.element.href = nodesHref("clock:off");
  clocks.element.title = "Times that their jobs write are wrong. The times here are this server's.";
  lost.element.href = nodesHref("state:lost");
  offers.element.href = offersHref;
  offers.element.title = "Asked to join over 30 s ago. Manage lists them, with the likely reasons.";
  slow.element.href = nodesHref("is:slow");
  slow.element.title = "Jobs take longer there than on other nodes, beyond chance.";
  failing.element.href = nodesHref("is:failing");
  failing.element.title = "Jobs fail there more often than on other nodes, beyond chance.";
  silent.element.href = nodesHref("state:silent");
  if (onNodes) {
    filtersHere(lost.element, () => onNodes("state:lost"));
    filtersHere(slow.element, () => onNodes("is:slow"));
    filtersHere(failing.element, () => onNodes("is:failing"));
    filtersHere(silent.element, () => onNodes("state:silent"));
    filtersHere(clocks.element, () => onNodes("clock:off"));
  }
  element.classList.add("attention");
  element.replaceChildren(
    trouble.element,
    lost.element,
    silent.element,
    offers.element,
    clocks.element,
    slow.element,
    failing.element,
    failed.element,
    abandoned.element,
    stragglers.element,
    dropped.element,
  );

  return {
    update(summary) {
      const counts = attentionCounts(summary);
      trouble.set(counts.trouble, () => summary.trouble ?? "");
      failed.set(counts.failed, (n) => `${counted(n, "job")} failed`);
      abandoned.set(counts.abandoned, (n) => `${counted(n, "job")} abandoned`);
      lost.set(counts.lost, (n) => `${counted(n, "node")} lost`);
      offers.set(counts.offers, (n) => `${counted(n, "node")} not joined`);
      silent.set(counts.silent, (n) => `${counted(n, "node")} silent`);
      clocks.set(counts.clocks, (n) => (n === 1 ? "1 node's clock is off" : `${count(n)} nodes' clocks are off`));
      slow.set(counts.slow, (n) => {
        const row = n === 1 ? find(nodes(), ({ compared }) => compared?.slow) : null;
        return row ? `${nameOf(row)} slow: ${timesText(row.compared?.times_others)} others` : counted(n, "slow node");
      });
      failing.set(counts.failing, (n) => {
        const row = n === 1 ? find(nodes(), ({ compared }) => compared?.failing) : null;
        return row ? `${nameOf(row)} failing: ${percent(row.compared?.failed_share)}` : counted(n, "failing node");
      });
      stragglers.set(counts.stragglers, (n) => counted(n, "straggler"));
      dropped.set(counts.dropped, (n) => `${counted(n, "event")} dropped: counts may be low`);
    },
  };
}

/** @param {Iterable<NodeRow>} rows @param {(row: NodeRow) => unknown} fits */
function find(rows, fits) {
  for (const row of rows) if (fits(row)) return row;
  return null;
}

/** @param {NodeRow} row */
const nameOf = ({ name, ip_addr }) => cut(plain(name) || ip_addr, NAME);

/** @param {HTMLElement} link @param {() => void} filter */
function filtersHere(link, filter) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    filter();
  });
}

/** @param {string} kind @param {string} picture */
function chip(kind, picture) {
  const text = h("span", {});
  const element = h("a", { class: `chip chip-${kind}`, hidden: true }, icon(picture), text);
  return {
    element,
    /** @param {number} n @param {(n: number) => string} words */
    set(n, words) {
      show(element, n > 0);
      if (n > 0) setText(text, words(n));
    },
  };
}
