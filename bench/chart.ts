/**
 * The chart for the README: one panel a measure, one line a contender, its time as a point on a logarithmic axis with
 * the figure beside it. Ours is filled, the others hollow, so that grey says as much as colour.
 */

import { element, escapeText, FONT_SIZE, label } from "../src/plot/svg.ts";
import { figureOf, type Results, type Row, short } from "./results.ts";

const [COLUMNS, WIDTH, LINE, NAMES, FIGURES, TITLE, GAP] = [2, 430, 19, 142, 60, 44, 22];
const INK = "#222222";
const OURS = "#0072b2"; // Okabe & Ito's blue: dark in grey as well

/** [section, label, title]: the rows that the chart shows, when they were measured. */
const PANELS: [section: string, label: RegExp, title: string][] = [
  ["training", /./, "Training step, 800 × 50, Adam"],
  ["sampling", /./, "Sampling"],
  ["matmul", /^A·B (512|256)$/, "Matrix product"],
  ["scalar", /./, "Graph of scalars, an operation"],
  ["start-up", /first/, "Import to first gradient"],
  ["main-job", /./, "Main job, whole process"],
];

/** An SVG document; empty of panels when none of their rows was measured. */
export function chart(results: Results): string {
  const panels = PANELS.flatMap(([section, pattern, title]) => {
    const row = results.rows.findLast((row) => row.section === section && pattern.test(row.label));
    return row === undefined ? [] : [{ title, row: asTime(row) }];
  });
  const most = Math.max(0, ...panels.map(({ row }) => entries(row).length));
  const height = TITLE + most * LINE + GAP;
  const width = COLUMNS * (WIDTH + GAP) + GAP;
  const total = Math.ceil(panels.length / COLUMNS) * height + 50;
  const caption = `${results.machine.processor}, Node ${results.machine.node}, one thread unless two are named, best of ${results.rounds} rounds; logarithmic, each panel for itself: further left is faster. Only ratios mean anything.`;
  return element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      width,
      height: total,
      viewBox: `0 0 ${width} ${total}`,
      role: "img",
      "font-family": "Helvetica Neue, Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif",
      "font-size": FONT_SIZE,
      fill: INK,
    },
    element("title", {}, "halograd beside its peers"),
    element("desc", {}, escapeText(panels.map(describe).join(" "))),
    element("rect", { width, height: total, fill: "#ffffff" }),
    ...panels.map(({ title, row }, i) =>
      panel(title, row, GAP + (i % COLUMNS) * (WIDTH + GAP), GAP + Math.floor(i / COLUMNS) * height),
    ),
    label(GAP, total - 16, caption, { size: 11 }),
  );
}

/** Products are drawn as times too, so that left is faster in every panel. */
function asTime(row: Row): Row {
  return row.unit === "GFLOP/s"
    ? { ...row, unit: "ms", label: `${row.label} × ${row.label.split(" ").at(-1)}` }
    : row;
}

/** Contenders, the fastest first. */
function entries(row: Row): [name: string, figure: number][] {
  return Object.entries(row.times)
    .filter(([name]) => name !== "roof")
    .map(([name, time]): [string, number] => [name, figureOf(row, time.best)])
    .sort((a, b) => a[1] - b[1]);
}

function describe({ title, row }: { title: string; row: Row }): string {
  const list = entries(row).map(([name, figure]) => `${name} ${short(figure)}`);
  return `${title}, ${row.unit}: ${list.join(", ")}.`;
}

function panel(title: string, row: Row, left: number, top: number): string {
  const list = entries(row);
  const [least, most] = [list[0][1], list[list.length - 1][1]];
  const [from, to] = [left + NAMES + 10, left + WIDTH - FIGURES];
  const x = (figure: number): number =>
    from + ((to - from) * Math.log(figure / least)) / Math.log(Math.max(2, most / least));
  return element(
    "g",
    {},
    label(left, top + 4, title, { weight: "bold" }),
    label(left, top + 19, `${row.label} [${row.unit}]`, { size: 11 }),
    ...list.map(([name, figure], i) => {
      const y = top + TITLE + i * LINE - 4;
      const mine = name.startsWith("halograd");
      const style: { anchor: "end"; weight?: "bold" } = mine
        ? { anchor: "end", weight: "bold" }
        : { anchor: "end" };
      return element(
        "g",
        {},
        label(left + NAMES - 4, y + 4, name, style),
        element("path", { d: `M${left + NAMES} ${y}H${x(figure)}`, stroke: "#dddddd" }),
        element("circle", {
          cx: x(figure),
          cy: y,
          r: mine ? 5.5 : 4.5,
          fill: mine ? OURS : "#ffffff",
          stroke: mine ? OURS : INK,
          "stroke-width": 1.5,
        }),
        label(x(figure) + 10, y + 4, short(figure), mine ? { weight: "bold" } : {}),
      );
    }),
  );
}
