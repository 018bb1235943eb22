/**
 * A map of all nodes: a cell a node, shaded by load, marked by state.
 *
 * One canvas, because 10,000 elements would cost more memory and layout than the rest of the page. One real
 * link lies over the cell that is pointed at or focused: it carries the focus, the name and the way to the
 * node's page. The nodes table beside it holds the same facts in text.
 */

import { h, oncePerFrame, setAttr, setStyle, setText, soon } from "../lib/dom.js";
import { count, counted, percent, plain, relative } from "../lib/format.js";
import { cellAt, cellRect, faceOf, gridFor, loadOf, moveCell, summaryOf } from "./nodemap-layout.js";
import { addressKey, compareValues } from "../lib/sort.js";
import { pageHref } from "../lib/url.js";
import { fitCanvas } from "./canvas.js";
import { NODE_TOKENS, paintCell, paintCells } from "./nodemap-paint.js";
import { createTip } from "./tip.js";
import { readTokens, watchTheme } from "./tokens.js";

/** @import {NodeRow} from "../data/types.js" */
/** @import {Grid} from "./nodemap-layout.js" */
/** @import {Tip} from "./tip.js" */
/** @typedef {{onOpen?: (ip: string) => void, cluster?: string, height?: number, now?: () => number}} NodeMapOptions `height`: what the map fills before it grows, in pixels */

/** The height that a map keeps from the start, so that nothing below it moves when nodes arrive. */
const HEIGHT = 144;

/**
 * @param {HTMLElement} element
 * @param {NodeMapOptions} [options]
 */
export function createNodeMap(element, { onOpen, cluster = "*", height = HEIGHT, now = () => Date.now() / 1000 } = {}) {
  const parts = build(height);
  element.append(parts.root);
  const tip = createTip(parts.frame);
  /** @type {NodeRow[]} in the order of their cells */
  let nodes = [];
  /** @type {NodeRow[]|null} other nodes than before, which get their cells when they are first painted */
  let unplaced = null;
  /** @type {string[]} addresses in the order in which the rows came */
  let arrival = [];
  /** @type {Uint32Array} the cell of each row that came */
  let places = new Uint32Array(0);
  /** @type {NodeRow[]} what each cell shows now */
  let painted = [];
  /** @type {Grid} */
  let grid = gridFor(0, 1, height);
  let width = 0;
  let active = -1;
  /** @type {"asc"|"desc"} */
  let direction = "desc";
  /** @type {ReturnType<typeof readTokens<typeof NODE_TOKENS[number]>>|null} read where style is clean, for reading cleans it */
  let colors = null;

  /** Takes its place at once, so that nothing moves later; cells are first painted a moment later. */
  const arrange = () => {
    if (width <= 0) return;
    grid = gridFor((unplaced ?? nodes).length, width, height);
    fitCanvas(parts.canvas, width, Math.max(1, grid.height));
    if (painted.length > 0) paintAll();
    else if (grid.count > 0) paintLater();
  };

  const placeAll = () => {
    if (!unplaced) return;
    arrival = unplaced.map((row) => row.ip_addr);
    places = placesOf(arrival, direction);
    nodes = new Array(unplaced.length);
    unplaced.forEach((row, index) => {
      nodes[places[index]] = row;
    });
    unplaced = null;
  };

  /** Paints every cell anew: other nodes, another size, another theme. */
  const paintAll = () => {
    placeAll();
    if (width <= 0 || grid.count !== nodes.length) return; // they have no place yet
    colors ??= readTokens(element, NODE_TOKENS);
    painted = [...nodes];
    const context = fitCanvas(parts.canvas, width, Math.max(1, grid.height));
    context.clearRect(0, 0, width, grid.height);
    paintCells(context, grid, nodes, colors);
    activate(Math.min(active, nodes.length - 1), !parts.link.hidden && parts.link.matches(":hover, :focus"));
  };

  /** Paints the cells whose look changed. @param {number[]} changed  their indexes */
  const paintChanged = (changed) => {
    if (!colors || painted.length !== nodes.length || grid.count !== nodes.length) return; // all will be painted
    const context = fitCanvas(parts.canvas, width, Math.max(1, grid.height));
    for (const index of changed) {
      const face = faceOf(nodes[index]);
      const same = face.key === faceOf(painted[index]).key;
      painted[index] = nodes[index];
      if (!same) paintCell(context, cellRect(grid, index), nodes[index], face, colors);
    }
    if (changed.includes(active)) describe();
  };

  /** @param {number} index @param {boolean} shown */
  const activate = (index, shown) => {
    active = index;
    const node = nodes[Math.max(0, index)];
    parts.link.hidden = !node;
    if (!node) return tip.hide();
    const rect = cellRect(grid, Math.max(0, index));
    placeLink(parts.link, rect);
    setAttr(parts.link, "href", pageHref("node.html", { host: node.ip_addr, cluster }));
    setText(parts.name, spoken(node));
    if (shown && index >= 0) showTip(tip, { ...rect, y: rect.y - parts.field.scrollTop }, node, now());
    else tip.hide();
  };
  const describe = () => activate(active, parts.link.matches(":hover, :focus-visible"));

  const stop = listen(
    parts,
    () => grid,
    () => active,
    activate,
    () => {
      const node = nodes[active];
      if (!node || !onOpen) return false;
      onOpen(node.ip_addr);
      return true;
    },
  );
  const repaint = oncePerFrame(paintAll);
  const paintLater = soon(paintAll);
  const unwatch = watchTheme(() => {
    colors = null;
    repaint();
  });
  let arranged = false;
  const sizes = new ResizeObserver(([entry]) => {
    const next = Math.floor(entry.contentRect.width);
    if (next === width && arranged) return;
    width = next;
    arranged = true;
    arrange();
  });
  sizes.observe(parts.field);

  /** Once the layout is known: to ask for the width before would make the browser lay all out twice. */
  const arrangeSoon = () => {
    arranged = false;
    sizes.unobserve(parts.field);
    sizes.observe(parts.field);
  };

  return {
    /** @param {Iterable<NodeRow>} rows  all nodes; their order does not matter */
    update(rows) {
      const list = Array.isArray(rows) ? rows : [...rows];
      const same =
        !unplaced && list.length === arrival.length && list.every((row, index) => row.ip_addr === arrival[index]);
      if (!same) {
        unplaced = list;
        showSummary(parts, list);
        arrangeSoon();
        return;
      }
      /** @type {number[]} */
      const changed = [];
      list.forEach((row, index) => {
        if (nodes[places[index]] === row) return;
        nodes[places[index]] = row;
        changed.push(places[index]);
      });
      if (changed.length > 0 || list.length === 0) showSummary(parts, nodes);
      paintChanged(changed);
    },
    /** @param {"asc"|"desc"} next  whether the first address stands first, or the last, as in the table beside it */
    setDirection(next) {
      if (next === direction) return;
      direction = next;
      if (nodes.length === 0 || unplaced) return;
      unplaced = arrival.map((_address, index) => nodes[places[index]]);
      repaint();
    },
    destroy() {
      sizes.disconnect();
      unwatch();
      stop();
      tip.destroy();
      parts.root.remove();
    },
  };
}

