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
 * @returns {() => void} stops watching
 */
export function watchTheme(changed) {
  const attribute = new MutationObserver(changed);
  attribute.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  const queries = ["(prefers-color-scheme: dark)", "(forced-colors: active)", "print"].map((query) => matchMedia(query));
  for (const query of queries) query.addEventListener("change", changed);
  return () => {
    attribute.disconnect();
    for (const query of queries) query.removeEventListener("change", changed);
  };
}

/**
 * Makes a canvas as sharp as the screen and returns its context, scaled so that 1 is a CSS pixel.
 * Clears it only if its size changed.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {number} height
 * @returns {CanvasRenderingContext2D}
 */
export function fitCanvas(canvas, width, height) {
  const ratio = Math.min(3, window.devicePixelRatio || 1);
  const [pixelsX, pixelsY] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== pixelsX || canvas.height !== pixelsY) {
    canvas.width = pixelsX;
    canvas.height = pixelsY;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  const context = canvas.getContext("2d");
  if (!context) throw new Error("This browser gives no 2d canvas");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}
