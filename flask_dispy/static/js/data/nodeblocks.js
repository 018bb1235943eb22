/** @import {NodeBlock, NodeRow} from "./types.js" */

/**
 * Rows of nodes that were sent by column, in blocks. A row knows only its place, because most of 10,000 rows are
 * read only for their address and state.
 *
 * @param {NodeBlock[]} blocks
 * @returns {NodeRow[]}
 */
export function rowsOf(blocks) {
  const rows = [];
  for (const block of blocks) {
    addReaders(Object.keys(block));
    for (let index = 0; index < block.ip_addr.length; index += 1) rows.push(new BlockRow(block, index));
  }
  return /** @type {any[]} */ (rows);
}

class BlockRow {
  /** @param {NodeBlock} block @param {number} index */
  constructor(block, index) {
    this.block = block;
    this.index = index;
  }
}

/**
 * Adds getters for the fields that rows lack: a field that the server adds needs no code here.
 *
 * @param {string[]} names
 */
function addReaders(names) {
  for (const name of names) {
    if (name in BlockRow.prototype) continue;
    Object.defineProperty(BlockRow.prototype, name, {
      /** @this {BlockRow} */
      get() {
        const column = /** @type {Record<string, any>} */ (this.block)[name];
        return column && valueAt(column, this.index);
      },
    });
  }
}

/**
 * The value of a row. A column is a list, in which a single value applies to all rows; or a list of multiples of
 * a unit, or of times counted from one; or an object of columns, whose first has no value where there is no object.
 *
 * @param {any} column
 * @param {number} index
 * @returns {any}
 */
function valueAt(column, index) {
  if (Array.isArray(column)) return column.length === 1 ? column[0] : column[index];
  if (column.values) {
    const { from = 0, unit = 1, values } = column;
    const value = valueAt(values, index);
    return value === null ? null : from + unit * value;
  }
  /** @type {Record<string, any>|null} */
  let parts = null;
  for (const name in column) {
    const value = valueAt(column[name], index);
    if (parts === null && value === null) return null;
    parts ??= {};
    parts[name] = value;
  }
  return parts;
}
