/** @import {Shell} from "../frame/parts.js" */
/** @import {NodeRow} from "../data/types.js" */
import { h, icon, need, searchInput, setText, stateIcon } from "../lib/dom.js";
import { count, plain } from "../lib/format.js";
import { nodeFilter } from "../data/nodefilter.js";
import { busyText, verdictOf, verdictText } from "../data/standing.js";
import { addressKey, compareValues, lastFirst } from "../lib/sort.js";
import { createNoNode } from "./nonode.js";

/** Suggestions and cards beyond this are found faster by typing another letter. */
const SUGGESTED = 40;
const CARDS = 48;
/** @type {import("../data/types.js").NodeState[]} */
const AMISS = ["lost", "silent"];

/**
 * Chooses the node to show: a field that suggests addresses and names and, while none is chosen, nodes to pick
 * from: those that need attention, and the busiest.
 *
 * @param {HTMLElement} element
 * @param {{shell: Shell, current: string}} options
 */
export function createNodeChooser(element, { shell, current }) {
  const { store, href, keys } = shell;
  const list = h("datalist", { id: "node-suggestions" });
  const input = searchInput("Node: IP address or name", {
    list: list.id,
    placeholder: "IP address or name",
    oninput: suggest,
    onfocus: suggest,
  });
  element.append(
    h(
      "form",
      { onsubmit: submit },
      h("label", { class: "search" }, icon("search"), input, h("kbd", { "aria-hidden": "true", text: "/" })),
      list,
    ),
  );
  keys.bind("/", "Choose a node", () => input.focus());

  /** @param {string} text */
  function matches(text) {
    const passes = nodeFilter(text) ?? (() => true);
    /** @type {NodeRow[]} */
    const found = [];
    for (const row of store.nodes.values()) {
      if (passes(row)) found.push(row);
      if (found.length >= SUGGESTED) break;
    }
    return found.sort(lastFirst);
  }

  function suggest() {
    const found = matches(input.value);
    list.replaceChildren(...found.map((row) => h("option", { value: row.ip_addr, text: plain(row.name) })));
    if (store.nodes.has(input.value) && input.value !== current) go(input.value);
  }

  /** @param {Event} event */
  function submit(event) {
    event.preventDefault();
    const text = input.value.trim();
    if (!text) return;
    const found = matches(text);
    const exactly = found.find((row) => row.ip_addr === text || row.name === text);
    go(exactly?.ip_addr ?? (found.length === 1 ? found[0].ip_addr : text));
  }

  /** @param {string} host */
  function go(host) {
    location.assign(href("node.html", { host }));
  }

  if (!current) showCards(shell);
}

/** @param {Shell} shell */
function showCards(shell) {
  const { store, href } = shell;
  const cards = need("cards");
  const none = createNoNode(shell);
  const note = need("cards-note");
  let shown = /** @type {string|null} */ (null);
  store.onData(() => {
    const rows = foremost(store.nodes.values());
    const total = store.nodes.size;
    const first = trouble(rows[0]) ? "those that need attention first" : "the busiest";
    setText(note, total > rows.length ? `${count(rows.length)} of ${count(total)}, ${first}` : "");
    const key = rows.map((row) => row.ip_addr + row.state).join();
    if (shown !== key) {
      if (cards.contains(document.activeElement)) return;
      shown = key;
      cards.replaceChildren(...(total === 0 ? [none] : rows.map((row) => card(row, href))));
    }
    rows.forEach((row, i) => showStanding(/** @type {HTMLElement} */ (cards.children[i].lastElementChild), row));
  });
}

/** The nodes that are shown: those that need attention, then the busiest, each by address. @param {Iterable<NodeRow>} nodes */
export function foremost(nodes) {
  return [...nodes]
    .map((row) => ({ row, amiss: trouble(row), address: addressKey(row.ip_addr) })) // once, not in each comparison
    .sort((a, b) => b.amiss - a.amiss || b.row.busy - a.row.busy || compareValues(b.address, a.address))
    .slice(0, CARDS)
    .sort((a, b) => b.amiss - a.amiss || compareValues(b.address, a.address))
    .map(({ row }) => row);
}

/** Whether a node needs attention; one that was closed does not. @param {NodeRow|undefined} row */
const trouble = (row) => Number(row !== undefined && (AMISS.includes(row.state) || verdictOf(row) !== null));

/** How a node compares with the others if it is slow or failing, that it is not there, or how busy it is. @param {HTMLElement} element @param {NodeRow} row */
function showStanding(element, row) {
  const verdict = verdictText(row);
  setText(element, verdict ?? (row.state === "up" ? busyText(row) : row.state));
  element.classList.toggle("is-alert", verdict !== null);
}

/** @param {NodeRow} row @param {Shell["href"]} href */
function card(row, href) {
  return h(
    "a",
    { class: "node-card", href: href("node.html", { host: row.ip_addr }) },
    stateIcon(row.state),
    h("span", { class: "node-card-ip", text: row.ip_addr }),
    h("span", { class: "sr", text: row.state }),
    h("span", { class: "muted node-card-name", text: plain(row.name) }),
    h("span", { class: "muted node-card-busy" }),
  );
}
