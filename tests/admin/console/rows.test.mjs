import assert from "node:assert/strict";
import { test } from "node:test";

import { OTHER, stacked, toSeries, totalsBy } from "../../../admin/console/charts/series.js";
import { matches, middleCut } from "../../../admin/console/text/search.js";
import { sortedBy } from "../../../admin/console/text/sorting.js";
import { parseCount } from "../../../admin/console/text/numbers.js";
import { formatRelative, fromDateInput, startOfDay } from "../../../admin/console/text/time.js";

const values = (rows) => rows.map((row) => row.v);

test("numbers are sorted by size, texts as people do, what is missing last in both directions", () => {
  const rows = [{ v: 10 }, { v: null }, { v: 9 }, { v: 100 }];
  assert.deepEqual(values(sortedBy(rows, (row) => row.v)), [9, 10, 100, null]);
  assert.deepEqual(values(sortedBy(rows, (row) => row.v, true)), [100, 10, 9, null]);
  assert.deepEqual(values(sortedBy([{ v: "key 10" }, { v: "Key 9" }, { v: "" }], (row) => row.v)), ["Key 9", "key 10", ""]);
});

test("equal rows stay in order, and the rows that were given are left alone", () => {
  const rows = [{ v: 1, n: "a" }, { v: 1, n: "b" }, { v: 0, n: "c" }];
  assert.deepEqual(sortedBy(rows, (row) => row.v).map((row) => row.n), ["c", "a", "b"]);
  assert.deepEqual(rows.map((row) => row.n), ["a", "b", "c"]);
});

test("a search finds all its words in any order", () => {
  assert.ok(matches("ADA key", ["my key", "ada@example.com", null]));
  assert.ok(matches("", []));
  assert.ok(!matches("ada bob", ["ada"]));
});

test("a long text loses its middle, never half a character", () => {
  assert.equal(middleCut("short", 10), "short");
  assert.equal(middleCut("abcdefghij", 5), "ab…ij");
  assert.equal(middleCut("😀😀😀😀", 3), "😀…😀");
});

const bucket = (start, ...results) => ({ start_time: start, results });

test("series are as many as a chart can show, and lose nothing", () => {
  const results = Array.from({ length: 20 }, (_, index) => ({ model: `m${index}`, n: index }));
  const { starts, series } = toSeries([bucket(0, ...results), bucket(60, { model: "m1", n: 1000 }), bucket(120)], (r) => r.model, (r) => r.n, 7);
  assert.deepEqual(starts, [0, 60, 120]);
  assert.equal(series.length, 8);
  assert.equal(series[0].key, "m1");
  assert.equal(series[7].key, OTHER);
  assert.equal(series.reduce((total, each) => total + each.total, 0), 190 + 1000);
});

test("one key more than fits is shown by its name rather than as other", () => {
  const results = Array.from({ length: 8 }, (_, index) => ({ model: `m${index}`, n: 1 }));
  assert.ok(!toSeries([bucket(0, ...results)], (r) => r.model, (r) => r.n, 7).series.some((each) => each.key === OTHER));
});

test("stacks stand on what is below them", () => {
  assert.deepEqual(stacked([{ values: [1, 2] }, { values: [10, 20] }]), [[1, 2], [11, 22]]);
});

test("totals add up what every bucket has", () => {
  const rows = totalsBy([bucket(0, { k: "a", n: 1 }), bucket(60, { k: "a", n: 2 }, { k: null, n: null })], (r) => r.k, { n: (r) => r.n });
  assert.deepEqual(rows.map(({ key, n }) => [key, n]), [["a", 3], ["", 0]]);
});

test("typed counts are whole and within bounds", () => {
  assert.equal(parseCount("1,000"), 1000);
  assert.equal(parseCount(""), null);
  for (const wrong of ["0", "-1", "1.5", "x", "2147483647"]) assert.throws(() => parseCount(wrong), RangeError);
});

test("days are UTC's", () => {
  assert.equal(startOfDay(86_400 * 3 + 5), 86_400 * 3);
  assert.equal(fromDateInput("1970-01-02"), 86_400);
  assert.equal(fromDateInput(""), null);
});

test("distances in time are told in the largest unit that fits", () => {
  assert.equal(formatRelative(86_400 * 3, 0), "in 3 days");
  assert.equal(formatRelative(0, 300), "5 minutes ago");
  assert.equal(formatRelative(10, 0), "now");
});
