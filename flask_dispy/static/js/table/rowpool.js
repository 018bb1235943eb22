/** @import {RowView} from "./rowview.js" */
import { orderChildren } from "../lib/dom.js";

/** How many unused row elements are kept for reuse. */
const SPARE_ROWS = 60;
/** How long after the last change the order in the document is brought in line with the order on screen. */
const SETTLE_MS = 150;

/**
 * The elements of a table's rows: of those in view, and some that wait to be used again.
 *
 * @template Row
 */
export class RowPool {
  #body;
  #options;
  /** @type {Map<string, RowView<Row>>} */
  #views = new Map();
  /** @type {RowView<Row>[]} */
  #spare = [];
  /** @type {Set<string>} */
  #stale = new Set();
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #settling;

  /**
   * @param {HTMLElement} body
   * @param {object} options
   * @param {() => RowView<Row>} options.create
   * @param {(view: RowView<Row>, key: string) => void} options.fill with the row of a key
   * @param {(key: string) => boolean} options.has whether there is such a row
   */
  constructor(body, options) {
    this.#body = body;
    this.#options = options;
  }

  /** @param {string} key @returns {RowView<Row>|undefined} undefined: the row is not in view */
  get(key) {
    return this.#views.get(key);
  }

  /** Note that rows have changed. @param {Iterable<string>} [keys] all if not given @returns {boolean} whether any in view has */
  change(keys = this.#views.keys()) {
    for (const key of keys) if (this.#views.has(key)) this.#stale.add(key);
    return this.#stale.size > 0;
  }

  /** An element to be measured. @param {string} key of the first row */
  sample(key) {
    const view = this.#options.create();
    this.#options.fill(view, key);
    this.#body.append(view.element);
    this.#spare.push(view); // stays where it is: it will be the first row
    return view.element;
  }

  /**
   * Rows that are out of view are reused for others, except the row that has the focus. They stay in the page
   * until then, because removing and inserting elements takes most of a frame.
   *
   * @param {Set<string>} wanted
   */
  free(wanted) {
    const { fill, has } = this.#options;
    for (const [key, view] of this.#views) {
      if (wanted.has(key)) continue;
      const focused = view.element.contains(document.activeElement) && has(key);
      if (!focused) {
        this.#views.delete(key);
        this.#spare.push(view);
      } else if (this.#stale.has(key)) {
        fill(view, key);
      }
    }
  }

  /** The element of a row, as the row is now. @param {string} key */
  show(key) {
    let view = this.#views.get(key);
    if (!view || this.#stale.has(key)) {
      view ??= this.#spare.pop() ?? this.#options.create();
      this.#options.fill(view, key);
      this.#views.set(key, view);
    }
    if (!view.element.parentNode) this.#body.append(view.element);
    return view;
  }

  /** All rows in view are shown. @param {string[]} keys theirs, in order */
  settle(keys) {
    for (const view of this.#spare) view.element.remove();
    this.#spare.length = Math.min(this.#spare.length, SPARE_ROWS);
    this.#stale.clear();
    clearTimeout(this.#settling);
    this.#settling = setTimeout(
      () =>
        orderChildren(
          this.#body,
          keys.flatMap((key) => this.#views.get(key)?.element ?? []),
        ),
      SETTLE_MS,
    );
  }

  /** Update the cells that change with time. @param {number} at */
  tick(at) {
    for (const view of this.#views.values()) view.tick(at);
  }

  /** Forget all elements, because the columns are others now. */
  clear() {
    for (const view of this.#views.values()) view.element.remove();
    this.#views.clear();
    this.#spare = [];
  }
}
