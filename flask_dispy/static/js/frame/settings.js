/** @import {Shell} from "./parts.js" */
/** @import {Interval} from "../data/interval.js" */
import { h, need, setText } from "../lib/dom.js";
import { boundedSec } from "../data/interval.js";
import { createPopover } from "../lib/popover.js";

const STORED = "dispy.interval";

/**
 * The interval to begin with: this browser's last choice, else the stream unless the server
 * was told not to update.
 *
 * @param {Pick<Storage, "getItem">|null} storage
 * @param {number} pollSec
 * @returns {Interval}
 */
export function initialInterval(storage, pollSec) {
  const stored = storage?.getItem(STORED);
  if (stored === "live") return "live";
  const sec = stored?.trim() ? boundedSec(Number(stored)) : null;
  if (sec !== null) return sec;
  return pollSec > 0 ? "live" : 0;
}

/**
 * How an interval is shown in the header, beside the word that says "Live" already.
 *
 * @param {Interval} interval
 */
export function intervalText(interval) {
  if (interval === "live") return "";
  return interval > 0 ? `${interval} s` : "Off";
}

/**
 * The update interval of this browser, the server's settings, and the notification at the end
 * of a run, in a panel under the header's button.
 *
 * @param {Pick<Shell, "config"|"api"|"feed"|"notices"|"storage">} shell
 */
export function startSettings({ config, api, feed, notices, storage }) {
  const button = /** @type {HTMLButtonElement} */ (need("settings"));
  const value = /** @type {HTMLElement} */ (button.querySelector(".interval-value"));
  const live = h("input", { type: "radio", name: "interval", value: "live", onchange: apply });
  const every = h("input", { type: "radio", name: "interval", value: "every", onchange: apply });
  const sec = h("input", {
    type: "number",
    class: "input",
    step: "any",
    id: "interval-sec",
    "aria-label": "Update Interval Seconds",
    onchange: typed,
    onkeydown: enter,
  });

  const panel = h(
    "div",
    { role: "group", "aria-label": "Settings" },
    h(
      "fieldset",
      {},
      h("legend", { text: "Update Interval" }),
      h("label", { class: "check" }, live, "Live, as it happens"),
      h("div", { class: "check" }, h("label", { class: "check" }, every, "Every"), sec, "seconds"),
      h("p", { class: "caption", text: "From 0.5 to 86400 (a day); 0 or less: only when you press Update." }),
    ),
  );
  if (config.permissions.change_settings) panel.append(h("hr"), ...serverSettings());
  if ("Notification" in window) panel.append(h("hr"), notifySetting());
  createPopover(button, panel, { onOpen: fill });

  function fill() {
    const { interval } = feed;
    live.checked = interval === "live";
    every.checked = interval !== "live";
    sec.value = String(interval === "live" ? config.poll_sec : interval);
  }

  function showInterval() {
    setText(value, intervalText(feed.interval));
  }

  function apply() {
    const number = typedSec();
    sec.setAttribute("aria-invalid", String(!live.checked && number === null));
    const next = live.checked ? "live" : number;
    if (next === null) return;
    if (next !== "live") sec.value = String(next);
    if (next === feed.interval) return;
    storage?.setItem(STORED, String(next));
    feed.setInterval(next);
    showInterval();
  }

  function typedSec() {
    return sec.value.trim() === "" ? null : boundedSec(Number(sec.value));
  }

  function typed() {
    every.checked = true;
    apply();
  }

  /** @param {KeyboardEvent} event */
  function enter(event) {
    if (event.key === "Enter") typed();
  }

  function serverSettings() {
    const everyone = h("button", {
      type: "button",
      class: "button small",
      text: "Make these seconds the server's default",
      onclick: share,
    });
    const args = argumentsCheckbox({ config, api, notices });
    return [everyone, h("br"), args];
  }

  async function share() {
    const number = typedSec();
    sec.setAttribute("aria-invalid", String(number === null));
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

  function notifySetting() {
    const box = h("input", { type: "checkbox", onchange: ask });
    box.checked = storage?.getItem("dispy.notify") === "on" && Notification.permission === "granted";
    async function ask() {
      const granted = box.checked && (await Notification.requestPermission()) === "granted";
      storage?.setItem("dispy.notify", granted ? "on" : "off");
      if (box.checked && !granted)
        notices.show("This browser does not allow notifications from here", [
          { ok: false, text: "Allow them in the browser's site settings." },
        ]);
      box.checked = granted;
    }
    return h("label", { class: "check" }, box, "Notify me when a run ends");
  }

  fill();
  showInterval();
}

/**
 * "Show Job Arguments", which holds for every viewer of this server.
 *
 * @param {Pick<Shell, "config"|"api"|"notices">} shell
 * @returns {HTMLLabelElement}
 */
export function argumentsCheckbox({ config, api, notices }) {
  const box = h("input", { type: "checkbox", onchange: send });
  box.checked = config.show_job_args;
  async function send() {
    box.disabled = true;
    try {
      const settings = await api.send("PATCH", "settings", { show_job_args: box.checked });
      config.show_job_args = settings.show_job_args;
      const event = new CustomEvent("dispy:settings", { detail: settings });
      document.dispatchEvent(event);
    } catch (error) {
      notices.error("Show Job Arguments was not changed", error);
    }
    box.checked = config.show_job_args;
    box.disabled = false;
  }
  document.addEventListener("dispy:settings", () => {
    box.checked = config.show_job_args;
  });
  return h(
    "label",
    { class: "check" },
    box,
    "Show Job Arguments ",
    h("span", { class: "muted", text: "to everybody who looks" }),
  );
}
