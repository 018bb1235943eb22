/**
 * The timeline: a lane for each node, a bar for each job, over any window of the history, following now or
 * standing still. Beyond what can be told apart, the server sends aggregates, so that 100,000 jobs stay
 * fluid; only what is seen is painted, and a pan or zoom paints at once what is there while more is fetched.
 */

import { nearest } from "./chart-scale.js";
import { h, oncePerFrame, setText, show } from "../lib/dom.js";
import { clusterLabel } from "../data/config.js";
import { clock, count, exact, plain, seconds } from "../lib/format.js";
import { jobTitle } from "../data/jobwords.js";
import {
  barAt,
  barWord,
  bucketAt,
  clampView,
  followView,
  indexByLane,
  laneAt,
  layoutLanes,
  OUTCOMES,
  panView,
  reachesNow,
  zoomView,
} from "./timeline-layout.js";
import { pageHref } from "../lib/url.js";
import { fitCanvas } from "./canvas.js";
import { createTimelineBar, createTimelineLegend } from "./timeline-bar.js";
import { createTimelineData } from "./timeline-data.js";
import { listenToHands } from "./timeline-gestures.js";
import { createTimelineList, summarySentence } from "./timeline-list.js";
import { AXIS_HEIGHT, paintAxis, paintLanes, paintQueue, QUEUE_HEIGHT, TIMELINE_TOKENS } from "./timeline-paint.js";
import { createTip } from "./tip.js";
import { readTokens, watchTheme } from "./tokens.js";

/** @import {Api} from "../data/api.js" */
/** @import {Answer, View} from "./timeline-layout.js" */
/** @import {Scene} from "./timeline-paint.js" */
/**
 * @typedef {object} TimelineOptions
 * @property {Api} api
 * @property {string} cluster
 * @property {string} [node]  only this node's lane
 * @property {boolean} [compact]  a small one within another page, without the queue
 * @property {View|null} [view]  the window at first; null: follow now
 * @property {number|null} [span]  seconds of the window that follows now; Infinity: the whole run; null: ten minutes of it
 * @property {(view: View, following: boolean, whole: boolean) => void} [onView]  the window was moved; `whole`: it grows with the run
 * @property {(serial: number) => void} [onOpen]  a job was clicked; absent: its page opens
 */

const DEFAULT_SPAN_SEC = 600;
/** Names at the left: on a phone they leave most of the room to the bars. */
const GUTTER = { wide: 148, narrow: 84, below: 640 };
/** What lies above and below the lanes on the page: header, controls, axis, queue, summary. */
const AROUND_PX = 392;
const LANES = { least: 220, compact: 132 };
/** A window that follows now moves on by pixels, but not more often than this. */
const FRAME_MS = { least: 100, calm: 1000 };

/**
 * @param {HTMLElement} element
 * @param {TimelineOptions} options
 */
