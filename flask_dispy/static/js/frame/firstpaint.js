/** @import {Store} from "../data/store.js" */
import { need, show } from "../lib/dom.js";

/** The page's bars stand alone for so long at most; then its content follows, figures or none. */
const WAIT_MS = 300;

/**
 * Show the page's content with its first figures, or without them when these take long or fail:
 * to lay it out and paint it twice takes a browser a tenth of a second. To be called before the
 * widgets are made, so that in each frame the content is there before they measure it.
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
  const timer = setTimeout(reveal, WAIT_MS); // in a hidden tab there are no frames
  const stop = store.subscribe(() => {
    due = true;
    stop();
  });
  show(content, false);
  requestAnimationFrame(look);
}
