/**
 * One stream for all windows of a browser that show the same cluster. A browser has six connections to a server:
 * with a stream for each window, the seventh would not load, and no command would be sent. So the windows choose one
 * that opens the stream and forwards its events; beyond a few streams, for several clusters, windows poll.
 *
 * They agree over a BroadcastChannel. Web Locks would take less code, but browsers offer them only over https and
 * on localhost, and most dashboards are reached over http.
 */

/** @import {Stream, Timers} from "./feed.js" */
import { realTimers } from "./feed.js";
/**
 * @typedef {object} Channel the part of BroadcastChannel that we use
 * @property {(message: any) => void} postMessage
 * @property {any} onmessage called with `{data}`
 * @property {() => void} close
 *
 * @typedef {"who"|"here"|"bye"|"event"} Kind  `who`: is there a stream? `here`: I have it. `bye`: no longer
 * @typedef {{kind: Kind, topic: string, id: number, type?: string, event?: StreamEvent}} Message
 *
 * @typedef {object} StreamEvent
 * @property {string} data
 * @property {string|null} [from]  the cursor that the changes follow
 * @property {string} [id]  the cursor after them
 */

const NAME = "dispy-streams";
/** The most streams: the rest of a browser's six connections to a server are for requests and commands. */
const MOST_STREAMS = 3;
/** How long a window waits for an answer of another that has the stream already, in milliseconds. */
const ASK_MS = 150;

/**
 * @typedef {object} Sharing
 * @property {(address: string) => Stream} open  opens a real stream
 * @property {(name: string) => Channel} channel
 * @property {Pick<Timers, "setTimeout"|"clearTimeout">} [timers]
 * @property {() => number} [random]
 */

/**
 * @param {Sharing} options
 * @returns {(address: string) => Stream}
 */
export const shareStreams = (options) => (address) => new SharedStream(address, options);

/**
 * A window's part in the sharing. Besides the stream's events, it emits `full`: it can have no stream now.
 *
 * @implements {Stream}
 */
class SharedStream {
  #id;
  #topic;
  #since;
  #open;
  #timers;
  #random;
  #channel;
  /** @type {any} */
  #timer = null;
  /** @type {Stream|null} */
  #stream = null;
  /** Whether the stream has sent anything. */
  #spoke = false;
  /** @type {"asking"|"leading"|"following"|"closed"} */
  #part = "asking";
  /** The streams that other windows have, or were about to open before this one: topic to id. @type {Map<string, number>} */
  #others = new Map();
  /** @type {Map<string, (event: any) => void>} */
  #listeners = new Map();

  /**
   * @param {string} address
   * @param {Sharing} options
   */
  constructor(address, { open, channel, timers = realTimers, random = Math.random }) {
    const since = /&since=([^&]*)/.exec(address);
    this.#topic = address.replace(/&since=[^&]*/, "");
    this.#since = since ? decodeURIComponent(since[1]) : null;
    this.#id = random();
    this.#open = open;
    this.#timers = timers;
    this.#random = random;
    this.#channel = channel(NAME);
    this.#channel.onmessage = (/** @type {{data: Message}} */ { data }) => this.#hear(data);
    this.#ask();
  }

  /** @param {string} type @param {(event: any) => void} listener */
  addEventListener(type, listener) {
    this.#listeners.set(type, listener);
  }

  close() {
    if (this.#part === "closed") return;
    const led = this.#part === "leading";
    this.#part = "closed";
    this.#timers.clearTimeout(this.#timer);
    this.#stream?.close();
    if (led) this.#post("bye");
    this.#channel.close();
  }

  /** @param {string} type @param {any} [event] */
  #emit(type, event = {}) {
    if (this.#part !== "closed") this.#listeners.get(type)?.(event);
  }

  /** @param {Kind} kind @param {object} [more] */
  #post(kind, more = {}) {
    this.#channel.postMessage({ kind, topic: this.#topic, id: this.#id, ...more });
  }

  #ask() {
    this.#part = "asking";
    this.#others.clear();
    this.#post("who");
    this.#timers.clearTimeout(this.#timer);
    this.#timer = this.#timers.setTimeout(() => this.#decide(), ASK_MS);
  }

  #decide() {
    if (this.#others.has(this.#topic)) return this.#follow();
    if (this.#others.size >= MOST_STREAMS) return this.#emit("full");
    this.#lead();
  }

  #lead() {
    this.#part = "leading";
    this.#post("here");
    const since = this.#since === null ? "" : `&since=${encodeURIComponent(this.#since)}`;
    const stream = (this.#stream = this.#open(this.#topic + since));
    this.#spoke = false;
    for (const type of ["changes", "alive", "gone"]) {
      stream.addEventListener(type, (event) => {
        if (this.#stream !== stream) return;
        const report = { data: event.data, from: this.#since, id: event.lastEventId };
        if (type === "changes") this.#since = event.lastEventId;
        this.#spoke = true;
        this.#post("event", { type, event: report });
        this.#emit(type, report);
      });
    }
    stream.addEventListener("error", () => this.#stream === stream && this.#emit("error"));
  }

  #follow() {
    this.#stream?.close();
    this.#stream = null;
    this.#part = "following";
    this.#timers.clearTimeout(this.#timer);
  }

  /** @param {Message} message */
  #hear({ kind, topic, id, type, event }) {
    const same = topic === this.#topic;
    if (kind === "event") {
      if (!same || this.#part !== "following" || !type) return;
      if (event?.id) this.#since = event.id;
      this.#emit(type, event);
    } else if (kind === "bye") {
      this.#others.delete(topic);
      // Windows don't ask all at once: one asks first, and has the stream before the others ask.
      if (same && this.#part === "following")
        this.#timer = this.#timers.setTimeout(() => this.#ask(), ASK_MS * this.#random());
    } else if (kind === "who") {
      if (this.#part === "leading") this.#answer(same);
      else if (this.#part !== "asking") return;
      // Of windows that ask at the same time, one goes first; windows that joined later may have missed its question.
      else if (id < this.#id) this.#others.set(topic, id);
      else this.#post("who");
    } else if (kind === "here") {
      this.#others.set(topic, id);
      if (!same) return;
      if (this.#part === "asking") this.#follow();
      // Two windows began at once, without knowing of each other.
      else if (this.#part === "leading") id < this.#id ? this.#follow() : this.#post("here");
    }
  }

  /** @param {boolean} same  whether it was asked for this stream */
  #answer(same) {
    this.#post("here");
    // This shows a window that joins that the stream is alive, and whether it has missed anything.
    if (same && this.#spoke)
      this.#post("event", { type: "alive", event: { data: JSON.stringify({ cursor: this.#since }) } });
  }
}
