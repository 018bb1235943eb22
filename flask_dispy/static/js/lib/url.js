/**
 * State that is kept in the page's address, so that it can be shared, bookmarked and reloaded.
 */

/** @typedef {Record<string, string|number|null|undefined>} Params */
/** @typedef {Record<string, string|number|null|undefined|readonly (string|number)[]>} QueryParams a list repeats its name */

/**
 * A query string without its empty values; "" when nothing is left.
 *
 * @param {QueryParams|URLSearchParams} params
 * @returns {string} begins with "?" unless empty
 */
export function queryString(params) {
  const query = new URLSearchParams();
  const entries = params instanceof URLSearchParams ? params : Object.entries(params);
  for (const [name, value] of entries) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null && one !== undefined && one !== "") query.append(name, String(one));
    }
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
 * @property {(params: Params, options?: {step?: boolean}) => void} set an empty value removes the name; `step`: Back leads to what was before, even if a panel is open
 * @property {(name: string, value: string|number) => void} open a panel: the first one adds a history entry, so that Back closes it
 * @property {(name: string) => void} close the panel, as Back does, but keep the rest of the address
 */

/**
 * Read and change the query of the page's own address, without a new history entry but for panels that open.
 *
 * @param {{location: {search: string, hash: string, pathname: string}, history: Pick<History, "state"|"back"|"pushState"|"replaceState">, addEventListener: (type: "popstate", listener: () => void, options: AddEventListenerOptions) => void}} where
 * @returns {UrlState}
 */
export function createUrlState(where) {
  const { location, history } = where;
  /** @param {Params} params the address with these in its query */
  const withParams = (params) => {
    const query = new URLSearchParams(location.search);
    for (const [name, value] of Object.entries(params)) {
      if (value === null || value === undefined || value === "") query.delete(name);
      else query.set(name, String(value));
    }
    return location.pathname + queryString(query) + location.hash;
  };
  /** @type {UrlState} */
  const state = {
    get(name, fallback = "") {
      return new URLSearchParams(location.search).get(name) ?? fallback;
    },
    set(params, { step = false } = {}) {
      const next = withParams(params);
      if (next === location.pathname + location.search + location.hash) return;
      // What open() noted of the entry holds as long as its address names the panel.
      const panel = history.state?.panel;
      const ends = step || (panel in params && !params[panel]);
      history.replaceState(ends ? null : history.state, "", next);
    },
    open(name, value) {
      if (state.get(name)) history.replaceState(history.state, "", withParams({ [name]: value }));
      else history.pushState({ panel: name }, "", withParams({ [name]: value }));
    },
    close(name) {
      if (history.state?.panel !== name) return state.set({ [name]: null });
      // The entry below is shown as the page is now, sorted anew perhaps; pages listen after this.
      const next = withParams({ [name]: null });
      const keep = () => history.replaceState(history.state, "", next);
      where.addEventListener("popstate", keep, { once: true, capture: true });
      history.back();
    },
  };
  return state;
}
