/** Name of the view over all clusters, in URLs and in the API. */
export const COMBINED = "*";

/**
 * How a cluster's name is shown.
 *
 * @param {string} name
 * @returns {string}
 */
export const clusterLabel = (name) => (name === COMBINED ? "* Combined" : name);
