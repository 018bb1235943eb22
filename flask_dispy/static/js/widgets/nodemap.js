/**
 * A map of all nodes: a cell for each node, shaded by load, marked by state.
 *
 * One canvas, because 10,000 elements would cost more memory and layout than the rest of the page. One real
 * link lies over the cell that is pointed at or focused: it carries the focus, the name and the way to the
 * node's page. The nodes table beside it holds the same facts in text.
 */

import { h, oncePerFrame, setAttr, setStyle, setText, debounced } from "../lib/dom.js";
import { count, counted, percent, plain, relative } from "../lib/format.js";
import { cellAt, cellRect, lookOf, gridFor, moveCell, summaryOf } from "./nodemap-layout.js";
import { loadOf, SHADES } from "./nodemap-shades.js";
import { addressKey, compareValues } from "../lib/sort.js";
import { pageHref } from "../lib/url.js";
import { fitCanvas } from "./canvas.js";
import { NODE_TOKENS, paintCell, paintCells } from "./nodemap-paint.js";
import { createTip } from "./tip.js";
import { readTokens, watchTheme } from "./tokens.js";

/** @import {NodeRow} from "../data/types.js" */
/** @import {Grid} from "./nodemap-layout.js" */
/** @import {Shade} from "./nodemap-shades.js" */
/** @import {Tip} from "./tip.js" */
/** @typedef {{cluster: string, height: number, now: () => number, storage?: Pick<Storage, "getItem"|"setItem">|null}} NodeMapOptions `height`: pixels that the map keeps from the start, so that nothing below it moves when nodes arrive */

const STORED = "dispy.nodemap";
/** The name of each shade's figure in a tip. @type {Record<string, string>} */
const SHADED = { load: "CPU load", slow: "Beside the others", failing: "Failed" };