export function createTimeline(element, options) {
  const { api, cluster, node, compact = false, onView } = options;
  const parts = build(cluster, compact);
  element.append(parts.root);
  const tip = createTip(parts.stage);
  const data = createTimelineData({ api, cluster, node, onAnswer: take, onError: complain });
  let following = !options.view;
  let spanSec = Math.min(options.span ?? DEFAULT_SPAN_SEC, 86400);
  /** A window that shows the whole run grows with it, up to so many seconds; 0: it keeps its length. */
  let growTo = options.span === Infinity ? Infinity : 0;
  /** Whether a window was chosen, by the address or by hand, perhaps before the first answer. */
  let chosen = Boolean(options.span);
  let pointer = /** @type {{x: number, y: number}|null} */ (null);
  /** @type {Scene} */
  const scene = {
    answer: null,
    layout: layoutLanes([], 0, "bars"),
    index: indexByLane([], 0),
    view: options.view ?? followView(spanSec, data.now()),
    now: data.now(),
    width: 0,
    gutter: GUTTER.wide,
    scrollTop: 0,
    height: LANES.least,
    hovered: -1,
    cursor: null,
    colors: readTokens(element, TIMELINE_TOKENS),
  };
  const isPast = () => scene.answer?.past === true;
  const limits = () => ({ oldest: scene.answer?.oldest ?? scene.now - spanSec, now: data.now() });

  const bar = createTimelineBar({
    span: (sec) => (sec === Infinity ? toAll() : goTo(followView(sec, data.now()), true)),
    zoom: (factor) =>
      goTo(zoomView(scene.view, factor, following ? data.now() : (scene.view.from + scene.view.to) / 2, limits())),
    pan: (share) => goTo(panView(scene.view, share * (scene.view.to - scene.view.from), limits())),
    follow: (on) => (on ? toNow() : goTo(scene.view, false)),
  });
  const legend = createTimelineLegend();
  const list = createTimelineList({ cluster });
  parts.root.prepend(bar.element);
  parts.root.append(legend.element, parts.summary, list.element);

  const wholeSpan = () => {
    const whole = clampView({ from: -1e12, to: 1e12 }, limits());
    return whole.to - whole.from;
  };
  const toNow = () => goTo(followView(scene.view.to - scene.view.from, data.now()), true);

  const toAll = () => {
    goTo(followView(wholeSpan(), data.now()), true);
    growTo = Infinity;
  };

  /** @param {View} view @param {boolean} [follow] */
  function goTo(view, follow = reachesNow(view, data.now())) {
    scene.view = scene.answer ? clampView(view, limits()) : view;
    following = follow;
    growTo = 0;
    chosen = true;
    spanSec = scene.view.to - scene.view.from;
    data.show(scene.view);
    paint();
    tell();
  }

  /** @param {Answer} answer */
  function take(answer) {
    const first = scene.answer === null;
    const lane = first ? 0 : laneAt(scene.layout, parts.lanes.scrollTop);
    const remade = scene.answer?.mode !== answer.mode || scene.answer?.lanes.length !== answer.lanes.length;
    scene.answer = answer;
    scene.now = data.now();
    const items = answer.bars ?? answer.buckets;
    scene.index = indexByLane(items?.lane ?? [], answer.lanes.length);
    if (first) openingView(answer);
    layOut();
    if (!first && remade && lane > 0) parts.lanes.scrollTop = scene.layout.tops[lane] ?? 0;
    show(parts.error, false);
    parts.root.classList.remove("is-loading");
    show(parts.empty, answer.lanes.length === 0);
    if (answer.past) setText(parts.empty, "No job of this run is loaded.");
    advance();
    describe();
  }

  /** At first: the whole run while it is short or once it is over, unless a window was chosen. @param {Answer} answer */
  function openingView(answer) {
    if (following && !chosen) growTo = answer.past ? Infinity : wholeSpan() < DEFAULT_SPAN_SEC ? DEFAULT_SPAN_SEC : 0;
    if (growTo > 0) spanSec = Math.min(growTo, wholeSpan());
    scene.view = following ? followView(spanSec, answer.now) : clampView(scene.view, answer);
    data.show(scene.view);
  }

  /** @param {Error} error */
  function complain(error) {
    setText(parts.error, `The timeline can't be loaded: ${error.message}`);
    show(parts.error, true);
  }

  function layOut() {
    const { answer } = scene;
    const most = compact ? LANES.compact : Math.max(LANES.least, window.innerHeight - AROUND_PX);
    scene.layout = layoutLanes(answer?.lanes ?? [], most, answer?.mode ?? "bars");
    scene.height =
      answer === null ? most : Math.min(most, Math.max(compact ? 24 : 60, Math.ceil(scene.layout.total) + 2));
    parts.lanes.style.height = `${scene.height}px`;
    parts.sizer.style.height = `${Math.max(scene.height, Math.ceil(scene.layout.total) + 2)}px`;
  }

  function paintNow() {
    if (scene.width <= 0) return;
    scene.now = data.now();
    scene.scrollTop = parts.lanes.scrollTop;
    point();
    paintAxis(fitCanvas(parts.axis, scene.width, AXIS_HEIGHT), scene);
    paintLanes(fitCanvas(parts.canvas, scene.width, scene.height), scene);
    if (!compact) paintQueue(fitCanvas(parts.queue, scene.width, QUEUE_HEIGHT), scene);
    bar.update(scene.view, following, growTo > 0, isPast());
    legend.update(scene.answer?.mode === "aggregate");
  }
  const paint = oncePerFrame(paintNow);

  /** What the pointer is on. */
  function point() {
    const { answer } = scene;
    scene.hovered = -1;
    scene.cursor = null;
    if (!pointer || !answer || pointer.x < scene.gutter) return tip.hide();
    const time = timeAt(pointer.x);
    const y = pointer.y - AXIS_HEIGHT + scene.scrollTop;
    const overLanes = pointer.y >= AXIS_HEIGHT && pointer.y < AXIS_HEIGHT + scene.height;
    scene.cursor = time;
    if (overLanes)
      scene.hovered = answer.bars
        ? barAt({ ...scene, answer }, time, y, 2 * secPerPixel())
        : bucketAt({ ...scene, answer }, time, y);
    parts.stage.classList.toggle("is-on-bar", scene.hovered >= 0 && answer.mode === "bars");
    const content =
      scene.hovered >= 0
        ? tipOf(answer, scene.hovered, data.now())
        : compact || overLanes
          ? null
          : queueTip(answer, time);
    if (content) tip.show(pointer.x, pointer.y, content.head, content.lines);
    else tip.hide();
  }

  const secPerPixel = () => (scene.view.to - scene.view.from) / Math.max(1, scene.width - scene.gutter);
  const timeAt = (/** @type {number} */ x) => scene.view.from + (x - scene.gutter) * secPerPixel();

  /** @param {number} x @param {number} y */
  function click(x, y) {
    pointer = { x, y };
    point();
    if (x < scene.gutter) return openLane(y);
    const { answer, hovered, view } = scene;
    if (!answer || hovered < 0) return;
    if (answer.bars) return openJob(answer.bars.serial[hovered]);
    goTo(zoomView(view, 0.25, timeAt(x), limits()));
  }

  /** @param {number} y */
  function openLane(y) {
    const lane = laneAt(scene.layout, y - AXIS_HEIGHT + scene.scrollTop);
    const at = scene.answer?.lanes[lane];
    if (at && !node && y >= AXIS_HEIGHT && y < AXIS_HEIGHT + scene.height)
      location.assign(pageHref("node.html", { host: at.node, cluster }));
  }

  /** @param {number} serial */
  function openJob(serial) {
    if (options.onOpen) options.onOpen(serial);
    else location.assign(pageHref("jobs.html", { job: serial, cluster }));
  }

  const tellSoon = debounce(() => {
    onView?.(scene.view, following, growTo === Infinity);
    describe();
  }, 250);
  const tell = () => tellSoon();

  function describe() {
    // Where the answer is still to come, words about the window would be wrong.
    if (!scene.answer || !data.served(scene.view)) return;
    setText(parts.summary, summarySentence(scene.answer, scene.view));
    list.update(scene.answer, scene.view);
  }

  /** Keeps up with now. */
  function advance() {
    if (following) {
      if (growTo > 0) spanSec = Math.min(growTo, wholeSpan());
      scene.view = followView(spanSec, data.now());
      paint();
    } else if (scene.view.to >= scene.now) paint();
  }
  const stopClock = tick(() => {
    advance();
    return secPerPixel() * 1000;
  });

  const stopHands = listenToHands(parts.stage, parts.lanes, {
    view: () => scene.view,
    setView: (view) => goTo(view),
    limits,
    timeAt,
    gutter: () => scene.gutter,
    width: () => scene.width,
    point: (x, y) => {
      pointer = { x, y };
      paint();
    },
    leave: () => {
      pointer = null;
      paint();
    },
    click,
    toNow,
    toAll,
  });
  parts.lanes.addEventListener("scroll", paint, { passive: true });

  const onTheme = () => {
    scene.colors = readTokens(element, TIMELINE_TOKENS);
    legend.paint();
    paint();
  };
  const unwatch = watchTheme(onTheme);
  const onResize = () => {
    layOut();
    paint();
  };
  window.addEventListener("resize", onResize);
  const sizes = new ResizeObserver(([entry]) => {
    scene.width = Math.floor(entry.contentRect.width);
    scene.gutter = scene.width < GUTTER.below ? GUTTER.narrow : GUTTER.wide;
    onResize();
  });
  sizes.observe(parts.stage);
  layOut();
  onTheme();
  data.show(scene.view);

  return {
    /** Something happened in the cluster. */
    update() {
      data.refresh(scene.view);
    },
    /** Goes to now and along with it. */
    follow: toNow,
    focus: () => parts.lanes.focus({ preventScroll: true }),
    destroy() {
      sizes.disconnect();
      window.removeEventListener("resize", onResize);
      unwatch();
      stopHands();
      stopClock();
      data.destroy();
      parts.root.remove();
    },
  };
}

