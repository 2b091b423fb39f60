import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { ArgumentError } from "../../src/basics/errors.ts";
import { nfwShape } from "../../src/galaxy/components.ts";
import {
  circularVelocity,
  exponentialDisc,
  GRAVITATIONAL_CONSTANT,
  type MassComponent,
  nfwHalo,
} from "../../src/galaxy/index.ts";
import golden from "../golden/galaxy.json" with { type: "json" };
import { logUniform, peak, relativeError } from "./helpers.ts";

// Measured against the 60-digit curves: v_disc 1.2e-15, v_halo 5e-16, v_total 9e-16. What is asked for is 1e-12.
const TOLERANCE = 3e-15;

const mass = logUniform(1e6, 1e15);
const concentration = logUniform(0.5, 100);
const length = logUniform(0.01, 100);
const radius = logUniform(1e-6, 1e4);
const factor = logUniform(1e-3, 1e3);

describe("rotation curves of 40 galaxies", () => {
  test("agree with 60-digit arithmetic for disc, halo and both together", () => {
    expect(golden.galaxies.length).toBe(40);
    for (const expected of golden.galaxies) {
      const disc = exponentialDisc({ mass: expected.disc_mass, scaleLength: expected.disc_scale_length_kpc });
      const halo = nfwHalo({ mass: expected.halo_mass, concentration: expected.concentration });
      expect(relativeError(halo.virialVelocity, expected.virial_velocity_km_s)).toBeLessThan(TOLERANCE);
      expect(relativeError(halo.virialRadius, expected.virial_radius_kpc)).toBeLessThan(TOLERANCE);
      for (const [components, curve] of [
        [[disc], expected.v_disc],
        [[halo], expected.v_halo],
        [[disc, halo], expected.v_total],
      ] as const) {
        const velocities = circularVelocity(components, golden.radius_kpc);
        expect(velocities.length).toBe(curve.length);
        velocities.forEach((v, i) => {
          expect(relativeError(v, curve[i])).toBeLessThan(TOLERANCE);
        });
      }
    }
  });
});

describe("circularVelocity", () => {
  test.prop([fc.array(mass, { minLength: 1, maxLength: 5 }), length, radius])(
    "adds the squares of the components, however many there are",
    (masses, scaleLength, r) => {
      const discs = masses.map((m) => exponentialDisc({ mass: m, scaleLength }));
      const sum = discs.reduce((total, disc) => total + circularVelocity([disc], [r])[0] ** 2, 0);
      expect(relativeError(circularVelocity(discs, [r])[0] ** 2, sum)).toBeLessThan(TOLERANCE);
    },
  );

  test("takes a component it has never heard of, even one that pulls outwards", () => {
    const bulge: MassComponent = { name: "point mass", velocitySquared: (r) => 25 / r };
    const ring: MassComponent = { name: "ring", velocitySquared: (r) => (r < 2 ? -9 : 0) };
    expect(Array.from(circularVelocity([bulge, ring], [1, 4]))).toEqual([4, 2.5]);
  });

  test("is 0 for every component at the centre", () => {
    const disc = exponentialDisc({ mass: 1e10, scaleLength: 3 });
    const halo = nfwHalo({ mass: 1e12, concentration: 8 });
    expect(Array.from(circularVelocity([disc], [0]))).toEqual([0]);
    expect(Array.from(circularVelocity([halo], [0]))).toEqual([0]);
  });

  test.prop([mass, length, mass, concentration, logUniform(1e-100, 1e100)])(
    "is finite and positive at every distance",
    (discMass, scaleLength, haloMass, c, r) => {
      const disc = exponentialDisc({ mass: discMass, scaleLength });
      for (const component of [disc, nfwHalo({ mass: haloMass, concentration: c })]) {
        const [v] = circularVelocity([component], [r]);
        expect(v).toBeGreaterThan(0);
        expect(v).toBeLessThan(Infinity);
      }
    },
  );
});

