import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bytes,
  clockOffset,
  compact,
  count,
  counted,
  exact,
  percent,
  plain,
  rate,
  relative,
  seconds,
  stateMark,
  UNKNOWN,
} from "../../flask_dispy/static/js/lib/format.js";

/** @param {(value: any) => string} format @param {[unknown, string][]} cases */
const each = (format, cases) => {
  for (const [value, text] of cases) assert.equal(format(value), text, `of ${value}`);
};

test("what is not known is a dash", () => {
  for (const format of [bytes, count, percent, rate, seconds, exact]) {
    for (const value of [null, undefined, NaN, Infinity]) assert.equal(format(value), UNKNOWN);
  }
  assert.equal(relative(null, 10), UNKNOWN);
  assert.equal(relative(0, 10), UNKNOWN);
});

test("a clock that is off is ahead or behind", () => {
  each(clockOffset, [
    [7201, "2 h ahead"],
    [-3.2, "3.20 s behind"],
    [null, ""],
    [undefined, ""],
  ]);
});

test("thousands are grouped", () => {
  each(count, [
    [0, "0"],
    [999, "999"],
    [1000, "1,000"],
    [1234567, "1,234,567"],
    [-4200, "-4,200"],
    [12.6, "13"],
  ]);
});

test("a count takes its noun's number", () => {
  assert.equal(counted(1, "node"), "1 node");
  assert.equal(counted(3000, "node"), "3,000 nodes");
  assert.equal(counted(0, "match", "matches"), "0 matches");
});

test("a duration has two units at most", () => {
  each(seconds, [
    [0, "0 s"],
    [0.0001, "1 ms"],
    [0.012, "12 ms"],
    [0.25, "0.25 s"],
    [2.309, "2.31 s"],
    [42.34, "42.3 s"],
    [60, "1 min"],
    [243, "4 min 3 s"],
    [3600, "1 h"],
    [11520, "3 h 12 min"],
    [190800, "2 d 5 h"],
    [-3, "-3.00 s"],
  ]);
});

test("a duration never shows sixty of a unit", () => {
  for (let s = 0.05; s < 400000; s *= 1.003) {
    assert.doesNotMatch(seconds(s), /(?<![\d.])60(\.0)? (s|min)\b|\b24 h\b|\b1000 ms\b/, `of ${s}`);
  }
});

test("sizes grow by 1,024", () => {
  each(bytes, [
    [0, "0 B"],
    [631, "631 B"],
    [1024, "1.0 KiB"],
    [26114686157, "24.3 GiB"],
    [1023 * 1024, "1023 KiB"],
    [2 ** 60, "1024 PiB"],
  ]);
});

test("only all is 100 % and only none is 0 %", () => {
  each(percent, [
    [0, "0 %"],
    [0.001, "1 %"],
    [0.634, "63 %"],
    [0.999, "99 %"],
    [1, "100 %"],
  ]);
});

test("a rate has the digits it needs", () => {
  each(rate, [
    [0, "0"],
    [0.314, "0.31"],
    [14.21, "14.2"],
    [250.4, "250"],
    [12345, "12,345"],
  ]);
});

test("time that has passed has one unit", () => {
  const now = 1_800_000_000;
  each(
    (age) => relative(now - age, now),
    [
      [0.4, "now"],
      [2.9, "2 s ago"],
      [59.9, "59 s ago"],
      [240, "4 min ago"],
      [7200, "2 h ago"],
      [172800, "2 d ago"],
      [-5, "in 5 s"],
    ],
  );
});

test("an exact time names its zone", () => {
  assert.match(exact(1_800_000_000), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC([+-]\d\d:\d\d)?$/);
});

test("characters that hide or turn text are made visible", () => {
  assert.equal(plain("a\u202eb"), "a⟨202E⟩b");
  assert.equal(plain("a\nb\tc\u0000"), "a␊b␉c⟨0000⟩");
  assert.equal(plain("مرحبا 東京 ü"), "مرحبا 東京 ü");
  assert.equal(plain(null), "");
});

test("a mark is named after the word that it stands before", () => {
  assert.equal(stateMark("failed"), "mark mark-failed");
  assert.equal(stateMark('x" onload="'), "mark mark-xonload");
});

test("where there is little room a count is rounded", () => {
  each(compact, [
    [9820, "9,820"],
    [10000, "10k"],
    [74309, "74.3k"],
    [149916, "150k"],
    [1_500_000, "1.5M"],
    [null, UNKNOWN],
  ]);
});
