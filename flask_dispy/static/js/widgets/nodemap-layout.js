/**
 * The arithmetic of the node map: how large its cells are, where each is and what it shows. No access to the
 * DOM.
 */

/** @import {Shade, ShadedNode} from "./nodemap-shades.js" */
import { SHADES } from "./nodemap-shades.js";

/** @typedef {ShadedNode & {ip_addr: string, name?: string|null, state: string, avail_cpus?: number}} Node */
/** @typedef {{count: number, columns: number, rows: number, pitchX: number, pitchY: number, gap: number, height: number}} Grid */
/** @typedef {{key: string, level: number, label: string, figures: string}} Face */

/** The widest and tallest cell, so that three nodes don't become three billboards. */
const LARGEST = { x: 112, y: 56 };
/** The shape of cells that are large enough for text; smaller ones are square. */
const TEXT_FROM = 40;
/** Below 4 px, a cell and its gap can't be distinguished on an ordinary screen. */
const SMALLEST = 4;
/** From 6 px on, shades can be compared well; to reach that, a map may become twice as high. */
const COMFORTABLE = 6;
/** Steps of shade; more can't be distinguished, and each step is a repaint when load wavers. */
export const LEVELS = 8;

/**
 * The largest cells with which `count` nodes fit into `width` x `height`. When only very small cells would
 * fit, the map grows downward: to twice the height for comfortable ones, and on as far as it must.
 * @param {number} count
 * @param {number} width
 * @param {number} height
 * @returns {Grid}
 */
export function gridFor(count, width, height) {
  const room = Math.max(SMALLEST, Math.floor(width));
  const wide = wideGrid(count, room, height);
  if (wide) return wide;
  const fitting = squarePitch(count, room, height);
  const pitch = fitting >= COMFORTABLE ? fitting : Math.min(COMFORTABLE, squarePitch(count, room, 2 * height));
  return finish(count, Math.max(1, Math.floor(room / pitch)), pitch, pitch);
}

/**
 * The side of the largest square cells that fit, gap included, though never less than the smallest.
 * @param {number} count
 * @param {number} width
 * @param {number} height
 */
function squarePitch(count, width, height) {
  let pitch = Math.max(SMALLEST, Math.floor(Math.sqrt((width * height) / Math.max(1, count))));
  while (pitch > SMALLEST && Math.ceil(count / Math.floor(width / pitch)) * pitch > height) pitch -= 1;
  return Math.min(pitch, TEXT_FROM, width);
}

/**
 * Cells with room for a name, up to twice as wide as high, if so many fit.
 * @param {number} count
 * @param {number} width
 * @param {number} height
 * @returns {Grid|null}
 */
function wideGrid(count, width, height) {
  for (let columns = Math.max(1, Math.floor(width / LARGEST.x)); ; columns += 1) {
    const pitchX = Math.min(LARGEST.x, Math.floor(width / columns));
    if (pitchX < 2 * TEXT_FROM) return null;
    const rows = Math.ceil(count / columns);
    if (rows * Math.floor(pitchX / 2) > height) continue;
    const pitchY = Math.min(LARGEST.y, Math.floor(height / Math.max(1, rows)));
    return finish(count, columns, pitchX, pitchY);
  }
}

/**
 * @param {number} count
 * @param {number} columns
 * @param {number} pitchX
 * @param {number} pitchY
 * @returns {Grid}
 */
function finish(count, columns, pitchX, pitchY) {
  const rows = Math.ceil(count / columns);
  const gap = pitchY >= 24 ? 4 : pitchY >= 10 ? 2 : 1;
  return { count, columns, rows, pitchX, pitchY, gap, height: rows * pitchY };
}

/**
 * The rectangle of a cell.
 * @param {Grid} grid
 * @param {number} index
 */
export function cellRect(grid, index) {
  return {
    x: (index % grid.columns) * grid.pitchX,
    y: Math.floor(index / grid.columns) * grid.pitchY,
    width: grid.pitchX - grid.gap,
    height: grid.pitchY - grid.gap,
  };
}

/**
 * The cell under a point, or -1. The gap after a cell counts as part of it, so that no point between is dead.
 * @param {Grid} grid
 * @param {number} x
 * @param {number} y
 */
export function cellAt(grid, x, y) {
  const column = Math.floor(x / grid.pitchX);
  const row = Math.floor(y / grid.pitchY);
  if (column < 0 || column >= grid.columns || row < 0) return -1;
  const index = row * grid.columns + column;
  return index < grid.count ? index : -1;
}

/**
 * The cell that a key leads to, or null if the key means nothing here.
 * @param {Grid} grid
 * @param {number} index
 * @param {string} key
 * @returns {number|null}
 */
export function moveCell(grid, index, key) {
  const page = grid.columns * 10;
  const moves = /** @type {Record<string, number>} */ ({
    ArrowLeft: index - 1,
    ArrowRight: index + 1,
    ArrowUp: index - grid.columns,
    ArrowDown: index + grid.columns,
    PageUp: Math.max(index % grid.columns, index - page),
    PageDown: index + page < grid.count ? index + page : grid.count - 1,
    Home: 0,
    End: grid.count - 1,
  });
  if (!(key in moves)) return null;
  const target = moves[key];
  return target >= 0 && target < grid.count ? target : index;
}

/**
 * The step of shade of a node.
 * @param {Node} node
 * @param {Shade} [shade]
 */
export function levelOf(node, shade = SHADES.busy) {
  return Math.max(0, Math.ceil((shade.share(node) ?? 0) * LEVELS - 1e-9));
}

/**
 * The look of a cell. Cells with equal keys look equal, so an unchanged key needs no repaint.
 * @param {Node} node
 * @param {Shade} [shade]
 * @returns {Face}
 */
export function lookOf(node, shade = SHADES.busy) {
  const level = levelOf(node, shade);
  const label = node.name || node.ip_addr;
  const figures = shade.figures(node);
  return { key: `${node.state}|${level}|${figures}|${label}`, level, label, figures };
}

/**
 * How many nodes are in each state.
 * @param {Iterable<Node>} nodes
 */
export function summaryOf(nodes) {
  const counts = { up: 0, silent: 0, lost: 0, closed: 0 };
  for (const { state } of nodes) counts[/** @type {keyof typeof counts} */ (state)] += 1;
  return counts;
}
