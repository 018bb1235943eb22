import assert from "node:assert/strict";
import { test } from "node:test";

import { curlOf, pythonOf } from "../../flask_dispy/static/js/data/exports.js";
import { columnOf, isNewest, NEWEST, orderText, readOrder } from "../../flask_dispy/static/js/data/joborder.js";

test("no address breaks out of its command", () => {
  const url = "http://h/api/v1/clusters/a'b/jobs?q=%22&format=csv";
  assert.equal(curlOf(url), "curl -fOJ 'http://h/api/v1/clusters/a%27b/jobs?q=%22&format=csv'");
  assert.match(pythonOf('http://h/"', "jobs"), /urlopen\("http:\/\/h\/\\""\) as answer:\n {4}jobs = /);
});

test("commands ask for the password of who logged in", () => {
  assert.equal(curlOf("http://h/x", "ann's"), `curl -fOJ -u 'ann'\\''s' 'http://h/x'`);
  assert.match(pythonOf("http://h/x", "jobs", 'a"b'), /b64encode\(\("a\\"b:" \+ getpass\(\)\)/);
});

test("an order is read from the address and written into it", () => {
  assert.deepEqual(readOrder("-ran"), { sort: "ran", order: "desc" });
  assert.deepEqual(readOrder("node"), { sort: "node", order: "asc" });
  for (const text of ["", "size", "constructor"]) assert.ok(isNewest(readOrder(text)), text);
  assert.equal(orderText(NEWEST), null);
  assert.equal(orderText({ sort: "ran", order: "desc" }), "-ran");
  assert.deepEqual(columnOf(NEWEST), { key: "submitted_at", order: "desc" });
  assert.deepEqual(columnOf({ sort: "waited", order: "asc" }), { key: "waited_sec", order: "asc" });
});
