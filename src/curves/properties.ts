/** What posterior curves tell of a galaxy by themselves, without a fit of its parts. */

import { GRAVITATIONAL_CONSTANT } from "../galaxy/index.ts";
import { exp, log } from "../kernels/math.ts";
import type { Model } from "./model.ts";
import { checkFitted, checkPosterior, INTERVAL_SHARES, type Posterior, quantiles } from "./posterior.ts";

/** Greatest velocity [km/s], the radius where it is reached [kpc], and the mass of a sphere that holds the orbit of the last point [M☉]. */
export type CurveProperty = "peakVelocity" | "peakRadius" | "enclosedMass";

/**
 * Quantiles of each property, of {@link INTERVAL_SHARES}. A curve that rises to its end peaks at the model's last radius.
 *
 * @example
 * const random = new Random(0);
 * const galaxies = finish(generatePopulation({ count: 100, random }));
 * const { model } = finish(trainModel(galaxies, { network: "residual", batches: 20, random }));
 * const galaxy = parseObservations("radius,velocity,error\n2,95,15\n8,140,15", "galaxy.csv");
 * const [posterior] = finish(inferCurves(model, [galaxy], { random, bank: 2000, chains: 8, transitions: 8 }));
 * propertiesOf(model, posterior).peakVelocity[3]; // the median, km/s
 */
export function propertiesOf(
  model: Pick<Model, "radii">,
  posterior: Posterior,
): Readonly<Record<CurveProperty, number[]>> {
  checkFitted("propertiesOf", model);
  checkPosterior("propertiesOf", posterior, "curves");
  const { radii } = model;
  const { curves, points, velocitiesAt, effectiveCount } = posterior;
  const peaks = curves.map((curve) => peakOf(radii, curve));
  const last = points.radii.reduce((greatest, radius) => Math.max(greatest, radius), 0);
  const told = (values: number[]): number[] => quantiles(values, INTERVAL_SHARES, effectiveCount);
  return {
    peakVelocity: told(peaks.map(({ velocity }) => velocity)),
    peakRadius: told(peaks.map(({ radius }) => radius)),
    enclosedMass: told(velocitiesAt([last]).map(([v]) => (v * v * last) / GRAVITATIONAL_CONSTANT)),
  };
}

/** The top of a parabola in ln R through the greatest velocity and its neighbours. */
function peakOf(radii: Float64Array, curve: Float64Array): { radius: number; velocity: number } {
  const i = curve.reduce((best, velocity, j) => (velocity > curve[best] ? j : best), 0);
  if (i === 0 || i === curve.length - 1) return { radius: radii[i], velocity: curve[i] };
  const [a, b] = [log(radii[i - 1] / radii[i]), log(radii[i + 1] / radii[i])];
  const [left, right] = [(curve[i - 1] - curve[i]) / a, (curve[i + 1] - curve[i]) / b];
  const bend = (right - left) / (b - a);
  const slope = left - bend * a;
  // Level with a neighbour on both sides: there is no top but the point itself.
  if (!(bend < 0)) return { radius: radii[i], velocity: curve[i] };
  const top = -slope / (2 * bend);
  return {
    radius: radii[i] * exp(top),
    velocity: curve[i] + (slope * top) / 2,
  };
}