describe("the halo", () => {
  test.prop([mass, concentration])("holds an orbit of the virial velocity at the virial radius", (m, c) => {
    const halo = nfwHalo({ mass: m, concentration: c });
    expect(relativeError(circularVelocity([halo], [halo.virialRadius])[0], halo.virialVelocity)).toBeLessThan(
      TOLERANCE,
    );
    // V² = G M/R, and the mean density inside is 200 critical ones: R³ = 2 G M/(200 H²) with H = 0.07 km/s/kpc.
    expect(
      relativeError(halo.virialVelocity ** 2, (GRAVITATIONAL_CONSTANT * m) / halo.virialRadius),
    ).toBeLessThan(TOLERANCE);
    expect(relativeError(halo.virialRadius ** 3, (GRAVITATIONAL_CONSTANT * m) / 0.49)).toBeLessThan(
      TOLERANCE,
    );
  });

  // At one concentration all haloes have one shape: R ∝ M^(1/3), v² ∝ M/R ∝ M^(2/3). The radius's own rounding is amplified
  // by the logarithmic slope of v², at most 1.
  test.prop([mass, concentration, radius, factor])(
    "scales with its mass as dimensions demand",
    (m, c, r, lambda) => {
      const small = nfwHalo({ mass: m, concentration: c }).velocitySquared(r);
      const large = nfwHalo({ mass: m * lambda ** 3, concentration: c }).velocitySquared(r * lambda);
      expect(relativeError(large, small * lambda * lambda)).toBeLessThan(5e-15);
    },
  );

  // With u = x/(1+x), m(x) = −ln(1−u) − u = Σ_{k≥2} u^k/k: positive terms, and none of those that nfwShape adds up.
  test.prop([logUniform(1e-300, 4)])("has a mass profile without cancellation in the centre", (x) => {
    const u = x / (1 + x);
    let sum = 0;
    for (let k = 250; k >= 2; k--) sum = u * (sum + 1 / k);
    expect(relativeError(nfwShape(x), sum / (1 + x))).toBeLessThan(TOLERANCE);
  });

  test("has m(x)/x highest at x = 2.16258158706, where it is 0.216216595502", () => {
    const x = peak(nfwShape, 1.5, 3);
    expect(Math.abs(x - 2.16258158706)).toBeLessThan(1e-10); // as for the disc's peak
    expect(Math.abs(nfwShape(x) - 0.216216595502)).toBeLessThan(1e-12);
  });
});

describe("the disc", () => {
  test.prop([mass, length, radius, factor, factor])("has v² ∝ M/R", (m, scaleLength, r, heavier, wider) => {
    const small = exponentialDisc({ mass: m, scaleLength }).velocitySquared(r);
    const large = exponentialDisc({ mass: m * heavier, scaleLength: scaleLength * wider }).velocitySquared(
      r * wider,
    );
    expect(relativeError(large, (small * heavier) / wider)).toBeLessThan(5e-15);
  });

  // Its mean square radius is 6 R_d², so v² = G M/R (1 + 3/4 · 6 R_d²/R² + …); at 1e4 R_d the rest is 1e-14.
  test.prop([mass, length])("is a point mass with a quadrupole from far away", (m, scaleLength) => {
    const r = 1e4 * scaleLength;
    const expected = ((GRAVITATIONAL_CONSTANT * m) / r) * (1 + 4.5e-8);
    expect(
      relativeError(exponentialDisc({ mass: m, scaleLength }).velocitySquared(r), expected),
    ).toBeLessThan(2e-14);
  });
});

const disc = exponentialDisc({ mass: 1e10, scaleLength: 3 });
const halo = nfwHalo({ mass: 1e12, concentration: 8 });
const hole: MassComponent = { name: "hole", velocitySquared: () => -1e9 };
const broken: MassComponent = { name: "broken", velocitySquared: () => NaN };

test.each([
  [() => circularVelocity([], [1]), "circularVelocity: got no mass components"],
  [
    () => circularVelocity([disc], [1, -2]),
    "circularVelocity: got the radius -2, but a radius must be a finite number ≥ 0",
  ],
  [() => circularVelocity([disc], [NaN]), "circularVelocity: got the radius NaN"],
  [() => circularVelocity([disc], [Infinity]), "circularVelocity: got the radius Infinity"],
  [
    () => circularVelocity([disc, hole], [3]),
    "squared velocities of exponential disc + hole at 3 kpc add up to -",
  ],
  [() => circularVelocity([broken], [3]), "squared velocities of broken at 3 kpc add up to NaN"],
  [() => disc.velocitySquared(-1), "exponentialDisc.velocitySquared: got the radius -1"],
  [() => halo.velocitySquared(NaN), "nfwHalo.velocitySquared: got the radius NaN"],
  [
    () => exponentialDisc({ mass: 0, scaleLength: 3 }),
    "exponentialDisc: got mass = 0, but it must be a finite number > 0",
  ],
  [() => exponentialDisc({ mass: 1e10, scaleLength: -3 }), "exponentialDisc: got scaleLength = -3"],
  [() => nfwHalo({ mass: NaN, concentration: 8 }), "nfwHalo: got mass = NaN"],
  [() => nfwHalo({ mass: 1e12, concentration: Infinity }), "nfwHalo: got concentration = Infinity"],
])("a mistake is refused where it is made (%#)", (mistake, message) => {
  expect(mistake).toThrow(ArgumentError);
  expect(mistake).toThrow(message);
  expect(mistake).toThrow("\n  Fix: ");
});
