import assert from "node:assert/strict";
import { test } from "node:test";

import { endOfRun } from "../../flask_dispy/static/js/frame/headline.js";
import {
  countOf,
  JOB_WORDS,
  jobName,
  jobNumber,
  jobTitle,
  jobWord,
} from "../../flask_dispy/static/js/data/jobwords.js";

const counts = {
  submitted: 21,
  queued: 1,
  running: 2,
  finished: 3,
  terminated: 9,
  failed: 5,
  cancelled: 4,
  abandoned: 2,
  done: 18,
  pending: 3,
  before_watching: 0,
};

test("a job that raised has failed, one that somebody ended is terminated", () => {
  assert.equal(jobWord({ state: "terminated", failed: true }), "failed");
  assert.equal(jobWord({ state: "terminated", failed: false }), "terminated");
  assert.equal(jobWord({ state: "finished", failed: false }), "finished");
});

test("every job is counted under one word", () => {
  assert.equal(countOf(counts, "failed"), 5);
  assert.equal(countOf(counts, "terminated"), 4);
  assert.equal(
    JOB_WORDS.reduce((sum, word) => sum + countOf(counts, word), 0),
    counts.submitted,
  );
});

test("the end of a run names both", () => {
  const run = /** @type {any} */ ({ name: "compute", jobs: counts });
  assert.equal(endOfRun(run).title, "compute: all 18 jobs have ended");
  const none = { finished: 0, failed: 0, terminated: 0, cancelled: 0, abandoned: 0 };
  const alone = (/** @type {object} */ jobs) =>
    endOfRun({ ...run, jobs: { ...counts, ...none, done: 1, ...jobs } }).title;
  assert.equal(alone({ finished: 1 }), "compute: its job is done");
  assert.equal(alone({ cancelled: 1 }), "compute: its job was cancelled");
  assert.equal(endOfRun(run).body, "3 finished, 5 failed, 4 terminated, 4 cancelled, 2 abandoned");
  assert.equal(
    endOfRun({ ...run, jobs: { ...counts, terminated: 5 } }).body,
    "3 finished, 5 failed, 4 cancelled, 2 abandoned",
  );
});

test("a job is called by its id, with its number beside it unless that is the same", () => {
  const [named, numbered, nameless] = [
    { id: "alpha", serial: 7 },
    { id: "7", serial: 7 },
    { id: " ", serial: 7 },
  ];
  assert.deepEqual([named, numbered, nameless].map(jobName), ["alpha", "7", "#7"]);
  assert.deepEqual([named, numbered, nameless].map(jobNumber), ["#7", "", ""]);
  assert.deepEqual([named, numbered, nameless].map(jobTitle), ["alpha #7", "7", "#7"]);
});
