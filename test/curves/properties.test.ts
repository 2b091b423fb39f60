/** What a posterior tells of its galaxy beside the curve: where it is fastest, and the mass within its last point. */

import { expect, it } from "vitest";
import { type Posterior, propertiesOf } from "../../src/curves/index.ts";
import { ArgumentError } from "../../src/index.ts";

const radii = Float64Array.from({ length: 30 }, (_, i) => 0.5 * 1.2 ** i);
/** Curves that are parabolas in ln R: fastest at a radius, where they are so fast. */
const parabola = (peak: number, velocity: number) =>
  radii.map((r) => velocity - 20 * Math.log(r / peak) ** 2);
const propertiesOfCurves = (curves: readonly Float64Array[], last = 10) => {
  const points = { radii: [last, 2], velocities: [100, 90], errors: [5, 5] };
  const velocitiesAt = (at: ArrayLike<number>) => curves.map(() => Float64Array.from(at, (r) => 10 * r));
  const posterior = { curves, points, velocitiesAt, effectiveCount: 1000 };
  return propertiesOf({ radii }, posterior as unknown as Posterior);
};

it.each([4, 7.3, 11, 20])("the peak of a curve is found between its radii: at %d kpc", (peak) => {
  const { peakRadius, peakVelocity } = propertiesOfCurves([parabola(peak, 180)]);
  for (const radius of peakRadius) expect(radius).toBeCloseTo(peak, 9);
  for (const velocity of peakVelocity) expect(velocity).toBeCloseTo(180, 9);
});

it("a curve that rises or falls all the way, or is level at its top, is fastest at a radius of its own", () => {
  const [first, last] = [radii[0], radii[radii.length - 1]];
  const level = radii.map((_, i) => Math.min(100, 10 * i));
  const tops = radii.map((_, i) => (i === 12 || i === 13 ? 100 : 50));
  for (const [curve, radius, velocity] of [
    [radii.map((r) => r), last, last],
    [radii.map((r) => 100 - r), first, 100 - first],
    [radii.map(() => 90), first, 90],
  ] as const) {
    const { peakRadius, peakVelocity } = propertiesOfCurves([curve]);
    expect([peakRadius[3], peakVelocity[3]]).toEqual([radius, velocity]);
  }
  expect(propertiesOfCurves([level]).peakVelocity[3]).toBeGreaterThanOrEqual(100);
  // Between two equal tops, the parabola's is in the middle of ln R.
  expect(propertiesOfCurves([tops]).peakRadius[3]).toBeCloseTo(Math.sqrt(radii[12] * radii[13]), 9);
});

it("each is told in seven quantiles, and the mass is that of a sphere within the last point", () => {
  const peaks = Array.from({ length: 201 }, (_, i) => 5 + i / 100);
  const { peakRadius, enclosedMass } = propertiesOfCurves(peaks.map((peak) => parabola(peak, 150)));
  expect(peakRadius).toHaveLength(7);
  expect(peakRadius[3]).toBeCloseTo(6, 6);
  for (let i = 1; i < 7; i++) expect(peakRadius[i]).toBeGreaterThan(peakRadius[i - 1]);
  // v² R / G, with G in kpc (km/s)² per solar mass.
  for (const mass of enclosedMass) expect(mass).toBeCloseTo((100 ** 2 * 10) / 4.301e-6, -3);
});

it("a posterior that is none is refused", () => {
  expect(() => propertiesOf({ radii }, {} as never)).toThrow(ArgumentError);
  expect(() => propertiesOf({} as never, {} as never)).toThrow(/^propertiesOf: /);
});
