/** @import {NodeEvent} from "../data/types.js" */
import { h, setAttr, setText, stateIcon } from "../lib/dom.js";
import { exact, plain, relative } from "../lib/format.js";

const WORDS = /** @type {Record<NodeEvent["event"], {mark: import("../data/types.js").NodeState, text: string}>} */ ({
  joined: { mark: "up", text: "joined" },
  heard: { mark: "up", text: "was heard of again" },
  silent: { mark: "silent", text: "fell silent" },
  lost: { mark: "lost", text: "was lost" },
  closed: { mark: "closed", text: "was closed, or left" },
  deallocated: { mark: "closed", text: "was deallocated" },
});

/**
 * What happened to a node, the latest first.
 *
 * @param {HTMLElement} element a list
 * @param {{now: () => number}} options
 * @returns {{update: (events: NodeEvent[]) => void, tick: () => void}}
 */
export function createNodePast(element, { now }) {
  /** @type {{at: number, element: HTMLElement}[]} */
  let times = [];
  let shown = "";

  function tick() {
    for (const time of times) setText(time.element, relative(time.at, now()));
  }

  return {
    update(events) {
      const key = JSON.stringify(events);
      if (key === shown) return;
      shown = key;
      const several = new Set(events.map(({ cluster }) => cluster)).size > 1;
      times = events.map(({ at }) => ({ at, element: h("time", { class: "muted" }) }));
      element.replaceChildren(
        ...events.map(({ at, event, cluster }, i) => {
          setAttr(times[i].element, "title", exact(at));
          const words = several ? `${WORDS[event].text} (${plain(cluster)})` : WORDS[event].text;
          return h("li", {}, stateIcon(WORDS[event].mark), h("span", { text: words }), times[i].element);
        }),
      );
      tick();
    },
    tick,
  };
}
