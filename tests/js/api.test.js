import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError, Api } from "../../flask_dispy/static/js/data/api.js";

/** A server that gives one answer after the other; the last again and again. */
function server(/** @type {any[]} */ ...answers) {
  const state = { now: 1000, asked: /** @type {string[]} */ ([]), remedies: 0 };
  const fetch = /** @type {any} */ (
    async (/** @type {string} */ address, /** @type {any} */ init) => {
      state.asked.push(`${init.method ?? "GET"} ${address}`);
      const { body = "", status = 200, headers = {}, ...rest } = answers.length > 1 ? answers.shift() : answers[0];
      return {
        ok: status >= 200 && status < 300,
        status,
        headers: new Headers(headers),
        arrayBuffer: async () => new TextEncoder().encode(body).buffer,
        ...rest,
      };
    }
  );
  const api = new Api({ base: "api/", fetch, now: () => state.now, onRemedy: () => (state.remedies += 1) });
  return { api, state };
}

const failure = async (/** @type {Promise<any>} */ asked) => {
  const error = await asked.then(
    () => null,
    (found) => found,
  );
  assert.ok(error instanceof ApiError, String(error));
  return error;
};

const PAGE = "<!doctype html><title>Log in</title>";

/** @type {[string, any, string, "login"|"reload"|null, RegExp][]} */
const CASES = [
  [
    "a redirect to the login",
    { status: 0, type: "opaqueredirect" },
    "logged_out",
    "login",
    /^You have been logged out$/,
  ],
  [
    "a redirect that was followed",
    { body: PAGE, redirected: true },
    "logged_out",
    "login",
    /^You have been logged out$/,
  ],
  [
    "a 401",
    { status: 401, body: '{"error": {"code": "unauthorized", "message": "Log in."}}' },
    "logged_out",
    "login",
    /logged out/,
  ],
  ["a 401 of the host's", { status: 401, body: PAGE }, "logged_out", "login", /logged out/],
  [
    "a permission that is gone",
    { status: 403, body: '{"error": {"code": "forbidden", "message": "This takes ..."}}' },
    "logged_out",
    "login",
    /or may no longer/,
  ],
  [
    "a refusal of another kind",
    { status: 403, body: '{"error": {"code": "read_only", "message": "This dashboard is read-only."}}' },
    "read_only",
    null,
    /^This dashboard is read-only\.$/,
  ],
  [
    "a CSRF token that has expired",
    { status: 400, body: '{"error": {"code": "bad_request", "message": "The CSRF token has expired."}}' },
    "bad_request",
    "reload",
    /CSRF/,
  ],
  ["a page in place of data", { body: PAGE }, "not_ours", "reload", /login page, a network's portal or a proxy/],
  ["nothing", { body: "" }, "not_ours", "reload", /^The answer was empty/],
  ["other JSON", { body: '{"ok": true}' }, "not_ours", "reload", /not the dashboard's/],
  ["JSON that is no object", { body: "null" }, "not_ours", "reload", /not the dashboard's/],
  [
    "a proxy's 502",
    { status: 502, body: "<html>Bad Gateway" },
    "not_ours",
    null,
    /^A proxy answered in the dashboard's place \(status 502\)/,
  ],
  ["somebody's 403", { status: 403, body: PAGE }, "not_ours", "reload", /in front of the dashboard/],
  ["somebody's 404", { status: 404, body: PAGE }, "not_ours", "reload", /no longer at this address/],
  ["an error in another form", { status: 418, body: '{"error": "teapot"}' }, "not_ours", null, /status 418/],
];

for (const [name, answer, code, remedy, message] of CASES) {
  test(`${name} is a sentence, to reads and commands`, async () => {
    const { api, state } = server(answer);
    for (const asked of [
      api.get("changes"),
      api.send("POST", "clusters/c/nodes/10.0.0.2/close"),
      api.send("POST", "clusters/c/jobs/cancel"),
      api.get("clusters/c/jobs"),
    ]) {
      const error = await failure(asked);
      assert.equal(error.code, code);
      assert.equal(error.remedy, remedy);
      assert.match(error.message, message);
    }
    assert.equal(state.remedies, remedy ? 2 : 0);
  });
}

test("what is ours is given on", async () => {
  const { api } = server({ body: '{"cursor": "c1"}' });
  assert.deepEqual(await api.get("changes"), { cursor: "c1" });
});

test("Retry-After is obeyed, also by whoever asks again at once", async () => {
  const busy = {
    status: 503,
    body: '{"error": {"code": "too_many_streams", "message": "Busy."}}',
    headers: { "Retry-After": "20" },
  };
  const { api, state } = server(busy, { body: '{"items": []}' });
  assert.equal((await failure(api.get("clusters/c/jobs", { limit: 1 }))).retryAfterSec, 20);
  state.now += 5;
  const again = await failure(api.get("clusters/c/jobs", { limit: 2 }));
  assert.deepEqual([again.message, again.code, again.retryAfterSec], ["Busy.", "too_many_streams", 15]);
  assert.equal(state.asked.length, 1);
  state.now += 15;
  assert.deepEqual(await api.get("clusters/c/jobs"), { items: [] });
});

test("Retry-After may be a date, and makes no sense or too much of it now and then", async () => {
  const { api, state } = server({ status: 503, headers: { "Retry-After": new Date(1_030_000).toUTCString() } });
  assert.equal((await failure(api.get("changes"))).retryAfterSec, 30);
  for (const [value, wanted] of [
    ["soon", null],
    ["-5", null],
    ["999999999", 3600],
    ["0", 0],
  ]) {
    const one = server({ status: 503, headers: { "Retry-After": value } });
    assert.equal((await failure(one.api.get("changes"))).retryAfterSec, wanted, String(value));
  }
  assert.equal(state.asked.length, 1);
});

test("a command is waited for longer than the server may take for many jobs", async (t) => {
  const waits = t.mock.method(AbortSignal, "timeout");
  const { api } = server({ body: "{}" });
  await api.send("POST", "clusters/x/jobs/rerun", {}).catch(() => {});
  await api.get("clusters").catch(() => {});
  assert.deepEqual(
    waits.mock.calls.map(({ arguments: [ms] }) => ms),
    [60_000, 30_000],
  );
});
