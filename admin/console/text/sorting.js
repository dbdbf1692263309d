/** Order of rows. */

const COLLATOR = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/**
 * A new array in order of what `valueOf` gives: numbers by size, texts as people sort them, what is missing last in
 * either direction. Rows that are equal stay as they were.
 */
export function sortedBy(rows, valueOf, descending = false) {
  const sign = descending ? -1 : 1;
  return [...rows].sort((a, b) => {
    const left = valueOf(a);
    const right = valueOf(b);
    const leftMissing = left === null || left === undefined || left === "";
    const rightMissing = right === null || right === undefined || right === "";
    if (leftMissing || rightMissing) return Number(leftMissing) - Number(rightMissing);
    if (typeof left === "number" && typeof right === "number") return sign * (left - right);
    return sign * COLLATOR.compare(String(left), String(right));
  });
}
