/**
 * The meaning of an answer that is an error or not the dashboard's: a login page, a network's portal, a proxy
 * whose server is gone. Each becomes a sentence and a remedy.
 */

/** @typedef {"login"|"reload"|null} Remedy what helps: to log in and come back, or to load the page anew */
/** @typedef {{status: number, code: string, message: string, field?: string|null, remedy?: Remedy}} Meaning */

const LOGGED_OUT = "You have been logged out";

/** A field that each of our answers has, by address. @type {[RegExp, string][]} */
const MEMBERS = [
  [/^GET changes$/, "cursor"],
  [/^\w+ settings$/, "poll_sec"],
  [/^GET clusters\/[^/]*\/(jobs|nodes|offers)$/, "items"],
  [/^GET clusters\/[^/]*\/jobs\/\d+$/, "serial"],
  [/^GET clusters\/[^/]*\/nodes\/[^/]*$/, "ip_addr"],
  [/^GET clusters\/[^/]*\/(nodes\/[^/]*\/)?series$/, "resolution_sec"],
  [/^GET clusters\/[^/]*\/timeline$/, "now"],
  [/^POST clusters\/[^/]*\/jobs\/(cancel|rerun)$/, "matched"],
  [/^(POST|PATCH|DELETE) clusters\/[^/]*\/(nodes|offers)(\/|$)/, "outcomes"],
];

/**
 * Whether a successful answer is really ours.
 *
 * @param {string} method
 * @param {string} path  below the API's root
 * @param {unknown} data  undefined: no JSON
 */
export function isOurs(method, path, data) {
  if (typeof data !== "object" || data === null) return false;
  const member = MEMBERS.find(([pattern]) => pattern.test(`${method} ${path}`))?.[1];
  return member === undefined || member in data;
}

/**
 * @param {{status: number, type?: string, redirected?: boolean}} response
 * @param {any} data  undefined: no JSON
 * @param {boolean} empty  there was no body
 * @returns {Meaning}
 */
export function errorOf({ status, type, redirected }, data, empty) {
  // The API never redirects; a host that does wants a login first. A script can't see where the redirect leads.
  if (type === "opaqueredirect" || redirected) return loggedOut(status, LOGGED_OUT);
  const error = data?.error;
  const isApiError = typeof error === "object" && typeof error?.message === "string" && typeof error?.code === "string";
  if (status === 401) return loggedOut(status, LOGGED_OUT);
  if (isApiError) return ours(status, error);
  return { status, code: "not_ours", ...sentence(status, empty) };
}

/**
 * @param {number} status
 * @param {{code: string, message: string, field?: string|null}} error
 * @returns {Meaning}
 */
function ours(status, { code, message, field }) {
  // The reader had access when the page was loaded.
  if (status === 403 && code === "forbidden") return loggedOut(status, `${LOGGED_OUT}, or may no longer do this`);
  /** @type {Remedy} */
  const remedy = status === 400 && /csrf/i.test(message) ? "reload" : null;
  return { status, code, message, field, remedy };
}

/** @param {number} status @param {string} message @returns {Meaning} */
function loggedOut(status, message) {
  return { status, code: "logged_out", message, remedy: "login" };
}

/** @param {number} status @param {boolean} empty @returns {{message: string, remedy: Remedy}} */
function sentence(status, empty) {
  if (status >= 200 && status < 300) {
    const what = empty ? "The answer was empty" : "The answer was not the dashboard's";
    return { message: `${what}: a login page, a network's portal or a proxy may stand between`, remedy: "reload" };
  }
  if (status === 403)
    return { message: "Something in front of the dashboard refuses you (status 403)", remedy: "reload" };
  if (status === 404) return { message: "The dashboard is no longer at this address (status 404)", remedy: "reload" };
  if (status === 502 || status === 503 || status === 504) {
    return {
      message: `A proxy answered in the dashboard's place (status ${status}): its program may have ended, or be starting`,
      remedy: null,
    };
  }
  return { message: `The server answered with status ${status}, and not as the dashboard does`, remedy: null };
}

/**
 * Seconds to wait before the next request, as the server asks, at most an hour; null if it does not ask.
 * RFC 9110, 10.2.3: a number of seconds, or a date.
 *
 * @param {string|null|undefined} retryAfter  the header
 * @param {number} now  epoch seconds
 */
export function retryAfterSecOf(retryAfter, now) {
  if (!retryAfter) return null;
  const text = retryAfter.trim();
  const isDate = /[a-z]/i.test(text); // Date.parse accepts "-5" as a date
  const sec = /^\d+$/.test(text) ? Number(text) : isDate ? Date.parse(text) / 1000 - now : NaN;
  return Number.isFinite(sec) ? Math.min(Math.max(sec, 0), 3600) : null;
}
