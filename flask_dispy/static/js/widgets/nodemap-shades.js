/** The figures that the cells of the node map can be shaded by. No access to the DOM. */
/** @import {NodeRow} from "../data/types.js" */
import { timesText } from "../data/standing.js";
import { percent } from "../lib/format.js";

/** @typedef {{cpus: number, busy: number, compared?: NodeRow["compared"], avail_info?: NodeRow["avail_info"]}} ShadedNode */

/**
 * @typedef {object} Shade
 * @property {string} label
 * @property {"running"|"silent"|"failed"} token the colour
 * @property {(node: ShadedNode) => number|null} share how much of it a cell shows, 0 to 1; null: unknown
 * @property {(node: ShadedNode) => string} figures
 */

/** The darkest shade means twice the others' time, or half of the jobs failed. */
const FULL_TIMES = 2;
const FULL_FAILED = 0.5;

/** @param {number} share */
const bounded = (share) => Math.min(1, Math.max(0, share));

/**
 * Share of a node's CPUs that are busy, 0 to 1; a node without CPUs has none.
 *
 * @param {ShadedNode} node
 */
export const loadOf = ({ busy, cpus }) => (cpus > 0 ? bounded(busy / cpus) : 0);

/** @param {ShadedNode} node */
const usedOf = ({ avail_info }) => (avail_info && avail_info.cpu !== null ? bounded(1 - avail_info.cpu / 100) : null);

/** @type {Record<"busy"|"load"|"slow"|"failing", Shade>} */
export const SHADES = {
  busy: {
    label: "busy",
    token: "running",
    share: loadOf,
    figures: ({ busy, cpus }) => (busy > cpus ? `${busy}` : `${Math.max(0, busy)}/${cpus}`),
  },
  load: { label: "load", token: "running", share: usedOf, figures: (node) => percent(usedOf(node)) },
  slow: {
    label: "slow",
    token: "silent",
    share: ({ compared }) =>
      compared && compared.times_others !== null ? bounded((compared.times_others - 1) / (FULL_TIMES - 1)) : null,
    figures: ({ compared }) => timesText(compared?.times_others),
  },
  failing: {
    label: "failing",
    token: "failed",
    share: ({ compared }) =>
      compared && compared.failed_share !== null ? bounded(compared.failed_share / FULL_FAILED) : null,
    figures: ({ compared }) => percent(compared?.failed_share),
  },
};
