/** The fit gives back the galaxy that made a curve, says how sure it is, and refuses what it cannot fit. */
import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { Random } from "../../src/basics/random.ts";
import { discShape, discShapeSlope } from "../../src/galaxy/bessel.ts";
import { amplitudes, checkBounds, checkCurve, startingPoints } from "../../src/galaxy/fit.ts";
import {
  FIT_BOUNDS,
  FIT_PARAMETERS,
  type FitBounds,
  type FitOptions,
  fitGalaxy,
  type GalaxyFit,
  type GalaxyParameters,
  galaxyComponents,
  logSpacedRadii,
  nfwHalo,
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

describe("What a fit tells", () => {
  const errors = Array.from(radii, (radius) => 1 + radius / 25);
  const velocities = noisy(new Random(5), errors);
  const parameters = (fit: GalaxyFit): number[] => FIT_PARAMETERS.map((name) => fit.galaxy[name]);
  const curveOf = (
    [discMass, discScaleLength, haloMass, concentration]: number[],
    at = radii,
  ): Float64Array => rotationCurves([{ discMass, discScaleLength, haloMass, concentration }], at).velocities;
  /** Derivatives of the curve of a fit by log10 of each parameter: central differences of fourth order. */
  const slopes = (fit: GalaxyFit, at = radii): Float64Array[] => {
    const point = parameters(fit);
    const moved = (p: number, dex: number): Float64Array =>
      curveOf(
        point.map((value, q) => (p === q ? value * 10 ** dex : value)),
        at,
      );
    const h = 1e-3;
    return point.map((_, p) => {
      const [one, back, two, twoBack] = [moved(p, h), moved(p, -h), moved(p, 2 * h), moved(p, -2 * h)];
      return one.map((v, i) => (8 * (v - back[i]) - (two[i] - twoBack[i])) / (12 * h));
    });
  };
  const curvature = (by: Float64Array[], weights: ArrayLike<number>): number[][] =>
    by.map((a) => by.map((b) => a.reduce((sum, v, i) => sum + v * b[i] * weights[i] * weights[i], 0)));
  /** Covariance times curvature of the free parameters is the unit matrix. */
  const expectInverse = (covariance: Float64Array, own: number[][], free: number[], factor = 1): void => {
    for (const p of free)
      for (const q of free) {
        const product = free.reduce((sum, r) => sum + covariance[4 * p + r] * own[r][q], 0);
        const scale = Math.sqrt(covariance[5 * p] * own[q][q]);
        expect(Math.abs(product - (p === q ? factor : 0)) / scale).toBeLessThan(1e-6);
      }
  };

  test("are the velocities of its galaxy, their mean square distance from the curve, and χ²", () => {
    const fit = fitGalaxy(radii, velocities, { errors });
    const expected = curveOf(parameters(fit));
    fit.velocities.forEach((velocity, i) => {
      expect(relativeError(velocity, expected[i])).toBeLessThan(1e-10);
    });
    const residuals = velocities.map((velocity, i) => velocity - fit.velocities[i]);
    const mean = residuals.reduce((sum, residual) => sum + residual * residual, 0) / 50;
    expect(relativeError(fit.residual, Math.sqrt(mean))).toBeLessThan(1e-12);
    const chiSquared = residuals.reduce((sum, residual, i) => sum + (residual / errors[i]) ** 2, 0);
    expect(relativeError(fit.chiSquared, chiSquared)).toBeLessThan(1e-12);
  });

  test("is where χ² is least: it falls in no direction, but for those that bounds forbid", () => {
    for (const [bounds, outside] of [
      [{}, []],
      [{ concentration: [10, 20] }, ["concentration"]],
      [{ concentration: [1, 5], discScaleLength: [3.5, 4] }, ["discScaleLength", "concentration"]],
      [{ haloMass: [1e6, 7e11], discMass: [1e4, 4e10] }, ["discMass", "haloMass"]],
    ] as const) {
      const fit = fitGalaxy(radii, velocities, { errors, bounds });
      expect(fit.converged).toBe(true);
      expect(fit.atBounds).toEqual(outside);
      slopes(fit).forEach((own, p) => {
        const residual = (i: number): number => (velocities[i] - fit.velocities[i]) / errors[i] ** 2;
        const fall = own.reduce((sum, slope, i) => sum + slope * residual(i), 0);
        const size = Math.sqrt(own.reduce((sum, slope, i) => sum + (slope / errors[i]) ** 2, 0));
        const name = FIT_PARAMETERS[p];
        if (!fit.atBounds.includes(name)) expect(Math.abs(fall / size)).toBeLessThan(1e-4);
        else {
          const [least, greatest] = { ...FIT_BOUNDS, ...bounds }[name];
          const isGreatest = relativeError(fit.galaxy[name], greatest) < 1e-9;
          expect(relativeError(fit.galaxy[name], isGreatest ? greatest : least)).toBeLessThan(1e-9);
          expect(isGreatest ? fall : -fall).toBeGreaterThan(0);
        }
      });
    }
  });

  test("is a covariance that is the inverse of the curvature of χ²/2, of the free parameters", () => {
    const weights = errors.map((error) => 1 / error);
    const known = fitGalaxy(radii, velocities, { errors });
    expectInverse(known.covariance!, curvature(slopes(known), weights), [0, 1, 2, 3]);
    const held = fitGalaxy(radii, velocities, { errors, bounds: { discScaleLength: [3.5, 4] } });
    expectInverse(held.covariance!, curvature(slopes(held), weights), [0, 2, 3]);
    const ones = new Float64Array(50).fill(1);
    const unknown = fitGalaxy(radii, velocities);
    const variance = unknown.chiSquared / 46;
    expectInverse(unknown.covariance!, curvature(slopes(unknown), ones), [0, 1, 2, 3], variance);
    const both = fitGalaxy(radii, velocities, { bounds: { discScaleLength: [3.5, 4] } });
    expectInverse(both.covariance!, curvature(slopes(both), ones), [0, 2, 3], both.chiSquared / 47);
  });

  test("holds at the centre too, and far inside and outside of what is tabulated", () => {
    // The disc's table ends at y = 1.0003e-4 and 1015, and 6 y kpc is the radius.
    const wide = [0, 6.0011e-4, 6.0025e-4, 6078, ...logSpacedRadii(40, 1e-5, 1e5)];
    const exact = curveOf(Object.values(galaxy), Float64Array.from(wide));
    const fit = fitGalaxy(wide, exact, { errors: exact.map((velocity) => Math.max(velocity, 1e-6)) });
    const expected = curveOf(parameters(fit), Float64Array.from(wide));
    expect(fit.velocities[0]).toBe(0);
    for (let i = 1; i < wide.length; i++)
      expect(relativeError(fit.velocities[i], expected[i])).toBeLessThan(1e-10);
    for (const name of FIT_PARAMETERS)
      expect(relativeError(fit.galaxy[name], galaxy[name])).toBeLessThan(1e-6);
    const weights = exact.map((velocity) => 1 / Math.max(velocity, 1e-6));
    const by = slopes(fit, Float64Array.from(wide));
    expectInverse(fit.covariance!, curvature(by, weights), [0, 1, 2, 3]);
  });

  test("is no covariance where a curve does not tell the parameters apart: six points, but two radii", () => {
    const two = [3, 3, 3, 9, 9, 9];
    const fit = fitGalaxy(two, [170, 171, 172, 200, 201, 202], { errors: two });
    expect(fit.residual).toBeCloseTo(Math.sqrt(2 / 3), 6);
    expect(fit.atBounds).toEqual([]);
    expect(fit.covariance).toBeNull();
  });
});

describe("Where a fit starts", () => {
  const startsOf = (
    at: ArrayLike<number>,
    velocities: ArrayLike<number>,
    options: FitOptions = {},
  ): number[][] =>
    startingPoints(checkCurve(at, velocities, options), checkBounds(options.bounds)).map((point) =>
      Array.from(point, Math.exp),
    );
  /** A galaxy with both its lengths on the grid, of twelve scale lengths and ten scale radii. */
  const onGrid = (d: number, h: number, haloMass = 1e12, discMass = 5e10): GalaxyParameters => {
    const scaleRadius = 0.05 * 10_000 ** (h / 9);
    const { virialRadius } = nfwHalo({ mass: haloMass, concentration: 1 });
    return {
      discMass,
      discScaleLength: 0.03 * 5000 ** (d / 11),
      haloMass,
      concentration: virialRadius / scaleRadius,
    };
  };
  const expectNear = (start: number[], made: GalaxyParameters, tolerance: number): void => {
    FIT_PARAMETERS.forEach((name, p) => {
      expect(relativeError(start[p], made[name]), name).toBeLessThan(tolerance);
    });
  };

  test.each([
    [2, 5],
    [4, 6],
    [7, 6],
    [9, 5],
  ])("is the galaxy itself where its lengths are number %i and %i of the grid", (d, h) => {
    const made = onGrid(d, h);
    const { velocities } = rotationCurves([made], radii);
    expectNear(startsOf(radii, velocities)[0], made, 1e-5);
    const errors = Array.from(radii, (_, i) => 1 + (i % 3));
    expectNear(startsOf([0, ...radii], [0, ...velocities], { errors: [1, ...errors] })[0], made, 1e-5);
  });

  test("are four, one for each band of scale lengths, the others with their own amplitudes", () => {
    const starts = startsOf(radii, rotationCurves([onGrid(7, 6)], radii).velocities);
    const bands = starts.map(([, length]) =>
      Math.floor((11 / 3) * (Math.log(length / 0.03) / Math.log(5000)) + 1e-6),
    );
    expect(bands[0]).toBe(2);
    expect(bands.toSorted()).toEqual([0, 1, 2, 3]);
    for (const start of starts)
      FIT_PARAMETERS.forEach((name, p) => {
        expect(start[p]).toBeGreaterThanOrEqual(FIT_BOUNDS[name][0] * (1 - 1e-12));
        expect(start[p]).toBeLessThanOrEqual(FIT_BOUNDS[name][1] * (1 + 1e-12));
      });
  });

  test("heeds errors, and does not let a slow point decide", () => {
    const made = onGrid(7, 6);
    const { velocities } = rotationCurves([made], radii);
    const errors = Array.from(radii, (_, i) => (i === 30 ? 1e6 : 1));
    const wrong = velocities.map((velocity, i) => (i === 30 ? 2 * velocity : velocity));
    expectNear(startsOf(radii, wrong, { errors })[0], made, 1e-4);
    const slow = velocities.map((velocity, i) => (i === 5 ? 1e-9 : velocity));
    expectNear(startsOf(radii, slow)[0], made, 0.1);
  });

  test("lies within the bounds", () => {
    const bounds = { discMass: [1e11, 2e11], discScaleLength: [5, 6], haloMass: [1e10, 2e10] } as const;
    for (const start of startsOf(radii, curve, { bounds }))
      Object.values(bounds).forEach(([least, greatest], p) => {
        expect(start[p]).toBeGreaterThanOrEqual(least * (1 - 1e-12));
        expect(start[p]).toBeLessThanOrEqual(greatest * (1 + 1e-12));
      });
    const least = FIT_PARAMETERS.map((name) => FIT_BOUNDS[name][0]);
    for (const [at, velocities] of [
      [radii, new Float64Array(50)],
      [new Float64Array(5), [1, 2, 3, 4, 5]],
    ]) {
      const starts = startsOf(at, velocities);
      expect(starts.length).toBe(1);
      starts[0].forEach((value, p) => {
        expect(relativeError(value, least[p])).toBeLessThan(1e-12);
      });
    }
  });

  test("has the amplitudes of disc and halo that are nearest, and a thousandth of one alone for one below 0", () => {
    const random = new Random(1);
    const kinds = { both: 0, disc: 0, halo: 0 };
    for (let run = 0; run < 200; run++) {
      const [a, h] = [0, 1].map(() => Array.from({ length: 6 }, () => random.uniform(0.1, 2)));
      const [discMass, halo] = [random.uniform(-3, 3), random.uniform(-3, 3)];
      const t = a.map((v, i) => discMass * v + halo * h[i]);
      const found = amplitudes(Float64Array.from(a), Float64Array.from(h), Float64Array.from(t));
      const dot = (x: number[], y: number[]): number => x.reduce((sum, v, i) => sum + v * y[i], 0);
      const distance = (d: number, e: number): number =>
        t.reduce((sum, v, i) => sum + (v - d * a[i] - e * h[i]) ** 2, 0);
      expect(found.misfit).toBeCloseTo(distance(found.discMass, found.halo), 9);
      const alone = [a, h].map((own) => Math.max(0, dot(own, t) / dot(own, own)));
      const isDisc = distance(alone[0], 0) < distance(0, alone[1]);
      const kind = discMass > 0 && halo > 0 ? "both" : isDisc ? "disc" : "halo";
      kinds[kind]++;
      const expected = {
        both: [discMass, halo],
        disc: [alone[0], alone[1] / 1000],
        halo: [alone[0] / 1000, alone[1]],
      }[kind];
      expect(found.discMass).toBeCloseTo(expected[0], 9);
      expect(found.halo).toBeCloseTo(expected[1], 9);
    }
    expect(Math.min(...Object.values(kinds))).toBeGreaterThan(20);
  });

  test("weighs the squares of velocities by their errors: no other amplitudes are nearer", () => {
    const errors = Array.from(radii, (_, i) => 1 + (i % 5));
    const velocities = noisy(new Random(8), errors).map((velocity, i) => velocity + 20 * Math.sin(i));
    const misfit = (
      [discMass, discScaleLength, haloMass, concentration]: number[],
      disc = 1,
      halo = 1,
    ): number => {
      const made = galaxyComponents({ discMass, discScaleLength, haloMass, concentration });
      const fastest = Math.max(...velocities.map(Math.abs));
      return radii.reduce((sum, radius, i) => {
        const squared = disc * made.disc.velocitySquared(radius) + halo * made.halo.velocitySquared(radius);
        const error = 2 * errors[i] * Math.max(Math.abs(velocities[i]), 0.1 * fastest);
        return sum + ((velocities[i] * Math.abs(velocities[i]) - squared) / error) ** 2;
      }, 0);
    };
    const starts = startsOf(radii, velocities, { errors });
    const least = misfit(starts[0]);
    for (const factor of [0.999, 1.001]) {
      expect(misfit(starts[0], factor)).toBeGreaterThan(least);
      expect(misfit(starts[0], 1, factor)).toBeGreaterThan(least);
    }
    const all = starts.map((start) => misfit(start));
    expect(all).toEqual(all.toSorted((a, b) => a - b));
  });
});

describe("The way down", () => {
  test("leaves a bound that it starts on where χ² falls inwards", () => {
    for (const bounds of [
      { discScaleLength: [2.9, 3.05] },
      { discScaleLength: [2.95, 1000] },
      { discScaleLength: [0.01, 3.1] },
      { concentration: [7.9, 8.1], haloMass: [9.9e11, 1.01e12] },
    ] as Partial<FitBounds>[]) {
      const fit = fitGalaxy(radii, curve, { bounds });
      expect(fit.atBounds).toEqual([]);
      expect(fit.residual).toBeLessThan(1e-7);
    }
  });

  test("has the same last digits everywhere", () => {
    const velocities = noisy(new Random(3), new Float64Array(50).fill(5));
    const free = fitGalaxy(radii, velocities);
    const held = fitGalaxy(radii, velocities, { bounds: { concentration: [10, 20] } });
    const wild = fitGalaxy(
      radii,
      Float64Array.from(radii, (_, i) => 300 * Math.sign(Math.sin(i * i))),
    );
    expect(
      [free, held, wild].map((fit) => [fit.chiSquared, ...Object.values(fit.galaxy)]),
    ).toMatchInlineSnapshot(`
      [
        [
          950.906576983583,
          49881029985.478874,
          2.9469813661558515,
          990924167973.6388,
          7.792611827437173,
        ],
        [
          1018.7651800925712,
          44623669987.835945,
          2.932289947198203,
          820167299471.1879,
          10.000000000000002,
        ],
        [
          4417316.210471684,
          10000.00000000001,
          999.9999999999998,
          999999.9999999995,
          1.3670201489687444,
        ],
      ]
    `);
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

  test("and four radii leave no freedom to estimate errors from, but five do", () => {
    const four = [0.5, 3, 10, 40];
    const { velocities } = rotationCurves([galaxy], four);
    expect(fitGalaxy(four, velocities).covariance).toBeNull();
    const five = [...four, 20];
    expect(fitGalaxy(five, rotationCurves([galaxy], five).velocities).covariance).not.toBeNull();
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
