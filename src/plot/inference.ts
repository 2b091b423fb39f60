/** Figures of posterior curves: bands of 50, 68 and 95 % around the median, and the observed points with their errors. */

import { checkCount, fields, numbers, optional, text } from "../basics/check.ts";
import { ShapeError } from "../basics/errors.ts";
import { points, quantiles, requireGrowing, someOf } from "./check.ts";
import { type BandMark, drawFigure, type Mark, type Panel } from "./figure.ts";
import { okabeIto } from "./palette.ts";
import { scale } from "./scale.ts";
import { asMarkup } from "./svg.ts";

/** A measured rotation curve. */
export interface ObservedPoints {
  /** kpc */
  readonly radii: ArrayLike<number>;
  /** km/s */
  readonly velocities: ArrayLike<number>;
  /** Standard errors, km/s. */
  readonly errors: ArrayLike<number>;
}

/** A galaxy and its posterior, as {@link inferenceFigure} draws it. */
export interface InferredGalaxy {
  /** Its title; may be empty. */
  readonly name: string;
  /** kpc, growing. */
  readonly radii: ArrayLike<number>;
  /** Velocities at 2.5, 16, 25, 50, 75, 84 and 97.5 %, km/s, [radii][7]. */
  readonly intervals: readonly (readonly number[])[];
  /** Points that the posterior is conditioned on. */
  readonly observations: ObservedPoints;
  /** Points that the posterior is not conditioned on. */
  readonly heldOut?: ObservedPoints;
}

/**
 * One galaxy, velocities in km/s.
 *
 * @throws as `figure`
 * @example
 * const observations = { radii: [5], velocities: [120], errors: [9] };
 * const intervals = [40, 90].map((v) => [0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.3].map((share) => share * v));
 * inferenceFigure({ name: "", radii: [1, 10], intervals, observations }) // "<svg …"
 */
export function inferenceFigure(galaxy: InferredGalaxy): string {
  requireGalaxy("inferenceFigure", "galaxy", galaxy);
  const { name, radii, observations } = galaxy;
  const [marks, fastest] = [marksOf(galaxy, 1), fastestOf(galaxy)];
  return drawFigure({
    title: `Rotation curve inferred from observations${name === "" ? "" : ` of ${name}`}`,
    description:
      `${observations.radii.length} observed points with their errors, and the intervals that hold 50, 68 and 95 % ` +
      "of the posterior's curves.",
    x: {
      label: "Radius *R* [kpc]",
      scale: scale(radii[0], radii[radii.length - 1], { kind: "log", nice: false, ticks: 7 }),
    },
    y: { label: "Circular velocity *v* [km s^{−1}]", scale: scale(0, fastest) },
    rows: [[{ ...(name !== "" && { title: asMarkup(name) }), marks }]],
  });
}

/**
 * Many galaxies on the same axes, each in units of its fastest observed velocity, which stands in its title.
 *
 * @param columns of panels
 * @throws as `figure`
 * @example
 * const observations = { radii: [5], velocities: [120], errors: [9] };
 * const intervals = [40, 90].map((v) => [0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.3].map((share) => share * v));
 * const galaxies = ["NGC 1", "NGC 2"].map((name) => ({ name, radii: [1, 10], intervals, observations }));
 * inferredGalaxiesFigure(galaxies, 2) // "<svg …"
 */
export function inferredGalaxiesFigure(galaxies: readonly InferredGalaxy[], columns: number): string {
  someOf(requireGalaxy)("inferredGalaxiesFigure", "galaxies", galaxies);
  checkCount("inferredGalaxiesFigure", "columns", columns);
  const panels = galaxies.map((galaxy): Panel => {
    const unit = fastestPoint(galaxy);
    return {
      title: `${asMarkup(galaxy.name)}: ${unit.toFixed(0)} km s^{−1}`,
      marks: marksOf(galaxy, unit, TALLEST),
    };
  });
  const rows = Array.from({ length: Math.ceil(panels.length / columns) }, (_, r) =>
    panels.slice(r * columns, (r + 1) * columns),
  );
  const [{ radii }] = galaxies;
  return drawFigure({
    title: `Rotation curves of ${galaxies.length} galaxies inferred from some of their points`,
    description:
      "Observed points, points held out, and the intervals that hold 50, 68 and 95 % of the posterior's curves; " +
      "velocities in units of each galaxy's fastest point.",
    x: {
      label: "Radius *R* [kpc]",
      scale: scale(radii[0], radii[radii.length - 1], { kind: "log", nice: false, ticks: 4 }),
    },
    y: { label: "Circular velocity over the fastest observed", scale: scale(0, TALLEST, { nice: false }) },
    rows,
    panelWidth: 230,
    panelHeight: 170,
    decimals: 1,
  });
}

