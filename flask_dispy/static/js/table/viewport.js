/**
 * The positions of a long table's rows, whether it scrolls by itself or with the page.
 *
 * @typedef {object} Parts
 * @property {HTMLElement} grid what may scroll
 * @property {HTMLElement} head stays at its top
 * @property {HTMLElement} body as high as all rows together
 */

/** Rows kept ready above and below the visible ones, so that quick scrolling shows no gaps. */
const OVERSCAN = 6;
/** How many rows are kept ready at the nearer end of a table that is out of view. */
const READY = 8;
/** How much the page's own bars cover at its top and bottom, in pixels. */
const COVERED = 64;

/**
 * @param {Parts} parts
 * @param {number} rowHeight pixels
 * @param {number} length how many rows there are
 * @returns {[number, number]} the first visible row and the one after the last, with a few more around
 */
export function rowsInView({ grid, body }, rowHeight, length) {
  const rows = body.getBoundingClientRect();
  const frame = grid.getBoundingClientRect();
  const top = Math.max(0, frame.top) - rows.top;
  const bottom = Math.min(window.innerHeight, frame.bottom) - rows.top;
  const first = Math.max(0, Math.floor(top / rowHeight) - OVERSCAN);
  const last = Math.min(length, Math.ceil(bottom / rowHeight) + OVERSCAN);
  if (last > first) return [first, last];
  return top < 0 ? [0, Math.min(length, READY)] : [Math.max(0, length - READY), length];
}

/**
 * Scroll as little as it takes to see a row.
 *
 * @param {Parts} parts
 * @param {number} rowHeight pixels
 * @param {number} index
 */
export function revealRow(parts, rowHeight, index) {
  const { grid, head, body } = parts;
  const frame = grid.getBoundingClientRect();
  const top = body.getBoundingClientRect().top + index * rowHeight;
  const inside = scrollsItself(parts);
  const above = inside ? frame.top + head.offsetHeight : COVERED;
  const below = (inside ? Math.min(frame.bottom, window.innerHeight) : window.innerHeight - COVERED) - rowHeight;
  const by = top < above ? top - above : top > below ? top - below : 0;
  if (by && inside) grid.scrollTop += by;
  else if (by) window.scrollBy(0, by);
  const headSeen = frame.top >= 0 && frame.top + head.offsetHeight + rowHeight <= window.innerHeight;
  if (inside && !headSeen) grid.scrollIntoView({ block: "nearest" });
}

/** @param {Parts} parts */
const scrollsItself = ({ grid }) => grid.scrollHeight > grid.clientHeight + 1;

/**
 * The first visible row if somebody has scrolled down, -1 if the table is seen from its beginning.
 *
 * @param {Parts} parts
 * @param {number} rowHeight pixels
 */
export function firstRead(parts, rowHeight) {
  const { grid, body } = parts;
  const above = scrollsItself(parts) ? grid.scrollTop : COVERED - body.getBoundingClientRect().top;
  return rowHeight && above > 0 ? Math.floor(above / rowHeight) : -1;
}

/**
 * Scroll by as much as the rows have moved, so that they stay in place on screen.
 *
 * @param {Parts} parts
 * @param {number} by pixels
 */
export function follow(parts, by) {
  if (scrollsItself(parts)) parts.grid.scrollTop += by;
  else window.scrollBy({ top: by, behavior: "instant" });
}
