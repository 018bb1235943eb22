
/** A request that failed: the server's own error, or the network's. */
export class ApiError extends Error {
  /**
   * @param {{status: number, code: string, message: string, field?: string|null}} what
   *   `status` 0: no answer came
   */
  constructor({ status, code, message, field = null }) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.field = field;
  }
}

/**
 * @typedef {object} Api
 * @property {(path: string, params?: QueryParams) => string} url
 * @property {(path: string, params?: QueryParams) => Promise<any>} get
 * @property {(method: "POST"|"PATCH"|"PUT"|"DELETE", path: string, body?: unknown) => Promise<any>} send
 *
 * @typedef {Record<string, string|number|null|undefined|readonly (string|number)[]>} QueryParams a list repeats its name
 */

/**
 * Path of a cluster's resource, every part encoded.
 *
 * @param {string} cluster
 * @param {...(string|number)} parts
 * @returns {string}
 */
export function clusterPath(cluster, ...parts) {
  return ["clusters", cluster, ...parts].map((part) => encodeURIComponent(part)).join("/");
}

/**
 * The only place that talks HTTP. Every failure is an ApiError; every request ends in time.
 *
 * @param {object} options
 * @param {string} options.base
 * @param {string|null} [options.csrfToken] sent with every unsafe request
 * @param {typeof fetch} [options.fetch]
 * @param {number} [options.timeoutSec] past this a request fails with code "timeout"
 * @returns {Api}
 */
export function createApi({ base, csrfToken = null, fetch = globalThis.fetch, timeoutSec = 30 }) {
  /** @type {Api["url"]} */
  function url(path, params = {}) {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(params)) {
      for (const one of Array.isArray(value) ? value : [value]) {
        if (one !== null && one !== undefined && one !== "") query.append(name, String(one));
      }
    }
    const text = query.toString();
    return base + path + (text && `?${text}`);
  }

  /**
   * @param {string} address
   * @param {RequestInit} init
   */
  async function request(address, init) {
    const response = await fetch(address, {
      ...init,
      credentials: "same-origin",
      signal: AbortSignal.timeout(timeoutSec * 1000),
    }).catch(fail);
    // Not text(): of a snapshot's megabytes Chromium makes a text piece by piece, and slower.
    const body = await response.arrayBuffer().catch(fail);
    const data = parse(new TextDecoder().decode(body));
    if (!response.ok) throw refusal(response.status, data);
    return data;
  }

  return {
    url,
    get: (path, params) => request(url(path, params), { headers: { Accept: "application/json" } }),
    send(method, path, body) {
      /** @type {Record<string, string>} */
      const headers = { Accept: "application/json", "Content-Type": "application/json" };
      if (csrfToken !== null) headers["X-CSRFToken"] = csrfToken;
      return request(url(path), { method, headers, body: JSON.stringify(body ?? {}) });
    },
  };
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

/** @param {string} body */
function parse(body) {
  if (!body) return null;
  try {
    return JSON.parse(body);
  } catch {
    return null; // a proxy's HTML page: the status tells enough
  }
}

/**
 * @param {number} status
 * @param {any} data
 */
function refusal(status, data) {
  const error = data?.error ?? {};
  return new ApiError({
    status,
    code: error.code ?? "http_error",
    message: error.message ?? `The server answered with status ${status}`,
    field: error.field,
  });
}
