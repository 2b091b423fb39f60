/**
 * A figure: a grid of panels that share one x axis and one y axis, or those of their column and row, with a legend above and a colour bar beside them, so that
 * neither covers data. The five figures of the rotation curves are calls of this.
 */
import {
  type Check,
  callable,
  checkSettings,
  describeNumber,
  fields,
  list,
  listOf,
  number,
  numbers,
  oneOf,
  optional,
  text,
  within,
} from "../basics/check.ts";
import { ArgumentError, ShapeError } from "../basics/errors.ts";
import { requireSome, someOf } from "./check.ts";
import { SCALE_KINDS, type Scale } from "./scale.ts";
import { coordinate, element, INK, label, labelWidth, pathData, svgDocument } from "./svg.ts";

/** A line through points, in their order. */
export interface LineMark {
  /** Tells it from the other marks. */
  readonly kind: "line";
  /** Along the horizontal axis, in the data's unit. */
  readonly x: ArrayLike<number>;
  /** Along the vertical axis, one for each x. */
  readonly y: ArrayLike<number>;
  /** A CSS colour. */
  readonly color: string;
  /** Pixels; default 1.5. */
  readonly width?: number;
  /** Lengths of dashes and gaps in pixels, as `"5 3"`; default none. */
  readonly dash?: string;
  /** Default 1. */
  readonly opacity?: number;
  /** Marks with the same label share one entry of the legend; default none. In the markup of labels. */
  readonly label?: string;
}

/** A marker at each point. */
export interface PointsMark {
  /** Tells it from the other marks. */
  readonly kind: "points";
  /** Along the horizontal axis, in the data's unit. */
  readonly x: ArrayLike<number>;
  /** Along the vertical axis, one for each x. */
  readonly y: ArrayLike<number>;
  /** A CSS colour. */
  readonly color: string;
  /** Default `"circle"`. */
  readonly marker?: "circle" | "square";
  /** Diameter in pixels; default 4. */
  readonly size?: number;
  /** A white inside; default false. */
  readonly hollow?: boolean;
  /** As of `LineMark`. */
  readonly label?: string;
}

/** The area between two curves. */
export interface BandMark {
  /** Tells it from the other marks. */
  readonly kind: "band";
  /** Along the horizontal axis, in the data's unit. */
  readonly x: ArrayLike<number>;
  /** The lower curve, one value for each x. */
  readonly low: ArrayLike<number>;
  /** The upper curve, one value for each x. */
  readonly high: ArrayLike<number>;
  /** A CSS colour. */
  readonly color: string;
  /** Default 0.25. */
  readonly opacity?: number;
  /** As of `LineMark`. */
  readonly label?: string;
}

/** What a panel shows. */
export type Mark = LineMark | PointsMark | BandMark;

/** One plot of the grid. */
export interface Panel {
  /** Above the panel. */
  readonly title?: string;
  /** Later marks cover earlier ones. */
  readonly marks: readonly Mark[];
}

/** A scale and what it measures, with its unit: `Radius *R* [kpc]`. */
export interface Axis {
  /** In the markup of labels. */
  readonly label: string;
  /** From data to places. */
  readonly scale: Scale;
}

/** A strip of colours beside the panels, and what they stand for. */
export interface ColorBar extends Axis {
  /** From a fraction of the scale to a CSS colour. */
  readonly color: (fraction: number) => string;
}

/** What a figure consists of. */
export interface FigureOptions {
  /** What the figure is, in a few words: its accessible name. Plain text. */
  readonly title: string;
  /** What it shows, for those who do not see it. Plain text. */
  readonly description: string;
  /** The horizontal axis of every panel, or one for each column. */
  readonly x: Axis | readonly Axis[];
  /** The vertical axis of every panel, or one for each row. */
  readonly y: Axis | readonly Axis[];
  /** Row by row; rows may be of any length, and start at the left. */
  readonly rows: readonly (readonly Panel[])[];
  /** To the right of each row. */
  readonly rowTitles?: readonly string[];
  /** Default: none. */
  readonly colorBar?: ColorBar;
  /** Pixels; default 560 × 340. */
  readonly panelWidth?: number;
  /** Pixels; default 340. */
  readonly panelHeight?: number;
  /** Decimals of the coordinates of marks; default 2. */
  readonly decimals?: 1 | 2;
}

interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const GAP = 14; // between panels
const TITLE_HEIGHT = 20; // of a panel
const LABEL_HEIGHT = 24; // of an axis label, with the space around it
const TICK_SIZE = 11; // font
const TICK_LABEL_HEIGHT = 20;
const LEGEND_LINE = 22;
const SAMPLE_WIDTH = 30; // of a mark in the legend

/**
 * An SVG document on white ground, with title and description for screen readers. It defines no ids and no styles, so any
 * number of figures can be put inline into one page.
 *
 * @throws ArgumentError for no panels, or a value outside its axis or not finite; ShapeError for a mark whose lists differ in
 *   length, and for row titles or axes that are not one for each row or column
 * @example
 * import { figure, okabeIto, scale } from "halograd/plot";
 * figure({
 *   title: "A line", description: "y = x",
 *   x: { label: "*x*", scale: scale(0, 1) }, y: { label: "*y*", scale: scale(0, 1) },
 *   rows: [[{ marks: [{ kind: "line", x: [0, 1], y: [0, 1], color: okabeIto.blue }] }]],
 * }); // "<svg …>…</svg>"
 */
export function figure(options: FigureOptions): string {
  checkSettings("figure", options, OPTIONS);
  return drawFigure(options);
}

/** As {@link figure}, of parts that the figures of this folder have made. */
export function drawFigure(options: FigureOptions): string {
  const { x, y, rows, rowTitles, colorBar, panelWidth = 560, panelHeight = 340, decimals = 2 } = options;
  requireGrid(options);
  const columns = columnCount(rows);
  const [xAxes, yAxes] = [axesOf(x), axesOf(y)];
  const xOf = (c: number): Scale => xAxes[c % xAxes.length].scale;
  const yOf = (r: number): Scale => yAxes[r % yAxes.length].scale;
  const gridWidth = columns * panelWidth + (columns - 1) * GAP;
  const yTicks = yAxes.flatMap((axis) => axis.scale.ticks);
  const tickWidth = 1.1 * Math.max(0, ...yTicks.map((tick) => labelWidth(tick.label, TICK_SIZE)));
  const left = LABEL_HEIGHT + tickWidth + 8;
  const legend = legendEntries(rows);
  const legendLines = wrapped(legend, gridWidth);
  let top = 12 + legendLines.length * LEGEND_LINE;

  const parts: string[] = [];
  const gridTop = top + (rows[0].some(hasTitle) ? TITLE_HEIGHT : 0);
  let bottom = top;
  rows.forEach((row, r) => {
    if (row.some(hasTitle)) top += TITLE_HEIGHT;
    row.forEach((panel, c) => {
      const frame = { left: left + c * (panelWidth + GAP), top, width: panelWidth, height: panelHeight };
      const lowest = rows[r + 1]?.[c] === undefined;
      parts.push(drawPanel(panel, frame, xOf(c), yOf(r), { xLabels: lowest, yLabels: c === 0, decimals }));
    });
    if (yAxes.length > 1) {
      parts.push(label(16, top + panelHeight / 2, yAxes[r].label, { anchor: "middle", rotate: -90 }));
    }
    if (rowTitles !== undefined) {
      const rowRight = left + row.length * (panelWidth + GAP) - GAP;
      parts.push(label(rowRight + 9, top + panelHeight / 2, rowTitles[r], { anchor: "middle", rotate: 90 }));
    }
    bottom = top + panelHeight;
    // A row that is followed by a shorter one has tick labels in between.
    const labelsBetween = rows[r + 1] !== undefined && rows[r + 1].length < row.length;
    top = bottom + (labelsBetween ? TICK_LABEL_HEIGHT : 0) + GAP;
  });
  legendLines.forEach((line, i) => {
    parts.push(drawLegendLine(line, left, gridWidth, 12 + (i + 0.5) * LEGEND_LINE - 4));
  });
  const middle = (gridTop + bottom) / 2;
  const ground = bottom + TICK_LABEL_HEIGHT;
  xAxes.forEach((axis, c) => {
    const at = xAxes.length === 1 ? gridWidth / 2 : c * (panelWidth + GAP) + panelWidth / 2;
    parts.push(label(left + at, ground + 15, axis.label, { anchor: "middle" }));
  });
  if (yAxes.length === 1) parts.push(label(16, middle, yAxes[0].label, { anchor: "middle", rotate: -90 }));
  let right = left + gridWidth + (rowTitles === undefined ? 0 : LABEL_HEIGHT);
  if (colorBar !== undefined) {
    const frame = { left: right + 18, top: gridTop, width: 13, height: bottom - gridTop };
    parts.push(drawColorBar(colorBar, frame));
    right = frame.left + frame.width + colorBarLabelsWidth(colorBar) + LABEL_HEIGHT;
  }
  // The last x tick label may stand out by half its width.
  const width = Math.ceil(right + (colorBar === undefined && rowTitles === undefined ? 18 : 4));
  const height = Math.ceil(ground + LABEL_HEIGHT + 2);
  const { title, description } = options;
  return svgDocument({ width, height, title, description }, parts);
}

