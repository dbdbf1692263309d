/** What is used of budgets: settled and held apart. */

import { h } from "../dom/element.js";
import { formatPico } from "../text/money.js";
import { formatCount } from "../text/numbers.js";
import { formatRelative } from "../text/time.js";

const INTERVALS = { day: "Today", month: "This month" };
const NEARLY = 0.9;

function amount(line, value) {
  return line.unit === "pico_usd" ? formatPico(value) : `${formatCount(value)} tokens`;
}

/** A bar of one budget: `line` is an entry of the API's `budgets`. Without a limit it tells what was used. */
export function budgetBar(line) {
  const name = `${INTERVALS[line.interval]}, ${line.currency === "usd" ? "US dollars" : "tokens"}`;
  const used = h("span", { class: "budget-amount" }, h("strong", {}, amount(line, line.settled)), line.limit === null ? " used" : ` of ${amount(line, line.limit)}`);
  const held = line.held > 0 ? h("span", { class: "held-note" }, `${amount(line, line.held)} held by requests in flight`) : null;
  if (line.limit === null) {
    return h("div", { class: "budget" }, h("div", { class: "budget-head" }, h("span", {}, name), used), h("div", { class: "budget-foot" }, held, h("span", { class: "muted" }, "No limit")));
  }
  const settledShare = Math.min(1, line.settled / line.limit);
  const heldShare = Math.min(1 - settledShare, line.held / line.limit);
  const says = `${amount(line, line.settled)} settled and ${amount(line, line.held)} held of ${amount(line, line.limit)}`;
  const bar = h(
    "div",
    { class: `bar${settledShare + heldShare >= NEARLY ? " nearly" : ""}`, role: "meter", "aria-label": name, "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": Math.round(100 * (settledShare + heldShare)), "aria-valuetext": says },
    h("span", { class: "settled", style: { width: `${100 * settledShare}%` } }),
    h("span", { class: "held", style: { width: `${100 * heldShare}%` } }),
  );
  const resets = `resets ${formatRelative(line.resets_at, Date.now() / 1000)}`;
  return h("div", { class: "budget" }, h("div", { class: "budget-head" }, h("span", {}, name), used), bar, h("div", { class: "budget-foot" }, held, h("span", { class: "muted" }, `${amount(line, line.remaining)} left, ${resets}`)));
}

/** All budgets that are set, and what was spent this month in any case. */
export function budgetBars(budget) {
  const shown = budget.budgets.filter((line) => line.limit !== null || (line.interval === "month" && line.currency === "usd"));
  const flying = budget.in_flight > 0 ? h("p", { class: "muted" }, `${formatCount(budget.in_flight)} in flight`) : null;
  return h("div", { class: "budgets" }, shown.map(budgetBar), flying);
}
