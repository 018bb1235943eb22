/** @import {Shell} from "../frame/parts.js" */
/** @import {Offer, OfferReason, Outcome} from "../data/types.js" */
import { clusterPath } from "../data/api.js";
import { clusterLabel, COMBINED } from "../data/config.js";
import { SummaryFeed } from "../data/summaryfeed.js";
import { h, setAttr, setText, show } from "../lib/dom.js";
import { KeyedList } from "../lib/keyedlist.js";
import { counted, exact, plain, relative } from "../lib/format.js";
import { outcomeLine } from "./nodecommands.js";

/** Where to run a reason's command, in words. */
const WHERE = {
  here: "On this program's machine:",
  node: "On the node:",
  output: "Look in the program's output for:",
};

/** How many are shown; the others are only counted. */
const MOST = 100;

/**
 * The nodes that were asked to join and have not: since when, by whom, the possible reasons, and how to check
 * them. Hidden if there is none.
 */
export class Offers {
  #element;
  #shell;
  #mayManage;
  #caption = h("p", { class: "caption" });
  #items;
  #feed;

  /**
   * @param {HTMLElement} element the panel
   * @param {{shell: Shell, mayManage: boolean}} options
   */
  constructor(element, { shell, mayManage }) {
    this.#element = element;
    this.#shell = shell;
    this.#mayManage = mayManage;
    const title = h("h2", { id: "offers-title", text: "Not joined" });
    const list = h("ul", { class: "offers panel-body" });
    this.#items = new KeyedList(
      list,
      (/** @type {Offer} */ offer) => offer.number,
      (/** @type {Offer} */ offer) => this.#createItem(offer),
    );
    element.append(h("div", { class: "panel-head" }, title, this.#caption), list);
    element.setAttribute("aria-labelledby", title.id);
    this.#feed = new SummaryFeed({
      api: shell.api,
      path: clusterPath(shell.cluster, "offers"),
      asked: () => ({ limit: MOST }),
      state: ({ offers }) => offers?.changes ?? 0,
      restMs: 0,
      onChange: (/** @type {{items: Offer[], total: number}} */ { items, total }) => this.#draw(items, total),
    });
    shell.everySecond(() => this.#tick());
  }

  /** Requests the list if it has changed. */
  update() {
    this.#feed.update(this.#shell.summary());
  }

  #tick() {
    for (const item of this.#items.entries) item.tick(this.#shell.store.now());
  }

  /** @param {Offer[]} items @param {number} total */
  #draw(items, total) {
    setText(this.#caption, captionText(items, total));
    this.#items.show(items);
    const first = this.#element.hidden && location.hash === "#offers";
    show(this.#element, items.length > 0);
    if (first) this.#element.scrollIntoView({ block: "start" });
    this.#tick();
  }

  /** @param {Offer} offer */
  #createItem(offer) {
    const combined = this.#shell.cluster === COMBINED;
    const mark = h("span", { "aria-hidden": "true" });
    const host = h("strong");
    const time = h("time");
    const by = h("span");
    const message = h("p");
    const reasons = h("ol");
    const actions = [
      this.#button("Ask again", () => this.#run(offer, "POST", "ask")),
      this.#button("Withdraw", () => this.#run(offer, "DELETE")),
    ];
    const asked = h("span", { class: "muted" }, "asked ", time, " ", by);
    const element = h(
      "li",
      {},
      h(
        "div",
        { class: "offer-head" },
        mark,
        host,
        asked,
        this.#mayManage ? h("span", { class: "offer-actions" }, ...actions) : null,
      ),
      message,
      h("details", {}, h("summary", { text: "Likely reasons" }), reasons),
    );
    let shown = "";
    return {
      element,
      /** @param {Offer} latest */
      update(latest) {
        offer = latest;
        setAttr(element, "data-number", offer.number);
        setAttr(element, "data-overdue", String(offer.overdue));
        setAttr(mark, "class", `mark mark-${offer.overdue ? "silent" : "queued"}`);
        setText(host, hostText(offer));
        setAttr(time, "title", exact(offer.asked_at));
        setText(by, askedText(offer, combined));
        setText(message, offer.message);
        for (const button of actions) setAttr(button, "aria-label", `${button.textContent}: ${plain(offer.host)}`);
        const key = JSON.stringify(offer.reasons);
        if (key !== shown) reasons.replaceChildren(...offer.reasons.map(reasonItem));
        shown = key;
      },
      tick: (/** @type {number} */ now) => setText(time, relative(offer.asked_at, now)),
    };
  }

  /** @param {string} word @param {() => Promise<void>} does */
  #button(word, does) {
    const button = h("button", { type: "button", class: "button", text: word });
    button.addEventListener("click", async () => {
      button.disabled = true;
      await does();
      button.disabled = false;
    });
    return button;
  }

  /** @param {Offer} offer @param {"POST"|"DELETE"} method @param {...string} parts */
  async #run(offer, method, ...parts) {
    const { api, notices } = this.#shell;
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
    await this.#feed.read();
  }
}

/** @param {Offer[]} items @param {number} total */
function captionText(items, total) {
  const overdue = items.filter((offer) => offer.overdue).length;
  const late = overdue ? `, ${overdue === total ? "all" : overdue} over 30 s ago` : "";
  return `${counted(total, "node")} asked to join${late}`;
}

/** @param {Offer} offer */
function hostText({ host, ip_addr, port }) {
  const name = host === ip_addr ? plain(host) : `${plain(host)} (${plain(ip_addr)})`;
  return port ? `${name}, port ${port}` : name;
}

/** @param {Offer} offer @param {boolean} combined  whether its cluster needs to be named */
function askedText({ source, asked_by, cluster }, combined) {
  const by = source === "program" ? "by the program" : asked_by ? `by ${plain(asked_by)}` : "by command";
  return combined ? `${by} for ${plain(clusterLabel(cluster))}` : by;
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
