/** What the feed does not carry, such as the nodes' load over time, is read again while updates come. */

/** @import {Shell} from "../frame/parts.js" */
import { isUpdating } from "../data/store.js";

const REFILL_SEC = 10;

/**
 * Reads now, and again every ten seconds while the page is connected.
 *
 * @param {Shell} shell
 * @param {() => Promise<void>} read
 * @returns {() => Promise<void>} reads at once
 */
export function keepFilled({ store, everySecond }, read) {
  let askedAt = 0;
  async function fill() {
    askedAt = Date.now() / 1000;
    try {
      await read();
    } catch {
      // The feed reports that the server can't be reached; what is shown stays.
    }
  }
  everySecond(() => {
    if (isUpdating(store) && Date.now() / 1000 - askedAt >= REFILL_SEC) void fill();
  });
  void fill();
  return fill;
}
