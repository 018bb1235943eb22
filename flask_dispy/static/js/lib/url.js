/**
 * State that is kept in the page's address, so that it can be shared, bookmarked and reloaded.
 */

/** @typedef {Record<string, string|number|null|undefined>} Params */

/**
 * A query string without its empty values; "" when nothing is left.
 *
 * @param {Params|URLSearchParams} params
 * @returns {string} begins with "?" unless empty
 */
export function queryString(params) {
  const query = new URLSearchParams();
  const entries = params instanceof URLSearchParams ? params : Object.entries(params);
  for (const [name, value] of entries) {
    if (value !== null && value !== undefined && value !== "") query.append(name, String(value));
  }
  const text = query.toString();
  return text && `?${text}`;
}

/**
 * The relative address of another page, with the cluster that is shown.
 *
 * @param {string} page such as "node.html"
 * @param {Params} [params] `cluster` of "*" is left out: it is the default
 * @returns {string}
 */
export function pageHref(page, params = {}) {
  const { cluster, ...rest } = params;
  return page + queryString({ ...rest, cluster: cluster === "*" ? null : cluster });
}

/**
 * @typedef {object} UrlState
 * @property {(name: string, fallback?: string) => string} get
 * @property {(params: Params) => void} set an empty value removes the name
 */

/**
 * Read and change the query of the page's own address without a new history entry.
 *
 * @param {{location: {search: string, hash: string, pathname: string}, history: {replaceState(data: unknown, unused: string, url: string): void}}} where
 * @returns {UrlState}
 */
export function createUrlState({ location, history }) {
  return {
    get(name, fallback = "") {
      return new URLSearchParams(location.search).get(name) ?? fallback;
    },
    set(params) {
      const query = new URLSearchParams(location.search);
      for (const [name, value] of Object.entries(params)) {
        if (value === null || value === undefined || value === "") query.delete(name);
        else query.set(name, String(value));
      }
      const next = queryString(query);
      if (next !== location.search) {
        history.replaceState(null, "", location.pathname + next + location.hash);
      }
    },
  };
}
