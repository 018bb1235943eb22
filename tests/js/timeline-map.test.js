import assert from "node:assert/strict";
import { test } from "node:test";

import { fakeEvent } from "./fakedom.js";
import { TimelineMap } from "../../flask_dispy/static/js/widgets/timeline-map.js";

/** @import {View} from "../../flask_dispy/static/js/widgets/timeline-layout.js" */

test("End goes so far that the window still reaches the present a moment later", () => {
  const limits = { oldest: 0, now: 1000 };
  /** @type {View[]} */
  const shown = [];
  const map = new TimelineMap({
    api: /** @type {any} */ (null),
    cluster: "*",
    limits: () => limits,
    setView: (view) => shown.push(view),
    repaint: () => {},
  });
  map.paint(/** @type {any} */ ({ width: 800, gutter: 100, colors: {}, view: { from: 400, to: 500 } }));
  const slider = map.element.children[0];
  slider.dispatchEvent(fakeEvent("keydown", { key: "End" }));
  limits.now += 0.5; // when the timeline asks whether to follow
  assert.equal(shown.length, 1);
  assert.ok(shown[0].to >= limits.now, `${shown[0].to} is before ${limits.now}`);
  slider.dispatchEvent(fakeEvent("keydown", { key: "Home" }));
  assert.ok(shown[1].from <= limits.oldest);
  assert.equal(shown[1].to - shown[1].from, 100);
});
