/** @import {Remedy} from "./foreign.js" */
import { ApiError } from "./api.js";
import { h } from "../lib/dom.js";

/**
 * @typedef {object} Line one outcome
 * @property {boolean} ok
 * @property {boolean} [asked] good, and what comes of it is not known yet
 * @property {string} text
 * @property {Remedy} [remedy]
 */

/**
 * A link to the remedy: the page's own address, where the host asks for a login and leads back from it.
 *
 * @param {Remedy} remedy
 * @returns {HTMLAnchorElement|null}
 */
export function remedyLink(remedy) {
  if (!remedy) return null;
  // The address changes while the page is open. It is used without its hash, because with one the browser would only scroll.
  const here = () => location.pathname + location.search;
  const link = h("a", { href: here(), text: remedy === "login" ? "Log in and come back" : "Reload the page" });
  link.addEventListener("click", () => (link.href = here()));
  return link;
}

/**
 * The text of a failure in a notice.
 *
 * @param {unknown} error
 * @param {string} [subject] the thing that the command failed for
 * @returns {Line}
 */
export function failureLine(error, subject) {
  const message = error instanceof Error ? error.message : String(error);
  return {
    ok: false,
    text: subject ? `${subject}: ${message}` : message,
    remedy: error instanceof ApiError ? error.remedy : null,
  };
}
