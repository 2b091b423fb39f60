/** Families of haloes against values of 40 digits, and against what a mass must hold. */
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { logGamma, lowerGamma } from "../../src/galaxy/halos.ts";
import { HALO_FAMILIES, HALO_PROFILES, type HaloFamily, haloOf, nfwHalo } from "../../src/galaxy/index.ts";
import golden from "../golden/halos.json" with { type: "json" };
import { messagesOf } from "../messages.ts";
import { logUniform, relativeError } from "./helpers.ts";

const any = (value: unknown): never => value as never;

describe("profiles of haloes", () => {
  test("agree with 40-digit values, from the centre to far outside", () => {
    for (const [name, rows] of Object.entries(golden)) {
      const [family, index = "0"] = name.split(" ");
      const profile = HALO_PROFILES[family as HaloFamily];
      if (profile === undefined) continue;
      for (const [x, expected] of rows) {
        expect(relativeError(profile.shape(x, Number(index)), expected), `${name} at ${x}`).toBeLessThan(
          3e-14,
        );
      }
    }
    for (const [a, z, expected] of golden.gamma) {
      if (expected > 1e-300)
        expect(relativeError(lowerGamma(a, z), expected), `P(${a}, ${z})`).toBeLessThan(2e-13);
    }
    for (const [a, expected] of golden.logGamma) {
      expect(Math.abs(logGamma(a) - expected), `ln Γ(${a})`).toBeLessThan(
        1e-14 * Math.max(1, Math.abs(expected)),
      );
    }
  });

  const options = fc.record({
    mass: logUniform(1e8, 1e14),
    concentration: logUniform(1, 100),
    coreRadius: logUniform(0.01, 30),
    index: logUniform(0.1, 1),
  });
  test.prop([fc.constantFrom(...HALO_FAMILIES), options])(
    "hold at the virial radius what a mass there must",
    (family, given) => {
      const halo = haloOf(family, given);
      const { virialRadius, virialVelocity } = nfwHalo({
        mass: given.mass,
        concentration: given.concentration,
      });
      expect(halo.virialRadius).toBe(virialRadius);
      expect(relativeError(Math.sqrt(halo.velocitySquared(virialRadius)), virialVelocity)).toBeLessThan(
        1e-12,
      );
    },
  );

  test.prop([fc.constantFrom(...HALO_FAMILIES), options, logUniform(1e-3, 500), logUniform(1.001, 10)])(
    "enclose more mass within more radius",
    (family, given, radius, factor) => {
      const halo = haloOf(family, given);
      const mass = (r: number) => halo.velocitySquared(r) * r;
      expect(mass(radius * factor)).toBeGreaterThan(mass(radius) * (1 - 1e-12));
    },
  );

  test("with a core vanish in the centre as R, those with a cusp more slowly", () => {
    const slope = (family: HaloFamily) => {
      const halo = haloOf(family, { mass: 1e11, concentration: 10, coreRadius: 2, index: 0.17 });
      return Math.log(halo.velocitySquared(1e-4) / halo.velocitySquared(1e-5)) / Math.log(10);
    };
    expect(slope("nfw")).toBeCloseTo(1, 3);
    for (const family of ["cored-nfw", "burkert", "pseudo-isothermal"] as const)
      expect(slope(family)).toBeCloseTo(2, 2);
    expect(slope("einasto")).toBeGreaterThan(1.5);
  });

  test("of another name, without a core radius, or of numbers that cannot be, are refused with the reason", () => {
    const good = { mass: 1e11, concentration: 10 };
    expect(
      messagesOf({
        "another family": () => haloOf(any("isothermal"), good),
        "a name that every object has": () => haloOf(any("toString"), good),
        "a halo of nothing": () => haloOf("nfw", any(undefined)),
        "a mass below 0": () => haloOf("burkert", { ...good, mass: -1 }),
        "a concentration that is none": () => haloOf("burkert", { ...good, concentration: Number.NaN }),
        "no core radius": () => haloOf("cored-nfw", good),
        "a core radius of 0, of a family without a core": () => haloOf("nfw", { ...good, coreRadius: 0 }),
        "an index of 0": () => haloOf("einasto", { ...good, index: 0 }),
        "an option that a halo has not": () => haloOf("burkert", any({ ...good, radius: 3 })),
        "a mass that is nearly 0": () => haloOf("nfw", { mass: 1e-320, concentration: 10 }),
        "a core far beyond the halo": () => haloOf("cored-nfw", { ...good, coreRadius: 1e307 }),
        "a radius below 0": () => haloOf("burkert", good).velocitySquared(-1),
      }),
    ).toMatchInlineSnapshot(`
      "
      another family
        ArgumentError: haloOf: the family of the halo is the text "isothermal"; there are nfw, cored-nfw, burkert, einasto, pseudo-isothermal.
      a name that every object has
        ArgumentError: haloOf: the family of the halo is the text "toString"; there are nfw, cored-nfw, burkert, einasto, pseudo-isothermal.
      a halo of nothing
        ArgumentError: haloOf: got mass = undefined, but it must be a finite number > 0 (solar masses)
        Fix: to make a galaxy without this component, leave the component out.
      a mass below 0
        ArgumentError: haloOf: got mass = -1, but it must be a finite number > 0 (solar masses)
        Fix: to make a galaxy without this component, leave the component out.
      a concentration that is none
        ArgumentError: haloOf: got concentration = NaN, but it must be a finite number > 0 (a ratio of radii)
        Fix: to make a galaxy without this component, leave the component out.
      no core radius
        ArgumentError: haloOf: got coreRadius = undefined, but it must be a finite number > 0 (kpc)
        Fix: of all families, cored-nfw alone needs one.
      a core radius of 0, of a family without a core
        ArgumentError: haloOf: got coreRadius = 0, but it must be a finite number > 0 (kpc)
        Fix: of all families, cored-nfw alone needs one.
      an index of 0
        ArgumentError: haloOf: got index = 0, but it must be a finite number > 0 (the α of an Einasto profile)
        Fix: leave it out for 0.17.
      an option that a halo has not
        ArgumentError: haloOf: there is no option "radius".
        Fix: the options are mass, concentration, coreRadius, index.
      a mass that is nearly 0
        ArgumentError: haloOf: no number holds v² of mass 1e-320, concentration 10 and form 0.17
        Fix: give those of a galaxy.
      a core far beyond the halo
        ArgumentError: haloOf: no number holds v² of mass 100000000000, concentration 10 and form 1.044420880475457e+306
        Fix: give those of a galaxy.
      a radius below 0
        ArgumentError: haloOf.velocitySquared: got the radius -1, but a radius must be a finite number ≥ 0, in kpc
        Fix: drop or repair that radius; logSpacedRadii() makes a valid set.
      "
    `);
  });

  test("are called by their names, and an index left out is 0.17", () => {
    const given = { mass: 1e11, concentration: 10, coreRadius: 2 };
    expect(HALO_FAMILIES.map((family) => haloOf(family, given).name)).toMatchInlineSnapshot(`
      [
        "NFW halo",
        "cored NFW halo",
        "Burkert halo",
        "Einasto halo",
        "pseudo-isothermal halo",
      ]
    `);
    expect(haloOf("einasto", given).velocitySquared(5)).toBe(
      haloOf("einasto", { ...given, index: 0.17 }).velocitySquared(5),
    );
  });
});
