/** The figure of scores: a strip for each, with its own axis, on which sets of samples stand beside the baseline. */
import {
  type Check,
  checkCount,
  checkSettings,
  describeValue,
  fields,
  list,
  listOf,
  number,
  oneOf,
  optional,
  text,
} from "../basics/check.ts";
import { ArgumentError, ShapeError } from "../basics/errors.ts";
import { extent, requireNumbers, someOf } from "./check.ts";
import { okabeIto } from "./palette.ts";
import { scale } from "./scale.ts";
import { asMarkup, coordinate, element, INK, label, labelWidth, svgDocument } from "./svg.ts";

/** What {@link scoresFigure} draws. */
export interface ScoresOptions {
  /** Names of the sets of samples, up to eight. Plain text. */
  readonly sets: readonly string[];
  /** One strip for each, from top to bottom. */
  readonly scores: readonly {
    /** With its unit: `roughness [km/s]`. Plain text. */
    readonly title: string;
    /** The score of two sets of the same distribution. */
    readonly baseline: number;
    /** One for each set. */
    readonly values: readonly number[];
    /** Whether the test told the set apart: its marker is filled then, and hollow otherwise. */
    readonly apart: readonly boolean[];
    /** Digits behind the point in the description. */
    readonly decimals: number;
    /** On which side of the baseline values are worse; that side is shaded. Default: none. */
    readonly worse?: "higher" | "lower" | "either";
  }[];
  /** The p-value below which a set counts as told apart: stands in the legend. Default: not stated. */
  readonly significance?: number;
}

const COLORS = [
  okabeIto.vermillion,
  okabeIto.blue,
  okabeIto.green,
  okabeIto.purple,
  okabeIto.orange,
  okabeIto.skyBlue,
  okabeIto.black,
  okabeIto.yellow,
];
const WIDTH = 420;
const ROW = 46;
const STRIP = 22;

/** Of the side of a strip on which values are worse. */
const WORSE = "#eeeeee";

/**
 * Scores with different units side by side: each has a strip with an axis of its own, from 0 on; the baseline is a dashed line
 * across it, and the side where values are worse is shaded.
 *
 * @throws ArgumentError for no sets or scores, and for NaN and ±∞; ShapeError for values that are not one for each set
 * @example
 * const scores = [{ title: "1-NN", baseline: 0.49, values: [0.77], apart: [true], decimals: 2 }];
 * scoresFigure({ sets: ["samples"], scores }) // "<svg …"
 */
export function scoresFigure(options: ScoresOptions): string {
  checkSettings("scoresFigure", options, OPTIONS);
  const { sets, scores, significance } = options;
  scores.forEach(({ values, apart }, i) => {
    if (apart.length !== sets.length) {
      const problem = `scores[${i}].apart has ${apart.length} values, but sets has ${sets.length}`;
      throw new ShapeError("scoresFigure", problem, "pass one for each.");
    }
    requireNumbers("scoresFigure", `scores[${i}].values`, values, { name: "sets", length: sets.length });
  });
  const left = 24 + 1.1 * Math.max(...scores.map(({ title }) => labelWidth(asMarkup(title))));
  const entries: Entry[] = [
    ...sets.map((name, i) => ({ name: asMarkup(name), draw: markerOf(i) })),
    { name: "same distribution", draw: (x, y) => dashed(`M${coordinate(x - 6)} ${y}h14`) },
  ];
  const apart = `told apart${significance === undefined ? "" : ` (p < ${significance})`}`;
  const signs: Entry[] = [
    { name: apart, draw: (x, y) => marker(x, y, INK, 0, true) },
    { name: "not told apart", draw: (x, y) => marker(x, y, INK, 0, false) },
    ...(scores.some(({ worse }) => worse !== undefined)
      ? [{ name: "worse than the same distribution", draw: shade }]
      : []),
  ];
  const lines = [...wrap(entries, WIDTH + left - 24), ...wrap(signs, WIDTH + left - 24)];
  const parts = lines.flatMap((line, i) => drawEntries(line, 18 + 20 * i));
  const top = 18 + 20 * lines.length;
  scores.forEach((score, row) => {
    parts.push(strip(score, left, top + row * ROW));
  });
  const width = Math.ceil(left + WIDTH + 24);
  const height = Math.ceil(top + scores.length * ROW + 4);
  const told = scores.map(
    ({ title, baseline, values, decimals }) =>
      `${title}: ${values.map((value, i) => `${sets[i]} ${value.toFixed(decimals)}`).join(", ")} ` +
      `(same distribution ${baseline.toFixed(decimals)})`,
  );
  const title = "How the samples compare with the data";
  const description = `${told.join("; ")}. Filled markers: told apart from the data. Shaded: worse.`;
  return svgDocument({ width, height, title, description }, parts);
}