export class NodeMap {
  #element;
  #options;
  #parts;
  #tip;
  /** @type {NodeRow[]} in the order of their cells */
  #nodes = [];
  /** @type {NodeRow[]|null} other nodes than before, which get their cells when they are first painted */
  #unplaced = null;
  /** @type {string[]} addresses in the order in which the rows came */
  #arrival = [];
  /** @type {Uint32Array} the cell of each row that came */
  #places = new Uint32Array(0);
  /** @type {NodeRow[]} what each cell shows now */
  #painted = [];
  /** @type {Grid} */
  #grid;
  #width = 0;
  #active = -1;
  /** @type {"asc"|"desc"} */
  #direction = "desc";
  /** @type {ReturnType<typeof readTokens<typeof NODE_TOKENS[number]>>|null} read when styles are computed anyway, because reading computes them */
  #colors = null;
  #arranged = false;
  #shade = SHADES.busy;
  #repaint = oncePerFrame(() => this.#paintAll());
  #paintLater = debounced(() => this.#paintAll());
  #sizes = new ResizeObserver(([entry]) => {
    const next = Math.floor(entry.contentRect.width);
    if (next === this.#width && this.#arranged) return;
    this.#width = next;
    this.#arranged = true;
    this.#arrange();
  });

  /**
   * @param {HTMLElement} element
   * @param {NodeMapOptions} options
   */
  constructor(element, options) {
    this.#element = element;
    this.#options = options;
    this.#grid = gridFor(0, 1, options.height);
    this.#parts = build(options.height);
    this.#startShades();
    element.append(this.#parts.root);
    this.#tip = createTip(this.#parts.frame);
    this.#listen();
    watchTheme(() => {
      this.#colors = null;
      this.#repaint();
    });
    this.#sizes.observe(this.#parts.field);
  }

  /** @param {Iterable<NodeRow>} rows  all nodes; their order does not matter */
  update(rows) {
    const list = Array.isArray(rows) ? rows : [...rows];
    const same =
      !this.#unplaced &&
      list.length === this.#arrival.length &&
      list.every((row, index) => row.ip_addr === this.#arrival[index]);
    if (!same) {
      this.#unplaced = list;
      showSummary(this.#parts, list);
      this.#arrangeSoon();
      return;
    }
    /** @type {number[]} */
    const changed = [];
    list.forEach((row, index) => {
      if (this.#nodes[this.#places[index]] === row) return;
      this.#nodes[this.#places[index]] = row;
      changed.push(this.#places[index]);
    });
    if (changed.length > 0 || list.length === 0) showSummary(this.#parts, this.#nodes);
    this.#paintChanged(changed);
  }

  /** @param {"asc"|"desc"} next  whether the first address stands first, or the last, as in the table beside it */
  setDirection(next) {
    if (next === this.#direction) return;
    this.#direction = next;
    if (this.#nodes.length === 0 || this.#unplaced) return;
    this.#unplaced = this.#arrival.map((_address, index) => this.#nodes[this.#places[index]]);
    this.#repaint();
  }

  /** The chosen shade is remembered in this browser. */
  #startShades() {
    const { shades } = this.#parts;
    const kept = this.#options.storage?.getItem(STORED) ?? "";
    if (kept in SHADES) shades.value = kept;
    this.#shade = SHADES[/** @type {keyof typeof SHADES} */ (shades.value)];
    shades.addEventListener("change", () => {
      this.#shade = SHADES[/** @type {keyof typeof SHADES} */ (shades.value)];
      this.#options.storage?.setItem(STORED, shades.value);
      this.#paintAll();
    });
  }

  #listen() {
    const { field, link } = this.#parts;
    field.addEventListener("pointermove", (event) => {
      const box = field.getBoundingClientRect();
      const index = cellAt(this.#grid, event.clientX - box.left, event.clientY - box.top + field.scrollTop);
      if (index >= 0) this.#activate(index, true);
    });
    field.addEventListener("pointerleave", () => this.#activate(this.#active, document.activeElement === link));
    link.addEventListener("focus", () => this.#activate(Math.max(0, this.#active), true));
    link.addEventListener("blur", () => this.#activate(this.#active, false));
    link.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const target = moveCell(this.#grid, Math.max(0, this.#active), event.key);
      if (target === null) return;
      event.preventDefault();
      this.#activate(target, true);
      link.scrollIntoView({ block: "nearest" });
    });
  }

  /** Reserves its place at once, so that nothing moves later; cells are painted a moment later. */
  #arrange() {
    if (this.#width <= 0) return;
    this.#grid = gridFor((this.#unplaced ?? this.#nodes).length, this.#width, this.#options.height);
    fitCanvas(this.#parts.canvas, this.#width, Math.max(1, this.#grid.height));
    if (this.#painted.length > 0) this.#paintAll();
    else if (this.#grid.count > 0) this.#paintLater();
  }

  #placeAll() {
    if (!this.#unplaced) return;
    this.#arrival = this.#unplaced.map((row) => row.ip_addr);
    this.#places = placesOf(this.#arrival, this.#direction);
    this.#nodes = new Array(this.#unplaced.length);
    this.#unplaced.forEach((row, index) => {
      this.#nodes[this.#places[index]] = row;
    });
    this.#unplaced = null;
  }

  /** Paints the cells whose look changed. @param {number[]} changed  their indexes */
  #paintChanged(changed) {
    if (!this.#colors || this.#painted.length !== this.#nodes.length || this.#grid.count !== this.#nodes.length) return; // all will be painted
    const context = fitCanvas(this.#parts.canvas, this.#width, Math.max(1, this.#grid.height));
    for (const index of changed) {
      const face = lookOf(this.#nodes[index], this.#shade);
      const same = face.key === lookOf(this.#painted[index], this.#shade).key;
      this.#painted[index] = this.#nodes[index];
      if (!same) paintCell(context, cellRect(this.#grid, index), this.#nodes[index], face, this.#colors, this.#shade);
    }
    if (changed.includes(this.#active))
      this.#activate(this.#active, this.#parts.link.matches(":hover, :focus-visible"));
  }

  /** Paints every cell again: for other nodes, another size, another theme. */
  #paintAll() {
    this.#placeAll();
    if (this.#width <= 0 || this.#grid.count !== this.#nodes.length) return; // their cells have no place yet
    this.#colors ??= readTokens(this.#element, NODE_TOKENS);
    this.#painted = [...this.#nodes];
    const { canvas, link } = this.#parts;
    const context = fitCanvas(canvas, this.#width, Math.max(1, this.#grid.height));
    context.clearRect(0, 0, this.#width, this.#grid.height);
    paintCells(context, this.#grid, this.#nodes, this.#colors, this.#shade);
    this.#activate(Math.min(this.#active, this.#nodes.length - 1), !link.hidden && link.matches(":hover, :focus"));
  }

  /** @param {number} index @param {boolean} shown  whether with a tip */
  #activate(index, shown) {
    this.#active = index;
    const { link, name, field } = this.#parts;
    const { cluster, now } = this.#options;
    const node = this.#nodes[Math.max(0, index)];
    link.hidden = !node;
    if (!node) return this.#tip.hide();
    const rect = cellRect(this.#grid, Math.max(0, index));
    placeLink(link, rect);
    setAttr(link, "href", pageHref("node.html", { host: node.ip_addr, cluster }));
    setText(name, spokenText(node, this.#shade));
    if (shown && index >= 0) showTip(this.#tip, { ...rect, y: rect.y - field.scrollTop }, node, now(), this.#shade);
    else this.#tip.hide();
  }

  /** After the layout: reading the width earlier would make the browser lay everything out twice. */
  #arrangeSoon() {
    this.#arranged = false;
    this.#sizes.unobserve(this.#parts.field);
    this.#sizes.observe(this.#parts.field);
  }
}

/** @param {number} height */
function build(height) {
  const canvas = h("canvas", { class: "nodemap-canvas", "aria-hidden": "true" });
  const name = h("span", { class: "sr" });
  const link = h("a", { class: "nodemap-link", hidden: true }, name);
  const field = h("div", { class: "nodemap-field" }, canvas, link, h("p", { class: "chart-empty" }, "No node"));
  setStyle(field, "min-height", `${height}px`);
  const frame = h("div", { class: "nodemap-frame" }, field);
  const summary = h("p", { class: "nodemap-summary" });
  const help = h("p", { class: "sr" }, "Arrow keys go from node to node, Enter opens one.");
  const options = Object.entries(SHADES).map(([value, { label }]) => h("option", { value, text: label }));
  const shades = h(
    "select",
    { class: "input small nodemap-shades", "aria-label": "Shade of the node map" },
    ...options,
  );
  const foot = h("div", { class: "nodemap-foot" }, summary, shades);
  const root = h("div", { class: "nodemap", role: "group", "aria-label": "Node map" }, help, frame, foot);
  return { root, frame, field, canvas, link, name, summary, shades };
}

/** @typedef {ReturnType<typeof build>} Parts */

/**
 * The cells are in the order of addresses, so that a node keeps its place whatever its load.
 *
 * @param {string[]} addresses
 * @param {"asc"|"desc"} direction
 */
function placesOf(addresses, direction) {
  const keys = addresses.map(addressKey);
  const sign = direction === "asc" ? 1 : -1;
  const order = keys.map((_key, index) => index).sort((a, b) => sign * compareValues(keys[a], keys[b]));
  const places = new Uint32Array(addresses.length);
  order.forEach((index, place) => {
    places[index] = place;
  });
  return places;
}

/**
 * @param {HTMLElement} link
 * @param {{x: number, y: number, width: number, height: number}} rect
 */
function placeLink(link, rect) {
  setStyle(link, "transform", `translate(${rect.x}px, ${rect.y}px)`);
  setStyle(link, "width", `${rect.width}px`);
  setStyle(link, "height", `${rect.height}px`);
}

/** @param {NodeRow} node @param {Shade} shade */
function spokenText(node, shade) {
  const name = node.name && node.name !== node.ip_addr ? `${plain(node.name)}, ` : "";
  return `${name}${node.ip_addr}: ${node.state}, ${node.busy} of ${counted(node.cpus, "CPU")} busy${shade === SHADES.busy ? "" : `, ${shade.label} ${shade.figures(node)}`}`;
}

/**
 * @param {Tip} tip
 * @param {{x: number, y: number, width: number, height: number}} rect
 * @param {NodeRow} node
 * @param {number} now
 * @param {Shade} shade
 */
function showTip(tip, rect, node, now, shade) {
  tip.show(rect.x + rect.width / 2, rect.y + rect.height, plain(node.name || node.ip_addr), [
    { state: node.state, label: node.state, value: node.ip_addr },
    { label: "CPUs busy", value: `${count(node.busy)} of ${count(node.cpus)} (${percent(loadOf(node))})` },
    ...(shade === SHADES.busy ? [] : [{ label: SHADED[shade.label], value: shade.figures(node) }]),
    { label: "Jobs done", value: count(node.jobs_done) },
    { label: "Last sign of life", value: relative(node.update_time, now) },
  ]);
}

/**
 * @param {Parts} parts
 * @param {NodeRow[]} nodes
 */
function showSummary(parts, nodes) {
  parts.field.classList.toggle("is-empty", nodes.length === 0);
  const counts = Object.entries(summaryOf(nodes)).filter(([, number]) => number > 0);
  setText(parts.summary, counts.map(([state, number]) => `${count(number)} ${state}`).join(" · "));
}
