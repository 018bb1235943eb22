/** @import {Shell} from "../frame/parts.js" */
/** @import {Offer, OfferReason, Outcome} from "../data/types.js" */
import { clusterPath } from "../data/api.js";
import { clusterLabel, COMBINED } from "../data/config.js";
import { h, setAttr, setText, show } from "../lib/dom.js";
import { counted, exact, plain, relative } from "../lib/format.js";
import { outcomeLine } from "./nodecommands.js";

/** Where a reason's command is to be run, as words. */
const WHERE = {
  here: "On this program's machine:",
  node: "On the node:",
  output: "In what the program wrote, look for:",
};

/** As many are shown; the others are counted. */
const MOST = 100;

/**
 * The nodes that were asked to join and have not: since when, by whom, why that may be, and what shows which
 * reason it is. Hidden while there is none.
 *
 * @param {HTMLElement} element the panel
 * @param {{shell: Shell, mayManage: boolean}} options
 * @returns {{update: () => void}} asks for the list where it has changed
 */
export function createOffers(element, { shell, mayManage }) {
  const { api, cluster, notices, store } = shell;
  const caption = h("p", { class: "caption" });
  const list = h("ul", { class: "offers panel-body" });
  element.append(h("div", { class: "panel-head" }, h("h2", { id: "offers-title", text: "Not joined" }), caption), list);
  element.setAttribute("aria-labelledby", "offers-title");
  /** @type {{offer: Offer, time: HTMLElement}[]} */
  let times = [];
  /** What the list was last made of. */
  let shown = "";
  let changes = -1;
  let asking = false;
  shell.everySecond(tick);

  function tick() {
    for (const { offer, time } of times) setText(time, relative(offer.asked_at, store.now()));
  }

  async function update() {
    const now = shell.summary()?.offers?.changes ?? 0;
    if (now === changes || asking) return;
    asking = true;
    try {
      const { items, total } = await api.get(clusterPath(cluster, "offers"), { limit: MOST });
      changes = now;
      draw(items, total);
    } catch {
      // The connection's state is shown; the next change asks again.
    } finally {
      asking = false;
    }
  }

  /** @param {Offer[]} items @param {number} total */
  function draw(items, total) {
    const key = JSON.stringify(items);
    if (key === shown) return;
    shown = key;
    const open = new Set(
      [...list.querySelectorAll("details[open]")].map((details) => details.closest("li")?.dataset.number),
    );
    const overdue = items.filter((offer) => offer.overdue).length;
    setText(
      caption,
      `${counted(total, "node")} asked to join${overdue ? `, ${overdue === total ? "all" : overdue} over 30 s ago` : ""}`,
    );
    times = items.map((offer) => ({ offer, time: h("time", { title: exact(offer.asked_at) }) }));
    list.replaceChildren(...times.map(({ offer, time }) => item(offer, time, open.has(String(offer.number)))));
    const first = element.hidden && location.hash === "#offers";
    show(element, items.length > 0);
    if (first) element.scrollIntoView({ block: "start" });
    tick();
  }

  /** @param {Offer} offer @param {HTMLElement} time @param {boolean} open */
  function item(offer, time, open) {
    const host = offer.host === offer.ip_addr ? plain(offer.host) : `${plain(offer.host)} (${plain(offer.ip_addr)})`;
    const port = offer.port ? `, port ${offer.port}` : "";
    const by =
      offer.source === "program" ? "by the program" : offer.asked_by ? `by ${plain(offer.asked_by)}` : "by command";
    const where = cluster === COMBINED ? ` for ${plain(clusterLabel(offer.cluster))}` : "";
    const details = h(
      "details",
      { open },
      h("summary", { text: "Likely reasons" }),
      h("ol", {}, ...offer.reasons.map(reasonItem)),
    );
    const head = h(
      "div",
      { class: "offer-head" },
      h("span", { class: `mark mark-${offer.overdue ? "silent" : "queued"}`, "aria-hidden": "true" }),
      h("strong", { text: host + port }),
      h("span", { class: "muted" }, "asked ", time, ` ${by}${where}`),
    );
    if (mayManage)
      head.append(
        h(
          "span",
          { class: "offer-actions" },
          action(offer, "Ask again", () => run(offer, "POST", "ask")),
          action(offer, "Withdraw", () => run(offer, "DELETE")),
        ),
      );
    return h(
      "li",
      { "data-number": String(offer.number), "data-overdue": String(offer.overdue) },
      head,
      h("p", { text: offer.message }),
      details,
    );
  }

  /** @param {Offer} offer @param {string} word @param {() => Promise<void>} does */
  function action(offer, word, does) {
    const button = h("button", { type: "button", class: "button", text: word });
    setAttr(button, "aria-label", `${word}: ${plain(offer.host)}`);
    button.addEventListener("click", async () => {
      button.disabled = true;
      await does();
      button.disabled = false;
    });
    return button;
  }

  /** @param {Offer} offer @param {"POST"|"DELETE"} method @param {...string} parts */
  async function run(offer, method, ...parts) {
    const host = plain(offer.host);
    try {
      /** @type {{outcomes: Outcome[]}} */
      const { outcomes } = await api.send(method, clusterPath(offer.cluster, "offers", offer.number, ...parts));
      notices.show(
        method === "POST" ? `Asked ${host} again` : `Withdrew the offer to ${host}`,
        outcomes.map((outcome) => outcomeLine(outcome, offer.host)),
      );
    } catch (error) {
      notices.error(method === "POST" ? `${host} was not asked` : `The offer to ${host} was not withdrawn`, error);
    }
    changes = -1;
    await update();
  }

  return { update: () => void update() };
}

/** @param {OfferReason} reason */
function reasonItem({ text, where, command }) {
  return h(
    "li",
    {},
    h("p", { text }),
    h("p", { class: "caption", text: WHERE[where] }),
    h("code", { class: "command", tabindex: "0", text: command }),
  );
}
