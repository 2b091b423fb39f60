/** Samples as wished: the wishes of `halograd sample --guide`, how near the samples come to them, and the figure of both. */

import { noGrad } from "../autograd/tape.ts";
import { tensor } from "../autograd/tensor.ts";
import type { Guide } from "../cli/guide-names.ts";
import {
  type Denoiser,
  flatWish,
  functionGuidedDenoiser,
  LogPrincipalComponents,
  peakWish,
  pointsWish,
  type Wishes,
} from "../diffusion/index.ts";
import { type Observations, parseObservations } from "../io/index.ts";
import { median } from "../metrics/index.ts";
import { readTextFile } from "../node/files.ts";
import { concat } from "../ops/joining.ts";
import { figure, type Mark, okabeIto, scale } from "../plot/index.ts";
import { ArgumentError, FormatError } from "../tensor/errors.ts";
import type { Model } from "./model.ts";

/** A wish of the command line. */
interface NamedWish {
  /** As it was given: "flat=10". */
  readonly name: string;
  readonly wishes: Wishes;
  /** What a tolerance is that was multiplied by a number. */
  tolerance(times: number): string;
}

/** All wishes of a command line. */
export interface WishList {
  readonly list: readonly NamedWish[];
  readonly guide: Guide;
  /** Those of `points`. */
  readonly points: Observations | undefined;
}

/**
 * Reads the wishes, with the file of points.
 *
 * @throws FormatError, FileError, ArgumentError for a file or a radius that does not go with the model's radii, and for
 *   the post's network, whose guesses do not know the amount of noise
 */
export function readWishes({ radii, standardization }: Model, path: string, guide: Guide): WishList {
  if (!(standardization instanceof LogPrincipalComponents)) {
    throw new FormatError(
      path,
      "this model's network is not told the amount of noise, and --guide needs to know what its guesses are worth",
      "train one: halograd run --network residual --count 12500",
    );
  }
  const list: NamedWish[] = [];
  const [first, last] = [radii[0], radii[radii.length - 1]];
  const range = `the model's radii, ${short(first)} to ${short(last)} kpc`;
  if (guide.flat !== undefined) {
    const greatest = radii[radii.length - 2];
    if (guide.flat > greatest) refuse(`flat=${guide.flat}`, `from there on there is no curve in ${range}`);
    list.push({
      name: `flat=${guide.flat}`,
      wishes: flatWish(radii, guide.flat),
      tolerance: (times) => `${short(times)} % rms about the mean of ln v`,
    });
  }
  if (guide.peak !== undefined) {
    if (!(guide.peak >= first && guide.peak <= last))
      refuse(`peak=${guide.peak}`, `it is outside of ${range}`);
    list.push({
      name: `peak=${guide.peak}`,
      wishes: peakWish(radii, guide.peak),
      tolerance: (times) => `${short(10 * times)} % of the radius`,
    });
  }
  const points = guide.points === undefined ? undefined : readPoints(guide.points, radii, range);
  if (points !== undefined) {
    const { radii: positions, velocities: values, errors } = points;
    const wishes = pointsWish(radii, { positions, values, errors });
    const tolerance = (times: number): string =>
      `${times === 1 ? "" : `${short(times)} times `}the error of a point`;
    list.push({ name: `points=${guide.points}`, wishes, tolerance });
  }
  return { list, guide, points };
}

function readPoints(file: string, radii: Float64Array, range: string): Observations {
  const points = parseObservations(readTextFile(file), file);
  const [first, last] = [radii[0], radii[radii.length - 1]];
  const outside = points.radii.findIndex((radius) => radius < first || radius > last);
  if (outside >= 0) {
    throw new FormatError(
      file,
      `it has a point at ${points.radii[outside]} kpc, outside of ${range}`,
      "leave it out",
    );
  }
  const slow = points.velocities.findIndex((velocity) => !(velocity > 0));
  if (slow >= 0) {
    throw new FormatError(
      file,
      `the velocity at ${points.radii[slow]} kpc is ${points.velocities[slow]} km/s, and the model's are above 0`,
      "leave the point out, or correct it",
    );
  }
  return points;
}

function refuse(wish: string, problem: string): never {
  throw new ArgumentError(`--guide ${wish}`, problem, "give a radius within");
}

