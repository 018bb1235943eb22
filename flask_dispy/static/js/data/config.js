/** Name of the view over all clusters, in URLs and in the API. */
export const COMBINED = "*";

/**
 * The names of the clusters, in the order in which they were added.
 *
 * @param {{store: Pick<import("./store.js").Store, "loaded"|"clusters">, config: Pick<import("./types.js").Config, "clusters">}} shell
 */
export const clusterNames = ({ store, config }) =>
  store.loaded ? [...store.clusters.keys()].filter((name) => name !== COMBINED) : config.clusters;

/**
 * How a cluster's name is shown.
 *
 * @param {string} name
 * @returns {string}
 */
export const clusterLabel = (name) => (name === COMBINED ? "* Combined" : name);
