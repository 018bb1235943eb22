/** A list that changes while someone uses it. */

import { setChildren } from "./dom.js";

/**
 * Children of an element, one for each item. An item keeps its element as long as there is an item with its key,
 * so the focus stays, and a click that has begun is not lost.
 *
 * @template Item
 * @template {{element: Node, update: (item: Item) => void}} Entry
 */
export class KeyedList {
  #parent;
  #key;
  #make;
  /** @type {Map<string|number, Entry>} */
  #entries = new Map();

  /**
   * @param {Element} parent
   * @param {(item: Item) => string|number} key
   * @param {(item: Item) => Entry} make
   */
  constructor(parent, key, make) {
    this.#parent = parent;
    this.#key = key;
    this.#make = make;
  }

  /** The items shown, in order. */
  get entries() {
    return [...this.#entries.values()];
  }

  /**
   * @param {Item[]} items
   * @param {Node[]} [rest]  what follows them
   */
  show(items, rest = []) {
    const before = this.#entries;
    this.#entries = new Map();
    for (const item of items) {
      const key = this.#key(item);
      const entry = before.get(key) ?? this.#make(item);
      entry.update(item);
      this.#entries.set(key, entry);
    }
    setChildren(this.#parent, [...this.entries.map(({ element }) => element), ...rest]);
  }
}
