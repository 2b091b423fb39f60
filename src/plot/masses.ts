/** Figures of mass models: the parts of a rotation curve, what is known of their parameters, and accelerations of many galaxies. */

import {
  callable,
  checkKind,
  checkSettings,
  fields,
  list,
  number,
  optional,
  settings,
  text,
} from "../basics/check.ts";
import { ArgumentError, ShapeError } from "../basics/errors.ts";
import { exp10, log10 } from "../kernels/math.ts";
import { extent, points, quantiles, requireNumbers, someOf } from "./check.ts";
import { type Axis, drawFigure, type LineMark, type Mark, type Panel } from "./figure.ts";
import { type ObservedPoints, observedMarks } from "./inference.ts";
import { okabeIto } from "./palette.ts";
import { type Scale, scale } from "./scale.ts";
import { asMarkup } from "./svg.ts";

/** Velocities at some radii: the median, and the ends of the intervals of 68 and 95 %, km/s, [radii][5] from low to high. */
type Quantiles = readonly (readonly number[])[];

/** What {@link decompositionFigure} draws. */
export interface DecompositionFigureOptions {
  /** The galaxy; may be empty. */
  readonly name: string;
  /** The halo's family, as people write it. */
  readonly halo: string;
  /** The measured points; the posterior is given at their radii. */
  readonly observations: ObservedPoints;
  /** Velocities of the whole at each radius, km/s: the quantiles 2.5, 16, 50, 84 and 97.5 %. */
  readonly total: readonly (readonly number[])[];
  /** Of each part, the same; a velocity below 0 stands for one that pulls outwards. */
  readonly parts: Readonly<
    Partial<Record<"gas" | "disc" | "bulge" | "halo", readonly (readonly number[])[]>>
  >;
}

const PARTS = [
  ["halo", okabeIto.black, "7 4"],
  ["disc", okabeIto.orange, undefined],
  ["bulge", okabeIto.purple, undefined],
  ["gas", okabeIto.green, undefined],
] as const;

/**
 * What holds a galaxy: its points, the whole model with intervals of 68 and 95 %, and gas, stars and halo as lines of their medians with
 * intervals of 68 %.
 *
 * @throws as `figure`
 * @example
 * const observations = { radii: [2, 5], velocities: [80, 110], errors: [4, 3] };
 * const total = [[70, 75, 80, 85, 90], [100, 105, 110, 115, 120]];
 * decompositionFigure({ name: "", halo: "NFW", observations, total, parts: { halo: total } }) // "<svg …"
 */
export function decompositionFigure(options: DecompositionFigureOptions): string {
  const where = "decompositionFigure";
  checkSettings(where, options, DECOMPOSITION);
  const { name, halo, observations, total, parts } = options;
  const { radii, velocities, errors } = observations;
  for (const [part, rows] of Object.entries({ ...parts, total })) {
    if (rows === undefined || rows.length === radii.length) continue;
    throw new ShapeError(
      where,
      `${part} has ${rows.length} rows for ${radii.length} points`,
      "pass a row for each.",
    );
  }
  requireNumbers("decompositionFigure", "radii", radii);
  const column = (list: Quantiles, share: number): number[] => list.map((row) => row[share]);
  const shown = PARTS.flatMap(([part, color, dash]): Mark[] => {
    const list = parts[part];
    if (list === undefined) return [];
    const label = part === "halo" ? `${asMarkup(halo)} halo` : part;
    return [
      { kind: "band", x: radii, low: column(list, 1), high: column(list, 3), color, opacity: 0.12 },
      {
        kind: "line",
        x: radii,
        y: column(list, 2),
        color,
        width: 1.4,
        label,
        ...(dash !== undefined && { dash }),
      },
    ];
  });
  const [least, most] = extent([
    ...[total, ...Object.values(parts)].flatMap((rows) =>
      rows === undefined ? [] : [column(rows, 1), column(rows, 3)],
    ),
    ...[column(total, 0), column(total, 4)],
    Array.from(velocities, (v, i) => v + errors[i]),
  ]);
  const last = extent([radii])[1];
  return drawFigure({
    title: `What holds ${name === "" ? "the galaxy" : name} together`,
    description:
      `${radii.length} observed points, the rotation curve of all parts with intervals of 68 and 95 %, and the curves ` +
      `that ${Object.keys(parts).join(", ")} alone would hold, with a ${halo} halo.`,
    x: { label: "Radius *R* [kpc]", scale: scale(0, 1.02 * last, { nice: false, ticks: 7 }) },
    y: {
      label: "Circular velocity *v* [km s^{−1}]",
      scale: scale(least < 0 ? 1.05 * least : 0, 1.03 * most, { ticks: 6 }),
    },
    rows: [
      [
        {
          ...(name !== "" && { title: asMarkup(name) }),
          marks: [
            ...[0, 1].map(
              (end): Mark => ({
                kind: "band",
                x: radii,
                low: column(total, end),
                high: column(total, 4 - end),
                color: okabeIto.blue,
                opacity: 0.16,
              }),
            ),
            ...shown,
            { kind: "line", x: radii, y: column(total, 2), color: okabeIto.blue, width: 2, label: "all" },
            ...observedMarks(observations),
          ],
        },
      ],
    ],
  });
}

