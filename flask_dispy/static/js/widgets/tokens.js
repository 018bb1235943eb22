/**
 * The theme for canvases: the values of the custom properties, and notice of their changes.
 */

import { h } from "../lib/dom.js";

/**
 * The values of custom properties. light-dark() chooses a colour only when an element has it.
 *
 * @template {string} Name
 * @param {Element} element
 * @param {readonly Name[]} names  custom properties without their dashes
 * @returns {Record<Name, string>}
 */
export function readTokens(element, names) {
  const probe = h("span", { hidden: true });
  probe.style.setProperty("forced-color-adjust", "none");
  element.append(probe);
  const style = getComputedStyle(probe);
  const found = /** @type {Record<Name, string>} */ ({});
  for (const name of names) {
    const value = style.getPropertyValue(`--${name}`).trim() || "#888";
    probe.style.color = value;
    found[name] = value.startsWith("light-dark(") ? style.color : value;
  }
  probe.remove();
  return found;
}

/**
 * Calls back when the theme, the system's colours or the screen's pixels change.
 *
 * @param {() => void} changed
 */
export function watchTheme(changed) {
  const attribute = new MutationObserver(changed);
  attribute.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)", "print"])
    matchMedia(query).addEventListener("change", changed);
}
