/** @import {Shell} from "../frame/parts.js" */
/** @import {NodeRow} from "../data/types.js" */
import { busyText } from "../data/busytext.js";
import { h, icon, need, setText } from "../lib/dom.js";
import { count, plain, stateMark } from "../lib/format.js";
import { nodeFilter } from "../data/nodefilter.js";
import { lastFirst } from "../lib/sort.js";
import { createNoNode } from "./nonode.js";

/** Suggestions and cards beyond this are found faster by typing another letter. */
const SUGGESTED = 40;
const CARDS = 48;

/**
 * Chooses the node to show: a field that suggests addresses and names and, while none is chosen, the busiest
 * nodes to pick from.
 *
 * @param {HTMLElement} element
 * @param {{shell: Shell, current: string}} options
 */
export function createNodeChooser(element, { shell, current }) {
  const { store, href, keys } = shell;
  const list = h("datalist", { id: "node-suggestions" });
  const input = h("input", {
    class: "input",
    type: "search",
    list: "node-suggestions",
    placeholder: "IP address or name",
    "aria-label": "Node: IP address or name",
    autocomplete: "off",
    spellcheck: "false",
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
  store.subscribe((event) => {
    if (event.kind !== "data") return;
    const rows = [...store.nodes.values()]
      .sort((a, b) => b.busy - a.busy || lastFirst(a, b))
      .slice(0, CARDS)
      .sort(lastFirst);
    const total = store.nodes.size;
    setText(note, total > rows.length ? `The ${rows.length} busiest of ${count(total)}` : "");
    const key = rows.map((row) => row.ip_addr + row.state).join();
    if (shown !== key) {
      if (cards.contains(document.activeElement)) return;
      shown = key;
      cards.replaceChildren(...(total === 0 ? [none] : rows.map((row) => card(row, href))));
    }
    rows.forEach((row, i) => setText(/** @type {Element} */ (cards.children[i].lastElementChild), busyText(row)));
  });
}

/** @param {NodeRow} row @param {Shell["href"]} href */
function card(row, href) {
  return h(
    "a",
    { class: "node-card", href: href("node.html", { host: row.ip_addr }) },
    h("span", { class: stateMark(row.state), "aria-hidden": "true" }),
    h("span", { class: "node-card-ip", text: row.ip_addr }),
    h("span", { class: "sr", text: row.state }),
    h("span", { class: "muted node-card-name", text: plain(row.name) }),
    h("span", { class: "muted node-card-busy" }),
  );
}