const oneBoolean: Check = (where, name, value) => {
  if (typeof value !== "boolean")
    throw new ArgumentError(where, `${name} is true or false; got ${describeValue(value)}.`);
};
const OPTIONS = {
  sets: someOf(text),
  scores: someOf(
    fields({
      title: text,
      baseline: number,
      values: list,
      apart: listOf(oneBoolean),
      decimals: (where, name, value) => checkCount(where, name, value, 0, 20),
      worse: optional(oneOf(["higher", "lower", "either"])),
    }),
  ),
  significance: optional(number),
};

/** What stands in the legend. */
interface Entry {
  readonly name: string;
  /** Its sign, in the middle at (x, y). */
  readonly draw: (x: number, y: number) => string;
}

function markerOf(i: number): Entry["draw"] {
  return (x, y) => marker(x, y, COLORS[i % COLORS.length], i, true);
}

function dashed(d: string): string {
  return element("path", { d, stroke: INK, "stroke-dasharray": "4 3" });
}

function shade(x: number, y: number): string {
  return element("rect", { x: x - 7, y: y - 6, width: 14, height: 12, fill: WORSE });
}

function drawEntries(line: readonly Entry[], y: number): string[] {
  let x = 24;
  return line.flatMap(({ name, draw }) => {
    const parts = [draw(x + 6, y), label(x + 20, y + 4, name)];
    x += entryWidth(name);
    return parts;
  });
}

function strip(
  { title, baseline, values, apart, worse }: ScoresOptions["scores"][number],
  left: number,
  top: number,
): string {
  const [least, greatest] = extent([values, [baseline, 0]]);
  const axis = scale(least, greatest === least ? least + 1 : greatest, { ticks: 5 });
  // A little room at the ends, so that no marker sits on the frame.
  const at = (value: number): number => left + 10 + axis.at(value) * (WIDTH - 20);
  const middle = top + STRIP / 2;
  const ticks = axis.ticks
    .map(({ value }) => `M${coordinate(at(value))} ${coordinate(top + STRIP)}v-5`)
    .join("");
  const [start, line, end] = [left, at(baseline), left + WIDTH];
  const shaded = (from: number, to: number): string =>
    element("rect", {
      x: coordinate(from),
      y: top,
      width: coordinate(to - from),
      height: STRIP,
      fill: WORSE,
    });
  return element(
    "g",
    {},
    ...(worse === "lower" || worse === "either" ? [shaded(start, line)] : []),
    ...(worse === "higher" || worse === "either" ? [shaded(line, end)] : []),
    label(left - 12, middle + 4, asMarkup(title), { anchor: "end" }),
    element("rect", { x: left, y: top, width: WIDTH, height: STRIP, fill: "none", stroke: INK }),
    element("path", { d: ticks, stroke: INK }),
    ...axis.ticks.map((tick) =>
      label(at(tick.value), top + STRIP + 13, tick.label, { anchor: "middle", size: 10 }),
    ),
    dashed(`M${coordinate(line)} ${coordinate(top)}v${STRIP}`),
    ...values.map((value, i) => marker(at(value), middle, COLORS[i % COLORS.length], i, apart[i])),
  );
}

/** Circles and squares in turn, so that neighbours differ in shape as well as in colour. */
function marker(x: number, y: number, color: string, i: number, filled: boolean): string {
  const style = { fill: filled ? color : "#ffffff", stroke: color, "stroke-width": 2 };
  return i % 2 === 0
    ? element("circle", { cx: x, cy: y, r: 5, ...style })
    : element("rect", { x: x - 4.5, y: y - 4.5, width: 9, height: 9, ...style });
}

function entryWidth(name: string): number {
  return 20 + 1.1 * labelWidth(name) + 18;
}

/** Lines that are not longer than the width, where an entry alone is not. */
function wrap(entries: readonly Entry[], width: number): Entry[][] {
  const lines: Entry[][] = [[]];
  let used = 0;
  for (const entry of entries) {
    if (used > 0 && used + entryWidth(entry.name) > width) [used] = [0, lines.push([])];
    used += entryWidth(entry.name);
    lines[lines.length - 1].push(entry);
  }
  return lines;
}
