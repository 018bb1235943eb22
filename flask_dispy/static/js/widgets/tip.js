/**
 * The small card beside the pointer. It only repeats what is available elsewhere (as the element's value text,
 * its name, or in a table), so it is hidden from assistive technology.
 */

import { h, setStyle, setText } from "../lib/dom.js";
import { stateMark } from "../lib/format.js";
import { fillChildren } from "./svg.js";

const DISTANCE = 12;

/** @typedef {{state?: string, token?: string, label: string, value: string}} TipLine */

/** @typedef {ReturnType<typeof createTip>} Tip */

/**
 * A tip within `host`, which must be positioned.
 * @param {HTMLElement} host
 */
export function createTip(host) {
  const title = h("strong", { class: "tip-title" });
  const list = h("div", { class: "tip-lines" });
  const card = h("div", { class: "tip", "aria-hidden": "true", hidden: true }, title, list);
  host.append(card);

  return {
    /**
     * Shows the tip near a point of the host, on the side where there is room.
     * @param {number} x
     * @param {number} y
     * @param {string} head
     * @param {TipLine[]} lines
     */
    show(x, y, head, lines) {
      setText(title, head);
      fillChildren(list, lines, makeLine, fillLine);
      card.hidden = false;
      place(card, host, x, y);
    },
    hide() {
      card.hidden = true;
    },
  };
}

function makeLine() {
  return h("div", { class: "tip-line" }, h("span"), h("span"), h("b"));
}

/**
 * @param {HTMLElement} row
 * @param {TipLine} line
 */
function fillLine(row, line) {
  const [swatch, label, value] = /** @type {HTMLElement[]} */ ([...row.children]);
  swatch.className = line.state ? stateMark(line.state) : line.token ? "tip-swatch" : "tip-none";
  setStyle(swatch, "--swatch", line.token ? `var(${line.token})` : "");
  setText(label, line.label);
  setText(value, line.value);
}

/**
 * @param {HTMLElement} card
 * @param {HTMLElement} host
 * @param {number} x
 * @param {number} y
 */
function place(card, host, x, y) {
  const { offsetWidth: width, offsetHeight: height } = card;
  const room = host.clientWidth;
  const right = x + DISTANCE + width <= room;
  const left = right ? x + DISTANCE : Math.max(0, x - DISTANCE - width);
  const hostTop = host.getBoundingClientRect().top;
  const below = hostTop + y + DISTANCE + height <= window.innerHeight;
  const top = below ? y + DISTANCE : y - DISTANCE - height;
  card.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
}
