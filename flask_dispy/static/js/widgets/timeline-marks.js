/** How jobs look on the timeline: their class by colour and by pattern. */

import { fill, fitText } from "./canvas.js";

export const TIMELINE_TOKENS = /** @type {const} */ ([
  "surface",
  "surface-2",
  "line",
  "text",
  "muted",
  "accent",
  "font",
  "running",
  "finished",
  "failed",
  "terminated",
  "cancelled",
  "abandoned",
  "queued",
  "class-none",
  "class-0",
  "class-1",
  "class-2",
  "class-3",
  "class-4",
  "class-5",
  "class-6",
  "ran-0",
  "ran-1",
  "ran-2",
  "ran-3",
  "ran-4",
  "ran-5",
]);

/** @typedef {Record<typeof TIMELINE_TOKENS[number], string>} Colors */

/** @typedef {"calm"|"open"|"plain"|"hatch"|"cross"|"strike"|"broken"} Pattern */

/**
 * @typedef {object} Mark how a class looks, by colour and by pattern
 * @property {keyof Colors} token
 * @property {Pattern} pattern
 * @property {number} least height in pixels, in an aggregate, of a class whose jobs ended there
 */

/** From these sizes on, a pattern can be made out. */
const PATTERN = { width: 5, height: 4 };
/** Success is painted more quietly than failure, with the lowest opacity with a contrast of 3:1 against the background of the light theme. */
const CALM = 0.78;
/** The body of a job that goes on is light. */
const OPEN = 0.3;

/**
 * A bar in the colour and pattern of its class, at least 2 px wide. Neighbours stay apart by a pixel where
 * there is room.
 * @param {CanvasRenderingContext2D} context
 * @param {{x: number, y: number, width: number, height: number}} rect
 * @param {Mark} mark
 * @param {Colors} colors
 */
export function paintBar(context, rect, { token, pattern }, colors) {
  const x = Math.round(rect.x);
  const width = Math.max(2, Math.round(rect.x + rect.width) - x - (rect.width > 4 ? 1 : 0));
  const height = Math.max(2, rect.height - (rect.height > 4 ? 1 : 0));
  const y = rect.y;
  if (pattern === "calm") return fill(context, colors[token], x, y, width, height, CALM);
  context.fillStyle = colors[token];
  const patterned = width >= PATTERN.width && height >= PATTERN.height;
  if (!patterned || pattern === "plain") return context.fillRect(x, y, width, height);
  if (pattern === "open") return paintOpen(context, colors[token], x, y, width, height);
  if (pattern === "broken") return paintBroken(context, x, y, width, height);
  context.fillRect(x, y, width, height);
  context.fillStyle = colors.surface;
  if (pattern === "strike") context.fillRect(x + 1, Math.round(y + height / 2) - 1, width - 2, 1.5);
  else paintHatch(context, x, y, width, height, pattern === "cross");
}

/**
 * A light body with a solid start and edges, open at the end, because the job goes on.
 * @param {CanvasRenderingContext2D} context
 * @param {string} color
 * @param {number} x @param {number} y @param {number} width @param {number} height
 */
function paintOpen(context, color, x, y, width, height) {
  fill(context, color, x, y, width, height, OPEN);
  context.fillRect(x, y, 3, height);
  context.fillRect(x, y, width, 1);
  context.fillRect(x, y + height - 1, width, 1);
}

/**
 * Pieces with gaps between.
 * @param {CanvasRenderingContext2D} context
 * @param {number} x @param {number} y @param {number} width @param {number} height
 */
function paintBroken(context, x, y, width, height) {
  for (let at = 0; at < width; at += 6) context.fillRect(x + at, y, Math.min(4, width - at), height);
}

/**
 * Slanting strokes in the colour of the background.
 * @param {CanvasRenderingContext2D} context
 * @param {number} x @param {number} y @param {number} width @param {number} height
 * @param {boolean} crossed  whether strokes that slant the other way cross them
 */
function paintHatch(context, x, y, width, height, crossed) {
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.beginPath();
  for (let at = -height; at < width; at += 6) {
    context.moveTo(x + at, y + height);
    context.lineTo(x + at + height, y);
    if (!crossed) continue;
    context.moveTo(x + at, y);
    context.lineTo(x + at + height, y + height);
  }
  context.strokeStyle = context.fillStyle;
  context.lineWidth = 1.5;
  context.stroke();
  context.restore();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {{x: number, y: number, width: number, height: number}} rect
 * @param {Colors} colors
 */
export function paintOutline(context, rect, colors) {
  context.strokeStyle = colors.text;
  context.lineWidth = 1.5;
  context.strokeRect(Math.round(rect.x) - 1.5, rect.y - 1.5, Math.max(2, rect.width) + 2, rect.height + 2);
}

/**
 * As a bar of that class, without the gaps around it.
 * @param {CanvasRenderingContext2D} context
 * @param {{x: number, y: number, width: number, height: number}} rect
 * @param {Mark} mark
 * @param {Colors} colors
 */
export function paintPart(context, { x, y, width, height }, { token, pattern }, colors) {
  const alpha = pattern === "calm" ? CALM : pattern === "open" ? OPEN : 1;
  fill(context, colors[token], x, y, width, height, alpha);
  if (pattern === "open") context.fillRect(x, y, width, Math.min(1, height));
  if ((pattern === "hatch" || pattern === "cross") && width >= PATTERN.width && height >= PATTERN.height) {
    context.fillStyle = colors.surface;
    paintHatch(context, x, y, width, height, pattern === "cross");
  }
}

/** The least size of a bar with a label, the longest label, and the fewest letters that are worth showing. */
const LABEL = { width: 24, height: 15, most: 160, least: 6 };

/**
 * A job's name on its bar, on a plate in the colour of the background, so that it is always legible.
 * @param {CanvasRenderingContext2D} context  with its font set
 * @param {{x: number, y: number, width: number, height: number}} rect  the part of the bar that is seen
 * @param {string} text
 * @param {Colors} colors
 */
export function paintLabel(context, { x, y, width, height }, text, colors) {
  if (width < LABEL.width || height < LABEL.height) return;
  const shown = fitText(context, text, Math.min(LABEL.most, width - 14));
  if (shown.length < Math.min(LABEL.least, text.length)) return;
  const middle = y + height / 2;
  fill(context, colors.surface, x + 4, middle - 6.5, context.measureText(shown).width + 6, 12, 0.88);
  context.fillStyle = colors.text;
  context.fillText(shown, x + 7, middle + 3);
}