let made = 0;

/** @param {string} cluster @param {boolean} compact */
function build(cluster, compact) {
  const id = `timeline-${(made += 1)}`;
  const axis = h("canvas", { class: "timeline-axis", "aria-hidden": "true" });
  const canvas = h("canvas", { class: "timeline-canvas", "aria-hidden": "true" });
  const queue = h("canvas", { class: "timeline-queue", "aria-hidden": "true", hidden: compact });
  const sizer = h("div", { class: "timeline-sizer" }, canvas);
  const lanes = h(
    "div",
    {
      class: "timeline-lanes",
      tabindex: "0",
      role: "application",
      "aria-roledescription": "timeline",
      "aria-label": `Timeline of ${clusterLabel(cluster)}`,
      "aria-describedby": `${id}-summary ${id}-help`,
    },
    sizer,
  );
  const empty = h(
    "p",
    { class: "timeline-empty", hidden: true },
    "No job has run yet. Bars appear here as soon as one does.",
  );
  const error = h("p", { class: "timeline-error field-error", role: "status", hidden: true });
  const help = h(
    "p",
    { class: "sr", id: `${id}-help` },
    "Left and right move the window, plus and minus zoom, as does the wheel with Ctrl, 0 shows everything, Home goes to the oldest, End follows now. The table below holds the same jobs.",
  );
  const stage = h("div", { class: "timeline-stage" }, axis, lanes, queue, empty, error);
  const summary = h("p", { class: "timeline-summary caption", id: `${id}-summary` });
  const root = h("div", { class: compact ? "timeline is-loading is-compact" : "timeline is-loading" }, help, stage);
  return { root, stage, axis, canvas, lanes, sizer, queue, empty, error, summary };
}

