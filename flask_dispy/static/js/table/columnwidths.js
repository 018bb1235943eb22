/** The widths of a table's columns that the reader has chosen, by the edges between their heads. */

/** @import {Column} from "./columns.js" */
import { h, setAttr } from "../lib/dom.js";
import { pressKey } from "../lib/keys.js";
import { readKept } from "../lib/storage.js";

/** What a column may be made to measure, in pixels: its label's first letters, or half a screen. */
const LEAST = 48;
const MOST = 1200;
/** Pixels for a press of a key, and with Shift. */
const [STEP, LARGE_STEP] = [8, 40];
/** The least width of a column in pixels, and its share of the room that is left, if it names none. @type {[number, number]} */
const USUAL = [80, 1];

export class ColumnWidths {
  #store;
  #storage;
  /** Pixels by the column's key. @type {Map<string, number>} */
  #chosen;
  /** Called when another width was chosen. */
  onChange = () => {};

  /** @param {{store: string, storage: Pick<Storage, "getItem"|"setItem">|null}} options `store`: the name under which they are kept */
  constructor({ store, storage }) {
    this.#store = store;
    this.#storage = storage;
    this.#chosen = new Map(kept(storage, store));
  }

  get any() {
    return this.#chosen.size > 0;
  }

  /** @param {Column<any>} column @returns {number|undefined} pixels; undefined: as wide as there is room */
  of(column) {
    const chosen = this.#chosen.get(column.key);
    return chosen === undefined ? undefined : Math.max(leastOf(column), chosen);
  }

  /** Let all columns be as wide as there is room. */
  reset() {
    this.#chosen.clear();
    this.#keep();
    this.onChange();
  }

  /**
   * The edge at the end of a column's head: dragged, or moved by the arrow keys. All edges of a head are one tab stop.
   *
   * @param {Column<any>} column
   */
  edge(column) {
    const { label, width: [usual] = USUAL } = column;
    const edge = h("div", {
      class: "th-edge",
      role: "separator",
      tabindex: "-1",
      title: "Drag for another width; double click for the usual one",
      "aria-label": `Width of ${label}`,
      "aria-orientation": "vertical",
      "aria-valuemin": String(leastOf(column)),
      "aria-valuemax": String(MOST),
      "aria-valuenow": String(this.of(column) ?? usual),
    });
    edge.addEventListener("pointerdown", (event) => this.#drag(edge, event));
    edge.addEventListener("dblclick", () => this.#forget(edge));
    edge.addEventListener("keydown", (event) => this.#onKey(edge, event));
    edge.addEventListener("focus", () => {
      for (const each of edgesBeside(edge)) setAttr(each, "tabindex", each === edge ? "0" : "-1");
      setAttr(edge, "aria-valuenow", Math.round(headOf(edge).offsetWidth));
    });
    return edge;
  }

  /** @param {HTMLElement} edge @param {PointerEvent} down */
  #drag(edge, down) {
    if (down.button !== 0) return;
    down.preventDefault(); // selects no text
    const start = headOf(edge).offsetWidth;
    let moved = false;
    const stop = new AbortController();
    edge.setPointerCapture(down.pointerId);
    edge.addEventListener(
      "pointermove",
      ({ clientX }) => {
        moved ||= clientX !== down.clientX;
        if (moved) this.#set(edge, start + clientX - down.clientX);
      },
      { signal: stop.signal },
    );
    edge.addEventListener(
      "lostpointercapture",
      () => {
        stop.abort();
        this.#keep();
      },
      { signal: stop.signal },
    );
  }

  /** @param {HTMLElement} edge @param {KeyboardEvent} event */
  #onKey(edge, event) {
    const edges = edgesBeside(edge);
    const step = event.shiftKey ? LARGE_STEP : STEP;
    const by = (/** @type {number} */ pixels) => {
      this.#set(edge, headOf(edge).offsetWidth + pixels);
      this.#keep();
    };
    pressKey(event, {
      ArrowLeft: () => by(-step),
      ArrowRight: () => by(step),
      ArrowUp: () => edges[edges.indexOf(edge) - 1]?.focus(),
      ArrowDown: () => edges[edges.indexOf(edge) + 1]?.focus(),
      Enter: () => this.#forget(edge),
    });
  }

  /** The columns before it keep their widths: else they would give way, and the edge would not follow the pointer. @param {HTMLElement} edge @param {number} pixels */
  #set(edge, pixels) {
    const [least, most] = ["aria-valuemin", "aria-valuemax"].map((name) => Number(edge.getAttribute(name)));
    const before = edgesBeside(edge).map(headOf);
    before.length = before.indexOf(headOf(edge));
    for (const head of before) this.#chosen.set(keyOf(head), this.#chosen.get(keyOf(head)) ?? head.offsetWidth);
    const width = Math.round(Math.min(most, Math.max(least, pixels)));
    this.#chosen.set(keyOf(headOf(edge)), width);
    setAttr(edge, "aria-valuenow", width);
    this.onChange();
  }

  /** @param {HTMLElement} edge */
  #forget(edge) {
    this.#chosen.delete(keyOf(headOf(edge)));
    this.#keep();
    this.onChange();
    setAttr(edge, "aria-valuenow", headOf(edge).offsetWidth);
  }

  #keep() {
    this.#storage?.setItem(this.#store, JSON.stringify(Object.fromEntries(this.#chosen)));
  }
}

/** @param {Column<any>} column */
const leastOf = ({ width: [least] = USUAL, firm }) => (firm ? least : Math.min(LEAST, least));

/** @param {HTMLElement} edge */
const headOf = (edge) => /** @type {HTMLElement} */ (edge.parentElement);

/** @param {HTMLElement} head */
const keyOf = (head) => String(head.dataset.column);

/** All edges of the head, from the left. @param {HTMLElement} edge @returns {HTMLElement[]} */
const edgesBeside = (edge) =>
  [...(headOf(edge).parentElement?.querySelectorAll(".th-edge") ?? [])].map(
    (each) => /** @type {HTMLElement} */ (each),
  );

/**
 * @param {Pick<Storage, "getItem">|null} storage
 * @param {string} store
 * @returns {[string, number][]}
 */
function kept(storage, store) {
  const all = Object.entries(readKept(storage, store) ?? {});
  return all.filter(([, width]) => Number.isInteger(width) && width > 0 && width <= MOST);
}

/**
 * A table's columns as grid tracks, and the least width of all of them.
 *
 * @param {Column<any>[]} columns
 * @param {ColumnWidths|undefined} widths
 */
export function tracksOf(columns, widths) {
  let sum = 0;
  const tracks = columns.map((column) => {
    const [least, share] = column.width ?? USUAL;
    const chosen = widths?.of(column);
    sum += chosen ?? least;
    return chosen === undefined ? `minmax(${least}px, ${share}fr)` : `${chosen}px`;
  });
  return { template: tracks.join(" "), least: sum };
}
