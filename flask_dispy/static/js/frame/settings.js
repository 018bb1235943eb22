/** @import {Shell} from "./parts.js" */
/** @import {Interval} from "../data/interval.js" */
/** @import {Config} from "../data/types.js" */
import { h, need, setText } from "../lib/dom.js";
import { createAlertsStatus } from "./alertsstatus.js";
import { canShow, switchNotices, wantsNotices } from "./browsernotices.js";
import { boundedSec, LEAST_SEC } from "../data/interval.js";
import { createPopover } from "../lib/popover.js";

const STORED = "dispy.interval";

/**
 * The initial interval: this browser's last choice, else the stream, unless automatic updates are switched off
 * on the server.
 *
 * @param {Pick<Storage, "getItem">|null} storage
 * @param {Pick<Config, "poll_sec"|"limits">} config
 * @returns {Interval}
 */
export function initialInterval(storage, { poll_sec, limits }) {
  const stored = storage?.getItem(STORED);
  if (stored === "live") return "live";
  const sec = stored?.trim() ? boundedSec(Number(stored), limits.poll_sec) : null;
  if (sec !== null) return sec;
  return poll_sec > 0 ? "live" : 0;
}

/**
 * The text of an interval in the header, beside the word "Live".
 *
 * @param {Interval} interval
 */
export function intervalText(interval) {
  if (interval === "live") return "";
  return interval > 0 ? `${interval} s` : "Off";
}

/**
 * The update interval of this browser, the server's settings, the browser's notices, and how the server's
 * alerts fare, in a panel under the header's button.
 *
 * @param {Shell} shell
 */
export function startSettings(shell) {
  const interval = new IntervalSetting(shell);
  const alerts = createAlertsStatus(shell.api);
  const panel = h("div", { role: "group", "aria-label": "Settings" }, interval.element);
  if (shell.config.permissions.change_settings)
    panel.append(h("hr"), interval.shareButton(), h("br"), argumentsCheckbox(shell));
  if ("Notification" in window) panel.append(h("hr"), notifySetting(shell));
  panel.append(alerts.element);
  createPopover(/** @type {HTMLButtonElement} */ (need("settings")), panel, {
    onOpen() {
      interval.fill();
      void alerts.update();
    },
  });
}

/** How often this browser updates its pages. */
class IntervalSetting {
  #shell;
  #live = h("input", { type: "radio", name: "interval", value: "live" });
  #every = h("input", { type: "radio", name: "interval", value: "every" });
  #sec = h("input", {
    type: "number",
    class: "input",
    step: "any",
    id: "interval-sec",
    "aria-label": "Update Interval Seconds",
  });
  element;

  /** @param {Shell} shell */
  constructor(shell) {
    this.#shell = shell;
    const most = shell.config.limits.poll_sec;
    this.element = h(
      "fieldset",
      {},
      h("legend", { text: "Update Interval" }),
      h("label", { class: "check" }, this.#live, "Live, as it happens"),
      h("div", { class: "check" }, h("label", { class: "check" }, this.#every, "Every"), this.#sec, "seconds"),
      h("p", {
        class: "caption",
        text: `From ${LEAST_SEC} to ${most} (a day); 0 or less: only when you press Update.`,
      }),
    );
    for (const box of [this.#live, this.#every]) box.addEventListener("change", () => this.#apply());
    this.#sec.addEventListener("change", () => this.#typed());
    this.#sec.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.#typed();
    });
    this.fill();
    this.#showInterval();
  }

  fill() {
    const { feed, config } = this.#shell;
    const { interval } = feed;
    this.#live.checked = interval === "live";
    this.#every.checked = interval !== "live";
    this.#sec.value = String(interval === "live" ? config.poll_sec : interval);
  }

  shareButton() {
    const text = "Make these seconds the server's default";
    return h("button", { type: "button", class: "button small", text, onclick: () => void this.#share() });
  }

  #showInterval() {
    const value = /** @type {HTMLElement} */ (need("settings").querySelector(".interval-value"));
    setText(value, intervalText(this.#shell.feed.interval));
  }

  #apply() {
    const { feed, storage } = this.#shell;
    const number = this.#seconds();
    this.#sec.setAttribute("aria-invalid", String(!this.#live.checked && number === null));
    const next = this.#live.checked ? "live" : number;
    if (next === null) return;
    if (next !== "live") this.#sec.value = String(next);
    if (next === feed.interval) return;
    storage?.setItem(STORED, String(next));
    feed.setInterval(next);
    this.#showInterval();
  }

  #seconds() {
    const text = this.#sec.value.trim();
    return text === "" ? null : boundedSec(Number(text), this.#shell.config.limits.poll_sec);
  }

  #typed() {
    this.#every.checked = true;
    this.#apply();
  }

  async #share() {
    const { api, config, notices } = this.#shell;
    const number = this.#seconds();
    this.#sec.setAttribute("aria-invalid", String(number === null));
    if (number === null) return;
    try {
      const settings = await api.send("PATCH", "settings", { poll_sec: number });
      config.poll_sec = settings.poll_sec;
      notices.show(
        number > 0
          ? `The server's update interval is now ${settings.poll_sec} s`
          : "Pages now update only when somebody presses Update, unless their browser was set otherwise",
        [],
      );
    } catch (error) {
      notices.error("The update interval was not changed", error);
    }
  }
}

/** @param {Pick<Shell, "notices"|"storage">} shell */
function notifySetting({ notices, storage }) {
  const box = h("input", { type: "checkbox", onchange: ask });
  box.checked = wantsNotices(storage);
  async function ask() {
    const granted = await switchNotices(storage, box.checked);
    if (box.checked && !granted)
      notices.show("This browser does not allow notifications from here", [
        { ok: false, text: canShow() ? "Allow them in the browser's site settings." : "It has none for pages." },
      ]);
    box.checked = granted;
  }
  return h("label", { class: "check" }, box, "Notify me when a run ends, stalls or goes wrong");
}

/**
 * "Show Job Arguments", which holds for every viewer of this server.
 *
 * @param {Pick<Shell, "config"|"api"|"notices"|"store">} shell
 * @returns {HTMLLabelElement}
 */
export function argumentsCheckbox({ config, api, notices, store }) {
  const box = h("input", { type: "checkbox", onchange: send });
  box.checked = config.show_job_args;
  async function send() {
    box.disabled = true;
    try {
      const settings = await api.send("PATCH", "settings", { show_job_args: box.checked });
      config.show_job_args = settings.show_job_args;
      store.announce("settings");
    } catch (error) {
      notices.error("Show Job Arguments was not changed", error);
    }
    box.checked = config.show_job_args;
    box.disabled = false;
  }
  store.subscribe(({ kind }) => {
    if (kind === "settings") box.checked = config.show_job_args;
  });
  const note = h("span", { class: "muted", text: "to everybody who looks" });
  return h("label", { class: "check" }, box, "Show Job Arguments ", note);
}