const aScale = fields({
  kind: oneOf(SCALE_KINDS),
  from: number,
  to: number,
  ticks: listOf(fields({ value: number, label: text })),
  minorTicks: numbers,
  at: callable,
});
const anAxis = fields({ label: text, scale: aScale });
const axes: Check = (where, name, value) =>
  (Array.isArray(value) ? someOf(anAxis) : anAxis)(where, name, value);
const places = { x: list, color: text, label: optional(text) };
const share = optional(within({ least: 0, most: 1 }));
const length = optional(within({ least: 0 }));

/** Of each kind of mark. */
const MARKS: Readonly<Record<Mark["kind"], Check>> = /* @__PURE__ */ (() => ({
  // To a bundler a spread may have effects, and keeps what nobody uses.
  line: fields({ ...places, y: list, width: length, dash: optional(text), opacity: share }),
  points: fields({ ...places, y: list, marker: optional(oneOf(["circle", "square"])), size: length }),
  band: fields({ ...places, low: list, high: list, opacity: share }),
}))();
const aMark: Check = (where, name, value) => {
  fields({ kind: oneOf(Object.keys(MARKS)) })(where, name, value);
  MARKS[(value as Mark).kind](where, name, value);
};
const OPTIONS = {
  title: text,
  description: text,
  x: axes,
  y: axes,
  rows: someOf(someOf(fields({ title: optional(text), marks: listOf(aMark) }))),
  rowTitles: optional(listOf(text)),
  colorBar: optional(fields({ label: text, scale: aScale, color: callable })),
  panelWidth: optional(within({ above: 0 })),
  panelHeight: optional(within({ above: 0 })),
  decimals: optional(within({ least: 1, most: 2 })),
};

function requireGrid({ rows, rowTitles, x, y }: FigureOptions): void {
  for (const [name, list, count, of] of [
    ["row titles", rowTitles, rows.length, "rows"],
    ["x axes", x, columnCount(rows), "columns"],
    ["y axes", y, rows.length, "rows"],
  ] as const) {
    if (!Array.isArray(list) || list.length === count) continue;
    throw new ShapeError("figure", `got ${list.length} ${name} for ${count} ${of}`, "pass one for each.");
  }
}

function columnCount(rows: FigureOptions["rows"]): number {
  return Math.max(...rows.map((row) => row.length));
}

function axesOf(axes: Axis | readonly Axis[]): readonly Axis[] {
  return "scale" in axes ? [axes] : axes;
}

function hasTitle(panel: Panel): boolean {
  return panel.title !== undefined;
}

// ---------------------------------------------------------------------------------------------------------------------
// Panels

