import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { ArgumentError } from "../../src/basics/errors.ts";
import { Random } from "../../src/basics/random.ts";
import {
  circularVelocity,
  type GalaxyParameters,
  galaxyComponents,
  logSpacedRadii,
  rotationCurves,
  type ScalingRelation,
  STANDARD_POPULATION,
  samplePopulation,
} from "../../src/galaxy/index.ts";
import golden from "../golden/galaxy.json" with { type: "json" };
import { logUniform, relativeError } from "./helpers.ts";

describe("samplePopulation", () => {
  const count = 4000;
  const galaxies = samplePopulation({ count, random: new Random(2024) });
  const logDiscMass = galaxies.map((g) => Math.log10(g.discMass));

  // Uniform on [9, 12]: variance 9/12, fourth central moment 81/80, so the variance has the variance (81/80 − 9/16)/n.
  // Five standard errors here and below.
  test("spreads the disc masses evenly over three decades", () => {
    expect(Math.min(...galaxies.map((g) => g.discMass))).toBeGreaterThanOrEqual(1e9);
    expect(Math.max(...galaxies.map((g) => g.discMass))).toBeLessThanOrEqual(1e12);
    const mean = average(logDiscMass);
    expect(Math.abs(mean - 10.5)).toBeLessThan(5 * Math.sqrt(0.75 / count));
    const variance = average(logDiscMass.map((x) => (x - mean) ** 2));
    expect(Math.abs(variance - 0.75)).toBeLessThan(5 * Math.sqrt(0.45 / count));
  });

  // The least-squares line through n points has a slope with standard error σ/(s_x √n), a height at the mean of x with σ/√n,
  // and a residual scatter with σ/√(2n).
  test.each([
    [
      "disc size",
      STANDARD_POPULATION.discScaleLength,
      logDiscMass,
      galaxies.map((g) => Math.log10(g.discScaleLength)),
    ],
    ["halo mass", STANDARD_POPULATION.haloMass, logDiscMass, galaxies.map((g) => Math.log10(g.haloMass))],
    [
      "concentration",
      STANDARD_POPULATION.concentration,
      galaxies.map((g) => Math.log10(g.haloMass * 0.7)),
      galaxies.map((g) => Math.log10(g.concentration)),
    ],
  ] as const)(
    "gives %s the slope, height and scatter of its relation",
    (_, relation: ScalingRelation, x, y) => {
      const [meanX, meanY] = [average(x), average(y)];
      const varianceX = average(x.map((v) => (v - meanX) ** 2));
      const slope = average(x.map((v, i) => (v - meanX) * (y[i] - meanY))) / varianceX;
      const scatter = Math.sqrt(average(x.map((v, i) => (y[i] - meanY - slope * (v - meanX)) ** 2)));
      const error = relation.scatter / Math.sqrt(count);
      expect(Math.abs(slope - relation.slope)).toBeLessThan((5 * error) / Math.sqrt(varianceX));
      expect(Math.abs(meanY - relation.slope * (meanX - relation.pivot) - relation.intercept)).toBeLessThan(
        5 * error,
      );
      expect(Math.abs(scatter - relation.scatter)).toBeLessThan((5 * error) / Math.SQRT2);
    },
  );

  test("uses the relations of the published population", () => {
    expect(STANDARD_POPULATION.discScaleLength).toEqual({
      slope: 0.3,
      pivot: 10.7,
      intercept: 0.5,
      scatter: 0.4,
    });
    expect(STANDARD_POPULATION.haloMass).toEqual({ slope: 0.75, pivot: 10.7, intercept: 12, scatter: 0.25 });
    expect(STANDARD_POPULATION.concentration).toEqual({
      slope: -0.101,
      pivot: 12,
      intercept: 0.905,
      scatter: 0.11,
    });
  });

  test("gives 1000 galaxies unless told otherwise", () => {
    expect(samplePopulation({ random: new Random(1) }).length).toBe(1000);
  });

  test("gives galaxy i the same parameters whatever the count, and another seed other ones", () => {
    expect(samplePopulation({ count: 7, random: new Random(2024) })).toEqual(galaxies.slice(0, 7));
    expect(samplePopulation({ count: 7, random: new Random(2025) })).not.toEqual(galaxies.slice(0, 7));
    expect(new Set(galaxies.map((g) => g.discMass)).size).toBe(count);
  });

  test("leaves the generator as it was, and does not depend on what was drawn from it", () => {
    const [used, fresh] = [new Random(2024), new Random(2024)];
    expect(used.normal()).toBe(fresh.normal());
    expect(samplePopulation({ count: 7, random: used })).toEqual(galaxies.slice(0, 7));
    expect(used.normal()).toBe(fresh.normal());
  });
});

