/** @import {Health} from "./types.js" */
/** @import {Meaning} from "./foreign.js" */
import { queryString } from "../lib/url.js";
import { isOurs, errorOf, retryAfterSecOf } from "./foreign.js";

/** A request that failed: the server's own error, or the network's. */
export class ApiError extends Error {
  /**
   * @param {Meaning & {retryAfterSec?: number|null}} what
   *   `status` 0: no answer came
   */
  constructor({ status, code, message, field = null, remedy = null, retryAfterSec = null }) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.field = field;
    this.remedy = remedy;
    this.retryAfterSec = retryAfterSec;
  }
}

/** How many answers are kept to be revalidated by their tags. */
const TAGGED = 4;

/** @typedef {import("../lib/url.js").QueryParams} QueryParams */

/**
 * Path of a cluster's resource, every part encoded. Names that are "." or "..", or contain a slash, are
 * encoded twice; otherwise they would be taken for steps in the path.
 *
 * @param {string} cluster
 * @param {...(string|number)} parts
 * @returns {string}
 */
export function clusterPath(cluster, ...parts) {
  const isStep = /^\.\.?$|\//.test(cluster);
  const name = isStep ? encodeURIComponent(cluster).replace(/^\.+$/, (dots) => "%2e".repeat(dots.length)) : cluster;
  return ["clusters", name, ...parts].map(encodeURIComponent).join("/");
}

/** The only place that sends requests. Every failure is an ApiError; every request ends in time. */
export class Api {
  #options;
  /** Requests that the server asked not to repeat for a while, by address. @type {Map<string, {until: number, error: ApiError}>} */
  #held = new Map();
  /** The last few answers that have a tag, by address: unchanged ones are not sent again. @type {Map<string, {etag: string, data: any}>} */
  #tagged = new Map();

  /**
   * @param {object} options
   * @param {string} options.base
   * @param {string|null} [options.csrfToken] sent with every unsafe request
   * @param {string|null} [options.user] the name that the browser logged in with
   * @param {typeof globalThis.fetch} [options.fetch]
   * @param {number} [options.timeoutSec] past this a request fails with code "timeout"; a command past twice that
   * @param {() => number} [options.now] epoch seconds
   * @param {() => void} [options.onRemedy] called after a command failed for want of a login and the like
   */
  constructor({
    base,
    csrfToken = null,
    user = null,
    fetch = globalThis.fetch,
    timeoutSec = 30,
    now = () => Date.now() / 1000,
    onRemedy = () => {},
  }) {
    this.#options = { base, csrfToken, user, fetch, timeoutSec, now, onRemedy };
  }

  /** The name that the browser logged in with, if it was asked for one. */
  get user() {
    return this.#options.user;
  }

  /** @param {string} path @param {QueryParams} [params] */
  url(path, params = {}) {
    return this.#options.base + path + queryString(params);
  }

  /** How the server itself is, for which the status of the answer stands, too. @returns {Promise<Health>} */
  async health() {
    const { fetch, timeoutSec } = this.#options;
    const signal = AbortSignal.timeout(timeoutSec * 1000);
    const response = await fetch(this.url("../../healthz"), { credentials: "same-origin", signal }).catch(fail);
    return await response.json().catch(fail);
  }

  /** @param {string} path @param {QueryParams} [params] @returns {Promise<any>} */
  async get(path, params) {
    const { now } = this.#options;
    const hold = this.#held.get(path);
    if (hold && now() < hold.until)
      throw new ApiError({ ...hold.error, message: hold.error.message, retryAfterSec: hold.until - now() });
    this.#held.delete(path);
    try {
      return await this.#request("GET", path, { headers: { Accept: "application/json" } }, params);
    } catch (error) {
      if (error instanceof ApiError && error.retryAfterSec)
        this.#held.set(path, { until: now() + error.retryAfterSec, error });
      throw error;
    }
  }

  /** @param {"POST"|"PATCH"|"PUT"|"DELETE"} method @param {string} path @param {unknown} [body] @returns {Promise<any>} */
  async send(method, path, body) {
    const { csrfToken, onRemedy } = this.#options;
    /** @type {Record<string, string>} */
    const headers = { Accept: "application/json", "Content-Type": "application/json" };
    if (csrfToken !== null) headers["X-CSRFToken"] = csrfToken;
    try {
      return await this.#request(method, path, { method, headers, body: JSON.stringify(body ?? {}) });
    } catch (error) {
      if (error instanceof ApiError && error.remedy) onRemedy();
      throw error;
    }
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {RequestInit} init
   * @param {QueryParams} [params]
   */
  async #request(method, path, init, params) {
    const { fetch, timeoutSec, now } = this.#options;
    const address = this.url(path, params);
    const known = method === "GET" ? this.#tagged.get(address) : undefined;
    if (known) init = { ...init, headers: { ...init.headers, "If-None-Match": known.etag } };
    // The server may take three times its engine_timeout_sec, and a moment, for a command for many jobs.
    const waitsSec = method === "GET" ? timeoutSec : 2 * timeoutSec;
    const response = await fetch(address, {
      ...init,
      credentials: "same-origin",
      redirect: "manual", // a script can neither follow a redirect to another site's login page nor see where it leads
      signal: AbortSignal.timeout(waitsSec * 1000),
    }).catch(fail);
    // Not text(): Chromium decodes the megabytes of a snapshot piece by piece there, and slower.
    const body = await response.arrayBuffer().catch(fail);
    if (known && response.status === 304) return known.data;
    const data = parse(new TextDecoder().decode(body));
    if (response.ok && !response.redirected && isOurs(method, path, data)) {
      if (method === "GET") this.#remember(address, response.headers?.get("ETag"), data);
      return data;
    }
    const retryAfterSec = retryAfterSecOf(response.headers?.get("Retry-After"), now());
    throw new ApiError({ ...errorOf(response, data, body.byteLength === 0), retryAfterSec });
  }

  /** @param {string} address @param {string|null|undefined} etag @param {any} data */
  #remember(address, etag, data) {
    this.#tagged.delete(address);
    if (!etag) return;
    this.#tagged.set(address, { etag, data });
    const [oldest] = this.#tagged.keys();
    if (this.#tagged.size > TAGGED) this.#tagged.delete(oldest);
  }
}

/**
 * @param {unknown} cause
 * @returns {never}
 */
function fail(cause) {
  const timeout = cause instanceof Error && cause.name === "TimeoutError";
  throw new ApiError(
    timeout
      ? { status: 0, code: "timeout", message: "The server did not answer in time" }
      : { status: 0, code: "unreachable", message: "The server can't be reached" },
  );
}

/** @param {string} body @returns {any} undefined: no JSON */
function parse(body) {
  try {
    return JSON.parse(body);
  } catch {
    return undefined; // somebody else's page
  }
}
