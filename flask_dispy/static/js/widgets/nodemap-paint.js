/**
 * How a cell of the node map looks: shade for load, shape for state, text where it fits. A node that is not up
 * has no shade, because its load is unknown.
 */

import { h } from "../lib/dom.js";
import { plain } from "../lib/format.js";
import { cellRect, lookOf, levelOf, LEVELS } from "./nodemap-layout.js";
import { fill, fitText, write } from "./canvas.js";

/** @import {NodeRow} from "../data/types.js" */
/** @import {Face, Grid} from "./nodemap-layout.js" */
/** @import {Shade} from "./nodemap-shades.js" */
/** @typedef {{x: number, y: number, width: number, height: number}} Rect */

export const NODE_TOKENS = /** @type {const} */ ([
  "surface",
  "surface-2",
  "line",
  "text",
  "running",
  "silent",
  "lost",
  "failed",
  "closed",
  "font",
]);

/** @typedef {Record<typeof NODE_TOKENS[number], string>} Colors */

/** The text's height, and the room that it needs. */
const TEXT = { width: 64, height: 28 };
/** Cells with at least this side have a state's full mark, smaller ones its simplest shape. */
const MARK_FROM = 9;
/** How much of the colour of load shows at full load; under text, so little that it keeps 4.5:1. */
const FULL_SHADE = 0.92;
const TEXT_SHADE = 0.28;

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Rect} rect
 * @param {NodeRow} node
 * @param {Face} face
 * @param {Colors} colors
 * @param {Shade} shade
 */
export function paintCell(context, rect, node, face, colors, shade) {
  if (rect.height < MARK_FROM && node.state === "up") return paintSmall(context, rect, face.level, colors, shade);
  context.clearRect(rect.x - 0.5, rect.y - 0.5, rect.width + 1, rect.height + 1);
  const radius = rect.height >= 20 ? 4 : rect.height >= MARK_FROM ? 2 : 0;
  if (node.state === "closed") paintClosed(context, rect, radius, colors);
  else paintLoad(context, rect, radius, node.state === "up" ? face.level : 0, colors, shade);
  if (node.state === "silent") paintSilent(context, rect, radius, colors);
  if (node.state === "lost") paintLost(context, rect, radius, colors);
  if (rect.width >= TEXT.width && rect.height >= TEXT.height) paintText(context, rect, node, face, colors);
}

/**
 * Paints all cells of an empty map. Small cells, of which there may be 10,000, are first painted as one pixel each,
 * and that picture is then drawn as large as the map.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Grid} grid
 * @param {readonly NodeRow[]} nodes in the order of their cells
 * @param {Colors} colors
 * @param {Shade} shade
 */
export function paintCells(context, grid, nodes, colors, shade) {
  const small = grid.pitchY - grid.gap < MARK_FROM;
  if (small) paintByShade(context, grid, nodes, colors, shade);
  nodes.forEach((node, index) => {
    if (!small || node.state !== "up")
      paintCell(context, cellRect(grid, index), node, lookOf(node, shade), colors, shade);
  });
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Grid} grid
 * @param {readonly NodeRow[]} nodes
 * @param {Colors} colors
 * @param {Shade} shade
 */
function paintByShade(context, { columns, rows, pitchX, pitchY, gap }, nodes, colors, shade) {
  const width = Math.max(columns, LEVELS + 1);
  const picture = h("canvas", { width, height: rows });
  const pixels = picture.getContext("2d", { willReadFrequently: true });
  if (!pixels) return;
  for (let level = 0; level <= LEVELS; level += 1)
    paintSmall(pixels, { x: level, y: 0, width: 1, height: 1 }, level, colors, shade);
  const shades = new Uint32Array(pixels.getImageData(0, 0, LEVELS + 1, 1).data.buffer);
  const image = new ImageData(columns, rows);
  const cells = new Uint32Array(image.data.buffer);
  nodes.forEach((node, index) => {
    if (node.state === "up") cells[index] = shades[levelOf(node, shade)];
  });
  pixels.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(picture, 0, 0, columns, rows, 0, 0, columns * pitchX, rows * pitchY);
  for (let column = 1; column <= columns; column += 1) context.clearRect(column * pitchX - gap, 0, gap, rows * pitchY);
  for (let row = 1; row <= rows; row += 1) context.clearRect(0, row * pitchY - gap, columns * pitchX, gap);
}

/**
 * Two rectangles, nothing else.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Rect} rect
 * @param {number} level
 * @param {Colors} colors
 * @param {Shade} shade
 */
function paintSmall(context, rect, level, colors, shade) {
  const { x, y, width, height } = rect;
  fill(context, colors["surface-2"], x, y, width, height);
  if (level > 0) fill(context, colors[shade.token], x, y, width, height, FULL_SHADE * (level / LEVELS));
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Rect} rect
 * @param {number} radius
 */
function shape(context, rect, radius, inset = 0) {
  context.beginPath();
  const [width, height] = [rect.width - 2 * inset, rect.height - 2 * inset];
  context.roundRect(rect.x + inset, rect.y + inset, width, height, Math.max(0, radius - inset));
}

/**
 * A line inside the edge of a cell.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Rect} rect
 * @param {number} radius
 * @param {string} color
 * @param {number} width
 */
