/** @import {Config} from "./types.js" */

/** Name of the view over all clusters, in URLs and in the API. */
export const COMBINED = "*";

/**
 * The configuration that the server wrote into the page, with safe defaults.
 *
 * @param {{body: {dataset: DOMStringMap}}} doc
 * @returns {Config}
 */
export function readConfig(doc) {
  /** @type {Partial<Config>} */
  const given = JSON.parse(doc.body.dataset.config || "{}");
  return {
    api: "api/v1/",
    cluster: COMBINED,
    clusters: [],
    node_fields: [],
    job_fields: [],
    poll_sec: 10,
    show_job_args: true,
    user: null,
    csrf_token: null,
    version: "",
    limits: { poll_sec: Infinity, query_letters: Infinity, serials: Infinity }, // the server checks them itself
    ...given,
    permissions: {
      view: true,
      see_arguments: false,
      cancel_jobs: false,
      rerun_jobs: false,
      manage_nodes: false,
      change_settings: false,
      ...given.permissions,
    },
  };
}

/**
 * How a cluster's name is shown.
 *
 * @param {string} name
 * @returns {string}
 */
export const clusterLabel = (name) => (name === COMBINED ? "* Combined" : name);
