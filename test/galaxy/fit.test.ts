/** The fit gives back the galaxy that made a curve, says how sure it is, and refuses what it cannot fit. */
import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { Random } from "../../src/basics/random.ts";
import { discShape, discShapeSlope } from "../../src/galaxy/bessel.ts";
import {
  FIT_BOUNDS,
  FIT_PARAMETERS,
  fitGalaxy,
  type GalaxyParameters,
  logSpacedRadii,
  rotationCurves,
  STANDARD_COSMOLOGY,
  samplePopulation,
} from "../../src/galaxy/index.ts";
import { messagesOf } from "../messages.ts";
import { logUniform, relativeError } from "./helpers.ts";

const any = (value: unknown): never => value as never;

const galaxy: GalaxyParameters = {
  discMass: 5e10,
  discScaleLength: 3,
  haloMass: 1e12,
  concentration: 8,
};
const radii = logSpacedRadii();
const curve = rotationCurves([galaxy], radii).velocities;
const noisy = (random: Random, errors: ArrayLike<number>): Float64Array =>
  curve.map((velocity, i) => velocity + random.normal(0, errors[i]));

describe("A noise-free curve", () => {
  property.prop([fc.integer({ min: 0, max: 1e6 })], { numRuns: 200 })(
    "gives back the galaxy that made it, wherever its disc ends within the radii",
    (seed) => {
      const [made] = samplePopulation({ count: 1, random: new Random(seed) });
      fc.pre(made.discScaleLength < 15);
      const fit = fitGalaxy(radii, rotationCurves([made], radii).velocities);
      expect(fit.converged).toBe(true);
      expect(fit.atBounds).toEqual([]);
      expect(fit.residual).toBeLessThan(1e-7);
      for (const name of FIT_PARAMETERS)
        expect(relativeError(fit.galaxy[name], made[name])).toBeLessThan(1e-6);
    },
  );

  property.prop([fc.integer({ min: 0, max: 1e6 })])("is met at any radii, in any order", (seed) => {
    const random = new Random(seed);
    const scattered = Array.from({ length: 8 + random.integer(20) }, () => 0.1 * 400 ** random.uniform());
    const list = random.shuffle([0.3, 3, 6, 9, 30, ...scattered]);
    const { velocities } = rotationCurves([galaxy], list);
    const fit = fitGalaxy(list, velocities);
    expect(fit.residual).toBeLessThan(1e-6);
    expect(relativeError(fit.galaxy.discMass, galaxy.discMass)).toBeLessThan(1e-4);
  });

  test("may begin at the centre, where every galaxy stands still", () => {
    const fit = fitGalaxy([0, ...radii], [0, ...curve]);
    expect(fit.velocities[0]).toBe(0);
    expect(fit.galaxy.discScaleLength).toBeCloseTo(3, 8);
  });
});

describe("Errors", () => {
  test("weigh: a point with a hundred times the error may be wrong by as much", () => {
    const errors = Array.from(radii, (_, i) => (i === 30 ? 1e6 : 1));
    const wrong = curve.map((velocity, i) => (i === 30 ? velocity + 100 : velocity));
    const fit = fitGalaxy(radii, wrong, { errors });
    for (const name of FIT_PARAMETERS)
      expect(relativeError(fit.galaxy[name], galaxy[name])).toBeLessThan(1e-6);
    expect(fit.residual).toBeCloseTo(100 / Math.sqrt(50), 4);
  });

  test("give a χ² of the degrees of freedom, and a covariance that the fits of many noisy curves have", () => {
    const errors = Array.from(radii, (radius) => 1 + radius / 25);
    const random = new Random(1);
    const fits = Array.from({ length: 400 }, () => fitGalaxy(radii, noisy(random, errors), { errors }));
    const chiSquared = fits.reduce((sum, fit) => sum + fit.chiSquared, 0) / fits.length;
    expect(Math.abs(chiSquared - 46)).toBeLessThan((4 * Math.sqrt(2 * 46)) / 20);
    const told = fitGalaxy(radii, curve, { errors }).covariance!;
    const offsets = fits.map((fit) =>
      FIT_PARAMETERS.map((name) => Math.log10(fit.galaxy[name] / galaxy[name])),
    );
    for (let p = 0; p < 4; p++) {
      for (let q = 0; q < 4; q++) {
        const seen = offsets.reduce((sum, offset) => sum + offset[p] * offset[q], 0) / offsets.length;
        const scale = Math.sqrt(told[5 * p] * told[5 * q]);
        expect(Math.abs(seen - told[4 * p + q]) / scale).toBeLessThan(4 * Math.sqrt(2 / 400));
      }
    }
  });

  test("that are not given are estimated from the residuals", () => {
    const errors = new Float64Array(50).fill(3);
    const velocities = noisy(new Random(2), errors);
    const known = fitGalaxy(radii, velocities, { errors });
    const unknown = fitGalaxy(radii, velocities);
    // Rounding moves the point at which χ² no longer falls.
    expect(unknown.galaxy.haloMass / known.galaxy.haloMass).toBeCloseTo(1, 5);
    const ratio = unknown.covariance![0] / known.covariance![0];
    expect(ratio).toBeCloseTo(unknown.chiSquared / 46 / 9, 5);
  });
});