function drawPanel(
  panel: Panel,
  frame: Frame,
  x: Scale,
  y: Scale,
  options: { readonly xLabels: boolean; readonly yLabels: boolean; readonly decimals: 1 | 2 },
): string {
  const right = frame.left + frame.width;
  const bottom = frame.top + frame.height;
  const toPixelX = (value: number): number => frame.left + fraction(x, value, "x") * frame.width;
  const toPixelY = (value: number): number => bottom - fraction(y, value, "y") * frame.height;
  const parts = [
    element("g", {}, ...panel.marks.map((mark) => drawMark(mark, toPixelX, toPixelY, options.decimals))),
  ];
  if (y.kind === "linear" && y.from < 0 && y.to > 0) {
    const zero = `M${coordinate(frame.left)} ${coordinate(toPixelY(0))}H${coordinate(right)}`;
    parts.unshift(element("path", { d: zero, stroke: "#c8c8c8" }));
  }
  // Ticks point inwards on all four sides, as astronomers are used to: values can be read off at either side.
  let ticks = "";
  const tick = (ax: number, ay: number, direction: "h" | "v", length: number): void => {
    ticks += `M${coordinate(ax)} ${coordinate(ay)}${direction}${coordinate(length)}`;
  };
  for (const [length, xs, ys] of [
    [6, x.ticks.map(({ value }) => value), y.ticks.map(({ value }) => value)],
    [3, x.minorTicks, y.minorTicks],
  ] as const) {
    for (const value of xs) {
      tick(toPixelX(value), bottom, "v", -length);
      tick(toPixelX(value), frame.top, "v", length);
    }
    for (const value of ys) {
      tick(frame.left, toPixelY(value), "h", length);
      tick(right, toPixelY(value), "h", -length);
    }
  }
  const box = { x: frame.left, y: frame.top, width: frame.width, height: frame.height };
  parts.push(
    element("g", { fill: "none", stroke: INK }, element("rect", box), element("path", { d: ticks })),
  );
  if (options.xLabels) {
    for (const { value, label: text } of x.ticks) {
      parts.push(label(toPixelX(value), bottom + 15, text, { anchor: "middle", size: TICK_SIZE }));
    }
  }
  if (options.yLabels) {
    for (const { value, label: text } of y.ticks) {
      parts.push(label(frame.left - 6, toPixelY(value) + 4, text, { anchor: "end", size: TICK_SIZE }));
    }
  }
  if (panel.title !== undefined) {
    parts.push(label((frame.left + right) / 2, frame.top - 7, panel.title, { anchor: "middle" }));
  }
  return element("g", {}, ...parts);
}

/** Where a value stands on its axis. Outside of it there is no place to draw: a silent cut would hide data. */
function fraction(scale: Scale, value: number, axis: "x" | "y"): number {
  if (!Number.isFinite(value)) {
    throw new ArgumentError(
      "figure",
      `got ${axis} = ${describeNumber(value)}, but only finite numbers can be drawn`,
      "check the data.",
    );
  }
  const at = scale.kind === "log" && value <= 0 ? Number.NaN : scale.at(value);
  if (at >= -1e-6 && at <= 1 + 1e-6) return Math.min(1, Math.max(0, at));
  throw new ArgumentError(
    "figure",
    `${axis} = ${value} lies outside its axis, which runs from ${scale.from} to ${scale.to}`,
    "widen the scale, or leave the point out.",
  );
}

function drawMark(mark: Mark, toX: ToPixel, toY: ToPixel, decimals: 1 | 2): string {
  switch (mark.kind) {
    case "line": {
      requireLength("y", mark.y, mark.x);
      return element("path", {
        d: pathData(Array.from(mark.x, toX), Array.from(mark.y, toY), decimals),
        fill: "none",
        stroke: mark.color,
        "stroke-width": mark.width ?? 1.5,
        "stroke-dasharray": mark.dash,
        "stroke-opacity": mark.opacity,
        "stroke-linejoin": "round",
      });
    }
    case "points": {
      requireLength("y", mark.y, mark.x);
      const radius = (mark.size ?? 4) / 2;
      const markers = Array.from(mark.x, (value, i) =>
        mark.marker === "square"
          ? element("rect", {
              x: toX(value) - radius,
              y: toY(mark.y[i]) - radius,
              width: 2 * radius,
              height: 2 * radius,
            })
          : element("circle", { cx: toX(value), cy: toY(mark.y[i]), r: radius }),
      );
      const outline = mark.hollow === true ? { fill: "#ffffff", stroke: mark.color } : { fill: mark.color };
      return element("g", outline, ...markers);
    }
    case "band": {
      requireLength("low", mark.low, mark.x);
      requireLength("high", mark.high, mark.x);
      const x = Array.from(mark.x, toX);
      const outline = pathData(
        [...x, ...x.toReversed()],
        [...Array.from(mark.low, toY), ...Array.from(mark.high, toY).reverse()],
        decimals,
      );
      return element("path", { d: `${outline}Z`, fill: mark.color, "fill-opacity": mark.opacity ?? 0.25 });
    }
  }
}

type ToPixel = (value: number) => number;

