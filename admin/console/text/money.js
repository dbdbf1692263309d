/** Money as people read it. Amounts come as pico-USD (10⁻¹² US dollars), as US dollars, or as whole cents. */

export const PICO_PER_USD = 1e12;
export const PICO_PER_CENT = 1e10;
const TOKENS_PER_PRICE = 1e6;
const NOTHING = "—";

/**
 * US dollars with sensible precision: cents for what one would pay, two significant digits for what a request costs.
 * null and undefined, which are "not known" and never 0, are a dash.
 */
export function formatUsd(usd) {
  if (usd === null || usd === undefined || Number.isNaN(usd)) return NOTHING;
  const size = Math.abs(usd);
  if (size === 0) return "$0.00";
  const decimals = size >= 1 ? 2 : Math.min(12, Math.max(2, 1 - Math.floor(Math.log10(size))));
  const text = size.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  return `${usd < 0 ? "−" : ""}$${text}`;
}

/** For the axis of a chart: whole dollars where they are whole. */
export function formatUsdShort(usd) {
  return Number.isInteger(usd) ? `$${usd.toLocaleString("en-US")}` : formatUsd(usd);
}

export function formatPico(pico) {
  return formatUsd(pico === null || pico === undefined ? null : pico / PICO_PER_USD);
}

/** A price in pico-USD per token, as US dollars per million tokens, without digits that say nothing. */
export function formatPrice(picoPerToken) {
  if (picoPerToken === null || picoPerToken === undefined) return NOTHING;
  const usd = (picoPerToken * TOKENS_PER_PRICE) / PICO_PER_USD;
  return `$${usd.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 6 })}`;
}

/**
 * Whole cents of what somebody typed: `12`, `12.5`, `$1,200.00`. null for an empty text.
 * Throws a RangeError, with a message for that person, for what is no such amount: floats never touch it.
 */
export function parseCents(text) {
  const cleaned = text.trim().replace(/^\$\s*/, "").replaceAll(",", "");
  if (cleaned === "") return null;
  const match = /^(\d{1,13})(?:\.(\d{0,2}))?$/.exec(cleaned);
  if (match === null) throw new RangeError("Write an amount in US dollars, with at most two decimals: 25 or 12.50.");
  return Number(match[1]) * 100 + Number((match[2] ?? "").padEnd(2, "0"));
}

/** The text that parseCents reads: what an input shows of an amount. */
export function centsToText(cents) {
  if (cents === null || cents === undefined) return "";
  const whole = Math.floor(cents / 100);
  const rest = cents % 100;
  return rest === 0 ? String(whole) : `${whole}.${String(rest).padStart(2, "0")}`;
}

/**
 * What an answer cost by the list: pico-USD, or null where no price is known.
 * `usage` is OpenAI's, whose `prompt_tokens` include what was read from a cache and written to it.
 */
export function costOf(price, usage) {
  if (!price || !usage) return null;
  const details = usage.prompt_tokens_details ?? {};
  const read = details.cached_tokens ?? 0;
  const written = details.cache_write_tokens ?? 0;
  const rates = ratesAt(price, usage.prompt_tokens);
  if (rates.output === null && usage.completion_tokens > 0) return null;
  const writeRate = rates.cache_write_5m ?? Math.ceil((rates.input * 5) / 4);
  return (
    (usage.prompt_tokens - read - written) * rates.input +
    read * (rates.cache_read ?? rates.input) +
    written * writeRate +
    usage.completion_tokens * (rates.output ?? 0)
  );
}

/** A long prompt may have other prices: those of the highest tier that it reaches. */
function ratesAt(price, promptTokens) {
  const reached = (price.tiers ?? []).filter((tier) => promptTokens > tier.above_prompt_tokens);
  return reached.reduce((best, tier) => (tier.above_prompt_tokens > (best.above_prompt_tokens ?? -1) ? tier : best), price);
}
