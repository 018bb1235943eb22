/** @import {Kept} from "../lib/storage.js" */
import { need, setText } from "../lib/dom.js";

const THEMES = ["system", "light", "dark"];

/**
 * The button for the theme, whose choice this browser remembers (early.js applies it before the first paint).
 *
 * @param {Kept|null} storage
 */
export function startTheme(storage) {
  const { dataset } = document.documentElement;
  const button = need("theme");
  const [picture, words] = button.children;
  let theme = dataset.theme ?? "system";

  function label() {
    picture.className = `icon icon-${theme}`;
    setText(words, `Theme: ${theme}`);
    button.title = `Theme: ${theme}`;
  }

  button.addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    if (theme === "system") {
      delete dataset.theme;
      storage?.removeItem("dispy.theme");
    } else {
      dataset.theme = theme;
      storage?.setItem("dispy.theme", theme);
    }
    label();
  });
  label();
}
