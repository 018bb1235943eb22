import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { TimelineData } from "../../flask_dispy/static/js/widgets/timeline-data.js";

/** @param {number} now */
const answerAt = (now) => ({
  from: 0,
  to: now,
  now,
  oldest: 0,
  mode: "bars",
  total: 0,
  lanes: [],
  bars: null,
  queue: { t: [], depth: [] },
});

test("an event soon after an answer is asked for once that may be, not forgotten", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  let now = 1000;
  let asked = 0;
  const api = /** @type {any} */ ({
    get: async () => {
      asked += 1;
      return answerAt(now);
    },
  });
  const data = new TimelineData({ api, cluster: "*", onAnswer: () => {}, onError: assert.fail, clock: () => now });
  const view = { from: 940, to: 1002 };
  /** @param {number} sec */
  const pass = async (sec) => {
    now += sec;
    mock.timers.tick(sec * 1000);
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  };
  data.show(view);
  await pass(0.01);
  assert.equal(asked, 1);
  await pass(0.2);
  data.refresh({ from: 940, to: 1003 });
  await pass(0.2);
  assert.equal(asked, 1);
  await pass(15);
  assert.equal(asked, 2);
  mock.timers.reset();
});
