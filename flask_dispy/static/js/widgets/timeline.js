/**
 * The timeline: a lane for each node, a bar for each job, over any window of the history, following now or
 * standing still. Where bars could not be told apart, the server sends aggregates, so that even 100,000 jobs
 * move smoothly. Only the visible part is painted; a pan or zoom paints the known data at once and fetches more.
 */

import { debounced, oncePerFrame, repeatCalmly, setText, show } from "../lib/dom.js";
import {
  barAt,
  barWord,
  bucketAt,
  clampView,
  followView,
  indexByLane,
  laneAt,
  layoutLanes,
  panView,
  zoomView,
} from "./timeline-layout.js";
import { clusterPath } from "../data/api.js";
import { timesText } from "../data/standing.js";
import { percent } from "../lib/format.js";
import { pageHref } from "../lib/url.js";
import { fitCanvas } from "./canvas.js";
import { createTimelineBar } from "./timeline-bar.js";
import { countByClass, USUAL_CHOICES } from "./timeline-classes.js";
import { TimelineData } from "./timeline-data.js";
import { listenToGestures } from "./timeline-gestures.js";
import { TimelineLegend } from "./timeline-legend.js";
import { createTimelineList, summarySentence } from "./timeline-list.js";
import { TimelineMap } from "./timeline-map.js";
import { TIMELINE_TOKENS } from "./timeline-marks.js";
import { AXIS_HEIGHT, paintAxis, paintLanes, paintQueue, QUEUE_HEIGHT } from "./timeline-paint.js";
import { build } from "./timeline-parts.js";
import { TimelinePeek } from "./timeline-peek.js";
import { queueTip, tipOf } from "./timeline-tips.js";
import { TimelineEvents } from "./timeline-events.js";
import { createTip } from "./tip.js";
import { readTokens, watchTheme } from "./tokens.js";

/** @import {Api} from "../data/api.js" */
/** @import {Answer, Choices, View} from "./timeline-layout.js" */
/** @import {Scene} from "./timeline-paint.js" */
/**
 * @typedef {object} TimelineOptions
 * @property {Api} api
 * @property {string} cluster
 * @property {string} [node]  only this node's lane
 * @property {boolean} [compact]  a small one within another page, without the queue
 * @property {View|null} [view]  the window at first; null: follow now
 * @property {number|null} [span]  length in seconds of the window that follows the present; Infinity: the whole run; null: ten minutes
 * @property {(view: View, following: boolean, whole: boolean) => void} [onView]  the window was moved; `whole`: it grows with the run
 * @property {Choices} [choices]  of colours and of the lanes' order
 * @property {(choices: Choices) => void} [onChoices]  others were chosen
 * @property {(serial: number) => void} [onOpen]  a job was clicked; absent: its page opens
 */

const DEFAULT_SPAN_SEC = 600;
/** A run is shown as a whole at first if no job has run for so long. */
const STILL_SEC = 60;
/** Width of the names at the left; on a phone, most of the room is left to the bars. */
const GUTTER = { wide: 148, narrow: 84, below: 640 };
/** Height of what is above and below the lanes on the page: header, controls, axis, queue, summary. */
const AROUND_PX = 448;
const LANES = { least: 220, compact: 132 };
/** Formats of the figures by which lanes are sorted. @type {Record<Choices["sort"], ((figure: number) => string)|undefined>} */
const FIGURES = { address: undefined, busy: percent, slow: timesText, failing: percent };

