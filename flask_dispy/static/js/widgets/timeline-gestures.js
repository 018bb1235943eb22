/**
 * How wheel, drag, pinch and keys move the timeline. It knows the window and its arithmetic, but neither bars
 * nor painting.
 */

import { pressKey } from "../lib/keys.js";
import { panView, pinchView, zoomView } from "./timeline-layout.js";

/** @import {Limits, View} from "./timeline-layout.js" */

/** A press that moves less than this is a click, so that a trembling finger clicks too. */
const CLICK_PX = 5;
/** Zoom per unit of wheel travel: a notch of 100 zooms by about a quarter. */
const WHEEL = 0.0024;
const KEY_ZOOM = 1.5;
const LINE_PX = 16;

/**
 * @typedef {object} Hand what the gestures act on
 * @property {() => View} view
 * @property {(view: View) => void} setView
 * @property {() => Limits} limits
 * @property {(x: number) => number} timeAt  time at a place in the stage
 * @property {() => number} gutter  width of the names at the left
 * @property {() => number} width
 * @property {(x: number, y: number, type: string) => void} point  the pointer is at a place of the stage
 * @property {() => void} leave
 * @property {(x: number, y: number, event: PointerEvent) => void} click
 * @property {() => void} toNow
 * @property {() => void} toAll
 */

/**
 * @param {HTMLElement} stage  all that shows time
 * @param {HTMLElement} lanes  the part of it that scrolls and takes the focus
 * @param {Hand} hand
 */
export function listenToGestures(stage, lanes, hand) {
  stage.addEventListener("wheel", (event) => onWheel(event, stage, hand), { passive: false });
  lanes.addEventListener("keydown", (event) => onKey(event, lanes, hand));
  listenToPointers(stage, lanes, hand);
}

/**
 * Ctrl and the wheel, and a touch pad's pinch, which arrives as the same event, zoom about the pointer. Sideways,
 * or with Shift, the wheel pans. Otherwise it scrolls, as anywhere else.
 * @param {WheelEvent} event
 * @param {HTMLElement} stage
 * @param {Hand} hand
 */
function onWheel(event, stage, hand) {
  const x = event.clientX - stage.getBoundingClientRect().left;
  if (x < hand.gutter()) return;
  const unit = event.deltaMode === 1 ? LINE_PX : event.deltaMode === 2 ? 400 : 1;
  const sideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
  const zooming = event.ctrlKey || event.metaKey;
  if (!sideways && !zooming) return;
  event.preventDefault();
  const view = hand.view();
  if (sideways && !zooming) {
    const pixels = unit * (Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : event.deltaY);
    const perPixel = (view.to - view.from) / (hand.width() - hand.gutter());
    hand.setView(panView(view, pixels * perPixel, hand.limits()));
    return;
  }
  const pixels = Math.max(-400, Math.min(400, event.deltaY * unit));
  // A notch of a wheel is 100; a pinch on a touch pad arrives as many small turns.
  const pinching = Math.abs(pixels) < 50 ? 4 : 1;
  hand.setView(zoomView(view, Math.exp(pixels * WHEEL * pinching), hand.timeAt(x), hand.limits()));
}

/**
 * @param {KeyboardEvent} event
 * @param {HTMLElement} lanes
 * @param {Hand} hand
 */
function onKey(event, lanes, hand) {
  if (event.target !== lanes) return;
  const view = hand.view();
  const limits = hand.limits();
  const span = view.to - view.from;
  const step = span * (event.shiftKey ? 0.5 : 0.1);
  const anchor = view.to >= limits.now ? limits.now : (view.from + view.to) / 2;
  const zoom = (/** @type {number} */ factor) => hand.setView(zoomView(view, factor, anchor, limits));
  pressKey(event, {
    ArrowLeft: () => hand.setView(panView(view, -step, limits)),
    ArrowRight: () => hand.setView(panView(view, step, limits)),
    ArrowUp: () => lanes.scrollBy(0, -40),
    ArrowDown: () => lanes.scrollBy(0, 40),
    PageUp: () => lanes.scrollBy(0, -lanes.clientHeight),
    PageDown: () => lanes.scrollBy(0, lanes.clientHeight),
    "+": () => zoom(1 / KEY_ZOOM),
    "=": () => zoom(1 / KEY_ZOOM),
    "-": () => zoom(KEY_ZOOM),
    _: () => zoom(KEY_ZOOM),
    0: () => hand.toAll(),
    Home: () => hand.setView(panView(view, limits.oldest - view.from, limits)),
    End: () => hand.toNow(),
  });
}

/**
 * One pointer drags, two pinch. A finger that moves up or down scrolls the page (touch-action: pan-y).
 * @param {HTMLElement} stage
 * @param {HTMLElement} lanes
 * @param {Hand} hand
 */
function listenToPointers(stage, lanes, hand) {
  /** @type {Map<number, {x: number, y: number}>} */
  const down = new Map();
  /** @type {{x: number, y: number, time: number, scrollTop: number}|null} */
  let start = null;
  /** @type {[number, number]|null} */
  let pinched = null;
  let dragging = false;

  const placeOf = (/** @type {PointerEvent} */ event) => {
    const box = stage.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const places = () => /** @type {[number, number]} */ ([...down.values()].slice(0, 2).map(({ x }) => x));

  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const place = placeOf(event);
    down.set(event.pointerId, place);
    dragging = down.size > 1;
    if (down.size === 1) start = { ...place, time: hand.timeAt(place.x), scrollTop: lanes.scrollTop };
    if (down.size === 2) pinched = /** @type {[number, number]} */ (places().map((x) => hand.timeAt(x)));
  });

  stage.addEventListener("pointermove", (event) => {
    const place = placeOf(event);
    if (!down.has(event.pointerId)) return hand.point(place.x, place.y, event.pointerType);
    down.set(event.pointerId, place);
    if (pinched && down.size === 2) {
      const gutter = hand.gutter();
      const [a, b] = places();
      hand.setView(pinchView(pinched, [a - gutter, b - gutter], hand.width() - gutter, hand.limits()));
      return;
    }
    if (!start) return;
    const far = Math.hypot(place.x - start.x, place.y - start.y) > CLICK_PX;
    if (!dragging && far) {
      dragging = true;
      stage.setPointerCapture(event.pointerId);
      hand.leave();
    }
    if (!dragging) return;
    hand.setView(panView(hand.view(), start.time - hand.timeAt(place.x), hand.limits()));
    if (event.pointerType === "mouse") lanes.scrollTop = start.scrollTop + start.y - place.y;
  });

  const release = (/** @type {PointerEvent} */ event) => {
    const place = placeOf(event);
    const clicked = down.delete(event.pointerId) && !dragging && event.type === "pointerup";
    if (pinched || down.size === 0) start = null;
    if (down.size < 2) pinched = null;
    if (clicked) hand.click(place.x, place.y, event);
  };
  stage.addEventListener("pointerup", release);
  stage.addEventListener("pointercancel", release);
  stage.addEventListener("pointerleave", () => hand.leave());
}
