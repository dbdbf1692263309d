/** From the API's buckets to series that a chart can stack. Pure. */

export const OTHER = "Other";

/**
 * `{ starts, series }`: the beginnings of the buckets, and per key what it had in each of them, the largest first.
 * Keys beyond the `most` largest are one series, OTHER, at the end. `total` is a series' sum.
 */
export function toSeries(buckets, keyOf, valueOf, most = 7) {
  const starts = buckets.map((bucket) => bucket.start_time);
  const byKey = new Map();
  buckets.forEach((bucket, index) => {
    for (const result of bucket.results) {
      const key = keyOf(result) ?? "";
      if (!byKey.has(key)) byKey.set(key, starts.map(() => 0));
      byKey.get(key)[index] += valueOf(result) ?? 0;
    }
  });
  const all = [...byKey].map(([key, values]) => ({ key, values, total: sum(values) }));
  all.sort((a, b) => b.total - a.total || (a.key < b.key ? -1 : 1));
  if (all.length <= most + 1) return { starts, series: all };
  const rest = all.slice(most);
  const values = starts.map((_, index) => sum(rest.map((each) => each.values[index])));
  return { starts, series: [...all.slice(0, most), { key: OTHER, values, total: sum(values) }] };
}

/** Each series on top of those before it: what stacked bars are drawn from, the highest first. */
export function stacked(series) {
  const heights = [];
  for (const each of series) {
    const below = heights[heights.length - 1];
    heights.push(each.values.map((value, index) => value + (below ? below[index] : 0)));
  }
  return heights;
}

/** Per key, the sum of everything in `fields` (name -> function of a result), over all buckets. */
export function totalsBy(buckets, keyOf, fields) {
  const byKey = new Map();
  for (const bucket of buckets) {
    for (const result of bucket.results) {
      const key = keyOf(result) ?? "";
      const row = byKey.get(key) ?? { key, result, ...Object.fromEntries(Object.keys(fields).map((name) => [name, 0])) };
      for (const [name, valueOf] of Object.entries(fields)) row[name] += valueOf(result) ?? 0;
      byKey.set(key, row);
    }
  }
  return [...byKey.values()];
}

function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}