/** @param {number} height */
function build(height) {
  const canvas = h("canvas", { class: "nodemap-canvas", "aria-hidden": "true" });
  const name = h("span", { class: "sr" });
  const link = h("a", { class: "nodemap-link", hidden: true }, name);
  const empty = h("p", { class: "chart-empty" }, "No node");
  const field = h("div", { class: "nodemap-field" }, canvas, link, empty);
  setStyle(field, "min-height", `${height}px`);
  const frame = h("div", { class: "nodemap-frame" }, field);
  const summary = h("p", { class: "nodemap-summary" });
  const help = h("p", { class: "sr" }, "Arrow keys go from node to node, Enter opens one.");
  const root = h("div", { class: "nodemap", role: "group", "aria-label": "Node map" }, help, frame, summary);
  return { root, frame, field, canvas, link, name, summary, empty };
}

/** @typedef {ReturnType<typeof build>} Parts */

/**
 * The cell of each address: by address, so that a node keeps its place whatever its load.
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

/** @param {NodeRow} node */
function spoken(node) {
  const name = node.name && node.name !== node.ip_addr ? `${plain(node.name)}, ` : "";
  return `${name}${node.ip_addr}: ${node.state}, ${node.busy} of ${counted(node.cpus, "CPU")} busy`;
}

/**
 * @param {Tip} tip
 * @param {{x: number, y: number, width: number, height: number}} rect
 * @param {NodeRow} node
 * @param {number} now
 */
function showTip(tip, rect, node, now) {
  tip.show(rect.x + rect.width / 2, rect.y + rect.height, plain(node.name || node.ip_addr), [
    { state: node.state, label: node.state, value: node.ip_addr },
    { label: "CPUs busy", value: `${count(node.busy)} of ${count(node.cpus)} (${percent(loadOf(node))})` },
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
  const counts = summaryOf(nodes);
  const said = [
    counts.up && `${count(counts.up)} up`,
    counts.silent && `${count(counts.silent)} silent`,
    counts.lost && `${count(counts.lost)} lost`,
    counts.closed && `${count(counts.closed)} closed`,
  ];
  setText(parts.summary, said.filter(Boolean).join(" · "));
}

/**
 * @param {Parts} parts
 * @param {() => Grid} grid
 * @param {() => number} active
 * @param {(index: number, shown: boolean) => void} activate
 * @param {() => boolean} open  whether the owner opened the active node itself
 * @returns {() => void} stops listening
 */
function listen({ field, link }, grid, active, activate, open) {
  const ends = new AbortController();
  const { signal } = ends;
  field.addEventListener(
    "pointermove",
    (event) => {
      const box = field.getBoundingClientRect();
      const index = cellAt(grid(), event.clientX - box.left, event.clientY - box.top + field.scrollTop);
      if (index >= 0) activate(index, true);
    },
    { signal },
  );
  field.addEventListener("pointerleave", () => activate(active(), document.activeElement === link), { signal });
  link.addEventListener("focus", () => activate(Math.max(0, active()), true), { signal });
  link.addEventListener("blur", () => activate(active(), false), { signal });
  link.addEventListener(
    "click",
    (event) => {
      const plainClick = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey;
      if (plainClick && open()) event.preventDefault();
    },
    { signal },
  );
  link.addEventListener(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const target = moveCell(grid(), Math.max(0, active()), event.key);
      if (target === null) return;
      event.preventDefault();
      activate(target, true);
      link.scrollIntoView({ block: "nearest" });
    },
    { signal },
  );
  return () => ends.abort();
}
