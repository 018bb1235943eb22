/**
 * The theme for what is painted on a canvas: the values of the custom properties, and word of their change.
 */

/**
 * @template {string} Name
 * @param {Element} element
 * @param {readonly Name[]} names  custom properties without their dashes
 * @returns {Record<Name, string>}
 */
export function readTokens(element, names) {
  const style = getComputedStyle(element);
  const found = /** @type {Record<Name, string>} */ ({});
  for (const name of names) found[name] = style.getPropertyValue(`--${name}`).trim() || "#888";
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
