/** @import {Api} from "../data/api.js" */
/** @import {Health, WebhookHealth} from "../data/types.js" */
import { h, show, stateIcon } from "../lib/dom.js";
import { clock, count, counted, plain } from "../lib/format.js";

/** @param {WebhookHealth} webhook */
function webhookText({ delivered, delivered_at: at, failed, dropped, waiting, gathered, error }) {
  const parts = [`${count(delivered)} delivered${at === null ? "" : `, the last at ${clock(at)}`}`];
  if (failed) parts.push(`${count(failed)} failed`);
  if (dropped) parts.push(`${count(dropped)} dropped`);
  if (waiting) parts.push(`${count(waiting)} waiting`);
  if (gathered) parts.push(`${counted(gathered, "event")} for the next one`);
  return parts.join(", ") + (error ? `. The last was not delivered: ${plain(error)}` : "");
}

/** Whether an alert got lost: it failed, was dropped, or has not been delivered so far. @param {{failed: number, dropped: number, error?: string|null}} one */
const isBad = ({ failed, dropped, error = null }) => failed > 0 || dropped > 0 || error !== null;

/**
 * The lines about the server's webhooks and callbacks: a name, and how it fares.
 *
 * @param {Health} health
 * @returns {{name: string, text: string, bad: boolean}[]}
 */
export function alertLines({ alerts }) {
  if (!alerts) return [];
  const lines = alerts.webhooks.map((one) => ({
    name: plain(one.service === "json" ? one.name : `${one.name} (${one.service})`),
    text: webhookText(one),
    bad: isBad(one),
  }));
  const { registered, called, failed, dropped } = alerts.callbacks;
  if (registered) {
    const text = `${counted(called, "call")}, ${count(failed)} failed, ${count(dropped)} dropped`;
    lines.push({ name: counted(registered, "callback"), text, bad: isBad(alerts.callbacks) });
  }
  return lines;
}

/**
 * How the alerts of the server fare; nothing where it has none.
 *
 * @param {Pick<Api, "health">} api
 */
export function createAlertsStatus(api) {
  const list = h("ul", { class: "alerts-list" });
  const title = h("p", { class: "alerts-title", text: "Alerts of this server" });
  const element = h("div", { class: "alerts", hidden: true }, h("hr"), title, list);
  return {
    element,
    async update() {
      /** @type {Health} */
      const health = await api.health().catch(() => ({})); // the connection's state is shown
      const lines = alertLines(health);
      show(element, lines.length > 0);
      list.replaceChildren(
        ...lines.map(({ name, text, bad }) => {
          const words = h("div", {}, h("strong", { text: name }), h("div", { class: "caption", text }));
          return h("li", {}, stateIcon(bad ? "failed" : "finished"), words);
        }),
      );
    },
  };
}
