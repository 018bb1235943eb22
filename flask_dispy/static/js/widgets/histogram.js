/** @import {Bar, Range} from "../data/durations.js" */
/** @import {Spread} from "../data/types.js" */
import { barsOf, jobsIn, ticksOf, TIMED_WORDS } from "../data/durations.js";
import { h, oncePerFrame, setAttr, setText, show, debounced } from "../lib/dom.js";
import { compact, count, counted, percent, seconds } from "../lib/format.js";
import { fillChildren, setAttrs, svg } from "./svg.js";

const HEIGHT = 132;
const TOP = 18;
const BOTTOM = 112;
/** The width of a tick's label. */
const TICK_PX = 64;
/** A pointer that moves less than this clicks, which chooses the bar under it. */
const DRAG_PX = 4;
/** Arrow keys are pressed several times; the search starts when they have rested this long. */
const REST_MS = 350;

/** @param {number} sec */
const edge = (sec) => seconds(Number(sec.toPrecision(3)));

/**
 * A histogram of durations on a logarithmic scale. A range can be chosen by dragging over it, or with the two
 * sliders under it, which work with keys and screen readers.
 */
export class Histogram {
  #plot = h("div", { class: "histogram-plot" });
  #svg = svg("svg", { height: HEIGHT, role: "img" });
  #layers = {
    shade: svg("rect", { class: "histogram-shade", y: TOP, height: BOTTOM - TOP }),
    bars: svg("g"),
    marks: svg("g", { class: "histogram-marks" }),
    axis: svg("g", { class: "chart-axis" }),
    most: svg("text", { class: "histogram-most", x: 0, y: 10 }),
  };
  #figures = h("span", { class: "caption histogram-figures" });
  #readout = h("span", { class: "caption histogram-readout" });
  #empty = h("p", { class: "histogram-empty caption", hidden: true });
  #table = h("tbody", {});
  #sliders = /** @type {HTMLInputElement[]} */ ([]);
  #title;
  #onSelect;
  /** @type {Spread|null} */
  #spread = null;
  /** @type {Bar[]} */
  #bars = [];
  /** The first chosen bar, and the one after the last; null: all. @type {[number, number]|null} */
  #chosen = null;
  /** @type {Range} */
  #range = { fromSec: null, toSec: null };
  #width = 0;

  /**
   * @param {HTMLElement} element
   * @param {{title: string, onSelect: (range: Range) => void}} options
   */
  constructor(element, { title, onSelect }) {
    this.#title = title;
    this.#onSelect = onSelect;
    this.#svg.append(...Object.values(this.#layers));
    this.#plot.append(this.#svg);
    const head = h("div", { class: "chart-head" }, h("span", { class: "chart-title", text: title }), this.#figures);
    const table = h("table", { class: "sr" }, h("caption", { text: `${title}, jobs by duration` }), this.#table);
    element.classList.add("histogram");
    element.append(head, this.#plot, this.#empty, table, this.#makeSliders(), this.#readout);
    this.#listen();
    this.#plot.addEventListener("pointermove", (event) => this.#read(event));
    this.#plot.addEventListener("pointerleave", () => this.#say());
    const draw = oncePerFrame(() => this.#draw());
    new ResizeObserver(draw).observe(this.#plot);
  }

  /**
   * @param {Spread} spread
   * @param {Range} range the range that the search asks for
   * @param {string} nothing the text if there is no job
   */
  update(spread, range, nothing) {
    setText(this.#empty, nothing);
    this.#spread = spread;
    this.#range = range;
    setText(
      this.#figures,
      spread.jobs
        ? `median ${seconds(spread.median_sec)} · 95 % up to ${seconds(spread.p95_sec)} · longest ${seconds(spread.longest_sec)}`
        : "",
    );
    this.#draw();
  }

  // -- drawing ---------------------------------------------------------------------------------------------

  #draw() {
    const spread = this.#spread;
    const known = Boolean(spread?.jobs);
    show(this.#empty, spread !== null && !known); // unknown before the first answer
    show(this.#plot, known);
    for (const slider of this.#sliders) show(slider, known);
    const width = this.#plot.clientWidth;
    if (!spread || !known || width === 0) return;
    this.#width = width;
    setAttr(this.#svg, "width", width);
    this.#bars = barsOf(spread, width);
    this.#chosen = this.#barsOf(this.#range);
    this.#drawBars();
    this.#drawAxis();
    this.#drawMarks(spread);
    this.#drawChoice();
    this.#fillTable();
    const figures = this.#figures.textContent ?? "";
    setAttr(this.#svg, "aria-label", `${this.#title} of ${counted(spread.jobs, "job")}: ${figures}`);
  }

  /** @param {number} sec */
  #x(sec) {
    const [from, to] = [this.#bars[0].from, this.#bars[this.#bars.length - 1].to];
    return (Math.log(sec / from) / Math.log(to / from)) * this.#width;
  }

  #drawBars() {
    const most = Math.max(...this.#bars.map(jobsIn));
    const step = this.#width / this.#bars.length;
    const rects = this.#bars.flatMap((bar, i) => {
      let below = 0;
      return bar.counts.flatMap((n, place) => {
        if (n === 0) return [];
        const size = Math.max(1.5, ((BOTTOM - TOP) * n) / most);
        below += size;
        return [{ word: TIMED_WORDS[place], bar: i, x: i * step, y: BOTTOM - below, size, step }];
      });
    });
    fillChildren(
      this.#layers.bars,
      rects,
      () => svg("rect"),
      (rect, { word, bar, x, y, size, step: wide }) =>
        setAttrs(rect, {
          class: `histogram-bar is-${word}`,
          "data-bar": bar,
          x: x.toFixed(1),
          y: y.toFixed(1),
          width: Math.max(1, wide - 1).toFixed(1),
          height: size.toFixed(1),
        }),
    );
    setText(this.#layers.most, `${compact(most)} jobs`);
  }

  #drawAxis() {
    const ticks = ticksOf(this.#bars[0].from, this.#bars[this.#bars.length - 1].to, this.#width / TICK_PX);
    fillChildren(
      this.#layers.axis,
      ticks,
      () => svg("text", { y: BOTTOM + 15 }),
      (text, tick) => {
        const x = this.#x(tick);
        const anchor = x < 20 ? "start" : x > this.#width - 20 ? "end" : "middle";
        setAttrs(text, { x: x.toFixed(1), "text-anchor": anchor });
        setText(text, seconds(tick).replace(/\.0+(?= )/, ""));
      },
    );
  }

  /** @param {Spread} spread */
  #drawMarks({ median_sec, p95_sec }) {
    const marks = [
      { at: median_sec, label: "median" },
      { at: p95_sec, label: "95 %" },
    ].filter(({ at }) => at !== null && at > 0);
    const place = (/** @type {number|null} */ at) => Math.min(this.#width, Math.max(0, this.#x(Number(at))));
    const last = place(p95_sec);
    const crowded = marks.length > 1 && last - place(median_sec) < 52;
    fillChildren(
      this.#layers.marks,
      marks,
      () => svg("g", {}, svg("line", { y1: TOP - 4, y2: BOTTOM }), svg("text", { y: TOP - 7 })),
      (mark, { at, label }) => {
        const x = place(at);
        setAttrs(mark.children[0], { x1: x.toFixed(1), x2: x.toFixed(1) });
        const left = (crowded && label === "median") || x > this.#width - 40;
        // Where both labels are to the left of their lines, the first makes room for the second.
        const from = label === "median" && crowded && last > this.#width - 40 ? Math.min(x, last - 34) : x;
        setAttrs(mark.children[1], { x: from.toFixed(1), dx: left ? -3 : 3, "text-anchor": left ? "end" : "start" });
        setText(mark.children[1], label);
      },
    );
  }

  #fillTable() {
    const rows = this.#bars.filter((bar) => jobsIn(bar) > 0);
    fillChildren(
      this.#table,
      rows,
      () => h("tr", {}, h("th", { scope: "row" }), h("td", {})),
      (row, bar) => {
        setText(row.children[0], `${edge(bar.from)} to ${edge(bar.to)}`);
        setText(row.children[1], this.#inWords(bar.counts));
      },
    );
  }

  // -- the choice ------------------------------------------------------------------------------------------

  #makeSliders() {
    const names = [`${this.#title}: at least`, `${this.#title}: at most`];
    this.#sliders = names.map((name, i) =>
      h("input", { type: "range", class: "histogram-slider", min: 0, step: 1, "aria-label": name, "data-end": i }),
    );
    return h("div", { class: "histogram-sliders" }, ...this.#sliders);
  }

  #listen() {
    const commit = debounced(() => this.#commit(), REST_MS);
    for (const slider of this.#sliders) {
      slider.addEventListener("input", () => {
        const [from, to] = this.#sliders.map((one) => Number(one.value));
        const first = slider === this.#sliders[0];
        this.#choose(first ? Math.min(from, to - 1) : from, first ? to : Math.max(to, from + 1));
      });
      slider.addEventListener("change", commit);
    }
    this.#plot.addEventListener("pointerdown", (event) => this.#startDrawing(event));
  }

  /** @param {PointerEvent} down */
  #startDrawing(down) {
    if (down.button !== 0 || this.#bars.length === 0) return;
    const start = this.#placeOf(down);
    const before = this.#chosen;
    const stop = new AbortController();
    const { signal } = stop;
    this.#plot.setPointerCapture(down.pointerId);
    this.#plot.addEventListener(
      "pointermove",
      (move) => {
        const [a, b] = [start, this.#placeOf(move)].sort((one, other) => one - other);
        if (Math.abs(move.clientX - down.clientX) >= DRAG_PX) this.#choose(Math.floor(a), Math.ceil(b));
      },
      { signal },
    );
    const end = (/** @type {PointerEvent} */ up) => {
      stop.abort();
      if (up.type !== "pointerup") {
        this.#chosen = before; // the gesture scrolls the page instead
        this.#drawChoice();
        return;
      }
      if (Math.abs(up.clientX - down.clientX) < DRAG_PX) this.#choose(Math.floor(start), Math.floor(start) + 1);
      this.#commit();
    };
    this.#plot.addEventListener("pointerup", end, { signal });
    this.#plot.addEventListener("pointercancel", end, { signal });
  }

  /** The position of a pointer on the scale, in bars. @param {PointerEvent} event */
  #placeOf({ clientX }) {
    const at = (clientX - this.#plot.getBoundingClientRect().left) / this.#width;
    return Math.min(0.999999, Math.max(0, at)) * this.#bars.length;
  }

  /** @param {number} from @param {number} to */
  #choose(from, to) {
    this.#chosen = [Math.max(0, from), Math.min(this.#bars.length, to)];
    this.#drawChoice();
  }

  #commit() {
    const chosen = this.#chosen;
    if (!chosen) return;
    const [from, to] = chosen;
    this.#range = {
      fromSec: from > 0 ? this.#bars[from].from : null,
      toSec: to < this.#bars.length ? this.#bars[to - 1].to : null,
    };
    this.#onSelect(this.#range);
  }

  /** The bars that a range includes; null: it has no limits. @param {Range} range @returns {[number, number]|null} */
  #barsOf({ fromSec, toSec }) {
    if (fromSec === null && toSec === null) return null;
    const from = fromSec === null ? 0 : this.#bars.findIndex((bar) => bar.to > fromSec * 1.01);
    const to = toSec === null ? -1 : this.#bars.findIndex((bar) => bar.to >= toSec * 0.99);
    return [from < 0 ? this.#bars.length : from, to < 0 ? this.#bars.length : to + 1];
  }

  #drawChoice() {
    const [from, to] = this.#chosen ?? [0, this.#bars.length];
    const step = this.#width / Math.max(1, this.#bars.length);
    setAttrs(this.#layers.shade, { x: from * step, width: Math.max(0, to - from) * step });
    this.#layers.shade.classList.toggle("is-shown", this.#chosen !== null);
    for (const rect of this.#layers.bars.children) {
      const bar = Number(rect.getAttribute("data-bar"));
      rect.classList.toggle("is-out", bar < from || bar >= to);
    }
    this.#sliders.forEach((slider, i) => {
      setAttr(slider, "max", this.#bars.length);
      const value = String(i === 0 ? from : to);
      if (slider.value !== value) slider.value = value;
      const bar = this.#bars[i === 0 ? from : to - 1];
      setAttr(slider, "aria-valuetext", bar ? edge(i === 0 ? bar.from : bar.to) : null);
    });
    this.#say();
  }

  // -- words -----------------------------------------------------------------------------------------------

  /** @param {PointerEvent} event */
  #read(event) {
    if (event.buttons || this.#bars.length === 0) return;
    const bar = this.#bars[Math.floor(this.#placeOf(event))];
    setText(this.#readout, `${edge(bar.from)} to ${edge(bar.to)}: ${this.#inWords(bar.counts)}`);
  }

  /** Say what is chosen. */
  #say() {
    const chosen = this.#chosen;
    if (!chosen || !this.#spread) return setText(this.#readout, "Draw over it to search");
    const bars = this.#bars.slice(...chosen);
    const counts = TIMED_WORDS.map((_, place) => bars.reduce((sum, bar) => sum + bar.counts[place], 0));
    const jobs = counts.reduce((sum, n) => sum + n, 0);
    const ends = bars.length ? `${edge(bars[0].from)} to ${edge(bars[bars.length - 1].to)}: ` : "";
    setText(this.#readout, `${ends}${this.#inWords(counts)}, ${percent(jobs / this.#spread.jobs)}`);
  }

  /** @param {number[]} counts */
  #inWords(counts) {
    const jobs = counts.reduce((sum, n) => sum + n, 0);
    const others = TIMED_WORDS.flatMap((word, place) =>
      place > 0 && counts[place] > 0 ? [`${count(counts[place])} ${word}`] : [],
    );
    return counted(jobs, "job") + (others.length ? ` (${others.join(", ")})` : "");
  }
}
