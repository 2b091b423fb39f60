/**
 * What the engine gets wrong where floats are interesting, known and to be mended: the laws pass over these regions, and
 * laws.test.ts holds each to its right value, in a test that is expected to fail. Who mends one deletes its entry.
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

/** Beyond the normal numbers of float32, or so near to their ends that a factor of a few leads beyond. */
const leavesRange = (value: number): boolean =>
  value !== 0 && !(Math.abs(value) > 1e-37 && Math.abs(value) < 1e37);
/** What the cotangent is multiplied with. */
const slopeAt = ({ at, expected }: Miss): number => expected / at[at.length - 1];

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
    title: "half of erfc is subnormal before it is multiplied",
    operations: ["gelu"],
    what: "value",
    backends: ["wasm"],
    isInside: ({ expected }) => expected !== 0 && Math.abs(expected) < 1e-36,
    example: { operation: "gelu", at: [-14], right: -1.0910951546869918e-43 },
  },
  {
    title:
      "terms of a slope are multiplied with a small cotangent one by one, and are subnormal before they are added",
    operations: "all",
    what: "gradient",
    backends: ["wasm"],
    isInside: ({ expected }) => expected !== 0 && Math.abs(expected) < 1e-37,
    example: { operation: "gelu", at: [-8, 1e-30], right: -3.979607273706409e-44 },
  },
  {
    title:
      "a slope leaves the range of float32 before it is multiplied with a cotangent that would bring it back",
    operations: "all",
    what: "gradient",
    backends: ["wasm"],
    isInside: (miss) => leavesRange(slopeAt(miss)),
    example: { operation: "sigmoid", at: [-100, 1e30], right: 3.720076031998554e-14 },
  },
  {
    title: "x^(y − 1) leaves the range of float32, also where y times it does not, and where y is 0",
    operations: ["pow"],
    what: "gradient 0",
    backends: ["wasm"],
    isInside: ({ at: [x, y] }) => leavesRange(x ** (y - 1)),
    example: { operation: "pow", at: [1e-39, 1e-39, 1], right: 1 },
  },
  {
    title: "the cotangent times x/y leaves the range of float32 before it is divided by y",
    operations: ["div"],
    what: "gradient 1",
    backends: ["wasm"],
    isInside: ({ at: [x, y, cotangent] }) => leavesRange((cotangent * x) / y),
    example: { operation: "div", at: [6e37, -2e17, 1e30], right: -1.5e33 },
  },
  {
    title: "two products overflow with opposite signs, and their sum is NaN, not infinity",
    operations: ["linearCombination"],
    what: "value",
    backends: ["wasm"],
    isInside: ({ at: [a, x, b, y] }) => Math.max(Math.abs(a * x), Math.abs(b * y)) > 1e38,
    example: { operation: "linearCombination", at: [-1e30, 1e38, 1e30, 1e20], right: -Infinity },
  },
  {
    title: "x − y overflows where scale · (x − y) does not",
    operations: ["scaledDifference"],
    what: "value",
    backends: ["wasm"],
    isInside: ({ at: [, x, y] }) => Math.abs(x - y) > 1e38,
    example: { operation: "scaledDifference", at: [1e-30, 3e38, -3e38], right: 600000003.0021973 },
  },
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
