/** Mass models of measured galaxies: their parameters, what these make of a curve, how likely they are, and what is refused. */
import { describe, expect, it } from "vitest";
import { acceleration, haloOf, massModel, radialAcceleration } from "../../src/galaxy/index.ts";
import { messagesOf } from "../messages.ts";

const any = (value: unknown): never => value as never;

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

  it("takes galaxies of unknown distance and inclination as they are, without stars where none are told", () => {
    const { radii, velocities, errors } = galaxy;
    const model = massModel({ radii, velocities, errors }, "nfw", {
      logHaloMass: [11, 11 + 1e-9],
      errorSpread: 0,
    });
    const z = at(model);
    const { gas, disc, bulge, halo } = model.curvesOf(z);
    for (const part of [gas, disc, bulge]) expect([...part]).toEqual([0, 0, 0, 0]);
    const expected = haloOf("nfw", { mass: 1e11, concentration: 10 ** model.valuesOf(z)[1] });
    radii.forEach((radius, i) => {
      expect(halo[i] / expected.velocitySquared(radius)).toBeCloseTo(1, 8);
    });
    const likelihood = radii.reduce((sum, _, i) => {
      const off = (velocities[i] - Math.sqrt(halo[i])) / errors[i];
      return sum - 0.5 * off * off - Math.log(errors[i] * Math.sqrt(2 * Math.PI));
    }, 0);
    expect(model.logLikelihood(z)).toBeCloseTo(likelihood, 9);
  });

  it("has curves that stay as they were", () => {
    const model = massModel(galaxy, "nfw");
    const parts = model.curvesOf(at(model));
    const before = structuredClone(parts);
    const elsewhere = { logHaloMass: 1, discRatio: 1, bulgeRatio: 1, distance: 1 };
    expect(model.curvesOf(at(model, elsewhere))).not.toEqual(before);
    expect(parts).toEqual(before);
    const values = model.valuesOf(at(model));
    expect(model.valuesOf(at(model, elsewhere))).not.toEqual(values);
    expect(model.valuesOf(at(model))).toEqual(values);
  });

  // The distribution function of the standard normal at 1.
  const share = 0.8413447460685429;
  it.each([
    ["einasto", "form", Math.log10(0.17), Math.log10(0.17) + 0.16],
    ["cored-nfw", "form", -0.75, -2 + 2.5 * share],
    ["burkert", "logConcentration", 1.25, 2.5 * share],
    ["nfw", "discRatio", Math.log10(0.5), Math.log10(0.5) + 0.1],
    ["nfw", "bulgeRatio", Math.log10(0.7), Math.log10(0.7) + 0.1],
    ["nfw", "logHaloMass", 11, 8 + 6 * share],
    ["nfw", "distance", 1, 1 + 0.1 * Math.LOG10E],
    ["nfw", "errorScale", 0, 0.7 * Math.LOG10E],
    ["nfw", "inclination", 60, 64],
  ] as const)(
    "has of %s a prior of %s with these values in the middle and at 1",
    (family, name, middle, one) => {
      const model = massModel(galaxy, family);
      const place = model.parameters.findIndex((parameter) => parameter.name === name);
      const isPlain = name.startsWith("log") || name === "inclination";
      const valueAt = (z: number): number => {
        const value = model.valuesOf(at(model, { [name]: z }))[place];
        return isPlain ? value : Math.log10(value);
      };
      expect(valueAt(0)).toBeCloseTo(middle, 10);
      expect(valueAt(1)).toBeCloseTo(one, 10);
    },
  );

  it("scatters the concentrations of cuspy haloes by 0.11 dex", () => {
    const model = massModel(galaxy, "nfw");
    const [zero, one] = [0, 1].map((z) => model.valuesOf(at(model, { logConcentration: z }))[1]);
    expect(one - zero).toBeCloseTo(0.11, 12);
  });

  it("takes a farther galaxy to be larger and heavier, and one seen less from the side to turn faster than it looks", () => {
    const model = massModel(galaxy, "nfw", { logHaloMass: [10.9999, 11.0001] });
    const near = model.curvesOf(at(model));
    const far = model.curvesOf(at(model, { distance: Math.log(2) / 0.1 }));
    for (const part of ["gas", "disc", "bulge"] as const)
      expect(far[part][1] / near[part][1], part).toBeCloseTo(2, 9);
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

  it("refuses measurements that cannot be, and says which and why", () => {
    const { radii, velocities, errors } = galaxy;
    const of = (changes: object) => () => massModel({ ...galaxy, ...changes }, "nfw");
    expect(
      messagesOf({
        "no galaxy": () => massModel(any(undefined), "nfw"),
        "no radii": () => massModel(any({ velocities, errors }), "nfw"),
        "radii of text": of({ radii: "1,3,6,10" }),
        "no point": of({ radii: [], velocities: [], errors: [] }),
        "no velocities": of({ velocities: undefined }),
        "no errors": () => massModel(any({ radii, velocities }), "nfw"),
        "a velocity alone": of({ velocities: 60 }),
        "one velocity": of({ velocities: [1] }),
        "one number of the disc": of({ disc: [1] }),
        "a contribution that is none": of({ gas: [0, 0, Number.NaN, 0] }),
        "a radius of 0": of({ radii: [1, 0, 6, 10] }),
        "a radius without end": of({ radii: [1, 3, 6, Infinity] }),
        "a radius of text": of({ radii: [1, "3", 6, 10] }),
        "a velocity below 0": of({ velocities: [-60, 95, 110, 112] }),
        "a velocity without end": of({ velocities: [60, Infinity, 110, 112] }),
        "an error of 0": of({ errors: [4, 3, 0, 5] }),
        "an error without end": of({ errors: [4, 3, 3, Infinity] }),
        "an inclination of 0": of({ inclination: 0 }),
        "an inclination beyond the edge": of({ inclination: 91 }),
        "a distance of 0": of({ distance: 0 }),
        "a distance without end": of({ distance: Infinity }),
        "the error of no distance": of({ distance: undefined }),
        "the error of no inclination": of({ inclination: undefined }),
        "an error of the distance below 0": of({ distanceError: -1 }),
        "an error of the inclination that is none": of({ inclinationError: Number.NaN }),
      }),
    ).toMatchInlineSnapshot(`
      "
      no galaxy
        ArgumentError: massModel: a galaxy is an object; got undefined.
        Fix: give { radii, velocities, errors }.
      no radii
        ArgumentError: massModel: there are no points
        Fix: pass radii, velocities and errors, one for each point.
      radii of text
        ArgumentError: massModel: radii are a list of numbers; got the text "1,3,6,10".
      no point
        ArgumentError: massModel: there are no points
        Fix: pass radii, velocities and errors, one for each point.
      no velocities
        ShapeError: massModel: got none of velocities for 4 radii
        Fix: pass one for each.
      no errors
        ShapeError: massModel: got none of errors for 4 radii
        Fix: pass one for each.
      a velocity alone
        ArgumentError: massModel: velocities are a list of numbers; got the number 60.
      one velocity
        ShapeError: massModel: got 1 of velocities for 4 radii
        Fix: pass one for each.
      one number of the disc
        ShapeError: massModel: got 1 of disc for 4 radii
        Fix: pass one for each.
      a contribution that is none
        ArgumentError: massModel: a contribution is NaN
        Fix: contributions are in km/s, 0 where there is none.
      a radius of 0
        ArgumentError: massModel: radii[1] is 0
        Fix: radii are in kpc, above 0.
      a radius without end
        ArgumentError: massModel: radii[3] is Infinity
        Fix: radii are in kpc, above 0.
      a radius of text
        ArgumentError: massModel: radii[1] is the text "3"
        Fix: radii are in kpc, above 0.
      a velocity below 0
        ArgumentError: massModel: velocities[0] is -60
        Fix: velocities are in km/s, 0 or more.
      a velocity without end
        ArgumentError: massModel: velocities[1] is Infinity
        Fix: velocities are in km/s, 0 or more.
      an error of 0
        ArgumentError: massModel: errors[2] is 0
        Fix: standard errors are in km/s, above 0.
      an error without end
        ArgumentError: massModel: errors[3] is Infinity
        Fix: standard errors are in km/s, above 0.
      an inclination of 0
        ArgumentError: massModel: inclination is 0
        Fix: inclination is a number above 0.
      an inclination beyond the edge
        ArgumentError: massModel: inclination is 91
        Fix: it is in degrees, 90 for edge-on.
      a distance of 0
        ArgumentError: massModel: distance is 0
        Fix: distance is a number above 0.
      a distance without end
        ArgumentError: massModel: distance is Infinity
        Fix: distance is a number above 0.
      the error of no distance
        ArgumentError: massModel: distanceError is 1 of nothing
        Fix: pass distance too.
      the error of no inclination
        ArgumentError: massModel: inclinationError is 4 of nothing
        Fix: pass inclination too.
      an error of the distance below 0
        ArgumentError: massModel: distanceError is -1
        Fix: an error is 0 or more.
      an error of the inclination that is none
        ArgumentError: massModel: inclinationError is NaN
        Fix: an error is 0 or more.
      "
    `);
  });

  it("takes what is at the edge of what can be", () => {
    const still = { ...galaxy, velocities: [0, 0, 0, 0], inclination: 90, distanceError: 0 };
    expect(massModel(still, "nfw").parameters.map(({ name }) => name)).not.toContain("distance");
    const priors = { logHaloMass: [0, 20], ratioScatter: 0, errorSpread: 5 } as const;
    const model = massModel(galaxy, "nfw", priors);
    const z = at(model, { discRatio: 3, bulgeRatio: -3, errorScale: 1 });
    const values = Object.fromEntries(model.parameters.map(({ name }, p) => [name, model.valuesOf(z)[p]]));
    expect(values).toMatchObject({ logHaloMass: 10, discRatio: 0.5, bulgeRatio: 0.7 });
    expect(values.errorScale).toBeCloseTo(Math.exp(5), 9);
    expect(() => massModel(galaxy, "nfw", { ratioScatter: 5, errorSpread: 0 })).not.toThrow();
  });

  it("refuses priors, families and places that cannot be, and says what they are", () => {
    const prior = (priors: object) => () => massModel(galaxy, "nfw", priors);
    const model = massModel(galaxy, "nfw");
    expect(
      messagesOf({
        "a family that there is not": () => massModel(galaxy, any("isothermal")),
        "a prior that there is not": prior({ haloMass: [8, 14] }),
        "a halo of one mass": prior({ logHaloMass: [12, 12] }),
        "masses in the wrong order": prior({ logHaloMass: [12, 8] }),
        "masses below those of stars": prior({ logHaloMass: [-1, 14] }),
        "masses beyond the universe": prior({ logHaloMass: [8, 20.1] }),
        "masses of text": prior({ logHaloMass: ["8", 14] }),
        "one mass": prior({ logHaloMass: 8 }),
        "three masses": prior({ logHaloMass: [8, 9, 10] }),
        "a ratio of 0": prior({ discRatio: 0 }),
        "a ratio without end": prior({ bulgeRatio: Infinity }),
        "a ratio of text": prior({ bulgeRatio: "1" }),
        "a scatter below 0": prior({ ratioScatter: -0.1 }),
        "a scatter of decades": prior({ ratioScatter: 5.1 }),
        "a spread of text": prior({ errorSpread: "1" }),
        "a place of too few numbers": () => model.valuesOf(new Float64Array(3)),
        "a place that is none": () => model.logLikelihood(any({ length: 7 })),
      }),
    ).toMatchInlineSnapshot(`
      "
      a family that there is not
        ArgumentError: massModel: the family of the halo is the text "isothermal"; there are nfw, cored-nfw, burkert, einasto, pseudo-isothermal.
      a prior that there is not
        ArgumentError: massModel.priors: there is no option "haloMass".
        Fix: the options are logHaloMass, discRatio, bulgeRatio, ratioScatter, errorSpread.
      a halo of one mass
        ArgumentError: massModel: the prior's logHaloMass is 12,12
        Fix: it is two numbers in order, from 0 to 20.
      masses in the wrong order
        ArgumentError: massModel: the prior's logHaloMass is 12,8
        Fix: it is two numbers in order, from 0 to 20.
      masses below those of stars
        ArgumentError: massModel: the prior's logHaloMass is -1,14
        Fix: it is two numbers in order, from 0 to 20.
      masses beyond the universe
        ArgumentError: massModel: the prior's logHaloMass is 8,20.1
        Fix: it is two numbers in order, from 0 to 20.
      masses of text
        ArgumentError: massModel: the prior's logHaloMass is the text "8",14
        Fix: it is two numbers in order, from 0 to 20.
      one mass
        ArgumentError: massModel: the prior's logHaloMass is 8
        Fix: it is two numbers in order, from 0 to 20.
      three masses
        ArgumentError: massModel: the prior's logHaloMass is 8,9,10
        Fix: it is two numbers in order, from 0 to 20.
      a ratio of 0
        ArgumentError: massModel: the prior's discRatio is 0
        Fix: it is a number above 0.
      a ratio without end
        ArgumentError: massModel: the prior's bulgeRatio is Infinity
        Fix: it is a number above 0.
      a ratio of text
        ArgumentError: massModel: the prior's bulgeRatio is the text "1"
        Fix: it is a number above 0.
      a scatter below 0
        ArgumentError: massModel: the prior's ratioScatter is -0.1
        Fix: it is a number from 0 to 5.
      a scatter of decades
        ArgumentError: massModel: the prior's ratioScatter is 5.1
        Fix: it is a number from 0 to 5.
      a spread of text
        ArgumentError: massModel: the prior's errorSpread is the text "1"
        Fix: it is a number from 0 to 5.
      a place of too few numbers
        ArgumentError: massModel: a place of the sampler has 7 numbers; got a Float64Array
        Fix: pass one for each of the parameters.
      a place that is none
        ArgumentError: massModel: a place of the sampler has 7 numbers; got an object with length
        Fix: pass one for each of the parameters.
      "
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
