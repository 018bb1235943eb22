import { isTyping } from "./dom.js";

/** How long the second key of "g m" may take. */
const SEQUENCE_MS = 1200;

/**
 * @typedef {object} Shortcut
 * @property {string} keys "/", "j" or "g m"
 * @property {string} label what it does, for the help
 * @property {() => void} run
 *
 * @typedef {readonly [keys: string, label: string][]} KeyList
 *
 * @typedef {object} Keys
 * @property {(keys: string, label: string, run: () => void) => void} bind
 * @property {(list: KeyList) => void} describe keys that a part of the page handles itself
 * @property {() => {keys: string, label: string}[]} list
 * @property {boolean} enabled single-letter keys can be turned off (WCAG 2.1.4)
 */

/** Whether Tab reaches it: then Space presses it or scrolls it. @param {EventTarget|null} target */
const isFocusable = (target) => target instanceof HTMLElement && target.tabIndex >= 0;

/**
 * Do what a key means here, if anything, in place of what it means to the browser.
 *
 * @param {KeyboardEvent} event
 * @param {Record<string, () => void>} meanings by key
 */
export function pressKey(event, meanings) {
  if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in meanings)) return;
  event.preventDefault();
  meanings[event.key]();
}

/**
 * The keyboard map of the page. Keys typed into a field, or together with Ctrl, Alt or Meta, are left
 * alone.
 *
 * @param {EventTarget} target
 * @param {Pick<Storage, "getItem"|"setItem">|null} [storage] remembers `enabled`
 * @returns {Keys}
 */
export function createKeys(target, storage = null) {
  /** @type {Map<string, Shortcut>} */
  const shortcuts = new Map();
  let enabled = storage?.getItem("dispy.keys") !== "off";
  /** By what they do, because several parts of a page may list the same keys. @type {Map<string, {keys: string, label: string}>} */
  const described = new Map();
  let first = "";
  let firstAt = 0;

  target.addEventListener("keydown", (given) => {
    const event = /** @type {KeyboardEvent} */ (given);
    if (!enabled || event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
    if (isTyping(event.target) || (event.key === " " && isFocusable(event.target))) return;
    const both = event.timeStamp - firstAt < SEQUENCE_MS ? `${first} ${event.key}` : "";
    const shortcut = shortcuts.get(both) ?? shortcuts.get(event.key);
    first = event.key;
    firstAt = shortcut ? -Infinity : event.timeStamp;
    if (!shortcut) return;
    event.preventDefault();
    shortcut.run();
  });

  return {
    bind: (keys, label, run) => void shortcuts.set(keys, { keys, label, run }),
    describe: (list) => list.forEach(([keys, label]) => described.set(label, { keys, label })),
    list: () => [...shortcuts.values(), ...described.values()].map(({ keys, label }) => ({ keys, label })),
    get enabled() {
      return enabled;
    },
    set enabled(on) {
      enabled = on;
      storage?.setItem("dispy.keys", on ? "on" : "off");
    },
  };
}