function requireLength(name: string, values: ArrayLike<number>, x: ArrayLike<number>): void {
  requireSome("figure", "x of a mark", x);
  if (values.length === x.length) return;
  throw new ShapeError(
    "figure",
    `${name} of a mark has ${values.length} values, x has ${x.length}`,
    "pass one for each.",
  );
}

// ---------------------------------------------------------------------------------------------------------------------
// Legend and colour bar

interface LegendEntry {
  readonly label: string;
  readonly marks: readonly Mark[];
}

/** One entry for each label, in the order in which they first appear, with the marks of the first panel that has it. */
function legendEntries(rows: FigureOptions["rows"]): LegendEntry[] {
  const entries = new Map<string, readonly Mark[]>();
  for (const { marks } of rows.flat()) {
    for (const { label: name } of marks) {
      if (name === undefined || entries.has(name)) continue;
      entries.set(
        name,
        marks.filter((mark) => mark.label === name),
      );
    }
  }
  return [...entries].map(([label, marks]) => ({ label, marks }));
}

function entryWidth(entry: LegendEntry): number {
  return SAMPLE_WIDTH + 6 + 1.1 * labelWidth(entry.label) + 16;
}

/** The entries in lines that are not wider than the grid. */
function wrapped(entries: readonly LegendEntry[], width: number): LegendEntry[][] {
  const lines: LegendEntry[][] = [];
  let used = Infinity;
  for (const entry of entries) {
    if (used + entryWidth(entry) > width) {
      lines.push([]);
      used = 0;
    }
    lines[lines.length - 1].push(entry);
    used += entryWidth(entry);
  }
  return lines;
}

function drawLegendLine(entries: readonly LegendEntry[], left: number, width: number, y: number): string {
  let x = left + Math.max(0, (width - entries.reduce((sum, entry) => sum + entryWidth(entry), 0)) / 2);
  const parts: string[] = [];
  for (const { label: text, marks } of entries) {
    // The sample is the marks themselves, over pixels in place of data; points alone are three, as a scatter.
    const line = { x: [0, SAMPLE_WIDTH], y: [0, 0], low: [-4, -4], high: [4, 4] };
    const alone = marks.every((mark) => mark.kind === "points");
    const points = alone ? { x: [4, 15, 26], y: [-2, 3, -1] } : { x: [SAMPLE_WIDTH / 2], y: [0] };
    for (const mark of marks) {
      const sample = { ...mark, ...(mark.kind === "points" ? points : line) };
      parts.push(
        drawMark(
          sample,
          (value) => x + value,
          (value) => y - value,
          2,
        ),
      );
    }
    parts.push(label(x + SAMPLE_WIDTH + 6, y + 4, text));
    x += entryWidth({ label: text, marks });
  }
  return element("g", {}, ...parts);
}

const COLOR_STEPS = 64;

function drawColorBar(bar: ColorBar, frame: Frame): string {
  const step = frame.height / COLOR_STEPS;
  const right = frame.left + frame.width;
  const parts: string[] = [];
  for (let i = 0; i < COLOR_STEPS; i++) {
    const top = frame.top + frame.height - (i + 1) * step;
    // Each reaches under the next by a pixel, so that no seam of the ground shines through.
    const height = i === 0 ? step : step + 1;
    const fill = bar.color((i + 0.5) / COLOR_STEPS);
    parts.push(element("rect", { x: frame.left, y: top, width: frame.width, height, fill }));
  }
  const box = { x: frame.left, y: frame.top, width: frame.width, height: frame.height };
  parts.push(element("rect", { ...box, fill: "none", stroke: INK }));
  for (const { value, label: text } of bar.scale.ticks) {
    const y = frame.top + (1 - bar.scale.at(value)) * frame.height;
    parts.push(element("path", { d: `M${coordinate(right)} ${coordinate(y)}h4`, stroke: INK }));
    parts.push(label(right + 7, y + 4, text, { size: TICK_SIZE }));
  }
  const x = right + colorBarLabelsWidth(bar) + 14;
  parts.push(label(x, frame.top + frame.height / 2, bar.label, { anchor: "middle", rotate: -90 }));
  return element("g", {}, ...parts);
}

function colorBarLabelsWidth(bar: ColorBar): number {
  return 7 + 1.1 * Math.max(...bar.scale.ticks.map((tick) => labelWidth(tick.label, TICK_SIZE)));
}
