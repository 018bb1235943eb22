/** @import {AvailInfo, Compared, NodeCost, NodeBlock, NodeRow, Told} from "./types.js" */

/**
 * Rows of nodes that were sent by column, in blocks. A row knows only its place, because most of 10,000 rows are
 * read only for their address and state.
 *
 * @param {NodeBlock[]} blocks
 * @returns {NodeRow[]}
 */
export function rowsOf(blocks) {
  const rows = [];
  if (blocks.length) addReaders(Object.keys(blocks[0]));
  for (const block of blocks) {
    for (let index = 0; index < block.ip_addr.length; index += 1) rows.push(new BlockRow(block, index));
  }
  return rows;
}

/**
 * A list with one value applies to all rows.
 *
 * @template Value
 * @param {Value[]} column
 * @param {number} index
 * @returns {Value}
 */
const at = (column, index) => (column.length === 1 ? column[0] : column[index]);

/**
 * A figure of a column whose values are multiples of a unit, or counted from a time.
 *
 * @template {number|null} Value
 * @param {Told<Value>} column
 * @param {number} index
 */
function figure({ from = 0, unit = 1, values }, index) {
  const value = at(values, index);
  return /** @type {Value} */ (value === null ? null : from + unit * value);
}

/** @implements {NodeRow} */
class BlockRow {
  /** @param {NodeBlock} block @param {number} index */
  constructor(block, index) {
    this.block = block;
    this.index = index;
  }

  get ip_addr() {
    return at(this.block.ip_addr, this.index);
  }

  get name() {
    return at(this.block.name, this.index);
  }

  get cpus() {
    return at(this.block.cpus, this.index);
  }

  get avail_cpus() {
    return at(this.block.avail_cpus, this.index);
  }

  get busy() {
    return at(this.block.busy, this.index);
  }

  get running() {
    return at(this.block.running, this.index);
  }

  get jobs_done() {
    return at(this.block.jobs_done, this.index);
  }

  get cpu_time() {
    return at(this.block.cpu_time, this.index);
  }

  get tx() {
    return figure(this.block.tx, this.index);
  }

  get rx() {
    return figure(this.block.rx, this.index);
  }

  get update_time() {
    return figure(this.block.update_time, this.index);
  }

  get clock_offset_sec() {
    return at(this.block.clock_offset_sec, this.index);
  }

  get avail_info_age_sec() {
    return at(this.block.avail_info_age_sec, this.index);
  }

  get state() {
    return at(this.block.state, this.index);
  }

  get clusters() {
    return this.block.clusters && at(this.block.clusters, this.index);
  }

  /** @returns {Compared|null} */
  get compared() {
    const columns = this.block.compared;
    return columns && at(columns.failed, this.index) !== null ? together(columns, this.index) : null;
  }

  /** @returns {NodeCost|null} */
  get cost() {
    const columns = this.block.cost;
    return columns && at(columns.used_sec, this.index) !== null ? together(columns, this.index) : null;
  }

  /** @returns {AvailInfo|null} */
  get avail_info() {
    const { cpu, memory, disk, swap } = this.block.avail_info;
    if (at(cpu, this.index) === null) return null;
    // Either all four are known, or none.
    return /** @type {AvailInfo} */ ({
      cpu: at(cpu, this.index),
      memory: figure(memory, this.index),
      disk: figure(disk, this.index),
      swap: at(swap, this.index),
    });
  }
}

/** @param {Record<string, any[]>} columns @param {number} index @returns {any} */
const together = (columns, index) =>
  Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, at(column, index)]));

/** Add getters for fields that rows lack, because a newer server may send more. @param {string[]} names */
function addReaders(names) {
  for (const name of names) {
    if (name in BlockRow.prototype) continue;
    Object.defineProperty(BlockRow.prototype, name, {
      /** @this {BlockRow} */
      get() {
        const column = /** @type {Record<string, any>} */ (this.block)[name];
        if (column === undefined) return undefined;
        return Array.isArray(column) ? at(column, this.index) : figure(column, this.index);
      },
    });
  }
}
