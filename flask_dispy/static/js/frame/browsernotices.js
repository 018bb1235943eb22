/** @import {Shell} from "./parts.js" */
/** @import {Event, EventKind, Summary} from "../data/types.js" */
import { clusterPath } from "../data/api.js";
import { clusterLabel } from "../data/config.js";
import { plain } from "../lib/format.js";
import { endOfRun, watchEnd } from "./headline.js";

const KEY = "dispy.notify";
/** Events that one notice names. */
const NAMED = 3;

/** What a notice says of an event; the end of a run has its own. @type {Partial<Record<EventKind, string>>} */
const WORDS = {
  stalled: "stalled",
  going: "going again",
  node_lost: "node lost",
  node_overdue: "node has not joined",
  failing: "many jobs fail",
  recovered: "few jobs fail again",
  error_kind: "new kind of error",
  history_failing: "history can't be written",
  history_resumed: "history is written again",
};

/** Whether somebody asked for notices in this browser, and it allows them. @param {Shell["storage"]} storage */
export const wantsNotices = (storage) =>
  "Notification" in window && storage?.getItem(KEY) === "on" && Notification.permission === "granted";

/** Whether a page can show notices: Chrome on Android throws, because only service workers can there. */
export function canShow() {
  try {
    new Notification("Notices are on", { silent: true }).close(); // not shown at all without permission
    return true;
  } catch {
    return false;
  }
}

/** Ask the browser for notices, or switch them off; returns whether they are on. @param {Shell["storage"]} storage @param {boolean} wanted */
export async function switchNotices(storage, wanted) {
  const granted = wanted && canShow() && (await Notification.requestPermission()) === "granted";
  storage?.setItem(KEY, granted ? "on" : "off");
  return wantsNotices(storage);
}

/**
 * What is to be said of some events: one notice for each kind.
 *
 * @param {Event[]} events the newest first
 * @param {string} cluster the name of the page's cluster
 * @returns {{kind: EventKind, serial: number, title: string, body: string}[]} `serial`: of the newest event
 */
export function noticesOf(events, cluster) {
  const kinds = [...new Set(events.map(({ kind }) => kind))].reverse();
  return kinds.map((kind) => {
    const all = events.filter((event) => event.kind === kind);
    const lines = all.slice(0, NAMED).map(({ text }) => plain(text));
    if (all.length > NAMED) lines.push(`and ${all.length - NAMED} more`);
    const name = plain(clusterLabel(all[0].cluster ?? cluster));
    return { kind, serial: all[0].serial, title: `${name}: ${WORDS[kind] ?? kind}`, body: lines.join("\n") };
  });
}

/** Shows notices of the browser when the run ends, stalls or goes wrong. */
export class BrowserNotices {
  #shell;
  #show;
  /** The newest event that was there when somebody could see it, or that a notice named. */
  #seen = -1;
  /** The newest event when the server was last asked, even if it didn't answer. */
  #askedFor = -1;
  #asking = false;
  #ended;

  /**
   * @param {Pick<Shell, "api"|"cluster"|"storage">} shell
   * @param {(title: string, body: string, tag: string) => void} show a notice replaces that of the same tag silently
   */
  constructor(shell, show) {
    this.#shell = shell;
    this.#show = show;
    this.#ended = watchEnd((run) => {
      if (!wantsNotices(shell.storage)) return;
      const { title, body } = endOfRun(run);
      this.#say(title, body, `dispy-end-${shell.cluster}-${run.jobs.done}`);
    });
  }

  /** To be called often with the newest summary. @param {Summary|undefined} summary @param {number} now */
  update(summary, now) {
    this.#ended(summary, now);
    const latest = summary?.events?.latest;
    if (latest === undefined || this.#asking) return;
    // Nothing is said of what was there before, nor of what another program's events are numbered.
    if (this.#askedFor < 0 || latest < this.#askedFor || !wantsNotices(this.#shell.storage))
      this.#seen = this.#askedFor = latest;
    else if (latest > this.#askedFor) void this.#ask(latest);
  }

  /** @param {string} title @param {string} body @param {string} tag */
  #say(title, body, tag) {
    try {
      this.#show(title, body, tag);
    } catch {
      // Chrome on Android: see canShow().
      this.#shell.storage?.setItem(KEY, "off");
    }
  }

  /** @param {number} latest */
  async #ask(latest) {
    const { api, cluster } = this.#shell;
    this.#asking = true;
    this.#askedFor = latest;
    try {
      const kind = Object.keys(WORDS);
      const found = await api.get(clusterPath(cluster, "events"), { after: this.#seen, kind, limit: 100 });
      for (const notice of noticesOf(found.items, cluster))
        this.#say(notice.title, notice.body, `dispy-${notice.kind}-${cluster}-${notice.serial}`);
      this.#seen = Math.max(latest, found.latest);
    } catch {
      // The next event asks again, for this one too.
    } finally {
      this.#asking = false;
    }
  }
}