function frame(context, rect, radius, color, width) {
  shape(context, rect, radius, width / 2);
  context.strokeStyle = color;
  context.lineWidth = width;
  context.stroke();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Rect} rect
 * @param {number} radius
 * @param {number} level
 * @param {Colors} colors
 * @param {Shade} shade
 */
function paintLoad(context, rect, radius, level, colors, shade) {
  shape(context, rect, radius);
  context.fillStyle = colors["surface-2"];
  context.fill();
  // Large cells contain text: their shade stays light enough for it, and a bar below shows the level.
  const text = rect.width >= TEXT.width && rect.height >= TEXT.height;
  context.globalAlpha = (text ? TEXT_SHADE : FULL_SHADE) * (level / LEVELS);
  context.fillStyle = colors[shade.token];
  context.fill();
  context.globalAlpha = 1;
  if (rect.height >= MARK_FROM) {
    frame(context, rect, radius, colors.line, 1);
  }
  if (!text || level === 0) return;
  context.save();
  shape(context, rect, radius);
  context.clip();
  fill(context, colors[shade.token], rect.x, rect.y + rect.height - 4, (rect.width * level) / LEVELS, 4);
  context.restore();
}

/**
 * Hollow with a stroke through it, or a dot if there is no room for that.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Rect} rect
 * @param {number} radius
 * @param {Colors} colors
 */
function paintClosed(context, rect, radius, colors) {
  if (rect.height < MARK_FROM) {
    const dot = dotOf(rect);
    fill(context, colors.closed, dot.x, dot.y, dot.side, dot.side);
    return;
  }
  context.setLineDash([3, 2]);
  frame(context, rect, radius, colors.closed, 1);
  context.setLineDash([]);
  const box = markBox(rect);
  context.lineWidth = 1.5;
  context.beginPath();
  context.moveTo(box.x, box.y + box.side);
  context.lineTo(box.x + box.side, box.y);
  context.stroke();
}

/**
 * An amber frame and a clock, or amber with a cut corner if there is no room.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Rect} rect
 * @param {number} radius
 * @param {Colors} colors
 */
function paintSilent(context, rect, radius, colors) {
  if (rect.height < MARK_FROM) {
    context.clearRect(rect.x, rect.y, rect.width, rect.height);
    context.fillStyle = colors.silent;
    context.beginPath();
    context.moveTo(rect.x, rect.y + rect.height);
    context.lineTo(rect.x + rect.width / 2, rect.y);
    context.lineTo(rect.x + rect.width, rect.y + rect.height);
    context.fill();
    return;
  }
  frame(context, rect, radius, colors.silent, 2);
  const box = markBox(rect);
  const [x, y, r] = [box.x + box.side / 2, box.y + box.side / 2, box.side / 2];
  context.lineWidth = 1.5;
  context.beginPath();
  if (r >= 4) context.arc(x, y, r, 0, 2 * Math.PI);
  context.moveTo(x, y - r * 0.6);
  context.lineTo(x, y);
  context.lineTo(x + r * 0.5, y);
  context.stroke();
}

/**
 * A red frame and a cross, or red with a notch if there is no room.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Rect} rect
 * @param {number} radius
 * @param {Colors} colors
 */
function paintLost(context, rect, radius, colors) {
  if (rect.height < MARK_FROM) {
    context.clearRect(rect.x, rect.y, rect.width, rect.height);
    fill(context, colors.lost, rect.x, rect.y, rect.width, rect.height);
    const dot = dotOf(rect);
    context.clearRect(dot.x, dot.y, dot.side, dot.side);
    return;
  }
  frame(context, rect, radius, colors.lost, 2);
  const box = markBox(rect);
  context.lineWidth = 1.75;
  context.beginPath();
  context.moveTo(box.x, box.y);
  context.lineTo(box.x + box.side, box.y + box.side);
  context.moveTo(box.x + box.side, box.y);
  context.lineTo(box.x, box.y + box.side);
  context.stroke();
}

/**
 * The middle of a small cell.
 *
 * @param {Rect} rect
 */
function dotOf({ x, y, width, height }) {
  const side = Math.max(1, Math.floor(height / 3));
  return { x: x + (width - side) / 2, y: y + (height - side) / 2, side };
}

/**
 * The place of a state's mark: the right end of a cell with text, else its middle.
 *
 * @param {Rect} rect
 */
function markBox(rect) {
  const side = Math.min(10, rect.height - 4);
  const text = rect.width >= TEXT.width && rect.height >= TEXT.height;
  const x = text ? rect.x + rect.width - side - 7 : rect.x + (rect.width - side) / 2;
  return { x, y: text ? rect.y + 7 : rect.y + (rect.height - side) / 2, side };
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Rect} rect
 * @param {NodeRow} node
 * @param {Face} face
 * @param {Colors} colors
 */
function paintText(context, rect, node, face, colors) {
  const marked = node.state !== "up";
  context.textBaseline = "alphabetic";
  const look = { font: `600 12px ${colors.font}`, color: colors.text };
  context.font = look.font;
  const name = fitText(context, plain(face.label), rect.width - (marked ? 30 : 14));
  const two = rect.height >= 40;
  write(context, name, rect.x + 7, rect.y + (two ? 17 : rect.height / 2 + 3), look);
  if (!two) return;
  const figures = node.state === "closed" || node.state === "lost" ? node.state : `${face.figures} busy`;
  write(context, figures, rect.x + 7, rect.y + 33, { ...look, font: `400 11px ${colors.font}` });
}