const ROWS = quantiles(5);
const PART = optional(ROWS);
const DECOMPOSITION = {
  name: text,
  halo: text,
  observations: points,
  total: ROWS,
  parts: settings({ gas: PART, disc: PART, bulge: PART, halo: PART }),
};

/** A parameter of {@link cornerFigure}. */
export interface CornerParameter {
  /** Its name and unit, in the markup of labels. */
  readonly label: string;
  /** As many for every parameter. */
  readonly draws: ArrayLike<number>;
}

/**
 * A corner plot: on the diagonal the density of each parameter, below it the regions that hold 68 and 95 % of the draws of each pair, and some of
 * the draws. Lines mark the medians.
 *
 * @throws ArgumentError for no parameters, or fewer than 20 draws; ShapeError for lists that differ in length
 * @example
 * const draws = Array.from({ length: 100 }, (_, i) => (i * 37) % 100);
 * cornerFigure("A posterior", [{ label: "*a*", draws }, { label: "*b*", draws: draws.toReversed() }]) // "<svg …"
 */
export function cornerFigure(title: string, parameters: readonly CornerParameter[]): string {
  checkKind("cornerFigure", "title", title, "text", "write cornerFigure(title, parameters).");
  someOf(fields({ label: text, draws: list }))("cornerFigure", "parameters", parameters);
  const count = parameters[0].draws.length;
  if (count < 20) {
    throw new ArgumentError("cornerFigure", `got ${count} draws`, "pass 20 or more of each parameter.");
  }
  const axes = parameters.map(({ label, draws }, p): Axis => {
    requireNumbers("cornerFigure", `draws of parameter ${p}`, draws, { name: "the first", length: count });
    const sorted = Float64Array.from(draws).sort();
    // A few far draws would leave the rest no room.
    const at = (share: number): number => sorted[Math.round(share * (count - 1))];
    const [low, high] = [at(0.003), at(0.997)];
    const room = 0.12 * (high - low);
    return {
      label,
      scale: scale(Math.max(sorted[0], low) - room, Math.min(sorted[count - 1], high) + room, {
        nice: false,
        ticks: 3,
      }),
    };
  });
  const medians = parameters.map(({ draws }) => Float64Array.from(draws).sort()[count >> 1]);
  const rows = parameters.map((_, r) =>
    parameters.slice(0, r + 1).map((_, c): Panel => {
      const [x, y] = [axes[c].scale, axes[r].scale];
      if (c === r) return { marks: densityMarks(parameters[c].draws, x, medians[c]) };
      return { marks: pairMarks(parameters[c].draws, parameters[r].draws, x, y, [medians[c], medians[r]]) };
    }),
  );
  return drawFigure({
    title,
    description:
      `Marginal densities of ${parameters.length} parameters, and the regions of each pair that hold 68 and 95 % of ${count} ` +
      `draws. Medians: ${parameters.map(({ label }, p) => `${plain(label)} ${Number(medians[p].toPrecision(3))}`).join(", ")}.`,
    x: axes,
    // The first row has a density alone, on no axis of its own.
    y: axes.map((axis, r) =>
      r === 0 ? { label: "", scale: { ...axis.scale, ticks: [], minorTicks: [] } } : axis,
    ),
    rows,
    panelWidth: 118,
    panelHeight: 118,
    decimals: 1,
  });
}

/** Without the marks of markup. */
const plain = (label: string): string => label.replace(/[*{}^_]/g, "");

const BINS = 24;

/** Shares of draws in each of some bins, smoothed. */
function binned(places: readonly number[]): Float64Array {
  const counts = new Float64Array(BINS);
  for (const place of places) if (place >= 0 && place < 1) counts[Math.floor(place * BINS)]++;
  return smoothed(counts);
}