describe("Curves that no galaxy has", () => {
  test("keep a residual: wiggles of 5 km/s stay to nearly their whole size", () => {
    const wiggly = curve.map((velocity, i) => velocity + (i % 2 === 0 ? 5 : -5));
    const { residual } = fitGalaxy(radii, wiggly);
    expect(residual).toBeGreaterThan(4.7);
    expect(residual).toBeLessThan(5);
  });

  property.prop([fc.integer({ min: 0, max: 1e6 })], { numRuns: 30 })(
    "are fitted within the bounds, whatever they are",
    (seed) => {
      const random = new Random(seed);
      const velocities = radii.map(() => random.uniform(-300, 600));
      const fit = fitGalaxy(radii, velocities);
      for (const name of FIT_PARAMETERS) {
        const [least, greatest] = FIT_BOUNDS[name];
        expect(fit.galaxy[name]).toBeGreaterThanOrEqual(least * (1 - 1e-12));
        expect(fit.galaxy[name]).toBeLessThanOrEqual(greatest * (1 + 1e-12));
      }
      const still = velocities.reduce((total, velocity) => total + velocity * velocity, 0);
      expect(fit.chiSquared).toBeLessThan(still);
    },
  );

  test("of velocity 0 end at the bounds, and say so", () => {
    const fit = fitGalaxy(radii, new Float64Array(50));
    expect(fit.atBounds).toContain("discMass");
    expect(fit.atBounds).toContain("haloMass");
    expect(fit.residual).toBeLessThan(2);
  });
});

describe("Bounds", () => {
  test("hold a parameter, whose rows of the covariance are then NaN", () => {
    const fit = fitGalaxy(radii, curve, { bounds: { concentration: [10, 20] } });
    expect(fit.atBounds).toEqual(["concentration"]);
    expect(fit.galaxy.concentration).toBeCloseTo(10, 10);
    expect(fit.converged).toBe(true);
    const { covariance } = fit;
    for (let p = 0; p < 4; p++) expect(covariance![12 + p]).toBeNaN();
    for (let p = 0; p < 3; p++) expect(covariance![5 * p]).toBeGreaterThan(0);
  });

  test("and four radii leave no freedom to estimate errors from", () => {
    const four = [0.5, 3, 10, 40];
    const { velocities } = rotationCurves([galaxy], four);
    expect(fitGalaxy(four, velocities).covariance).toBeNull();
    expect(fitGalaxy(four, velocities, { errors: [1, 1, 1, 1] }).covariance).not.toBeNull();
  });
});

