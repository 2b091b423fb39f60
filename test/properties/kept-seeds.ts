/** Seeds at which a property once failed. Each is drawn in every run, beside the seed of that run (test/seed.ts). */

import * as fc from "fast-check";

const keptSeeds: Readonly<Record<string, readonly number[]>> = {
  // The bound left out that float32 rounds numbers among the operands, as in x.mul(0.01).
  "bounds of random graphs": [2100023135, 74060071, -867152288, 1012230677],
  // The cotangent times x/y leaves the range of float32 before it is divided by y: a known fault.
  "extreme gradients of div [3,4] [3,4]": [210760073],
};

/** The seed of this run, and those at which the property failed before. */
export function seedsOf(property: string): readonly number[] {
  const { seed = 1 } = fc.readConfigureGlobal();
  return [seed, ...(keptSeeds[property] ?? [])];
}

/** The properties that have failed before. */
export const kept: readonly string[] = Object.keys(keptSeeds);