/** The denoiser, leaning towards all wishes; `tolerance` multiplies their tolerances. */
export function wishingDenoiser(
  denoiser: Denoiser,
  { standardization }: Model,
  { list }: WishList,
  tolerance: number,
): Denoiser {
  const representation = standardization as LogPrincipalComponents;
  return functionGuidedDenoiser(
    denoiser,
    (state) => {
      const curves = representation.decode(state);
      return concat(
        list.map(({ wishes }) => wishes(curves)),
        1,
      );
    },
    { scale: 1 / (tolerance * tolerance) },
  );
}

/** How far curves are from each wish, in tolerances as they were multiplied: median over the curves. */
export function measureWishes(
  { list }: WishList,
  curves: readonly Float64Array[],
  tolerance: number,
): { wish: string; medianOff: number }[] {
  const flat = Float64Array.from(curves.flatMap((curve) => [...curve]));
  const rows = tensor(flat, [curves.length, curves[0].length]);
  return list.map(({ name, wishes }) => {
    const squares = noGrad(() => wishes(rows).square().mean(1)).toTypedArray();
    return { wish: name, medianOff: median(Array.from(squares, Math.sqrt)) / tolerance };
  });
}

/** A line for each wish. */
export function describeWishes(
  { list }: WishList,
  measured: readonly { medianOff: number }[],
  tolerance: number,
): string[] {
  return list.map(({ name, tolerance: describe }, i) => {
    const { medianOff } = measured[i];
    const far = medianOff > FAR ? ": the model knows hardly any curve like that" : "";
    return `${name}: off by ${medianOff.toFixed(2)} tolerances in the median (one is ${describe(tolerance)})${far}`;
  });
}

/** Tolerances beyond which half the samples are not what was wished. */
const FAR = 3;

/** Guided curves over those that the same noise gives without the wishes, and what was wished. */
export function guidedFigure(
  { radii }: Model,
  { list, guide, points }: WishList,
  plain: readonly Float64Array[],
  guided: readonly Float64Array[],
): string {
  const all = [...plain, ...guided];
  const floor = 0.8 * Math.min(...all.map((curve) => Math.min(...curve)), ...(points?.velocities ?? []));
  const top = 1.2 * Math.max(...all.map((curve) => Math.max(...curve)), ...(points?.velocities ?? []));
  const lines = (
    curves: readonly Float64Array[],
    style: { color: string; opacity: number; label: string },
  ): Mark[] => curves.map((y) => ({ kind: "line", x: radii, y, width: 1.1, ...style }));
  const upright = (radius: number, dash: string, label: string): Mark => ({
    kind: "line",
    x: [radius, radius],
    y: [floor, top],
    color: okabeIto.black,
    width: 1,
    dash,
    label,
  });
  const bars = Array.from(points?.radii ?? [], (radius, i): Mark => {
    const { velocities, errors } = points!;
    const low = Math.max(floor, velocities[i] - errors[i]);
    return {
      kind: "line",
      x: [radius, radius],
      y: [low, Math.min(top, velocities[i] + errors[i])],
      color: okabeIto.black,
      width: 1,
    };
  });
  return figure({
    title: "Rotation curves sampled under a wish",
    description: `${guided.length} curves sampled under ${list.map(({ name }) => name).join(", ")}, over ${plain.length} from the same noise without.`,
    x: {
      label: "Radius *R* [kpc]",
      scale: scale(radii[0], radii[radii.length - 1], { kind: "log", nice: false }),
    },
    y: { label: "Circular velocity *v* [km s^{−1}]", scale: scale(floor, top, { kind: "log", nice: false }) },
    rows: [
      [
        {
          marks: [
            ...lines(plain, { color: "#999999", opacity: 0.45, label: "without" }),
            ...lines(guided, {
              color: okabeIto.vermillion,
              opacity: 0.8,
              label: list.length === 1 ? "with the wish" : "with the wishes",
            }),
            ...(guide.flat === undefined
              ? []
              : [upright(guide.flat, "2 3", `flat beyond ${guide.flat} kpc`)]),
            ...(guide.peak === undefined ? [] : [upright(guide.peak, "5 3", `fastest at ${guide.peak} kpc`)]),
            ...bars,
            ...(points === undefined
              ? []
              : [
                  {
                    kind: "points",
                    x: points.radii,
                    y: points.velocities,
                    color: okabeIto.black,
                    size: 6,
                    label: "wished points",
                  } as const,
                ]),
          ],
        },
      ],
    ],
    decimals: 1,
  });
}

const short = (value: number): string => String(Number(value.toPrecision(3)));
