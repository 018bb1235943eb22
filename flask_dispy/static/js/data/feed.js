/** @import {Api} from "./api.js" */
/** @import {Interval} from "./interval.js" */
/** @import {Store} from "./store.js" */
/** @import {Changes} from "./types.js" */
import { ApiError } from "./api.js";
import { reaches } from "./cursor.js";
import { boundedInterval, boundedSec } from "./interval.js";

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
 *
 * @typedef {object} Feed
 * @property {Interval} interval
 * @property {() => void} start
 * @property {() => void} stop
 * @property {() => Promise<void>} update fetch what changed, now
 * @property {(interval: Interval) => void} setInterval
 */

/** First and longest wait after a failure, in seconds; doubled in between, a quarter of it random. */
const BACKOFF_SEC = { first: 1, longest: 30 };
/** A hidden tab polls this seldom: enough for its title; six open streams would stall a browser. */
const HIDDEN_SEC = 30;
/** How often a stream says that it lives, where nothing changes: as often as it would be polled, in these bounds. */
const ALIVE_SEC = { least: 1, most: 15 };
/** A stream that has not said anything yet is called live no longer after this; its first word comes at once. */
const FIRST_WORD_SEC = 2;
/** So many streams in a row that end before they bring anything: poll for a while instead. */
const STREAM_TRIES = 2;
const STREAM_REST_SEC = 60;
/** Data older than this, while updates fail, is called stale. */
const STALE_SEC = 30;

/** @type {Timers} */
const realTimers = {
  setTimeout: (run, milliseconds) => setTimeout(run, milliseconds),
  clearTimeout: (timer) => clearTimeout(timer),
  now: () => Date.now() / 1000,
};

/**
 * Keeps a store up to date: over the stream where it works, by polling where it does not,
 * with growing waits after failures. Only one request is under way at a time.
 *
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
 * @returns {Feed}
 */
