/** How jobs look on the timeline: their state by colour and by pattern. */

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
]);

/** @typedef {Record<typeof TIMELINE_TOKENS[number], string>} Colors */

/** @typedef {typeof import("./timeline-layout.js").OUTCOMES[number]|"running"} Mark */

/** From these sizes on, a pattern can be made out. */
const PATTERN = { width: 5, height: 4 };
/** The least that keeps 3:1 against the ground, in the light theme. */
const CALM = 0.78;

/**
 * A bar in the colour and pattern of its state, at least 2 px wide. Neighbours stay apart by a pixel where
 * there is room.
 * @param {CanvasRenderingContext2D} context
 * @param {{x: number, y: number, width: number, height: number}} rect
 * @param {Mark} state
 * @param {Colors} colors
 */
export function paintBar(context, rect, state, colors) {
  const x = Math.round(rect.x);
  const width = Math.max(2, Math.round(rect.x + rect.width) - x - (rect.width > 4 ? 1 : 0));
  const height = Math.max(2, rect.height - (rect.height > 4 ? 1 : 0));
  const y = rect.y;
  context.fillStyle = colors[state];
  if (state === "finished") return paintFinished(context, x, y, width, height);
  const patterned = width >= PATTERN.width && height >= PATTERN.height;
  if (!patterned) return context.fillRect(x, y, width, height);
  if (state === "running") return paintRunning(context, x, y, width, height);
  if (state === "abandoned") return paintAbandoned(context, x, y, width, height);
  context.fillRect(x, y, width, height);
  context.fillStyle = colors.surface;
  if (state === "cancelled") context.fillRect(x + 1, Math.round(y + height / 2) - 1, width - 2, 1.5);
  else paintHatch(context, x, y, width, height, state === "terminated");
}

/**
 * What went well stays quieter than what did not.
 * @param {CanvasRenderingContext2D} context
 * @param {number} x @param {number} y @param {number} width @param {number} height
 */
function paintFinished(context, x, y, width, height) {
  context.globalAlpha = CALM;
  context.fillRect(x, y, width, height);
  context.globalAlpha = 1;
}

/**
 * A light body with a firm beginning and edges, open where it goes on.
 * @param {CanvasRenderingContext2D} context
 * @param {number} x @param {number} y @param {number} width @param {number} height
 */
function paintRunning(context, x, y, width, height) {
  context.globalAlpha = 0.3;
  context.fillRect(x, y, width, height);
  context.globalAlpha = 1;
  context.fillRect(x, y, 3, height);
  context.fillRect(x, y, width, 1);
  context.fillRect(x, y + height - 1, width, 1);
}

/**
 * Pieces with gaps between.
 * @param {CanvasRenderingContext2D} context
 * @param {number} x @param {number} y @param {number} width @param {number} height
 */
function paintAbandoned(context, x, y, width, height) {
  for (let at = 0; at < width; at += 6) context.fillRect(x + at, y, Math.min(4, width - at), height);
}

/**
 * Slanting strokes in the colour of the ground.
 * @param {CanvasRenderingContext2D} context
 * @param {number} x @param {number} y @param {number} width @param {number} height
 * @param {boolean} crossed  by others that slant the other way
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
 * As a bar of that state, without the gaps around it.
 * @param {CanvasRenderingContext2D} context
 * @param {{x: number, y: number, width: number, height: number}} rect
 * @param {Mark} state
 * @param {Colors} colors
 */
export function paintPart(context, { x, y, width, height }, state, colors) {
  context.fillStyle = colors[state];
  if (state === "finished") return paintFinished(context, x, y, width, height);
  if (state === "running") {
    context.globalAlpha = 0.3;
    context.fillRect(x, y, width, height);
    context.globalAlpha = 1;
    return context.fillRect(x, y, width, Math.min(1, height));
  }
  context.fillRect(x, y, width, height);
  if ((state === "failed" || state === "terminated") && width >= PATTERN.width && height >= PATTERN.height) {
    context.fillStyle = colors.surface;
    paintHatch(context, x, y, width, height, state === "terminated");
  }
}