/** Of an axis in units of the fastest point: higher parts of bands are cut off. */
const TALLEST = 1.65;

/**
 * Bands within which 95, 68 and 50 % of curves lie, to be drawn in this order.
 *
 * @param radii of the intervals, kpc
 * @param intervals at each radius the quantiles of {@link InferredGalaxy}: the lower ends of 95, 68 and 50 %, the median, the upper ends
 * @example intervalBands([1], [[1, 2, 3, 4, 5, 6, 7]]).map(({ label }) => label); // ["95 %", "68 %", "50 % of curves"]
 */
export function intervalBands(
  radii: ArrayLike<number>,
  intervals: readonly (readonly number[])[],
): BandMark[] {
  requireIntervals("intervalBands", "intervals", { radii, intervals });
  const at = (share: number): number[] => intervals.map((velocities) => velocities[share]);
  const band = (low: number, high: number, opacity: number, label: string): BandMark => ({
    kind: "band",
    x: radii,
    low: at(low),
    high: at(high),
    color: okabeIto.blue,
    opacity,
    label,
  });
  return [band(0, 6, 0.14, "95 %"), band(1, 5, 0.2, "68 %"), band(2, 4, 0.26, "50 % of curves")];
}

const QUANTILES = quantiles(7);
const GALAXY = fields({
  name: text,
  radii: numbers,
  intervals: QUANTILES,
  observations: points,
  heldOut: optional(points),
});

function requireGalaxy(where: string, name: string, value: unknown): asserts value is InferredGalaxy {
  GALAXY(where, name, value);
  const galaxy = value as InferredGalaxy;
  requireGrowing(where, `${name}.radii`, galaxy.radii);
  requireIntervals(where, `${name}.intervals`, galaxy);
}

/** @throws ArgumentError or ShapeError for what are not seven quantiles at each radius */
function requireIntervals(
  where: string,
  name: string,
  { radii, intervals }: Pick<InferredGalaxy, "radii" | "intervals">,
): void {
  numbers(where, "radii", radii);
  QUANTILES(where, name, intervals);
  if (intervals.length === radii.length) return;
  throw new ShapeError(
    where,
    `${name} are of ${intervals.length} radii, not of ${radii.length}`,
    "pass a row for each radius.",
  );
}

function marksOf(galaxy: InferredGalaxy, unit: number, most = Infinity): Mark[] {
  const { radii, intervals, observations, heldOut } = galaxy;
  const shown = intervals.map((velocities) => velocities.map((v) => Math.min(most, v / unit)));
  return [
    ...intervalBands(radii, shown),
    { kind: "line", x: radii, y: shown.map((v) => v[3]), color: okabeIto.blue, label: "median" },
    ...observedMarks(observations, { unit, most }),
    ...(heldOut === undefined
      ? []
      : observedMarks(heldOut, { unit, most, color: okabeIto.vermillion, label: "held out", hollow: true })),
  ];
}

/** Points with their errors as bars. Velocities are drawn over `unit`, from 0 to `most`. */
export function observedMarks(
  { radii, velocities, errors }: ObservedPoints,
  {
    unit = 1,
    most = Infinity,
    color = okabeIto.black as string,
    label = "observed",
    hollow = false,
  }: { unit?: number; most?: number; color?: string; label?: string; hollow?: boolean } = {},
): Mark[] {
  const within = (velocity: number): number => Math.min(most, Math.max(0, velocity / unit));
  const bars = Array.from(radii, (radius, i): Mark => {
    const ends = [velocities[i] - errors[i], velocities[i] + errors[i]].map(within);
    return { kind: "line", x: [radius, radius], y: ends, color, width: 1 };
  });
  const y = Array.from(velocities, within);
  return [...bars, { kind: "points", x: radii, y, color, size: unit === 1 ? 5 : 4, hollow, label }];
}

function fastestPoint({ observations, heldOut }: InferredGalaxy): number {
  return Math.max(...Array.from(observations.velocities), ...Array.from(heldOut?.velocities ?? []));
}

function fastestOf(galaxy: InferredGalaxy): number {
  const { observations, intervals } = galaxy;
  const tops = Array.from(observations.velocities, (velocity, i) => velocity + observations.errors[i]);
  return 1.03 * Math.max(...tops, ...intervals.map((velocities) => velocities[6]));
}
