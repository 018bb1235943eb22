/** @import {Api} from "../data/api.js" */
/** @import {Line} from "../data/remedy.js" */
/** @import {Notices} from "../frame/notices.js" */
/** @import {Outcome} from "../data/types.js" */
import { clusterPath } from "../data/api.js";
import { counted, plain } from "../lib/format.js";
import { jobTitle } from "../data/jobwords.js";
import { failureLine } from "../data/remedy.js";

/** @typedef {"allocate"|"deallocate"|"close"} NodeAction */

/** Requests under way at once: fast for a few nodes, and no burden on the server for thousands. */
const AT_ONCE = 4;

/** @type {Record<NodeAction, {word: string, now: string, done: string, detail: string}>} */
export const NODE_ACTIONS = {
  allocate: { word: "Allocate", now: "Asking", done: "Asked", detail: "" },
  deallocate: {
    word: "Deallocate",
    now: "Deallocating",
    done: "Deallocated",
    detail: "No further jobs go there; running jobs end as usual.",
  },
  close: {
    word: "Close",
    now: "Closing",
    done: "Closed",
    detail: "It leaves the cluster; its running jobs end as usual.",
  },
};

/**
 * @param {Outcome} outcome
 * @param {string} [subject] named if the outcome does not name its node or cluster
 * @returns {Line}
 */
export function outcomeLine(outcome, subject = "") {
  const about =
    outcome.ip_addr ??
    (outcome.serial === null || outcome.serial === undefined
      ? subject
      : `job ${jobTitle({ id: outcome.id ?? "", serial: outcome.serial })}`);
  const message = plain(outcome.message || outcome.code);
  const asked = outcome.ok && outcome.code === "asked";
  // Names are not repeated: many messages contain their node and cluster.
  const where = outcome.cluster && !message.includes(plain(outcome.cluster)) ? ` (${plain(outcome.cluster)})` : "";
  const whom = message.includes(plain(about)) ? "" : plain(about);
  const head = `${whom}${where}`.trim();
  return { ok: outcome.ok, asked, text: head ? `${head}: ${message}` : message };
}

/**
 * Send a command for each of some nodes, a few at a time, and show each outcome.
 *
 * @param {object} options
 * @param {string[]} options.addresses
 * @param {{now: string, done: string}} options.words "Closing", "Closed"
 * @param {(address: string) => Promise<{outcomes: Outcome[]}>} options.send
 * @param {Notices} options.notices
 */
export async function onEachNode({ addresses, words, send, notices }) {
  const notice = notices.show(`${words.now} ${counted(addresses.length, "node")}`);
  /** @type {Line[]} */
  const lines = [];
  const waiting = [...addresses];
  let ended = 0;
  let good = 0;

  async function work() {
    for (let address = waiting.shift(); address !== undefined; address = waiting.shift()) {
      const outcomes = await one(send, address);
      lines.push(...outcomes);
      ended += 1;
      if (outcomes.every((line) => line.ok)) good += 1;
      notice.progress(`${words.now} ${ended} of ${counted(addresses.length, "node")}`);
    }
  }

  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const all = counted(addresses.length, "node");
  notice.done(good === addresses.length ? `${words.done} ${all}` : `${words.done} ${good} of ${all}`, lines);
}

/**
 * @param {(address: string) => Promise<{outcomes: Outcome[]}>} send which may also throw at once
 * @param {string} address
 * @returns {Promise<Line[]>}
 */
async function one(send, address) {
  try {
    const { outcomes } = await send(address);
    return outcomes.map((outcome) => outcomeLine(outcome, address));
  } catch (error) {
    return [failureLine(error, address)];
  }
}

/**
 * @param {{api: Api, cluster: string, notices: Notices}} shell
 * @param {NodeAction} action
 * @param {string[]} addresses
 */
export const runNodeAction = ({ api, cluster, notices }, action, addresses) =>
  onEachNode({
    addresses,
    words: NODE_ACTIONS[action],
    send: (address) => api.send("POST", clusterPath(cluster, "nodes", address, action)),
    notices,
  });

/**
 * @param {{api: Api, cluster: string, notices: Notices}} shell
 * @param {string[]} addresses
 * @param {number} cpus negative: that many left out
 */
export const setCpus = ({ api, cluster, notices }, addresses, cpus) =>
  onEachNode({
    addresses,
    words: { now: "Setting CPUs of", done: "Set CPUs of" },
    send: (address) => api.send("PATCH", clusterPath(cluster, "nodes", address), { cpus }),
    notices,
  });
