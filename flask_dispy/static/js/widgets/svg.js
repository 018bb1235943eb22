import { setAttr } from "../lib/dom.js";

const NAMESPACE = "http://www.w3.org/2000/svg";

/**
 * An SVG element with its attributes and children; as `h` does for HTML.
 *
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string|number|null>} [attributes]
 * @param {...(Node|string)} children
 * @returns {SVGElementTagNameMap[Tag]}
 */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(NAMESPACE, tag);
  setAttrs(element, attributes);
  element.append(...children);
  return element;
}

/**
 * @param {Element} element
 * @param {Record<string, string|number|null>} attributes
 */
export function setAttrs(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) setAttr(element, name, value);
}

/**
 * Make as many children as there are items, and fill them in order.
 *
 * @template Item
 * @template {Element} Child
 * @param {Element} parent
 * @param {readonly Item[]} items
 * @param {() => Child} make
 * @param {(child: Child, item: Item) => void} fill
 */
export function fillChildren(parent, items, make, fill) {
  while (parent.children.length > items.length) parent.lastElementChild?.remove();
  while (parent.children.length < items.length) parent.append(make());
  items.forEach((item, index) => fill(/** @type {Child} */ (parent.children[index]), item));
}
