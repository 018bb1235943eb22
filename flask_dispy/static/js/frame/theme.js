/** @typedef {"system"|"light"|"dark"} Theme */

/** @type {Theme[]} */
const ORDER = ["system", "light", "dark"];

/**
 * The choice of theme, remembered in this browser (early.js applies it before the first paint).
 *
 * @param {HTMLElement} root the document element
 * @param {Pick<Storage, "getItem"|"setItem"|"removeItem">|null} storage
 * @returns {{theme: Theme, next: () => Theme}}
 */
export function createTheme(root, storage) {
  /** @type {Theme} */
  let theme = ORDER.find((name) => name === root.dataset.theme) ?? "system";
  return {
    get theme() {
      return theme;
    },
    next() {
      theme = ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length];
      if (theme === "system") {
        delete root.dataset.theme;
        storage?.removeItem("dispy.theme");
      } else {
        root.dataset.theme = theme;
        storage?.setItem("dispy.theme", theme);
      }
      return theme;
    },
  };
}
