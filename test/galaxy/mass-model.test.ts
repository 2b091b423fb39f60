import { describe, expect, it } from "vitest";
import { HalogradError } from "../../src/basics/errors.ts";
import { acceleration, haloOf, massModel, radialAcceleration } from "../../src/galaxy/index.ts";

const galaxy = {
  radii: [1, 3, 6, 10],
  velocities: [60, 95, 110, 112],
  errors: [4, 3, 3, 5],
  gas: [-5, 10, 25, 30],
  disc: [70, 100, 90, 70],
  bulge: [80, 50, 35, 25],
  distance: 10,
  distanceError: 1,
  inclination: 60,
  inclinationError: 4,
};
/** Every parameter at the middle of its prior, but those that are named. */
const at = (model: ReturnType<typeof massModel>, z: Partial<Record<string, number>> = {}) =>
  Float64Array.from(model.parameters, ({ name }) => z[name] ?? 0);

describe("a mass model", () => {
  it("has the parameters that family and data call for", () => {
    const names = (data: Parameters<typeof massModel>[0], family: "nfw" | "einasto") =>
      massModel(data, family).parameters.map(({ name }) => name);
    expect(names(galaxy, "einasto")).toEqual([
      "logHaloMass",
      "logConcentration",
      "form",
      "discRatio",
      "bulgeRatio",
      "distance",
      "inclination",
      "errorScale",
    ]);
    const { radii, velocities, errors } = galaxy;
    expect(names({ radii, velocities, errors, bulge: [0, 0, 0, 0] }, "nfw")).toEqual([
      "logHaloMass",
      "logConcentration",
      "errorScale",
    ]);
    expect(
      massModel(galaxy, "nfw", { errorSpread: 0 }).parameters.some(({ name }) => name === "errorScale"),
    ).toBe(false);
  });

  it("names its parameters with their units", () => {
    expect(massModel(galaxy, "einasto").parameters.map(({ title }) => title)).toMatchInlineSnapshot(`
      [
        "log10 M200 [M☉]",
        "log10 c200",
        "Einasto α",
        "Υ disc",
        "Υ bulge",
        "distance [Mpc]",
        "inclination [°]",
        "scale of errors",
      ]
    `);
  });

  it("expects of a halo with a cusp the concentration of its mass, and of one with a core none", () => {
    const expected = (family: "nfw" | "burkert", mass: number) => {
      const model = massModel(galaxy, family, { logHaloMass: [mass - 1e-4, mass + 1e-4] });
      const place = model.parameters.findIndex(({ name }) => name === "logConcentration");
      return model.valuesOf(at(model))[place];
    };
    // Dutton & Macciò (2014): log10 c = 0.905 − 0.101 log10(M h / 10¹²).
    for (const mass of [10, 12])
      expect(expected("nfw", mass)).toBeCloseTo(0.905 - 0.101 * (mass + Math.log10(0.7) - 12), 3);
    expect(expected("burkert", 10)).toBe(expected("burkert", 12));
  });

  it("adds the squares of its parts: gas with its sign, stars by their mass-to-light ratio, the halo of its family", () => {
    const model = massModel(galaxy, "burkert", { logHaloMass: [10.9999, 11.0001] });
    const z = at(model);
    const values = Object.fromEntries(model.parameters.map(({ name }, p) => [name, model.valuesOf(z)[p]]));
    expect(values).toMatchObject({
      discRatio: 0.5,
      bulgeRatio: 0.7,
      distance: 10,
      inclination: 60,
      errorScale: 1,
    });
    const { gas, disc, bulge, halo } = model.curvesOf(z);
    const expected = haloOf("burkert", { mass: 1e11, concentration: 10 ** values.logConcentration });
    galaxy.radii.forEach((radius, i) => {
      expect(gas[i]).toBe(galaxy.gas[i] * Math.abs(galaxy.gas[i]));
      expect(disc[i]).toBeCloseTo(0.5 * galaxy.disc[i] ** 2, 9);
      expect(bulge[i]).toBeCloseTo(0.7 * galaxy.bulge[i] ** 2, 9);
      expect(halo[i] / expected.velocitySquared(radius)).toBeCloseTo(1, 9);
    });
  });

  it("takes a farther galaxy to be larger and heavier, and one seen less from the side to turn faster than it looks", () => {
    const model = massModel(galaxy, "nfw", { logHaloMass: [10.9999, 11.0001] });
    const near = model.curvesOf(at(model));
    const far = model.curvesOf(at(model, { distance: Math.log(2) / 0.1 }));
    expect(far.disc[1] / near.disc[1]).toBeCloseTo(2, 9);
    const { concentration } = { concentration: 10 ** model.valuesOf(at(model))[1] };
    const halo = haloOf("nfw", { mass: 1e11, concentration });
    expect(far.halo[1] / halo.velocitySquared(6)).toBeCloseTo(1, 9);
    const edgeOn = at(model, { inclination: 30 / 4 });
    expect(model.curvesOf(edgeOn).disc[2] / near.disc[2]).toBeCloseTo(1 / Math.sin(Math.PI / 3) ** 2, 9);
    // The halo's mass is told as it would be for the stated inclination.
    expect(model.valuesOf(at(model))[0] - model.valuesOf(edgeOn)[0]).toBeCloseTo(
      -3 * Math.log10(Math.sin(Math.PI / 3)),
      9,
    );
    // Beyond the edge it is the other side.
    const beyond = at(model, { inclination: 40 / 4 });
    expect(
      model.valuesOf(beyond)[model.parameters.findIndex(({ name }) => name === "inclination")],
    ).toBeCloseTo(80);
  });

  it("is as likely as its points are normal about it, with errors of their scale", () => {
    const model = massModel(galaxy, "pseudo-isothermal");
    const z = at(model, { errorScale: Math.log(2) / 0.7 });
    const { gas, disc, bulge, halo } = model.curvesOf(z);
    const terms = new Float64Array(4);
    const sum = model.logLikelihood(z, terms);
    galaxy.radii.forEach((_, i) => {
      const speed = Math.sqrt(gas[i] + disc[i] + bulge[i] + halo[i]);
      const error = 2 * galaxy.errors[i];
      const expected =
        -0.5 * ((galaxy.velocities[i] - speed) / error) ** 2 - Math.log(error) - 0.5 * Math.log(2 * Math.PI);
      expect(terms[i]).toBeCloseTo(expected, 9);
    });
    expect(sum).toBeCloseTo(
      terms.reduce((a, b) => a + b, 0),
      9,
    );
  });

  it("is impossible where nothing holds the orbit", () => {
    const hollow = { radii: [1], velocities: [10], errors: [1], gas: [-500] };
    const model = massModel(hollow, "nfw");
    expect(model.logLikelihood(at(model))).toBe(-Infinity);
  });

  it("refuses measurements that cannot be, and says which", () => {
    const told = [
      { radii: [], velocities: [], errors: [] },
      { ...galaxy, velocities: [1] },
      { ...galaxy, disc: [1] },
      { ...galaxy, gas: [0, 0, Number.NaN, 0] },
      { ...galaxy, radii: [0, 3, 6, 10] },
      { ...galaxy, velocities: [-60, 95, 110, 112] },
      { ...galaxy, errors: [0, 3, 3, 5] },
      { ...galaxy, inclination: 91 },
      { ...galaxy, distance: 0 },
      { ...galaxy, distance: undefined },
      { ...galaxy, inclinationError: -1 },
    ].map((data) => {
      try {
        massModel(data, "nfw");
      } catch (error) {
        if (error instanceof HalogradError) return error.message.split("\n")[0];
      }
      return "nothing";
    });
    expect(told).toMatchInlineSnapshot(`
      [
        "massModel: there are no points",
        "massModel: got 1 of velocities for 4 radii",
        "massModel: got 1 of disc for 4 radii",
        "massModel: a contribution is NaN",
        "massModel: radii[0] is 0",
        "massModel: velocities[0] is -60",
        "massModel: errors[0] is 0",
        "massModel: inclination is 91",
        "massModel: distance is 0",
        "massModel: distanceError is 1 of nothing",
        "massModel: inclinationError is -1",
      ]
    `);
  });
});

describe("accelerations", () => {
  it("are in m/s²", () => {
    expect(acceleration(220 * 220, 8)).toBeCloseTo(1.9607e-10, 13);
  });

  it("that are seen are those of what shines where they are high, and their geometric mean with g† where low", () => {
    expect(radialAcceleration(1e-7) / 1e-7).toBeCloseTo(1, 9);
    expect(radialAcceleration(1e-16) / Math.sqrt(1e-16 * 1.2e-10)).toBeCloseTo(1, 2);
  });
});
