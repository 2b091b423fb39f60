import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { ArgumentError } from "../../src/basics/errors.ts";
import { logGamma, lowerGamma } from "../../src/galaxy/halos.ts";
import { HALO_FAMILIES, HALO_PROFILES, type HaloFamily, haloOf, nfwHalo } from "../../src/galaxy/index.ts";
import golden from "../golden/halos.json" with { type: "json" };
import { logUniform, relativeError } from "./helpers.ts";

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

  test("of another name, without a core radius, or of numbers that cannot be, are refused", () => {
    const good = { mass: 1e11, concentration: 10 };
    for (const make of [
      () => haloOf("isothermal" as never, good),
      () => haloOf("toString" as never, good),
      () => haloOf("cored-nfw", good),
      () => haloOf("einasto", { ...good, index: 0 }),
      () => haloOf("burkert", { ...good, mass: -1 }),
      () => haloOf("burkert", { ...good, concentration: Number.NaN }),
      () => haloOf("burkert", { ...good, radius: 3 } as never),
      () => haloOf("burkert", good).velocitySquared(-1),
    ]) {
      expect(make).toThrow(ArgumentError);
    }
  });
});
