/** Masses of measured galaxies: what made them is found again, and all that follows from a draw is what its parameters say. */

import { describe, expect, it } from "vitest";
import { decomposeGalaxy, finish, quantiles, squaredOf } from "../../src/curves/index.ts";
import { circularVelocity, exponentialDisc, haloOf, hernquistBulge } from "../../src/galaxy/index.ts";
import { ArgumentError, Random } from "../../src/index.ts";

const radii = Array.from({ length: 20 }, (_, i) => 0.5 + i);
const disc = circularVelocity([exponentialDisc({ mass: 2e10, scaleLength: 2.5 })], radii);
const halo = haloOf("burkert", { mass: 3e11, concentration: 20 });
const random = new Random(5);
/** A galaxy with a mass-to-light ratio of 0.5 and a Burkert halo of 10^11.48 solar masses, measured to 2 km/s. */
const galaxy = {
  radii,
  velocities: radii.map(
    (r, i) => Math.sqrt(0.5 * disc[i] ** 2 + halo.velocitySquared(r)) + 2 * random.normal(),
  ),
  errors: radii.map(() => 2),
  disc,
  distance: 10,
  distanceError: 0.5,
  inclination: 60,
  inclinationError: 2,
};
const run = (family: "burkert" | "nfw", seed = 1) =>
  finish(decomposeGalaxy(galaxy, family, { random: new Random(seed), luminosity: 2e10, hydrogenMass: 1e9 }));
const burkert = run("burkert");
const intervalOf = (title: string) => {
  const found = burkert.quantities.find((quantity) => quantity.title === title)!;
  return quantiles(found.draws, [0.005, 0.5, 0.995]);
};

