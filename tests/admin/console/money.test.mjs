import assert from "node:assert/strict";
import { test } from "node:test";

import { centsToText, costOf, formatPico, formatPrice, formatUsd, parseCents } from "../../../admin/console/text/money.js";

test("what is not known is a dash, and never nothing", () => {
  for (const unknown of [null, undefined, NaN]) assert.equal(formatUsd(unknown), "—");
  assert.equal(formatPico(null), "—");
  assert.equal(formatPrice(null), "—");
  assert.equal(formatUsd(0), "$0.00");
});

test("large amounts have cents, small ones two digits that say something", () => {
  const shown = [[1234567.891, "$1,234,567.89"], [12.5, "$12.50"], [0.5, "$0.50"], [0.0123, "$0.012"], [0.00000045, "$0.00000045"]];
  for (const [usd, text] of shown) assert.equal(formatUsd(usd), text);
  assert.equal(formatUsd(-0.25), "−$0.25");
  assert.equal(formatPico(1), "$0.000000000001");
});

test("prices are told per million tokens", () => {
  assert.equal(formatPrice(60_000), "$0.06");
  assert.equal(formatPrice(37_500), "$0.0375");
  assert.equal(formatPrice(15_000_000), "$15.00");
});

test("typed amounts become whole cents without passing through floats", () => {
  const typed = [["", null], ["  ", null], ["25", 2500], ["12.5", 1250], ["$1,200.00", 120_000], ["0.29", 29], ["1.", 100]];
  for (const [text, cents] of typed) assert.equal(parseCents(text), cents, text);
  for (const wrong of ["-1", "1.234", "1e3", "abc", "1.2.3", "Infinity", "99999999999999"]) {
    assert.throws(() => parseCents(wrong), RangeError, wrong);
  }
});

test("an amount that is shown for editing is read back as it was", () => {
  for (const cents of [1, 29, 100, 1250, 999_999_999_999]) assert.equal(parseCents(centsToText(cents)), cents);
  assert.equal(centsToText(null), "");
});

const PRICE = { input: 10, output: 40, cache_read: 1, cache_write_5m: null, tiers: [{ above_prompt_tokens: 1000, input: 20, output: 80 }] };

test("an answer's cost counts cached tokens apart and charges unknown writes upwards", () => {
  const usage = { prompt_tokens: 100, completion_tokens: 10, prompt_tokens_details: { cached_tokens: 50, cache_write_tokens: 10 } };
  assert.equal(costOf(PRICE, usage), 40 * 10 + 50 * 1 + 10 * 13 + 10 * 40);
});

test("a long prompt has the prices of its tier", () => {
  assert.equal(costOf(PRICE, { prompt_tokens: 1001, completion_tokens: 1 }), 1001 * 20 + 80);
  assert.equal(costOf(PRICE, { prompt_tokens: 1000, completion_tokens: 1 }), 1000 * 10 + 40);
});

test("without a price there is no cost", () => {
  assert.equal(costOf(null, { prompt_tokens: 1, completion_tokens: 1 }), null);
  assert.equal(costOf({ ...PRICE, output: null }, { prompt_tokens: 1, completion_tokens: 1 }), null);
});
