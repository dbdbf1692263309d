/** Counts as people read them. */

const COMPACT = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });
const WHOLE = new Intl.NumberFormat("en-US");

/** 1,234,567; a dash for null. */
export function formatCount(count) {
  return count === null || count === undefined ? "—" : WHOLE.format(count);
}

/** 1.2M */
export function formatCompact(count) {
  return count === null || count === undefined ? "—" : COMPACT.format(count);
}

/** "1 key", "2 keys" */
export function plural(count, one, many = `${one}s`) {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/**
 * A whole number of at least 1 that somebody typed; null for an empty text.
 * Throws a RangeError, with a message for that person, for what is none.
 */
export function parseCount(text, most = 2 ** 31 - 2) {
  const cleaned = text.trim().replaceAll(",", "").replaceAll("_", "");
  if (cleaned === "") return null;
  const count = /^\d{1,16}$/.test(cleaned) ? Number(cleaned) : NaN;
  if (!(count >= 1 && count <= most)) throw new RangeError(`Write a whole number from 1 to ${WHOLE.format(most)}.`);
  return count;
}
