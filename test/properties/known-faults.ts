/**
 * Where a result is not what a limit says, known and for a reason: the laws pass over these regions, and laws.test.ts holds
 * each to the limit, in a test that is expected to fail. Who mends one deletes its entry.
 */

import type { BackendName } from "../../src/index.ts";
import type { Miss } from "./interesting.ts";

/** A region in which some operations are wrong. */
export interface KnownFault {
  /** Why. */
  readonly title: string;
  readonly operations: readonly string[] | "all";
  /** What is wrong: how `what` of a miss begins. */
  readonly what: string;
  /** Where float32 results are; none for results in float64. */
  readonly backends: readonly BackendName[];
  isInside(miss: Miss): boolean;
  /**
   * One of the operations at a point, and the right number, from mpmath at 50 digits: of the value, or, where the
   * point ends with a cotangent, of the gradient.
   */
  readonly example: { readonly operation: string; readonly at: readonly number[]; readonly right: number };
}

/** Whether a miss is known, of a result in float32 on a backend or (null) of one in float64. */
export function isKnown(operation: string, backend: BackendName | null, miss: Miss): boolean {
  return knownFaults.some(
    ({ operations, what, backends, isInside }) =>
      (operations === "all" || operations.includes(operation)) &&
      miss.what.startsWith(what) &&
      (backend === null ? backends.length === 0 : backends.includes(backend)) &&
      isInside(miss),
  );
}

export const knownFaults: readonly KnownFault[] = [
  {
    title:
      "the slope inside is 1, as in PyTorch, also where both limits equal x and the value does not depend on it",
    operations: ["clamp"],
    what: "slope 0",
    backends: [],
    isInside: ({ at: [x, low, high] }) => x === low && x === high,
    example: { operation: "clamp", at: [1, 1, 1, 1], right: 0 },
  },
];
