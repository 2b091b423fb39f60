/** The figure of curves that were sampled under wishes. */

import { checkSettings, listOf, number, numbers, optional, text } from "../basics/check.ts";
import { points as measuredPoints, requireGrowing, someOf } from "./check.ts";
import { drawFigure, type Mark } from "./figure.ts";
import type { ObservedPoints } from "./inference.ts";
import { okabeIto } from "./palette.ts";
import { scale } from "./scale.ts";

/** What {@link wishesFigure} draws. */
export interface WishesOptions {
  /** kpc, growing. */
  readonly radii: ArrayLike<number>;
  /** Curves from the same noise without the wishes, km/s, above 0. */
  readonly plain: readonly ArrayLike<number>[];
  /** Curves with the wishes, km/s, above 0. */
  readonly guided: readonly ArrayLike<number>[];
  /** The wishes in words, for the description: "flat=10". */
  readonly wishes: readonly string[];
  /** Curves were wished flat beyond this radius, kpc. */
  readonly flat?: number | undefined;
  /** Curves were wished fastest at this radius, kpc. */
  readonly peak?: number | undefined;
  /** Curves were wished near these points, kpc and km/s. */
  readonly points?: ObservedPoints | undefined;
}

/**
 * Guided curves over those that the same noise gives without the wishes, and what was wished.
 *
 * @throws as `figure`, for velocities that a log axis cannot show
 * @example
 * wishesFigure({ radii: [1, 10], plain: [[50, 90]], guided: [[80, 80]], wishes: ["flat=1"], flat: 1 }) // "<svg …"
 */
export function wishesFigure(options: WishesOptions): string {
  const where = "wishesFigure";
  checkSettings(where, options, {
    ...{ radii: numbers, plain: listOf(numbers), guided: someOf(numbers), wishes: listOf(text) },
    ...{ flat: optional(number), peak: optional(number), points: optional(measuredPoints) },
  });
  requireGrowing(where, "radii", options.radii);
  const { radii, plain, guided, wishes, flat, peak, points } = options;
  const all = [...plain, ...guided].map((curve) => Array.from(curve));
  const floor =
    0.8 * Math.min(...all.map((curve) => Math.min(...curve)), ...Array.from(points?.velocities ?? []));
  const top =
    1.2 * Math.max(...all.map((curve) => Math.max(...curve)), ...Array.from(points?.velocities ?? []));
  const lines = (
    curves: readonly ArrayLike<number>[],
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
  return drawFigure({
    title: "Rotation curves sampled under a wish",
    description: `${guided.length} curves sampled under ${wishes.join(", ")}, over ${plain.length} from the same noise without.`,
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
              label: wishes.length === 1 ? "with the wish" : "with the wishes",
            }),
            ...(flat === undefined ? [] : [upright(flat, "2 3", `flat beyond ${flat} kpc`)]),
            ...(peak === undefined ? [] : [upright(peak, "5 3", `fastest at ${peak} kpc`)]),
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