/** Each number with a quarter of its neighbours on either side, twice. */
function smoothed(counts: Float64Array): Float64Array {
  const once = counts.map((count, i) => (2 * count + (counts[i - 1] ?? 0) + (counts[i + 1] ?? 0)) / 4);
  return once.map((count, i) => (2 * count + (once[i - 1] ?? 0) + (once[i + 1] ?? 0)) / 4);
}

function valueAt({ from, to }: Scale, fraction: number): number {
  return from + fraction * (to - from);
}

/** A density that fills its panel, whatever the axis says there. */
function densityMarks(draws: ArrayLike<number>, axis: Scale, middle: number): Mark[] {
  const counts = binned(Array.from(draws, (value) => axis.at(value)));
  const most = extent([counts])[1];
  const x = Array.from(counts, (_, i) => valueAt(axis, (i + 0.5) / BINS));
  const high = Array.from(counts, (count) => valueAt(axis, (0.92 * count) / most));
  return [
    { kind: "band", x, low: x.map(() => axis.from), high, color: okabeIto.blue, opacity: 0.25 },
    { kind: "line", x, y: high, color: okabeIto.blue },
    medianLine([middle, middle], [axis.from, axis.to]),
  ];
}

function medianLine(x: readonly number[], y: readonly number[]): LineMark {
  return { kind: "line", x, y, color: okabeIto.vermillion, width: 1, dash: "3 3" };
}

function pairMarks(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  x: Scale,
  y: Scale,
  [middleX, middleY]: readonly [number, number],
): Mark[] {
  const grid = Array.from({ length: BINS }, () => new Float64Array(BINS));
  const shown: number[] = [];
  for (let i = 0; i < first.length; i++) {
    const [u, v] = [x.at(first[i]), y.at(second[i])];
    if (!(u >= 0 && u < 1 && v >= 0 && v < 1)) continue;
    grid[Math.floor(v * BINS)][Math.floor(u * BINS)]++;
    if (i % Math.ceil(first.length / MOST_POINTS) === 0) shown.push(i);
  }
  // Along one axis, then along the other.
  const across = grid.map(smoothed);
  const columns = Array.from({ length: BINS }, (_, c) =>
    smoothed(Float64Array.from(across, (row) => row[c])),
  );
  const density = across.map((_, r) => Float64Array.from(columns, (column) => column[r]));
  const sorted = Float64Array.from(density.flatMap((row) => [...row]))
    .sort()
    .reverse();
  const total = sorted.reduce((sum, value) => sum + value, 0);
  const levelOf = (share: number): number => {
    let [sum, i] = [0, 0];
    while (i < sorted.length - 1 && sum + sorted[i] < share * total) sum += sorted[i++];
    return sorted[i];
  };
  const regions = (
    [
      [0.95, 0.8],
      [0.68, 1.6],
    ] as const
  ).flatMap(([share, width]) =>
    contour(density, levelOf(share)).map(
      (line): Mark => ({
        kind: "line",
        x: line.map(([u]) => valueAt(x, u)),
        y: line.map(([, v]) => valueAt(y, v)),
        color: okabeIto.blue,
        width,
      }),
    ),
  );
  return [
    {
      kind: "points",
      x: shown.map((i) => first[i]),
      y: shown.map((i) => second[i]),
      color: "#a9cbe3",
      size: 1.6,
    },
    ...regions,
    medianLine([middleX, middleX], [y.from, y.to]),
    medianLine([x.from, x.to], [middleY, middleY]),
  ];
}

const MOST_POINTS = 150;

/** Lines of equal height, as fractions of both axes: marching squares over the middles of the bins, joined end to end. */
function contour(density: readonly Float64Array[], level: number): (readonly [number, number])[][] {
  const at = (r: number, c: number): number => density[r]?.[c] ?? 0;
  // Each edge of the lattice is crossed at most once: by a key, so that pieces find each other.
  const pieces: [a: string, b: string][] = [];
  const crossings = new Map<string, readonly [number, number]>();
  const cross = (r: number, c: number, down: boolean): string => {
    const key = `${r},${c},${down}`;
    const [from, to] = [at(r, c), down ? at(r + 1, c) : at(r, c + 1)];
    const t = (level - from) / (to - from);
    const within = (place: number): number => Math.min(1, Math.max(0, place / BINS));
    crossings.set(key, [within(c + 0.5 + (down ? 0 : t)), within(r + 0.5 + (down ? t : 0))]);
    return key;
  };
  for (let r = -1; r < BINS; r++) {
    for (let c = -1; c < BINS; c++) {
      const corners = [at(r, c), at(r, c + 1), at(r + 1, c + 1), at(r + 1, c)].map((value) => value > level);
      const edges: (() => string)[] = [
        () => cross(r, c, false),
        () => cross(r, c + 1, true),
        () => cross(r + 1, c, false),
        () => cross(r, c, true),
      ];
      const crossed = [0, 1, 2, 3].filter((e) => corners[e] !== corners[(e + 1) % 4]);
      // Of a saddle, the pieces cut off the corners that are high.
      const pairs =
        crossed.length === 4 && corners[0]
          ? [
              [3, 0],
              [1, 2],
            ]
          : crossed.length === 4
            ? [
                [0, 1],
                [2, 3],
              ]
            : crossed.length === 2
              ? [crossed]
              : [];
      for (const [a, b] of pairs) pieces.push([edges[a](), edges[b]()]);
    }
  }
  return joined(pieces).map((line) => line.map((key) => crossings.get(key)!));
}

