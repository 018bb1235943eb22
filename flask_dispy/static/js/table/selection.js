/** Which rows of a table are selected, by their keys. */
export class Selection {
  /** @type {Set<string>} */
  #keys = new Set();
  /** The row that was chosen last. @type {string|null} */
  #anchor = null;

  get size() {
    return this.#keys.size;
  }

  /** @param {string} key */
  has(key) {
    return this.#keys.has(key);
  }

  /** @param {readonly string[]} order @returns {string[]} those that are selected */
  within(order) {
    return order.filter((key) => this.#keys.has(key));
  }

  /** @param {Iterable<string>} keys */
  set(keys) {
    this.#keys = new Set(keys);
  }

  /**
   * Select or deselect a row; if an order is given, with all rows between it and the row chosen before.
   *
   * @param {string} key
   * @param {boolean} on
   * @param {readonly string[]} order
   */
  choose(key, on, order) {
    const from = this.#anchor === null ? -1 : order.indexOf(this.#anchor);
    const to = order.indexOf(key);
    const keys = from < 0 ? [key] : order.slice(Math.min(from, to), Math.max(from, to) + 1);
    for (const one of keys) {
      if (on) this.#keys.add(one);
      else this.#keys.delete(one);
    }
    this.#anchor = key;
  }

  /**
   * Deselect rows that are gone or filtered out, so that nobody acts on rows that can't be seen.
   *
   * @param {readonly string[]} order what is shown
   * @returns {boolean} whether any was forgotten
   */
  prune(order) {
    if (this.#keys.size === 0) return false;
    const before = this.#keys.size;
    this.#keys = new Set(this.within(order));
    return this.#keys.size !== before;
  }
}