test("What cannot be fitted is refused, with what is wrong and why", () => {
  const five = [1, 2, 3, 4, 5];
  const bounds = (haloMass: unknown) => () => fitGalaxy(five, five, { bounds: { haloMass: any(haloMass) } });
  const cosmology = (changes: object) => () =>
    fitGalaxy(five, five, { cosmology: { ...STANDARD_COSMOLOGY, ...changes } });
  expect(
    messagesOf({
      "one radius": () => fitGalaxy(any(1), five),
      "three radii": () => fitGalaxy([1, 2, 3], [1, 2, 3]),
      "no velocities": () => fitGalaxy(five, any(undefined)),
      "too few velocities": () => fitGalaxy(five, [1, 2, 3, 4]),
      "one error": () => fitGalaxy(five, five, { errors: any(1) }),
      "too few errors": () => fitGalaxy(five, five, { errors: [1] }),
      "a radius without end": () => fitGalaxy([1, 2, 3, 4, Infinity], five),
      "a velocity that is none": () => fitGalaxy(five, [1, 2, Number.NaN, 4, 5]),
      "an error that is none": () => fitGalaxy(five, five, { errors: [1, 1, 1, Number.NaN, 1] }),
      "a radius below 0": () => fitGalaxy([-1, 2, 3, 4, 5], five),
      "an error of 0": () => fitGalaxy(five, five, { errors: [1, 0, 1, 1, 1] }),
      "bounds of no parameter": () => fitGalaxy(five, five, { bounds: any({ mass: [1, 2] }) }),
      "one bound": bounds(1e12),
      "bounds in the wrong order": bounds([2, 1]),
      "bounds that are one": bounds([2, 2]),
      "a bound of 0": bounds([0, 1]),
      "a bound without end": bounds([1, Infinity]),
      "bounds of text": bounds(["1", "2"]),
      "an option that a fit has not": () => fitGalaxy(five, five, any({ error: five })),
      "a universe that does not grow": cosmology({ hubbleConstant: 0 }),
      "haloes of no density": cosmology({ overdensity: Number.NaN }),
      "a universe that is none": () => fitGalaxy(five, five, { cosmology: any(null) }),
    }),
  ).toMatchInlineSnapshot(`
    "
    one radius
      ArgumentError: fitGalaxy: radii are a list of numbers; got the number 1.
      Fix: give fitGalaxy(radii, velocities), of one galaxy.
    three radii
      ArgumentError: fitGalaxy: got 3 radii, but four parameters need four or more
      Fix: pass a longer curve.
    no velocities
      ArgumentError: fitGalaxy: velocities are a list of numbers; got undefined.
      Fix: give one for each radius.
    too few velocities
      ShapeError: fitGalaxy: got 4 velocities for 5 radii
      Fix: pass one for each radius.
    one error
      ArgumentError: fitGalaxy: errors are a list of numbers; got the number 1.
      Fix: give one for each radius.
    too few errors
      ShapeError: fitGalaxy: got 1 errors for 5 radii
      Fix: pass one for each radius.
    a radius without end
      ArgumentError: fitGalaxy: radii[4] is Infinity, not a finite number
      Fix: leave it out.
    a velocity that is none
      ArgumentError: fitGalaxy: velocities[2] is NaN, not a finite number
      Fix: leave it out.
    an error that is none
      ArgumentError: fitGalaxy: errors[3] is NaN, not a finite number
      Fix: leave it out.
    a radius below 0
      ArgumentError: fitGalaxy: radii[0] is -1 kpc, below 0
      Fix: leave that point out, or correct it.
    an error of 0
      ArgumentError: fitGalaxy: errors[1] is 0, not above 0
      Fix: leave that point out, or correct it.
    bounds of no parameter
      ArgumentError: fitGalaxy.bounds: there is no option "mass".
      Fix: the options are discMass, discScaleLength, haloMass, concentration.
    one bound
      ArgumentError: fitGalaxy: bounds of haloMass are a list of numbers; got the number 1000000000000.
      Fix: give [least, greatest].
    bounds in the wrong order
      ArgumentError: fitGalaxy: the bounds of haloMass are 2 and 1, but finite 0 < least < greatest must hold
      Fix: leave them out for 6 to 17 in log10.
    bounds that are one
      ArgumentError: fitGalaxy: the bounds of haloMass are 2 and 2, but finite 0 < least < greatest must hold
      Fix: leave them out for 6 to 17 in log10.
    a bound of 0
      ArgumentError: fitGalaxy: the bounds of haloMass are 0 and 1, but finite 0 < least < greatest must hold
      Fix: leave them out for 6 to 17 in log10.
    a bound without end
      ArgumentError: fitGalaxy: the bounds of haloMass are 1 and Infinity, but finite 0 < least < greatest must hold
      Fix: leave them out for 6 to 17 in log10.
    bounds of text
      ArgumentError: fitGalaxy: the bounds of haloMass are the text "1" and the text "2", but finite 0 < least < greatest must hold
      Fix: leave them out for 6 to 17 in log10.
    an option that a fit has not
      ArgumentError: fitGalaxy: there is no option "error".
      Fix: did you mean errors?
    a universe that does not grow
      ArgumentError: fitGalaxy: got hubbleConstant = 0, but it must be a finite number > 0 (km/s per Mpc)
      Fix: a cosmology is { hubbleConstant, overdensity }, such as STANDARD_COSMOLOGY.
    haloes of no density
      ArgumentError: fitGalaxy: got overdensity = NaN, but it must be a finite number > 0 (in critical densities)
      Fix: a cosmology is { hubbleConstant, overdensity }, such as STANDARD_COSMOLOGY.
    a universe that is none
      ArgumentError: fitGalaxy: got hubbleConstant = undefined, but it must be a finite number > 0 (km/s per Mpc)
      Fix: a cosmology is { hubbleConstant, overdensity }, such as STANDARD_COSMOLOGY.
    "
  `);
});

property.prop([logUniform(1e-5, 1e5)])("The slope of the disc's shape is its derivative by ln y", (y) => {
  const h = 1e-3;
  const d = (k: number): number => discShape(y * Math.exp(k * h));
  const numeric = (8 * (d(1) - d(-1)) - (d(2) - d(-2))) / (12 * h);
  expect(Math.abs(discShapeSlope(y) - numeric)).toBeLessThan(1e-10 * discShape(y));
});
