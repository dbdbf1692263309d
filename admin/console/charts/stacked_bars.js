/** Bars by day or hour, stacked by what they are made of; with a legend, a tooltip, and the same numbers as a table. */

import { fill, h } from "../dom/element.js";
import { themeChanged } from "../state/theme.js";
import { sortedBy } from "../text/sorting.js";
import uPlot from "../vendor/uplot/uplot.js";
import { stacked } from "./series.js";

const HEIGHT = 260;
export const COLOURS = 8;

/**
 * `series` is what `toSeries` gives; `label(series)` names one, `format(value)` tells an amount, `formatStart(seconds)`
 * a bucket. `signal` ends it with its view.
 */
export function stackedBars({ title, starts, series, label, format, formatAxis = format, formatStart, signal }) {
  const total = (index) => series.reduce((sum, each) => sum + each.values[index], 0);
  const tooltip = h("div", { class: "tooltip", hidden: true });
  const canvas = h("div", { class: "chart-canvas", role: "img", "aria-label": `${title}. The same numbers are in the table below.` });
  const root = h("figure", { class: "chart" }, canvas, legend(series, label, format), asTable());
  let plot = null;

  function draw() {
    plot?.destroy();
    plot = new uPlot(options(), [starts, ...stacked(series).reverse()], canvas);
    plot.over.append(tooltip);
  }

  function options() {
    const step = starts.length > 1 ? starts[1] - starts[0] : 86_400;
    const text = resolved("--muted");
    const lines = resolved("--line");
    const font = `12px ${getComputedStyle(document.body).fontFamily}`;
    const axis = { stroke: text, font, ticks: { show: false } };
    return {
      width: Math.max(200, canvas.clientWidth),
      height: HEIGHT,
      padding: [10, 12, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
      scales: {
        x: { time: true, range: () => [starts[0] - step / 2, starts[starts.length - 1] + step / 2] },
        y: { range: (_plot, _low, high) => [0, high > 0 ? high * 1.08 : 1] },
      },
      axes: [
        { ...axis, size: 30, grid: { show: false }, values: (_plot, marks) => marks.map(formatStart), space: 64, incrs: [3600, 7200, 14_400, 21_600, 43_200, 86_400, 172_800, 604_800, 1_209_600] },
        { ...axis, size: axisWidth, grid: { stroke: lines, width: 1 }, values: (_plot, marks) => marks.map((mark) => formatAxis(mark)) },
      ],
      series: [{}, ...series.map((_, index) => bars(series.length - 1 - index))],
      hooks: { setCursor: [(chart) => point(chart)] },
    };
  }

  function bars(index) {
    const colour = resolved(colourOf(index));
    return { fill: colour, stroke: colour, width: 0, points: { show: false }, paths: uPlot.paths.bars({ size: [0.7, 44], radius: 0.08 }) };
  }

  function point(chart) {
    const index = chart.cursor.idx;
    tooltip.hidden = index === null || index === undefined || chart.cursor.left < 0;
    if (tooltip.hidden) return;
    const parts = sortedBy(series.map((each, at) => ({ each, at, value: each.values[index] })).filter((part) => part.value), (part) => part.value, true);
    fill(
      tooltip,
      h("strong", {}, `${formatStart(starts[index])} · ${format(total(index))}`),
      parts.map(({ each, at, value }) => h("div", { class: "tooltip-row" }, swatch(at), h("span", { class: "clip" }, label(each)), h("span", { class: "numeric" }, format(value)))),
    );
    const left = chart.valToPos(starts[index], "x");
    const right = left > chart.over.clientWidth / 2;
    tooltip.style.setProperty("left", right ? "auto" : `${left + 16}px`);
    tooltip.style.setProperty("right", right ? `${chart.over.clientWidth - left + 16}px` : "auto");
  }

  function asTable() {
    const rows = starts.map((start, index) => h("tr", {}, h("th", { scope: "row" }, formatStart(start)), series.map((each) => h("td", { class: "numeric" }, format(each.values[index]))), h("td", { class: "numeric" }, format(total(index)))));
    const head = h("tr", {}, h("th", { scope: "col" }, "When (UTC)"), series.map((each) => h("th", { scope: "col", class: "numeric" }, h("span", { class: "clip" }, label(each)))), h("th", { scope: "col", class: "numeric" }, "Total"));
    const table = h("table", { class: "plain" }, h("caption", { class: "visually-hidden" }, title), h("thead", {}, head), h("tbody", {}, rows));
    return h("details", { class: "chart-table" }, h("summary", {}, "Show as a table"), h("div", { class: "table-frame", tabindex: "0", role: "region", "aria-label": title }, table));
  }

  const resizing = new ResizeObserver(() => {
    if (canvas.clientWidth === 0) return;
    if (plot === null) draw();
    else plot.setSize({ width: canvas.clientWidth, height: HEIGHT });
  });
  resizing.observe(canvas);
  themeChanged.addEventListener("change", draw, { signal });
  signal.addEventListener("abort", () => {
    resizing.disconnect();
    plot?.destroy();
  });
  return root;
}

/** Room for the longest label: the first cents of a new deployment have many digits. uPlot asks before it has labels. */
function axisWidth(_plot, labels) {
  return Math.max(64, 16 + 7 * Math.max(0, ...(labels ?? []).map((text) => text.length)));
}

function legend(series, label, format) {
  return h("ul", { class: "legend" }, series.map((each, index) => h("li", {}, swatch(index), h("span", { class: "clip" }, label(each)), h("span", { class: "muted" }, format(each.total)))));
}

export function swatch(index) {
  return h("span", { class: "swatch", style: { background: `var(${colourOf(index)})` }, "aria-hidden": "true" });
}

function colourOf(index) {
  return `--chart-${(index % COLOURS) + 1}`;
}

/** A canvas knows no custom properties: what the style makes of one, as a colour. */
function resolved(property) {
  const probe = h("span", { style: { color: `var(${property})` }, hidden: true });
  document.body.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}