describe("logSpacedRadii", () => {
  // The golden radii are NumPy's powers of ten, a few units in the last place from exact.
  test("gives the 50 radii of the data set, from exactly 0.1 to exactly 50 kpc", () => {
    const radii = logSpacedRadii();
    expect([radii.length, radii[0], radii[49]]).toEqual([50, 0.1, 50]);
    radii.forEach((r, i) => {
      expect(relativeError(r, golden.radius_kpc[i])).toBeLessThan(3e-15);
    });
  });

  test.prop([fc.integer({ min: 2, max: 200 }), logUniform(1e-6, 1e3), logUniform(1.001, 1e6)])(
    "meets both ends exactly and has one ratio between neighbours",
    (count, from, span) => {
      const radii = logSpacedRadii(count, from, from * span);
      expect([radii.length, radii[0], radii[count - 1]]).toEqual([count, from, from * span]);
      const ratio = span ** (1 / (count - 1));
      for (let i = 1; i < count; i++)
        expect(relativeError(radii[i] / radii[i - 1], ratio)).toBeLessThan(1e-14);
    },
  );
});

describe("rotationCurves", () => {
  const galaxies: GalaxyParameters[] = golden.galaxies.map((g) => ({
    discMass: g.disc_mass,
    discScaleLength: g.disc_scale_length_kpc,
    haloMass: g.halo_mass,
    concentration: g.concentration,
  }));

  test("puts the curve of galaxy i in row i", () => {
    const { radii, velocities } = rotationCurves(galaxies, golden.radius_kpc);
    expect(Array.from(radii)).toEqual(golden.radius_kpc);
    expect(velocities.length).toBe(40 * 50);
    golden.galaxies.forEach((expected, i) => {
      velocities.subarray(i * radii.length, (i + 1) * radii.length).forEach((v, j) => {
        expect(relativeError(v, expected.v_total[j])).toBeLessThan(3e-15); // see components.test.ts
      });
    });
  });

  test("leaves the curves of disc and halo within reach: v_total² = v_disc² + v_halo²", () => {
    const { radii, velocities } = rotationCurves(galaxies);
    galaxies.forEach((galaxy, i) => {
      const { disc, halo } = galaxyComponents(galaxy);
      const discVelocity = circularVelocity([disc], radii);
      const haloVelocity = circularVelocity([halo], radii);
      for (let j = 0; j < radii.length; j++) {
        const sum = discVelocity[j] ** 2 + haloVelocity[j] ** 2;
        expect(relativeError(velocities[i * radii.length + j] ** 2, sum)).toBeLessThan(2e-15); // six roundings
      }
    });
  });

  test("gives the same bytes for the same seed", () => {
    const bytes = (seed: number): Uint8Array =>
      new Uint8Array(
        rotationCurves(samplePopulation({ count: 20, random: new Random(seed) })).velocities.buffer,
      );
    expect(bytes(5)).toEqual(bytes(5));
    expect(bytes(5)).not.toEqual(bytes(6));
  });

  test("does not keep the caller's radii", () => {
    const own = [1, 2];
    const { radii } = rotationCurves(galaxies, own);
    own[0] = 9;
    expect(Array.from(radii)).toEqual([1, 2]);
  });

  const good = galaxies[0];
  test.each([
    [
      () => samplePopulation({ count: 0, random: new Random(1) }),
      "samplePopulation: count is a whole number of at least 1; got the number 0.",
    ],
    [
      () => samplePopulation({ count: 2.5, random: new Random(1) }),
      "samplePopulation: count is a whole number of at least 1; got the number 2.5.",
    ],
    [
      () => samplePopulation({ count: 2 } as never),
      "samplePopulation: needs a random stream; got undefined.",
    ],
    [() => logSpacedRadii(1), "logSpacedRadii: count is a whole number of at least 2; got the number 1."],
    [() => logSpacedRadii(50, 0, 50), "logSpacedRadii: got radii from 0 to 50 kpc"],
    [() => logSpacedRadii(50, 2, 1), "logSpacedRadii: got radii from 2 to 1 kpc"],
    [() => logSpacedRadii(50, NaN, 1), "logSpacedRadii: got radii from NaN to 1 kpc"],
    [() => logSpacedRadii(50, 1, Infinity), "logSpacedRadii: got radii from 1 to Infinity kpc"],
    [() => rotationCurves([good], [1, -1]), "got the radius -1"],
    [() => rotationCurves([{ ...good, discMass: NaN }]), "rotationCurves: got discMass = NaN"],
    [() => rotationCurves([{ ...good, concentration: 0 }]), "rotationCurves: got concentration = 0"],
  ])("a mistake is refused where it is made (%#)", (mistake, message) => {
    expect(mistake).toThrow(ArgumentError);
    expect(mistake).toThrow(message);
    if (!message.includes("count is")) expect(mistake).toThrow("\n  Fix: ");
  });
});

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
