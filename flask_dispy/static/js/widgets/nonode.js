/** @import {Shell} from "../frame/parts.js" */
import { COMBINED } from "../data/config.js";
import { h } from "../lib/dom.js";
import { plain } from "../lib/format.js";

/**
 * Shown in place of nodes: how to start one, or, before that, how to have a cluster watched.
 *
 * @param {Pick<Shell, "store"|"config"|"cluster"|"href">} shell
 * @returns {HTMLElement}
 */
export function createNoNode({ store, config, cluster, href }) {
  const box = h("div", { class: "empty" }, h("p", { text: "Waiting for the first data." }));
  /** @type {boolean|null} */
  let shown = null;
  store.onData(() => {
    const watched = cluster !== COMBINED || [...store.clusters.values()].some(({ combined }) => !combined);
    if (watched === shown) return;
    shown = watched;
    box.replaceChildren(...(watched ? noNode() : config.past ? noRun() : noCluster()));
  });

  function noNode() {
    if (config.past) return [h("strong", { text: "No node" }), h("p", { text: "None had joined." })];
    const lines = [
      h("strong", { text: "No node yet" }),
      h("p", {
        text: `Start one on any machine that ${plain(cluster === COMBINED ? "the client" : cluster)} can reach. It appears here by itself.`,
      }),
      command("dispynode.py --clean"),
    ];
    if (config.permissions.manage_nodes) {
      lines.push(
        h(
          "p",
          {},
          "A node on another network: ",
          h("a", { href: href("manage.html"), text: "allocate it by its address" }),
          ".",
        ),
      );
    }
    return lines;
  }

  return box;
}

function noRun() {
  return [h("strong", { text: "No run" }), h("p", { text: "Nothing had been kept when this history was read." })];
}

function noCluster() {
  return [
    h("strong", { text: "No cluster is watched yet" }),
    h("p", { text: "Add one in the program that runs it. Its nodes and jobs appear here by themselves." }),
    command("registry.add(cluster)   # or server.add_cluster(cluster)"),
  ];
}

/** @param {string} text */
const command = (text) => h("code", { class: "command", tabindex: "0", text });
