/** @import {Api} from "./api.js" */
/** @import {Interval} from "./interval.js" */
/** @import {Store} from "./store.js" */
/** @import {Changes} from "./types.js" */
import { ApiError } from "./api.js";
import { reaches } from "./cursor.js";

/**
 * @typedef {object} Stream the part of EventSource that we use; see also sharedstream.js
 * @property {(type: string, listener: (event: any) => void) => void} addEventListener
 * @property {() => void} close
 *
 * @typedef {object} Timers
 * @property {(run: () => void, milliseconds: number) => any} setTimeout
 * @property {(timer: any) => void} clearTimeout
 * @property {() => number} now epoch seconds
 *
 * @typedef {object} Visibility
 * @property {() => boolean} hidden
 * @property {(listener: () => void) => void} onChange
 */

/** First and longest wait after a failure, in seconds; doubled in between, a quarter of it random. */
const BACKOFF_SEC = { first: 1, longest: 30 };
/** A hidden tab polls this seldom: enough for its title; six open streams would stall a browser. */
const HIDDEN_SEC = 30;
/** How often a quiet stream sends a sign of life: as often as it would be polled, within these bounds. */
const ALIVE_SEC = { least: 1, most: 15 };
/** A stream that has sent nothing for this long is not called live; a working one sends its first event at once. */
const FIRST_WORD_SEC = 2;
/** After this many streams in a row that ended without an event, poll for a while instead. */
const STREAM_TRIES = 2;
const STREAM_REST_SEC = 60;
/** Data older than this, while updates fail, is called stale. */
const STALE_SEC = 30;

/** @type {Timers} */
export const realTimers = {
  setTimeout: (run, milliseconds) => setTimeout(run, milliseconds),
  clearTimeout: (timer) => clearTimeout(timer),
  now: () => Date.now() / 1000,
};

/**
 * Keeps a store up to date: over the stream if it works, else by polling, with growing waits after
 * failures. Only one request is under way at a time.
 */
