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
 */
export class Offers {
  #element;
  #shell;
  #mayManage;
  #caption = h("p", { class: "caption" });
  #list = h("ul", { class: "offers panel-body" });
  /** @type {{offer: Offer, time: HTMLElement}[]} */
  #times = [];
  /** What the list was last made of. */
  #shown = "";
  #changes = -1;
  #asking = false;

  /**
   * @param {HTMLElement} element the panel
   * @param {{shell: Shell, mayManage: boolean}} options
   */
  constructor(element, { shell, mayManage }) {
    this.#element = element;
    this.#shell = shell;
    this.#mayManage = mayManage;
    const title = h("h2", { id: "offers-title", text: "Not joined" });
    element.append(h("div", { class: "panel-head" }, title, this.#caption), this.#list);
    element.setAttribute("aria-labelledby", title.id);
    shell.everySecond(() => this.#tick());
  }

  /** Asks for the list where it has changed. */
  async update() {
    const { api, cluster, summary } = this.#shell;
    const now = summary()?.offers?.changes ?? 0;
    if (now === this.#changes || this.#asking) return;
    this.#asking = true;
    try {
      const { items, total } = await api.get(clusterPath(cluster, "offers"), { limit: MOST });
      this.#changes = now;
      this.#draw(items, total);
    } catch {
      // The connection's state is shown; the next change asks again.
    } finally {
      this.#asking = false;
    }
  }

  #tick() {
    for (const { offer, time } of this.#times) setText(time, relative(offer.asked_at, this.#shell.store.now()));
  }

  /** @param {Offer[]} items @param {number} total */
  #draw(items, total) {
    const key = JSON.stringify(items);
    if (key === this.#shown) return;
    this.#shown = key;
    const opened = [...this.#list.querySelectorAll("details[open]")];
    const open = new Set(opened.map((details) => details.closest("li")?.dataset.number));
    setText(this.#caption, captionText(items, total));
    this.#times = items.map((offer) => ({ offer, time: h("time", { title: exact(offer.asked_at) }) }));
    this.#list.replaceChildren(
      ...this.#times.map(({ offer, time }) => this.#item(offer, time, open.has(String(offer.number)))),
    );
    const first = this.#element.hidden && location.hash === "#offers";
    show(this.#element, items.length > 0);
    if (first) this.#element.scrollIntoView({ block: "start" });
    this.#tick();
  }

  /** @param {Offer} offer @param {HTMLElement} time @param {boolean} open */
  #item(offer, time, open) {
    const combined = this.#shell.cluster === COMBINED;
    const mark = h("span", { class: `mark mark-${offer.overdue ? "silent" : "queued"}`, "aria-hidden": "true" });
    const host = h("strong", { text: hostText(offer) });
    const asked = h("span", { class: "muted" }, "asked ", time, ` ${askedText(offer, combined)}`);
    const reasons = h("ol", {}, ...offer.reasons.map(reasonItem));
    const actions = h(
      "span",
      { class: "offer-actions" },
      this.#button(offer, "Ask again", () => this.#run(offer, "POST", "ask")),
      this.#button(offer, "Withdraw", () => this.#run(offer, "DELETE")),
    );
    return h(
      "li",
      { "data-number": String(offer.number), "data-overdue": String(offer.overdue) },
      h("div", { class: "offer-head" }, mark, host, asked, this.#mayManage ? actions : null),
      h("p", { text: offer.message }),
      h("details", { open }, h("summary", { text: "Likely reasons" }), reasons),
    );
  }

  /** @param {Offer} offer @param {string} word @param {() => Promise<void>} does */
  #button(offer, word, does) {
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
    this.#changes = -1;
    await this.update();
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