/**
 * @param {Answer} answer
 * @param {number} item
 * @param {number} now
 */
function tipOf(answer, item, now) {
  const { bars, buckets } = answer;
  const lane = answer.lanes[(bars ?? buckets)?.lane[item] ?? 0];
  const at = { label: "Node", value: plain(lane.name || lane.node) };
  if (bars) {
    const word = barWord(bars, item);
    const sec = (bars.end[item] ?? now) - bars.start[item];
    return {
      head: `Job ${jobTitle({ id: bars.id[item], serial: bars.serial[item] })}`,
      lines: [
        { state: word, label: word, value: seconds(sec) },
        at,
        { label: "Started", value: clock(bars.start[item]) },
      ],
    };
  }
  if (!buckets) return null;
  const start = answer.from + buckets.bucket[item] * buckets.bucket_sec;
  const ended = OUTCOMES.filter((key) => buckets[key][item] > 0);
  return {
    head: `${clock(start)} – ${clock(start + buckets.bucket_sec)}`,
    lines: [
      at,
      { label: "CPUs busy", value: `${buckets.busy[item].toFixed(1)} of ${lane.slots}` },
      ...ended.map((key) => ({ state: key, label: key, value: count(buckets[key][item]) })),
    ],
  };
}

/**
 * @param {Answer} answer
 * @param {number} time
 */
function queueTip({ queue }, time) {
  const index = nearest(queue.t, time);
  const depth = index < 0 ? null : queue.depth[index];
  if (depth === null || depth === undefined) return null;
  return { head: exact(queue.t[index]), lines: [{ state: "queued", label: "queued", value: count(depth) }] };
}

/**
 * Calls again and again, after as many milliseconds as the call says; slower for who wants less motion,
 * not at all while nobody looks.
 * @param {() => number} run
 * @returns {() => void} stops it
 */
function tick(run) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  /** @type {ReturnType<typeof setTimeout>} */
  let timer;
  const next = () => {
    const wait = document.hidden ? FRAME_MS.calm : run();
    const least = calm.matches ? FRAME_MS.calm : FRAME_MS.least;
    timer = setTimeout(next, Math.min(FRAME_MS.calm, Math.max(least, wait)));
  };
  timer = setTimeout(next, FRAME_MS.calm);
  return () => clearTimeout(timer);
}

/**
 * @param {() => void} run
 * @param {number} restMs
 */
function debounce(run, restMs) {
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(run, restMs);
  };
}