export class Feed {
  #options;
  #store;
  #interval;
  #everySec;
  #aliveSec;
  /** A proxy may hold a stream back: if nothing arrives for this long, the stream does not work. */
  #silenceSec;
  /** @type {string|null} */
  #cursor = null;
  /** @type {Stream|null} */
  #stream = null;
  /** Whether the stream has sent anything, and by when it must send something again. */
  #heard = false;
  #silentAt = 0;
  /** @type {any} */
  #timer = null;
  /** @type {Promise<void>|null} */
  #underWay = null;
  #started = false;
  #failures = 0;
  #emptyStreams = 0;
  #restUntil = 0;
  /** @param {Changes} changes */
  #take = (changes) => {
    // A stream that was held back delivers changes that a later poll has delivered already.
    if (reaches(this.#cursor, changes.cursor) && this.#cursor !== changes.cursor && !changes.snapshot) return;
    this.#cursor = changes.cursor;
    this.#store.apply(changes);
  };
  /** After a success: open the stream, schedule the next poll, or rest. */
  #goOn = () => {
    if (!this.#started) return;
    this.#failures = 0;
    const fresh = { lastAt: this.#now(), retryAt: null, error: null, remedy: null };
    if (this.#stream && this.#heard) {
      this.#schedule(this.#silent, this.#silentAt - this.#now());
      this.#store.setState({ connection: "live", ...fresh });
    } else if (this.#stream) {
      this.#store.setState({ connection: "polling", ...fresh });
      this.#awaitWord(this.#waitSec());
    } else if (this.#wantsStream()) {
      const { connection } = this.#store.state;
      this.#store.setState({ connection: connection === "connecting" ? connection : "polling", ...fresh });
      this.#listen();
    } else {
      this.#store.setState({ connection: this.#paused() ? "paused" : "polling", ...fresh });
      if (!this.#paused()) this.#schedule(() => void this.update(), this.#waitSec());
    }
  };
  /** @param {unknown} error */
  #fail = (error) => {
    this.#closeStream();
    if (!this.#started) return;
    this.#failures += 1;
    const longest = Math.min(BACKOFF_SEC.first * 2 ** (this.#failures - 1), BACKOFF_SEC.longest);
    const asked = error instanceof ApiError ? (error.retryAfterSec ?? 0) : 0;
    const waiting = Math.max(longest * (0.75 + 0.25 * this.#options.random()), asked);
    const age = this.#now() - (this.#store.state.lastAt ?? -Infinity);
    this.#store.setState({
      connection: this.#paused() ? "paused" : age > STALE_SEC && this.#store.loaded ? "stale" : "retrying",
      error: error instanceof Error ? error.message : String(error),
      remedy: error instanceof ApiError ? error.remedy : null,
      retryAt: this.#paused() ? null : this.#now() + waiting,
    });
    if (!this.#paused()) this.#schedule(() => void this.update(), waiting);
  };
  /** The stream was opened, but something may hold it back: poll beside it. */
  #unheard = () => {
    this.#store.setState({ connection: "polling" });
    this.#awaitWord(this.#waitSec() - FIRST_WORD_SEC);
  };
  /** The stream has gone quiet, or never sent anything. */
  #silent = () => {
    this.#closeStream();
    this.#store.setState({ connection: "polling" });
    if (!this.#heard) this.#restUntil = this.#now() + STREAM_REST_SEC;
    void this.update();
  };
  #lost = () => {
    this.#closeStream();
    this.#emptyStreams = this.#heard ? 0 : this.#emptyStreams + 1;
    if (this.#emptyStreams >= STREAM_TRIES) this.#restUntil = this.#now() + STREAM_REST_SEC;
    this.#schedule(() => void this.update(), BACKOFF_SEC.first * this.#options.random());
  };

  /**
   * @param {object} options
   * @param {Api} options.api
   * @param {Store} options.store
   * @param {string} options.cluster whose nodes to follow
   * @param {Interval} [options.interval]
   * @param {number} [options.pollSec] used in place of a stream that does not work
   * @param {((url: string) => Stream)|null} [options.openStream] null: no stream in this browser
   * @param {Visibility} [options.visibility]
   * @param {Timers} [options.timers]
   * @param {() => number} [options.random]
   */
  constructor({ api, store, cluster, interval = "live", pollSec = 10, ...options }) {
    const visibility = { hidden: () => false, onChange: () => {} };
    this.#options = { api, cluster, openStream: null, visibility, timers: realTimers, random: Math.random, ...options };
    this.#store = store;
    this.#interval = interval;
    this.#everySec = pollSec > 0 ? pollSec : 10;
    this.#aliveSec = Math.round(Math.min(Math.max(this.#everySec, ALIVE_SEC.least), ALIVE_SEC.most));
    this.#silenceSec = 2 * this.#aliveSec + 1;
    this.#options.visibility.onChange(() => {
      if (!this.#started || this.#paused()) return;
      if (!this.#hidden()) return this.#restart();
      this.#closeStream();
      this.#schedule(() => void this.update(), this.#waitSec());
    });
  }

  update() {
    const { api, cluster } = this.#options;
    this.#underWay ??= api
      .get("changes", { cluster, form: "columns", since: this.#cursor })
      .then(this.#take)
      .then(this.#goOn, this.#fail)
      .finally(() => {
        this.#underWay = null;
      });
    return this.#underWay;
  }

  get interval() {
    return this.#interval;
  }

  start() {
    this.#started = true;
    void this.update();
  }

  stop() {
    this.#started = false;
    this.#closeStream();
    this.#options.timers.clearTimeout(this.#timer);
  }

  /** @param {Interval} next */
  setInterval(next) {
    this.#interval = next;
    this.#restUntil = 0;
    this.#emptyStreams = 0;
    if (this.#started) this.#restart();
  }

  #now() {
    return this.#options.timers.now();
  }

  #hidden() {
    return this.#options.visibility.hidden();
  }

  #paused() {
    return this.#interval !== "live" && !(this.#interval > 0);
  }

  #wantsStream() {
    return (
      this.#interval === "live" &&
      this.#options.openStream !== null &&
      !this.#hidden() &&
      this.#now() >= this.#restUntil
    );
  }

  /** @param {() => void} run @param {number} sec */
  #schedule(run, sec) {
    const { timers } = this.#options;
    timers.clearTimeout(this.#timer);
    this.#timer = timers.setTimeout(run, sec * 1000);
  }

  #closeStream() {
    this.#stream?.close();
    this.#stream = null;
  }

  #waitSec() {
    const sec = this.#interval === "live" ? this.#everySec : this.#interval;
    return this.#hidden() ? Math.max(sec, HIDDEN_SEC) : sec;
  }

  #listen() {
    const { api, cluster, openStream } = this.#options;
    if (!openStream) return;
    const opened = openStream(api.url("stream", { cluster, alive_sec: this.#aliveSec, since: this.#cursor }));
    this.#stream = opened;
    this.#heard = false;
    this.#silentAt = this.#now() + this.#silenceSec;
    /** @param {string} type @param {(event: any) => void} act */
    const on = (type, act) => opened.addEventListener(type, (event) => this.#stream === opened && act(event));
    on("changes", ({ data, from }) => {
      try {
        this.#hear(JSON.parse(data), from);
      } catch (error) {
        this.#fail(error);
      }
    });
    on("alive", ({ data }) => this.#hear(null, JSON.parse(data).cursor));
    on("error", this.#lost);
    on("full", () => {
      this.#closeStream();
      this.#restUntil = this.#now() + STREAM_REST_SEC;
      this.#goOn();
    });
    this.#schedule(this.#unheard, FIRST_WORD_SEC);
  }

  /**
   * @param {Changes|null} changes  null: a sign of life
   * @param {string|null|undefined} since  what a reader must have had before
   */
  #hear(changes, since) {
    this.#heard = true;
    this.#emptyStreams = 0;
    this.#silentAt = this.#now() + this.#silenceSec;
    const missed = since !== undefined && !changes?.snapshot && reaches(this.#cursor, since) !== true;
    if (changes && !missed) this.#take(changes);
    this.#goOn();
    if (missed) void this.update();
  }

  /** @param {number} pollAfterSec */
  #awaitWord(pollAfterSec) {
    const leftSec = this.#silentAt - this.#now();
    if (leftSec <= pollAfterSec) this.#schedule(this.#silent, leftSec);
    else this.#schedule(() => void this.update(), pollAfterSec);
  }

  #restart() {
    this.#closeStream();
    this.#options.timers.clearTimeout(this.#timer);
    if (this.#paused()) this.#store.setState({ connection: "paused", retryAt: null });
    else void this.update();
  }
}