export class Timeline {
  #options;
  #parts;
  #tip;
  #events;
  #data;
  #following;
  #spanSec;
  /** A window that shows the whole run grows with it, up to so many seconds; 0: it keeps its length. */
  #growTo;
  /** Whether a window was chosen, by the address or by hand, perhaps before the first answer. */
  #chosen;
  /** @type {{x: number, y: number}|null} */
  #pointer = null;
  /** @type {Scene} */
  #scene;
  #limits = () => ({ oldest: this.#scene.answer?.oldest ?? this.#scene.now - this.#spanSec, now: this.#data.now() });
  #bar;
  #legend = new TimelineLegend();
  #list;
  #map;
  #peek;
  #choices;
  /** Goes to the present and follows it. */
  follow = () => this.#goTo(followView(this.#scene.view.to - this.#scene.view.from, this.#data.now()), true);
  #toAll = () => {
    this.#goTo(followView(this.#wholeSpan(), this.#wholeEnd()), true);
    this.#growTo = Infinity;
  };
  /** @param {Answer} answer */
  #take = (answer) => {
    const first = this.#scene.answer === null;
    const lane = first ? 0 : laneAt(this.#scene.layout, this.#parts.lanes.scrollTop);
    const remade = this.#scene.answer?.mode !== answer.mode || this.#scene.answer?.lanes.length !== answer.lanes.length;
    this.#scene.answer = answer;
    this.#scene.now = this.#data.now();
    const items = answer.bars ?? answer.buckets;
    this.#scene.index = indexByLane(items?.lane ?? [], answer.lanes.length);
    if (first) this.#openingView(answer);
    this.#layOut();
    if (!first && remade && lane > 0) this.#parts.lanes.scrollTop = this.#scene.layout.tops[lane] ?? 0;
    show(this.#parts.error, false);
    this.#parts.root.classList.remove("is-loading");
    show(this.#parts.empty, answer.lanes.length === 0);
    if (answer.past) setText(this.#parts.empty, "No job of this run is loaded.");
    void this.#map?.refresh(this.#choices.color, answer);
    this.#scene.figureText = FIGURES[this.#choices.sort];
    this.#advance();
    this.#describe();
  };
  /** @param {Error} error */
  #complain = (error) => {
    setText(this.#parts.error, `The timeline can't be loaded: ${error.message}`);
    show(this.#parts.error, true);
  };
  #paint = oncePerFrame(() => {
    if (this.#scene.width <= 0) return;
    const past = this.#scene.answer?.past === true;
    this.#scene.now = this.#data.now();
    this.#scene.scrollTop = this.#parts.lanes.scrollTop;
    this.#point();
    paintAxis(fitCanvas(this.#parts.axis, this.#scene.width, AXIS_HEIGHT), this.#scene);
    paintLanes(fitCanvas(this.#parts.canvas, this.#scene.width, this.#scene.height), this.#scene);
    if (!this.#options.compact) paintQueue(fitCanvas(this.#parts.queue, this.#scene.width, QUEUE_HEIGHT), this.#scene);
    this.#map?.paint(this.#scene);
    this.#events.draw(this.#scene);
    this.#bar.update(this.#scene.view, this.#following, this.#growTo > 0, past, this.#isStill());
  });
  #timeAt = (/** @type {number} */ x) => this.#scene.view.from + (x - this.#scene.gutter) * this.#secPerPixel();
  /** @param {number} x @param {number} y */
  #click = (x, y) => {
    this.#pointer = { x, y };
    this.#point();
    const { cluster, node, onOpen } = this.#options;
    const { answer, gutter, hovered, layout, view } = this.#scene;
    if (x < gutter) {
      const lane = answer?.lanes[laneAt(layout, this.#laneY(y) ?? -1)];
      if (lane && !node) location.assign(pageHref("node.html", { host: lane.node, cluster }));
    } else if (answer?.bars && hovered >= 0) {
      const job = answer.bars.serial[hovered];
      if (onOpen) onOpen(job);
      else location.assign(pageHref("jobs.html", { job, cluster }));
    } else if (hovered >= 0) {
      this.#goTo(zoomView(view, 0.25, this.#timeAt(x), this.#limits()));
    }
  };
  #announceView = debounced(() => {
    this.#options.onView?.(this.#scene.view, this.#following, this.#growTo === Infinity);
    this.#describe();
  }, 250);
  #onTheme = () => {
    this.#scene.colors = readTokens(this.#parts.root, TIMELINE_TOKENS);
    this.#legend.paint();
    this.#paint();
  };

  /**
   * @param {HTMLElement} element
   * @param {TimelineOptions} options
   */
  constructor(element, options) {
    this.#options = options;
    const { api, cluster, node, compact = false, choices = USUAL_CHOICES } = options;
    this.#choices = choices;
    this.#parts = build(cluster, compact);
    element.append(this.#parts.root);
    this.#tip = createTip(this.#parts.stage);
    this.#events = new TimelineEvents(this.#parts.stage, this.#parts.axis);
    this.#data = new TimelineData({
      api,
      cluster,
      node,
      choices: () => this.#choices,
      onAnswer: this.#take,
      onError: this.#complain,
    });
    this.#peek = new TimelinePeek({ api, cluster, onAnswer: () => this.#paint() });
    this.#following = !options.view;
    this.#spanSec = Math.min(options.span ?? DEFAULT_SPAN_SEC, 86400);
    this.#growTo = options.span === Infinity ? Infinity : 0;
    this.#chosen = Boolean(options.span);
    this.#scene = {
      answer: null,
      layout: layoutLanes([], 0, "bars"),
      index: indexByLane([], 0),
      view: options.view ?? followView(this.#spanSec, this.#data.now()),
      now: this.#data.now(),
      width: 0,
      gutter: GUTTER.wide,
      scrollTop: 0,
      height: LANES.least,
      hovered: -1,
      cursor: null,
      colors: readTokens(this.#parts.root, TIMELINE_TOKENS),
    };
    this.#bar = this.#makeBar();
    this.#list = createTimelineList({ cluster });
    this.#map = compact
      ? null
      : new TimelineMap({
          ...{ api, cluster, node, limits: this.#limits },
          setView: (view) => this.#goTo(view),
          repaint: () => this.#paint(),
        });
    this.#parts.root.prepend(...[this.#bar.element, this.#map?.element].filter((part) => part !== undefined));
    this.#parts.root.append(this.#legend.element, this.#parts.summary, this.#list.element);
    repeatCalmly(() => {
      this.#advance();
      return this.#secPerPixel() * 1000;
    });
    this.#listenToGestures();
    this.#parts.lanes.addEventListener("scroll", this.#paint, { passive: true });
    watchTheme(this.#onTheme);
    window.addEventListener("resize", () => this.#layOut());
    new ResizeObserver(([entry]) => {
      this.#scene.width = Math.floor(entry.contentRect.width);
      this.#scene.gutter = this.#scene.width < GUTTER.below ? GUTTER.narrow : GUTTER.wide;
      this.#layOut();
    }).observe(this.#parts.stage);
    this.#layOut();
    this.#onTheme();
    this.#data.show(this.#scene.view);
  }

  #makeBar() {
    const { api, cluster, compact, onChoices } = this.#options;
    const trace = api.url(clusterPath(cluster, "trace"));
    return createTimelineBar(
      {
        span: (sec) => (sec === Infinity ? this.#toAll() : this.#goTo(followView(sec, this.#data.now()), true)),
        zoom: (factor) => {
          const { from, to } = this.#scene.view;
          const anchor = this.#following ? this.#data.now() : (from + to) / 2;
          this.#goTo(zoomView({ from, to }, factor, anchor, this.#limits()));
        },
        pan: (share) => {
          const { from, to } = this.#scene.view;
          this.#goTo(panView({ from, to }, share * (to - from), this.#limits()));
        },
        follow: (on) => (on ? this.follow() : this.#goTo(this.#scene.view, false)),
        choose: (choices) => {
          this.#choices = { ...this.#choices, ...choices };
          onChoices?.(this.#choices);
          this.#data.renew(this.#scene.view);
        },
      },
      compact ? null : { chosen: this.#choices, trace },
    );
  }

  #listenToGestures() {
    const point = (/** @type {{x: number, y: number}|null} */ place) => {
      this.#pointer = place;
      this.#paint();
    };
    listenToGestures(this.#parts.stage, this.#parts.lanes, {
      view: () => this.#scene.view,
      setView: (view) => this.#goTo(view),
      limits: this.#limits,
      timeAt: this.#timeAt,
      gutter: () => this.#scene.gutter,
      width: () => this.#scene.width,
      point: (x, y) => point({ x, y }),
      leave: () => point(null),
      click: this.#click,
      toNow: this.follow,
      toAll: this.#toAll,
    });
  }

  /** @param {import("../data/types.js").Event[]} events to be marked, the newest first */
  mark(events) {
    this.#events.set(events);
    this.#paint();
  }

  /** Something happened in the cluster. */
  update() {
    this.#data.refresh(this.#scene.view, this.#isStill());
  }

  focus() {
    return this.#parts.lanes.focus({ preventScroll: true });
  }

  #wholeSpan() {
    const whole = clampView({ from: -1e12, to: 1e12 }, { ...this.#limits(), now: this.#wholeEnd() });
    return whole.to - whole.from;
  }

  /** The whole run ends with its last job, however long the cluster stays open. */
  #wholeEnd() {
    return Math.min(this.#scene.answer?.ended_at ?? Infinity, this.#data.now());
  }

  /** Whether the whole run is shown, which has ended. */
  #isStill() {
    return this.#growTo === Infinity && this.#wholeEnd() < this.#data.now();
  }

  /** @param {View} view @param {boolean} [follow] */
  #goTo(view, follow = view.to >= this.#data.now()) {
    this.#scene.view = this.#scene.answer ? clampView(view, this.#limits()) : view;
    this.#following = follow;
    this.#growTo = 0;
    this.#chosen = true;
    this.#spanSec = this.#scene.view.to - this.#scene.view.from;
    this.#data.show(this.#scene.view);
    this.#paint();
    this.#announceView();
  }

  /** At first: the whole run while it is short or once it is over, unless a window was chosen. @param {Answer} answer */
  #openingView(answer) {
    const over = answer.past || answer.now - (answer.ended_at ?? Infinity) > STILL_SEC;
    const short = this.#wholeSpan() < DEFAULT_SPAN_SEC;
    if (this.#following && !this.#chosen) this.#growTo = over ? Infinity : short ? DEFAULT_SPAN_SEC : 0;
    if (this.#growTo > 0) this.#spanSec = Math.min(this.#growTo, this.#wholeSpan());
    const end = this.#growTo === Infinity ? this.#wholeEnd() : answer.now;
    this.#scene.view = this.#following ? followView(this.#spanSec, end) : clampView(this.#scene.view, answer);
    this.#data.show(this.#scene.view);
  }

  /** Gives the lanes their heights. */
  #layOut() {
    const { answer } = this.#scene;
    const { compact } = this.#options;
    const most = compact ? LANES.compact : Math.max(LANES.least, window.innerHeight - AROUND_PX);
    this.#scene.layout = layoutLanes(answer?.lanes ?? [], most, answer?.mode ?? "bars");
    const needed = Math.ceil(this.#scene.layout.total) + 2;
    this.#scene.height = answer === null ? most : Math.min(most, Math.max(compact ? 24 : 60, needed));
    this.#parts.lanes.style.height = `${this.#scene.height}px`;
    this.#parts.sizer.style.height = `${Math.max(this.#scene.height, needed)}px`;
    this.#paint();
  }

  /** Finds what the pointer is on, and shows its tip. */
  #point() {
    const { answer } = this.#scene;
    this.#scene.hovered = -1;
    this.#scene.cursor = null;
    const content = this.#pointer && answer ? this.#tipAt(answer, this.#pointer) : null;
    if (this.#pointer && content) return this.#tip.show(this.#pointer.x, this.#pointer.y, content.head, content.lines);
    this.#peek.leave();
    this.#tip.hide();
  }

  /** @param {Answer} answer @param {{x: number, y: number}} place */
  #tipAt(answer, { x, y }) {
    const scene = { ...this.#scene, answer };
    if (x < scene.gutter) return null;
    const time = this.#timeAt(x);
    const lane = this.#laneY(y);
    this.#scene.cursor = time;
    const { bars } = answer;
    let item = -1;
    if (lane !== null) item = bars ? barAt(scene, time, lane, 2 * this.#secPerPixel()) : bucketAt(scene, time, lane);
    this.#scene.hovered = item;
    this.#parts.stage.classList.toggle("is-on-bar", item >= 0 && answer.mode === "bars");
    if (item < 0) return this.#options.compact || lane !== null ? null : queueTip(answer, time);
    const known = bars && this.#peek.of(bars.serial[item], barWord(bars, item));
    return tipOf(answer, item, this.#data.now(), known);
  }

  /** A height in the stage as one in the lanes, of which some are scrolled out of view; null: it is not over them. @param {number} y */
  #laneY(y) {
    const over = y >= AXIS_HEIGHT && y < AXIS_HEIGHT + this.#scene.height;
    return over ? y - AXIS_HEIGHT + this.#scene.scrollTop : null;
  }

  #secPerPixel() {
    return (this.#scene.view.to - this.#scene.view.from) / Math.max(1, this.#scene.width - this.#scene.gutter);
  }

  #describe() {
    // Until the answer arrives, a sentence about the window would be wrong.
    if (!this.#scene.answer || !this.#data.served(this.#scene.view)) return;
    setText(this.#parts.summary, summarySentence(this.#scene.answer, this.#scene.view));
    this.#legend.update(this.#scene.answer, countByClass(this.#scene.answer, this.#scene.view));
    this.#list.update(this.#scene.answer, this.#scene.view);
  }

  /** Follows the present. */
  #advance() {
    if (this.#following) {
      if (this.#growTo > 0) this.#spanSec = Math.min(this.#growTo, this.#wholeSpan());
      this.#scene.view = followView(this.#spanSec, this.#isStill() ? this.#wholeEnd() : this.#data.now());
      this.#paint();
    } else if (this.#scene.view.to >= this.#scene.now) this.#paint();
  }
}
