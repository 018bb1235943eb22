/**
 * The few DOM operations that every widget needs. Text from elsewhere always becomes a text node, and
 * unchanged values are not written again.
 */

import { stateMark } from "./format.js";

/** @typedef {string|number|boolean|null|undefined|((event: any) => void)|Record<string, string>} Prop */

/**
 * An element with its properties and children.
 *
 * `class`, `aria-*`, `data-*` and the like are attributes (null or false: absent, true: ""),
 * `on...` are listeners, `text` is the text content.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, Prop>} [props]
 * @param {...(Node|string|null)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (name === "text") element.textContent = String(value ?? "");
    // A new element has no attributes yet, so there is nothing to compare.
    else if (value === true) element.setAttribute(name, "");
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
  for (const child of children) if (child !== null) element.append(child);
  return element;
}

/**
 * @param {Node} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {string|number|boolean|null|undefined} value null, undefined and false remove it
 */
export function setAttr(element, name, value) {
  if (value === null || value === undefined || value === false) {
    if (element.hasAttribute(name)) element.removeAttribute(name);
    return;
  }
  const text = value === true ? "" : String(value);
  if (element.getAttribute(name) !== text) element.setAttribute(name, text);
}

/**
 * Set a style property or custom property; allowed by a CSP without 'unsafe-inline', unlike
 * the style attribute.
 *
 * @param {HTMLElement|SVGElement} element
 * @param {string} name
 * @param {string} value
 */
export function setStyle(element, name, value) {
  if (element.style.getPropertyValue(name) !== value) element.style.setProperty(name, value);
}

/**
 * @param {HTMLElement} element
 * @param {boolean} shown
 */
export function show(element, shown) {
  if (element.hidden === shown) element.hidden = !shown;
}

/**
 * Give an element these children. Present children are never taken out, because an element that is out of the
 * page for a moment loses the focus and a click that has begun.
 *
 * @param {Element} parent
 * @param {Node[]} children
 */
export function setChildren(parent, children) {
  const wanted = new Set(children);
  for (const child of [...parent.childNodes]) if (!wanted.has(child)) child.remove();
  orderChildren(parent, children);
}

/**
 * Bring children into this order (screen readers follow it), before any others, without touching the focused one.
 *
 * @param {Element} parent
 * @param {Node[]} wanted
 */
export function orderChildren(parent, wanted) {
  let at = parent.firstChild;
  for (const child of wanted) {
    if (child === at) {
      at = at.nextSibling;
    } else if (child.contains(document.activeElement) && child.parentNode === parent) {
      while (at && at !== child) {
        const next = at.nextSibling;
        parent.append(at);
        at = next;
      }
      at = child.nextSibling;
    } else {
      parent.insertBefore(child, at);
    }
  }
}

/**
 * @param {string} name see css/icons.css
 */
export const icon = (name) => h("span", { class: `icon icon-${name}`, "aria-hidden": "true" });

/**
 * Give a select its options, unless it has them: an open menu would close. The chosen one is not changed otherwise.
 *
 * @param {HTMLSelectElement} select
 * @param {[value: string, label: string][]} options
 * @param {string} chosen
 */
export function setOptions(select, options, chosen) {
  const said = JSON.stringify(options);
  if (select.dataset.options === said) return;
  select.dataset.options = said;
  select.replaceChildren(...options.map(([value, text]) => h("option", { value, text })));
  select.value = chosen;
}

/**
 * A field to search in.
 *
 * @param {string} label
 * @param {Record<string, Prop>} props
 */
export const searchInput = (label, props) =>
  h("input", {
    class: "input",
    type: "search",
    "aria-label": label,
    autocomplete: "off",
    spellcheck: "false",
    ...props,
  });

/**
 * A button that shows an icon.
 *
 * @param {string} picture
 * @param {string} label
 * @param {Record<string, Prop>} [props]
 */
export const iconButton = (picture, label, props = {}) =>
  h("button", { type: "button", class: "button quiet icon-button", "aria-label": label, ...props }, icon(picture));

/**
 * The mark before the word for a job's or node's state.
 *
 * @param {string} word
 */
export const stateIcon = (word) => h("span", { class: stateMark(word), "aria-hidden": "true" });

/**
 * The element with this id, which the page's template must have.
 *
 * @param {string} id
 * @returns {HTMLElement}
 */
export function need(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The page has no element with the id "${id}"`);
  return element;
}

/**
 * Whether typing goes into this element, so that its keys are no shortcuts.
 *
 * @param {EventTarget|null} target
 */
export function isTyping(target) {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement) return true;
  if (target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !["checkbox", "radio", "button", "submit"].includes(target.type);
}

/**
 * Whether a click is for this page: with another button or a key, it has the browser open a link elsewhere, or save it.
 *
 * @param {MouseEvent} event
 */
export const isPlainClick = ({ button, ctrlKey, metaKey, shiftKey, altKey }) =>
  button === 0 && !ctrlKey && !metaKey && !shiftKey && !altKey;

/**
 * Act on a plain click on a link, in place of following it.
 *
 * @param {HTMLAnchorElement} link
 * @param {() => void} act
 */
export function onPlainClick(link, act) {
  link.addEventListener("click", (event) => {
    if (!isPlainClick(event)) return;
    event.preventDefault();
    act();
  });
}

/**
 * Return a function that runs once, a moment after its last call.
 *
 * @param {() => void} run
 * @param {number} [milliseconds] time for a few frames
 * @returns {() => void}
 */
export function debounced(run, milliseconds = 50) {
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(run, milliseconds);
  };
}

/**
 * Return a function that runs at most once a frame, however often it is called.
 *
 * @param {() => void} run
 * @returns {() => void}
 */
export function oncePerFrame(run) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      run();
    });
  };
}

/** The waits between two of many changes on screen: no shorter than this, and with reduced motion. */
const FRAME_MS = { least: 100, calm: 1000 };

/**
 * Run repeatedly, each time after the milliseconds that the last run returned, but no more often than the eye needs:
 * more slowly with reduced motion, and not at all while the page is hidden.
 *
 * @param {() => number} run
 */
export function repeatCalmly(run) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const next = () => {
    const wait = document.hidden ? FRAME_MS.calm : run();
    const least = calm.matches ? FRAME_MS.calm : FRAME_MS.least;
    setTimeout(next, Math.min(FRAME_MS.calm, Math.max(least, wait)));
  };
  setTimeout(next, FRAME_MS.calm);
}
