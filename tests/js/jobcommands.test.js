import assert from "node:assert/strict";
import { test } from "node:test";
import { clusterPath } from "../../flask_dispy/static/js/data/api.js";
import { busyText } from "../../flask_dispy/static/js/data/standing.js";
import { commandMatching, RERUN, TERMINATE } from "../../flask_dispy/static/js/widgets/jobcommands.js";
import { rerunText, wouldRerun } from "../../flask_dispy/static/js/widgets/dryrun.js";
import { onEachNode, outcomeLine } from "../../flask_dispy/static/js/widgets/nodecommands.js";

/** A server with so many queued jobs, and a notice that remembers what it showed. */
function world(/** @type {number} */ jobs) {
  const seen = {
    asked: /** @type {any[]} */ ([]),
    titles: /** @type {string[]} */ ([]),
    lines: /** @type {any[]} */ ([]),
    stop: /** @type {(() => void)|null} */ (null),
  };
  const api = {
    send: async (/** @type {string} */ _method, /** @type {string} */ _path, /** @type {any} */ body) => {
      seen.asked.push(body);
      const from = body.before ?? jobs + 1;
      const serials = Array.from({ length: Math.min(body.limit, from - 1) }, (_, i) => from - 1 - i);
      const last = serials.at(-1) ?? 0;
      return {
        matched: jobs,
        outcomes: serials.map((serial) => ({
          cluster: "compute",
          serial,
          ok: true,
          code: "cancelled",
          message: "Taken from the queue.",
        })),
        cancelled: serials.length,
        failed: 0,
        next_before: last > 1 ? last : null,
      };
    },
  };
  const notice = {
    progress: (/** @type {string} */ title) => void seen.titles.push(title),
    offer: (/** @type {string} */ _word, /** @type {() => void} */ run) => void (seen.stop = run),
    done: (/** @type {string} */ title, /** @type {any[]} */ lines) => {
      seen.titles.push(title);
      seen.lines = lines;
    },
    dismiss: () => {},
  };
  const notices = { show: (/** @type {string} */ title) => (seen.titles.push(title), notice) };
  return { seen, place: /** @type {any} */ ({ api, cluster: "compute", notices }) };
}

test("any number of jobs is terminated, in parts", async () => {
  const { seen, place } = world(12_000);
  await commandMatching(place, TERMINATE, "", 12_000);
  assert.equal(seen.lines.length, 12_000);
  assert.equal(new Set(seen.asked.map(({ before }) => before)).size, 24);
  assert.equal(seen.titles.at(0), "Terminating 12,000 jobs");
  assert.equal(seen.titles.at(1), "Terminating: 500 of 12,000 jobs");
  assert.equal(seen.titles.at(-1), "Terminated 12,000 jobs");
});

test("it can be stopped", async () => {
  const { seen, place } = world(12_000);
  const { send } = place.api;
  place.api.send = (/** @type {any[]} */ ...given) => {
    if (seen.asked.length === 2) seen.stop?.();
    return send(...given);
  };
  await commandMatching(place, TERMINATE, "", 12_000);
  assert.equal(seen.asked.length, 3);
  assert.equal(seen.titles.at(-1), "Stopped: terminated 1,500 jobs");
});

test("a few jobs need no stop", async () => {
  const { seen, place } = world(3);
  await commandMatching(place, TERMINATE, "", 3);
  assert.equal(seen.stop, null);
  assert.deepEqual(seen.titles.at(-1), "Terminated 3 jobs");
});

test("jobs are run again a hundred at a time, and it says so", async () => {
  const { seen, place } = world(250);
  await commandMatching(place, RERUN, "state:failed", 250);
  assert.equal(seen.asked.length, 3);
  assert.equal(seen.titles.at(0), "Running 250 jobs again");
  assert.equal(seen.titles.at(1), "Running again: 100 of 250 jobs");
  assert.equal(seen.titles.at(-1), "Ran 250 jobs again");
});

test("a dry run of many selected jobs adds up what the server says of each thousand", async () => {
  const { place } = world(0);
  place.config = { limits: { serials: 1000 } };
  place.api.send = async (/** @type {any} */ _method, /** @type {any} */ _path, /** @type {any} */ body) => ({
    matched: body.serials.length,
    rerunnable: body.serials.length - 1,
    again: 1,
    refused: [{ code: "finished", message: "They finished.", jobs: 1 }],
  });
  const serials = Array.from({ length: 1500 }, (_, i) => i);
  const { detail, action, danger } = await wouldRerun(place, serials);
  assert.equal(action, "Run 1,498 jobs again");
  assert.equal(danger, false);
  assert.equal(
    detail,
    "Their program submits 1,498 again.\n2 of them were run again before.\n2 jobs refused: They finished.",
  );
});

test("a dry run says of one job whether it was run again before", () => {
  const one = { matched: 1, rerunnable: 1, again: 0, refused: [] };
  assert.equal(rerunText(one), "Its program submits it again.");
  assert.equal(rerunText({ ...one, again: 1 }), "It was run again before.");
  assert.equal(rerunText({ ...one, rerunnable: 0 }), "It can't be run again.");
  assert.equal(rerunText({ ...one, matched: 2, rerunnable: 0 }), "None of them can be run again.");
});

test("an outcome says nothing twice, and claims no success that is not known", () => {
  const asked = { cluster: "compute", ok: true, code: "asked", message: "10.0.0.9 is asked to join compute." };
  assert.deepEqual(outcomeLine(asked, "10.0.0.9"), {
    ok: true,
    asked: true,
    text: "10.0.0.9 is asked to join compute.",
  });
  const other = { cluster: "compute", ok: true, code: "ok", message: "Done.", ip_addr: "10.0.0.9" };
  assert.deepEqual(outcomeLine(other), { ok: true, asked: false, text: "10.0.0.9 (compute): Done." });
});

test("a command that fails for a node, however it does, is listed and goes on with the others", async () => {
  const { seen, place } = world(0);
  const sends = /** @type {Record<string, () => any>} */ ({
    refused: async () => Promise.reject(new Error("no such node")),
    thrown: () => encodeURIComponent("\ud800"),
    empty: async () => ({}),
    good: async () => ({ outcomes: [{ ok: true, code: "ok", message: "Done." }] }),
  });
  await onEachNode({
    addresses: Object.keys(sends),
    words: { now: "Closing", done: "Closed" },
    send: (address) => sends[address](),
    notices: place.notices,
  });
  assert.equal(seen.titles.at(-1), "Closed 1 of 4 nodes");
  assert.deepEqual(seen.lines.map(({ ok, text }) => [ok, text.split(":")[0]]).sort(), [
    [false, "empty"],
    [false, "refused"],
    [false, "thrown"],
    [true, "good"],
  ]);
});

test("more CPUs may be busy than are to be used", () => {
  assert.equal(busyText({ busy: 1, cpus: 2 }), "1 of 2 busy");
  assert.equal(busyText({ busy: 2, cpus: 1 }), "2 busy, 1 to be used");
  assert.equal(busyText({ busy: -3, cpus: 2 }), "0 of 2 busy");
});

test("names that browsers take for steps in a path are encoded twice", () => {
  assert.equal(clusterPath("..", "nodes"), "clusters/%252e%252e/nodes");
  assert.equal(clusterPath(".", "jobs"), "clusters/%252e/jobs");
  assert.equal(clusterPath("../a?b#c%", "x"), "clusters/..%252Fa%253Fb%2523c%2525/x");
});
