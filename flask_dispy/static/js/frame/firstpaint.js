/** @import {Store} from "../data/store.js" */
import { need, show } from "../lib/dom.js";

/** The longest time for which only the page's bars are shown; then its content follows, with or without figures. */
const WAIT_MS = 300;

/**
 * Show the page's content together with its first figures, or without them if they take long or fail, because
 * painting it twice takes a browser a tenth of a second. Call this before the widgets are made, so that in each
 * frame the content is shown before they measure it.
 *
 * @param {Store} store
 */
export function showWithFigures(store) {
  const content = need("main");
  let due = false;
  const reveal = () => {
    clearTimeout(timer);
    show(content, true);
  };
  const look = () => {
    if (due) reveal();
    else if (content.hidden) requestAnimationFrame(look);
  };
  const timer = setTimeout(reveal, WAIT_MS); // a hidden tab has no frames
  const stop = store.subscribe(() => {
    due = true;
    stop();
  });
  show(content, false);
  requestAnimationFrame(look);
}