describe("the decomposition of a galaxy", () => {
  it("finds the halo, the stars and the errors that made it", () => {
    for (const [title, truth] of [
      ["log10 M200 [M☉]", Math.log10(3e11)],
      ["log10 c200", Math.log10(20)],
      ["Υ disc", 0.5],
      ["distance [Mpc]", 10],
      ["scale of errors", 1],
      ["disc stars [M☉]", 1e10],
      ["gas [M☉]", 1.33e9],
    ] as const) {
      const [low, , high] = intervalOf(title);
      expect(low, title).toBeLessThan(truth);
      expect(high, title).toBeGreaterThan(truth);
    }
    expect(burkert.rHat).toBeLessThan(1.011);
    expect(burkert.effectiveCount).toBeGreaterThan(399);
    expect(burkert.doubtfulPoints).toBeLessThan(4);
  });

  it("has a curve for each draw, which goes through the points", () => {
    expect(burkert.curves.length).toBe(burkert.quantities[0].draws.length);
    radii.forEach((_, i) => {
      const [middle] = quantiles(
        burkert.curves.map((parts) => Math.sqrt(squaredOf(parts, i))),
        [0.5],
      );
      expect(Math.abs(middle - galaxy.velocities[i])).toBeLessThan(8);
    });
  });

  it("tells the least χ² of its curves", () => {
    const all = burkert.curves.map((parts) =>
      galaxy.velocities.reduce(
        (sum, v, i) => sum + ((v - Math.sqrt(squaredOf(parts, i))) / galaxy.errors[i]) ** 2,
        0,
      ),
    );
    expect(burkert.chiSquared).toBeCloseTo(Math.min(...all), 9);
    expect(burkert.chiSquared).toBeLessThan(2 * radii.length);
  });

  it("tells the mass within the last point from the speed seen at each draw's inclination, and at its distance", () => {
    const drawsOf = (title: string) => burkert.quantities.find((one) => one.title === title)!.draws;
    const masses = drawsOf("all within the last point [M☉]");
    const [inclinations, distances] = [drawsOf("inclination [°]"), drawsOf("distance [Mpc]")];
    const last = radii.length - 1;
    burkert.curves.slice(0, 50).forEach((parts, d) => {
      const degree = Math.PI / 180;
      const seen = Math.sin(inclinations[d] * degree) / Math.sin(galaxy.inclination * degree);
      const speed2 = squaredOf(parts, last) / seen ** 2;
      const mass = (speed2 * radii[last] * (distances[d] / galaxy.distance)) / 4.301e-6;
      expect(masses[d] / mass).toBeCloseTo(1, 3);
    });
  });

  describe("with a bulge", () => {
    const bulge = circularVelocity([hernquistBulge({ mass: 4e9, scaleLength: 0.4 })], radii);
    const last = radii.length - 1;
    const light = (bulge[last] ** 2 * radii[last]) / 4.301e-6;
    const loose = { random: new Random(2), particles: 100, chains: 8, effectiveCount: 50, rHat: 1.5 };
    const of = (more: object = {}, options: object = {}) => {
      const all = { luminosity: 2e10, hydrogenMass: 1e9, ...loose, ...options };
      return finish(decomposeGalaxy({ ...galaxy, bulge, ...more }, "nfw", all));
    };
    const drawsOf = ({ quantities }: ReturnType<typeof of>, title: string): Float64Array =>
      quantities.find((one) => one.title === title)!.draws;

    it("has masses that follow from each draw's ratios, distance and halo", () => {
      const found = of();
      expect(found.family).toBe("nfw");
      expect(
        found.quantities.map(({ title, isDerived }) => `${title}${isDerived ? ", derived" : ""}`),
      ).toMatchInlineSnapshot(`
        [
          "log10 M200 [M☉]",
          "log10 c200",
          "Υ disc",
          "Υ bulge",
          "distance [Mpc]",
          "inclination [°]",
          "scale of errors",
          "disc stars [M☉], derived",
          "bulge stars [M☉], derived",
          "gas [M☉], derived",
          "halo, M200 [M☉], derived",
          "all within the last point [M☉], derived",
        ]
      `);
      const own = (title: string) => drawsOf(found, title);
      found.curves.forEach((_, d) => {
        const farther = (own("distance [Mpc]")[d] / 10) ** 2;
        const expected = {
          "disc stars [M☉]": own("Υ disc")[d] * (2e10 - light) * farther,
          "bulge stars [M☉]": own("Υ bulge")[d] * light * farther,
          "gas [M☉]": 1.33e9 * farther,
          "halo, M200 [M☉]": 10 ** own("log10 M200 [M☉]")[d],
        };
        for (const [title, mass] of Object.entries(expected)) expect(own(title)[d] / mass).toBeCloseTo(1, 10);
      });
      expect(light / 4e9).toBeCloseTo(1 / (1 + 0.4 / radii[last]) ** 2, 6);
    });

    it("has no masses of what is not told, or of a disc without light", () => {
      const titles = (more: object, options: object): string[] =>
        of(more, options)
          .quantities.filter(({ isDerived }) => isDerived)
          .map(({ title }) => title);
      const bare = { distance: undefined, distanceError: undefined, bulge: undefined };
      expect(titles(bare, { luminosity: undefined, hydrogenMass: 0 })).toEqual([
        "halo, M200 [M☉]",
        "all within the last point [M☉]",
      ]);
      expect(titles({}, { luminosity: light })).not.toContain("disc stars [M☉]");
    });

    it("has the mass of a sphere as it is seen, where neither distance nor inclination are in doubt", () => {
      const found = of({ distanceError: 0, inclinationError: 0 });
      found.curves.forEach((parts, d) => {
        const mass = (squaredOf(parts, last) * radii[last]) / 4.301e-6;
        expect(drawsOf(found, "all within the last point [M☉]")[d] / mass).toBeCloseTo(1, 10);
        expect(drawsOf(found, "gas [M☉]")[d]).toBeCloseTo(1.33e9, 3);
      });
    });
  });

  it("foretells points by the halo's own family better than by a cusp, and has more evidence for it", () => {
    const nfw = run("nfw");
    expect(burkert.predictiveScore - nfw.predictiveScore).toBeGreaterThan(5);
    expect(burkert.logEvidence - nfw.logEvidence).toBeGreaterThan(3);
  });

  it("is the same for the same seed", () => {
    expect(run("burkert").quantities).toEqual(burkert.quantities);
  });

  it("refuses options that are none", () => {
    for (const options of [
      { random, luminosity: -1 },
      { random, priors: { halo: 1 } },
      { random, priors: { logHaloMass: [12, 8] } },
      { random, priors: { discRatio: 0 } },
      { random, temperature: 1 },
    ]) {
      expect(() => finish(decomposeGalaxy(galaxy, "nfw", options as never))).toThrow(ArgumentError);
    }
  });
});