export function createFeed({
  api,
  store,
  cluster,
  interval: firstInterval = "live",
  pollSec = 10,
  openStream = null,
  visibility = { hidden: () => false, onChange: () => {} },
  timers = realTimers,
  random = Math.random,
}) {
  let interval = boundedInterval(firstInterval);
  const everySec = boundedSec(pollSec) || 10;
  const aliveSec = Math.round(Math.min(Math.max(everySec, ALIVE_SEC.least), ALIVE_SEC.most));
  /** A proxy may hold a stream back: where nothing is heard for so long, it does not work. */
  const silenceSec = 2 * aliveSec + 1;

  /** @type {string|null} */
  let cursor = null;
  /** @type {Stream|null} */
  let stream = null;
  /** Whether the stream has said anything, and when it must again. */
  let heard = false;
  let silentAt = 0;
  /** @type {any} */
  let timer = null;
  /** @type {Promise<void>|null} */
  let underWay = null;
  let started = false;
  let failures = 0;
  let emptyStreams = 0;
  let restUntil = 0;

  const paused = () => interval !== "live" && !(interval > 0);
  const wantsStream = () =>
    interval === "live" && openStream !== null && !visibility.hidden() && timers.now() >= restUntil;

  /** @param {() => void} run @param {number} sec */
  function schedule(run, sec) {
    timers.clearTimeout(timer);
    timer = timers.setTimeout(run, sec * 1000);
  }

  function closeStream() {
    stream?.close();
    stream = null;
  }

  /** @param {Changes} changes */
  function take(changes) {
    // A stream that was held back tells what a poll has told better since.
    if (reaches(cursor, changes.cursor) && cursor !== changes.cursor && !changes.snapshot) return;
    cursor = changes.cursor;
    store.apply(changes);
  }

  /** What follows a success: the stream, the next poll, or rest. */
  function goOn() {
    if (!started) return;
    failures = 0;
    const fresh = { lastAt: timers.now(), retryAt: null, error: null, remedy: null };
    if (stream && heard) {
      schedule(silent, silentAt - timers.now());
      store.setState({ connection: "live", ...fresh });
    } else if (stream) {
      store.setState({ connection: "polling", ...fresh });
      awaitWord(waitSec());
    } else if (wantsStream()) {
      const { connection } = store.state;
      store.setState({ connection: connection === "connecting" ? connection : "polling", ...fresh });
      listen();
    } else {
      store.setState({ connection: paused() ? "paused" : "polling", ...fresh });
      if (!paused()) schedule(() => void update(), waitSec());
    }
  }

  function waitSec() {
    const sec = interval === "live" ? everySec : interval;
    return visibility.hidden() ? Math.max(sec, HIDDEN_SEC) : sec;
  }

  /** @param {unknown} error */
  function fail(error) {
    closeStream();
    if (!started) return;
    failures += 1;
    const longest = Math.min(BACKOFF_SEC.first * 2 ** (failures - 1), BACKOFF_SEC.longest);
    const asked = error instanceof ApiError ? (error.retryAfterSec ?? 0) : 0;
    const waiting = Math.max(longest * (0.75 + 0.25 * random()), asked);
    const age = timers.now() - (store.state.lastAt ?? -Infinity);
    store.setState({
      connection: paused() ? "paused" : age > STALE_SEC && store.loaded ? "stale" : "retrying",
      error: error instanceof Error ? error.message : String(error),
      remedy: error instanceof ApiError ? error.remedy : null,
      retryAt: paused() ? null : timers.now() + waiting,
    });
    if (!paused()) schedule(() => void update(), waiting);
  }

  function update() {
    underWay ??= api
      .get("changes", { cluster, form: "columns", since: cursor })
      .then(take)
      .then(goOn, fail)
      .finally(() => {
        underWay = null;
      });
    return underWay;
  }

  function listen() {
    if (!openStream) return;
    const opened = openStream(api.url("stream", { cluster, alive_sec: aliveSec, since: cursor }));
    stream = opened;
    heard = false;
    silentAt = timers.now() + silenceSec;
    /** @param {string} type @param {(event: any) => void} act */
    const on = (type, act) => opened.addEventListener(type, (event) => stream === opened && act(event));
    on("changes", ({ data, from }) => {
      try {
        hear(JSON.parse(data), from);
      } catch (error) {
        fail(error);
      }
    });
    on("alive", ({ data }) => hear(null, JSON.parse(data).cursor));
    on("error", lost);
    on("full", () => {
      closeStream();
      restUntil = timers.now() + STREAM_REST_SEC;
      goOn();
    });
    schedule(unheard, FIRST_WORD_SEC);
  }

  /**
   * @param {Changes|null} changes  null: a sign of life
   * @param {string|null|undefined} since  what a reader must have had before
   */
  function hear(changes, since) {
    heard = true;
    emptyStreams = 0;
    silentAt = timers.now() + silenceSec;
    const missed = since !== undefined && !changes?.snapshot && reaches(cursor, since) !== true;
    if (changes && !missed) take(changes);
    goOn();
    if (missed) void update();
  }

  /** It was opened, and it may be that something holds it back: poll beside it. */
  function unheard() {
    store.setState({ connection: "polling" });
    awaitWord(waitSec() - FIRST_WORD_SEC);
  }

  /** @param {number} pollAfterSec */
  function awaitWord(pollAfterSec) {
    const leftSec = silentAt - timers.now();
    if (leftSec <= pollAfterSec) schedule(silent, leftSec);
    else schedule(() => void update(), pollAfterSec);
  }

  /** What the stream brought until now came; nothing comes any more, or nothing ever did. */
  function silent() {
    closeStream();
    store.setState({ connection: "polling" });
    if (!heard) restUntil = timers.now() + STREAM_REST_SEC;
    void update();
  }

  function lost() {
    closeStream();
    emptyStreams = heard ? 0 : emptyStreams + 1;
    if (emptyStreams >= STREAM_TRIES) restUntil = timers.now() + STREAM_REST_SEC;
    schedule(() => void update(), BACKOFF_SEC.first * random());
  }

  function restart() {
    closeStream();
    timers.clearTimeout(timer);
    if (paused()) store.setState({ connection: "paused", retryAt: null });
    else void update();
  }

  visibility.onChange(() => {
    if (!started || paused()) return;
    if (!visibility.hidden()) return restart();
    closeStream();
    schedule(() => void update(), waitSec());
  });

  return {
    get interval() {
      return interval;
    },
    start() {
      started = true;
      void update();
    },
    stop() {
      started = false;
      closeStream();
      timers.clearTimeout(timer);
    },
    update,
    setInterval(next) {
      interval = boundedInterval(next);
      restUntil = 0;
      emptyStreams = 0;
      if (started) restart();
    },
  };
}