/** Pieces in lines, end to end. */
function joined(pieces: readonly (readonly [string, string])[]): string[][] {
  const ends = new Map<string, Set<string>>();
  const link = (a: string, b: string): void => void (ends.get(a) ?? ends.set(a, new Set()).get(a)!).add(b);
  for (const [a, b] of pieces) {
    link(a, b);
    link(b, a);
  }
  const lines: string[][] = [];
  for (const start of ends.keys()) {
    const line = [start];
    for (let here = start; ; ) {
      const [next] = ends.get(here)!;
      if (next === undefined) break;
      ends.get(here)!.delete(next);
      ends.get(next)!.delete(here);
      line.push(next);
      here = next;
    }
    if (line.length > 1) lines.push(line);
  }
  return lines;
}

/** What {@link accelerationFigure} draws: of each point, m/s². */
export interface AccelerationOptions {
  /** That the visible mass alone would give. */
  readonly visible: ArrayLike<number>;
  /** That is observed. */
  readonly observed: ArrayLike<number>;
  /** How many galaxies these are of. */
  readonly galaxies: number;
  /** A relation of the two to draw, and its name. */
  readonly relation?: {
    /** What the legend calls it. */
    readonly label: string;
    /** What is observed where the visible mass gives this. */
    readonly at: (visible: number) => number;
  };
}

/**
 * The radial acceleration relation: what is observed against what gas and stars alone would give, both on log axes.
 *
 * @throws ArgumentError for no points, or values that are not above 0; ShapeError for lists that differ in length
 * @example accelerationFigure({ visible: [1e-11, 1e-10], observed: [4e-11, 1.6e-10], galaxies: 1 }) // "<svg …"
 */
export function accelerationFigure(options: AccelerationOptions): string {
  const aRelation = optional(fields({ label: text, at: callable }));
  const checks = { visible: list, observed: list, galaxies: number, relation: aRelation };
  checkSettings("accelerationFigure", options, checks);
  const { visible, observed, galaxies, relation } = options;
  requireNumbers("accelerationFigure", "visible", visible);
  requireNumbers("accelerationFigure", "observed", observed, { name: "visible", length: visible.length });
  const x = scale(...extent([visible]), { kind: "log", ticks: 6 });
  const line = Array.from({ length: 60 }, (_, i) => exp10(log10(x.from) + (i / 59) * log10(x.to / x.from)));
  const curve = relation === undefined ? line : line.map(relation.at);
  const y = scale(...extent([observed, line, curve]), { kind: "log", ticks: 6 });
  return drawFigure({
    title: "Radial acceleration relation",
    description:
      `${visible.length} points of ${galaxies} galaxies: the acceleration observed against the one that gas and stars alone would ` +
      `give; the dashed line is where both are equal${relation === undefined ? "" : `, the other one ${plain(relation.label)}`}.`,
    x: { label: "of gas and stars *g*_{bar} [m s^{−2}]", scale: x },
    y: { label: "observed *g*_{obs} [m s^{−2}]", scale: y },
    rows: [
      [
        {
          marks: [
            { kind: "points", x: visible, y: observed, color: "#7fb3d9", size: 2.4, label: "points" },
            { kind: "line", x: line, y: line, color: okabeIto.black, width: 1, dash: "5 3", label: "equal" },
            ...(relation === undefined
              ? []
              : [
                  {
                    kind: "line" as const,
                    x: line,
                    y: curve,
                    color: okabeIto.vermillion,
                    width: 2,
                    label: relation.label,
                  },
                ]),
          ],
        },
      ],
    ],
    panelHeight: 420,
    decimals: 1,
  });
}
