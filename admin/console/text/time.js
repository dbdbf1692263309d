/** Times. The API speaks Unix seconds, and its days are UTC. */

export const DAY_SECONDS = 86_400;

const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const DATE = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const MOMENT = new Intl.DateTimeFormat("en-GB", {
  day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit",
});
const UNITS = [["year", 31_536_000], ["month", 2_592_000], ["day", DAY_SECONDS], ["hour", 3600], ["minute", 60]];
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/** The first second of the UTC day that a moment is in. */
export function startOfDay(seconds) {
  return Math.floor(seconds / DAY_SECONDS) * DAY_SECONDS;
}

/** "20 Nov", of a day of UTC. */
export function formatDay(seconds) {
  return DAY.format(seconds * 1000);
}

/** "20 Nov 2026", in the reader's zone. */
export function formatDate(seconds) {
  return seconds === null || seconds === undefined ? "—" : DATE.format(seconds * 1000);
}

/** With the time of day, in the reader's zone. */
export function formatMoment(seconds) {
  return seconds === null || seconds === undefined ? "—" : MOMENT.format(seconds * 1000);
}

/** "in 3 days", "5 minutes ago", "now". */
export function formatRelative(seconds, nowSeconds) {
  const distance = seconds - nowSeconds;
  const unit = UNITS.find(([, length]) => Math.abs(distance) >= length);
  return unit === undefined ? "now" : RELATIVE.format(Math.trunc(distance / unit[1]), unit[0]);
}

/** "00:00" of the hour, in UTC. */
export function formatHour(seconds) {
  return new Date(seconds * 1000).toISOString().slice(11, 16);
}

/** Unix seconds of the beginning of a day that an `<input type=date>` gives, read as UTC; null for none. */
export function fromDateInput(text) {
  const milliseconds = Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(milliseconds) ? null : milliseconds / 1000;
}
