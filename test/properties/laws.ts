/**
 * Laws that hold for every operation, whatever it computes: each reads what it needs off the record. laws.test.ts holds all
 * operations to them; planted.test.ts shows that they see mistakes.
 */

import { expect } from "vitest";
import { sameShape, sizeOf } from "../../src/basics/shape.ts";
import * as halograd from "../../src/index.ts";
import {
  type BackendName,
  backendName,
  concat,
  normal,
  Random,
  type Shape,
  stack,
  type Tensor,
  tensor,
  useBackend,
  vjp,
  zerosLike,
} from "../../src/index.ts";
import type { Arithmetic, FloatArray } from "../../src/kernels/index.ts";
import { numbers } from "../../src/kernels/typescript/numbers.ts";
import { type Attributes, apply, type Operation } from "../../src/ops/operation.ts";
import { checkGradients } from "../../src/testing/check.ts";
import { errorBound } from "../../src/testing/index.ts";
import { examplesOfRecord } from "../../src/testing/vocabulary.ts";
import { type Case, drawOperand, drawOperands } from "../ops/records.ts";
import {
  interestingOperands,
  jumps,
  type Miss,
  wrongGradients,
  wrongSlopes,
  wrongValues,
} from "./interesting.ts";
import { isKnown } from "./known-faults.ts";

/** Something that is true of an operation. */
export interface Law {
  /** In a word or two, as in the table of docs/testing.md. */
  readonly name: string;
  /** Completes "the law that …". */
  readonly title: string;
  /** Whether it says anything about this case. Default: about every one. */
  concerns?: (example: Case) => boolean;
  /** Fails where the case breaks the law. */
  hold(example: Case, random: Random): void;
}

const toDouble = (x: Tensor): Tensor => x.to("float64");
const leaf = (x: Tensor): Tensor => {
  const copy = x.detach().to(x.dtype);
  copy.requiresGrad = true;
  return copy;
};
const cotangentOf = (output: Tensor, random: Random): Tensor => normal(output.shape, random).to(output.dtype);

/** The largest difference of two results, relative to the largest element of the second. */
function relativeError(actual: Tensor, expected: Tensor): number {
  expect(actual.shape).toEqual(expected.shape);
  const values = expected.toTypedArray();
  const scale = values.reduce((largest: number, value: number) => Math.max(largest, Math.abs(value)), 1e-30);
  return actual
    .toTypedArray()
    .reduce(
      (worst: number, value: number, i: number) => Math.max(worst, Math.abs(value - values[i]) / scale),
      0,
    );
}

/** Gradients of ⟨f(operands), cotangent⟩; zeros where there is no path. */
function gradientsOf(
  f: (...operands: Tensor[]) => Tensor,
  operands: readonly Tensor[],
  cotangent: Tensor,
  createGraph = false,
): Tensor[] {
  const inputs = operands.map(leaf);
  const output = f(...inputs);
  if (output.requiresGrad) output.backward(cotangent, { createGraph });
  return inputs.map((input) => input.grad ?? zerosLike(input));
}

function expectClose(actual: readonly Tensor[], expected: readonly Tensor[], tolerance: number): void {
  for (const [i, gradient] of actual.entries()) {
    expect(relativeError(gradient.to("float64"), expected[i].to("float64"))).toBeLessThan(tolerance);
  }
}

/** The gradients of ⟨f, cotangent⟩ one after another. */
export function composedGradients(f: Case["call"], cotangent: Tensor): (...inputs: Tensor[]) => Tensor {
  return (...inputs) =>
    concat(
      gradientsOf(f, inputs, cotangent.to(f(...inputs).dtype), true).map((gradient) =>
        gradient.reshape([-1]),
      ),
    );
}

/**
 * Whether float32 results are near to others: within units of the largest element, or, where terms cancel and the largest says
 * too little, within so many times what a running error analysis allows.
 */
function expectNear(
  actual: readonly Tensor[],
  expected: readonly Tensor[],
  units: number,
  bound: () => Tensor,
  times: number,
): void {
  const isNear = actual.every(
    (x, i) => relativeError(x.to("float64"), expected[i].to("float64")) < units * 2 ** -24,
  );
  if (isNear) return;
  const allowed = bound().toTypedArray();
  const [found, wanted] = [actual, expected].map((all) => all.flatMap((x) => [...x.toTypedArray()]));
  for (const [i, value] of found.entries())
    expect(Math.abs(value - wanted[i])).toBeLessThanOrEqual(times * allowed[i]);
}

/** Float64 results of some ten steps in another order: each step rounds to 2⁻⁵³, and sums have a few dozen terms. */
const SAME_IN_FLOAT64 = 2 ** -44;

/** How a tensor of a shape can lie in memory: the shape that is drawn, and the view of it. */
const views: Record<string, (shape: Shape) => [base: Shape, view: (base: Tensor) => Tensor]> = {
  transposed: (shape) => [shape.toReversed(), (x) => x.permute([...shape.keys()].reverse())],
  permuted: (shape) => [
    [...shape.slice(1), ...shape.slice(0, 1)],
    (x) => x.permute(shape.map((_, axis) => (axis + shape.length - 1) % shape.length)),
  ],
  "sliced with steps": (shape) => [
    shape.map((size) => 2 * size + 1),
    (x) => x.slice(...shape.map(() => [1, null, 2] as const)),
  ],
  "sliced backwards": (shape) => [
    shape.map((size) => 2 * size),
    (x) => x.slice(...shape.map(() => [null, null, -2] as const)),
  ],
  "expanded along the first axis": (shape) => [
    shape.map((size, axis) => (axis === 0 ? 1 : size)),
    (x) => x.expand(shape),
  ],
  "expanded along the last axis": (shape) => [
    shape.map((size, axis) => (axis === shape.length - 1 ? 1 : size)),
    (x) => x.expand(shape),
  ],
  "reshaped from a transposed matrix": (shape) => [
    [2, sizeOf(shape)],
    (x) => x.transpose().slice([null, null], 1).reshape(shape),
  ],
};

/** Values, gradients by fused and by composed rules, and second derivatives, of an operation that is elementwise. */
function everyOrder(
  call: Case["call"],
  operands: readonly Tensor[],
  [first, second]: readonly Tensor[],
): readonly FloatArray[] {
  const inputs = operands.map(leaf);
  const output = call(...inputs);
  if (!output.requiresGrad) return [output.toTypedArray()];
  output.backward(first, { createGraph: true });
  const composed = inputs.flatMap(({ grad }) => grad ?? []);
  const ofSecondOrder = composed.flatMap((gradient) => {
    if (!gradient.requiresGrad) return [];
    for (const input of inputs) input.grad = null;
    gradient.backward(second, { retainGraph: true });
    return inputs.flatMap(({ grad }) => grad ?? []);
  });
  const fused = gradientsOf(call, operands, first);
  return [output, ...fused, ...composed, ...ofSecondOrder].map((x) => x.toTypedArray());
}

/** How a vector lies in memory: as it is, every third element of a longer one, and from its end. */
const vectorLayouts: readonly ((x: Tensor) => Tensor)[] = [
  (x) => x.clone(),
  (x) => stack([x, x, x], 1).reshape([-1]).slice([1, null, 3]),
  (x) => x.flip().clone().flip(),
];

const viewLaws = Object.entries(views).map(
  ([name, layOut]): Law => ({
    name: "views",
    title: `operands that are ${name} give the values and gradients of contiguous ones`,
    hold(example, random) {
      const layouts = example.shapes.map((shape) =>
        shape.length === 0 ? ([[], (x: Tensor) => x] as const) : layOut(shape),
      );
      const bases = layouts.map(([base], i) => drawOperand(example, i, base, random));
      const call = (...inputs: Tensor[]): Tensor => example.call(...inputs.map((x, i) => layouts[i][1](x)));
      const copies = bases.map((base, i) => layouts[i][1](base).clone());
      expect(call(...bases).toTypedArray()).toEqual(example.call(...copies).toTypedArray());
      // Repeated elements tie in max and the like; there the check accepts any slope between the two sides.
      checkGradients(call, bases, { elementwiseUpTo: 0, directions: 2, random });
    },
  }),
);

/** Sets of two or more places in which one tensor may stand: operands of one shape, all of them and in pairs. */
function placesAlike(shapes: readonly Shape[]): number[][] {
  const sets = new Map<string, number[]>();
  for (const [i, first] of shapes.entries()) {
    const alike = [...shapes.keys()].filter((j) => sameShape(shapes[j], first));
    for (const places of [alike, ...alike.filter((j) => j > i).map((j) => [i, j])])
      if (places.length > 1) sets.set(`${places}`, places);
  }
  return [...sets.values()];
}

function widthOf({ intervals }: Case, i: number): number {
  const [low, high] = intervals?.[i] ?? [-Infinity, Infinity];
  return (Number.isFinite(low) ? 0 : 1) + (Number.isFinite(high) ? 0 : 1);
}

/** Of an elementwise operation one case will do: elements are drawn by themselves, whatever the shapes. */
const isElementwise = ({ operation, shapes }: Case): boolean =>
  operation?.value !== undefined && examplesOfRecord(operation)[0].shapes === shapes;

/** Fails with the worst of the misses that are not known. */
function expectNone({ name }: Case, backend: BackendName | null, misses: readonly Miss[]): void {
  expect(misses.filter((miss) => !isKnown(name, backend, miss)).slice(0, 5)).toEqual([]);
}

const BACKENDS: readonly BackendName[] = ["typescript", "wasm"];

/** Where floats are interesting; all of these are about first derivatives, see interesting.ts. */
const extremeLaws: readonly Law[] = [
  {
    name: "extreme values",
    title:
      "values are as near to float64 as rounding allows at tiny, huge and saturated operands, on both backends",
    concerns: isElementwise,
    hold(example, random) {
      const x = interestingOperands(example, random);
      for (const backend of BACKENDS) {
        const misses = wrongValues(example, x, (call) => onBackend(backend, () => call(...x).clone()));
        expectNone(example, backend, misses);
      }
    },
  },
  {
    name: "extreme gradients",
    title:
      "gradients are as near to float64 as rounding allows there, also with tiny and huge cotangents, on both backends",
    concerns: (example) => isElementwise(example) && example.operation!.gradient !== undefined,
    hold(example, random) {
      const x = interestingOperands(example, random);
      const cotangents = Float32Array.from(
        { length: x[0].size },
        () => [1, -1, 0.75, 1e-30, 1e30][random.integer(5)],
      );
      for (const backend of BACKENDS) {
        const misses = wrongGradients(example, x, tensor(cotangents), (gradients) =>
          onBackend(backend, () => gradients().map((gradient) => gradient.clone())),
        );
        expectNone(example, backend, misses);
      }
    },
  },
  {
    name: "extreme slopes",
    title: "slopes agree with differences in float64 there",
    concerns: isElementwise,
    hold: (example, random) =>
      expectNone(example, null, wrongSlopes(example, interestingOperands(example, random))),
  },
  {
    name: "jumps",
    title: "values have no jump that their slopes do not know of",
    concerns: (example) => isElementwise(example) && example.shapes.length === 1,
    hold: (example) => expectNone(example, null, jumps(example)),
  },
];

export const laws: readonly Law[] = [
  {
    name: "differences",
    title: "gradients agree with differences in float64, to second order",
    hold(example, random) {
      const operands = drawOperands(example, random);
      const { compared, kinks } = checkGradients(example.call, operands);
      const size = operands.reduce((sum, operand) => sum + operand.size, 0);
      expect(kinks).toEqual([]);
      expect(compared).toBe(2 * size + operands.length);
    },
  },
  ...viewLaws,
  {
    name: "linearity",
    title: "the gradient rule is linear in the cotangent",
    hold(example, random) {
      const operands = drawOperands(example, random).map(toDouble);
      const [output, pullback] = vjp((x: Tensor[]) => example.call(...x), operands);
      const [u, w] = [cotangentOf(output, random), cotangentOf(output, random)];
      const [ofU, ofW] = [pullback(u), pullback(w)];
      const expected = ofU.map((gradient, i) => gradient.mul(3).sub(ofW[i].mul(0.5)));
      expectClose(pullback(u.mul(3).sub(w.mul(0.5))), expected, SAME_IN_FLOAT64);
    },
  },
  {
    name: "reuse",
    title: "an operand that is used twice receives both contributions",
    hold(example, random) {
      const operands = drawOperands(example, random).map(toDouble);
      const output = example.call(...operands);
      const [u, w] = [cotangentOf(output, random), cotangentOf(output, random)];
      const twice = (...x: Tensor[]): Tensor =>
        example
          .call(...x)
          .mul(u)
          .add(example.call(...x).mul(w));
      const [ofU, ofW] = [u, w].map((cotangent) => gradientsOf(example.call, operands, cotangent));
      const ones = u.mul(0).add(1);
      const expected = ofU.map((gradient, i) => gradient.add(ofW[i]));
      expectClose(gradientsOf(twice, operands, ones), expected, SAME_IN_FLOAT64);
    },
  },
  {
    name: "repetition",
    title: "one tensor in several places of a call receives the contributions of all of them",
    concerns: ({ shapes }) => placesAlike(shapes).length > 0,
    hold(example, random) {
      for (const places of placesAlike(example.shapes)) {
        // From the narrowest of the intervals, so that it fits each place.
        const narrowest = places.toSorted((i, j) => widthOf(example, i) - widthOf(example, j))[0];
        const drawn = drawOperands(example, random).map(toDouble);
        const shared = toDouble(drawOperand(example, narrowest, example.shapes[places[0]], random));
        const operands = drawn.map((x, i) => (places.includes(i) ? shared : x));
        const cotangent = cotangentOf(example.call(...operands), random);
        const apart = gradientsOf(example.call, operands, cotangent);
        const expected = places.map((i) => apart[i]).reduce((a, b) => a.add(b));
        const call = (x: Tensor): Tensor =>
          example.call(...operands.map((y, i) => (places.includes(i) ? x : y)));
        for (const createGraph of [false, true])
          expectClose(gradientsOf(call, [shared], cotangent, createGraph), [expected], SAME_IN_FLOAT64);
        const copies = operands.map((x) => x.clone());
        expect(call(shared).toTypedArray()).toEqual(example.call(...copies).toTypedArray());
      }
    },
  },
  {
    name: "permutation",
    title: "an elementwise operation takes permuted elements to permuted results, to the bit",
    concerns: ({ operation, shapes }) =>
      operation?.value !== undefined && !shapes.some((shape) => shape.includes(0)),
    hold(example, random) {
      const operands = isElementwise(example)
        ? interestingOperands(example, random)
        : drawOperands(example, random);
      const { shape } = example.call(...operands);
      const order = [...random.permutation(sizeOf(shape))];
      const flat = operands.map((x) => x.expand(shape).reshape([-1]));
      const permuted = (x: Tensor): Tensor => x.indexSelect(0, order);
      const cotangent = cotangentOf(flat[0], random);
      const gradients = gradientsOf(example.call, flat, cotangent).map(permuted);
      expect(example.call(...flat.map(permuted)).toTypedArray()).toEqual(
        permuted(example.call(...flat)).toTypedArray(),
      );
      gradientsOf(example.call, flat.map(permuted), permuted(cotangent)).forEach((gradient, i) => {
        expect(gradient.toTypedArray()).toEqual(gradients[i].toTypedArray());
      });
    },
  },
  {
    name: "batches",
    title: "a batch gives what its members give, one by one",
    concerns: (example) => batchOf(example) !== null,
    hold(example, random) {
      const { call, isStacked, shapes } = batchOf(example)!;
      const members = [drawOperands(example, random), drawOperands(example, random)].map((x) =>
        x.map(toDouble),
      );
      const both = shapes.map((shape, i) =>
        isStacked(i) ? stack(members.map((x) => x[i])).reshape(shape) : members[0][i],
      );
      if (members[0].some((_, i) => !isStacked(i))) {
        for (const i of members[0].keys()) if (!isStacked(i)) members[1][i] = members[0][i];
      }
      const outputs = members.map((x) => example.call(...x));
      expectClose([call(...both)], [stack(outputs)], SAME_IN_FLOAT64);
      const cotangents = outputs.map((output) => cotangentOf(output, random));
      const [first, second] = members.map((x, k) => gradientsOf(example.call, x, cotangents[k]));
      const expected = first.map((gradient, i) =>
        isStacked(i) ? stack([gradient, second[i]]).reshape(shapes[i]) : gradient.add(second[i]),
      );
      expectClose(gradientsOf(call, both, stack(cotangents)), expected, SAME_IN_FLOAT64);
      // In float32 to the bit, where nothing is added over the batch.
      const [single, ...singles] = [both, ...members].map((x) => x.map((operand) => operand.to("float32")));
      const { dtype } = example.call(...singles[0]);
      const rounded = cotangents.map((cotangent) => cotangent.to("float32").to(dtype));
      for (const backend of BACKENDS) {
        onBackend(backend, () => {
          const alone = singles.map((x) => example.call(...x));
          expect(call(...single).toTypedArray()).toEqual(stack(alone).toTypedArray());
          const [one, other] = singles.map((x, k) => gradientsOf(example.call, x, rounded[k]));
          gradientsOf(call, single, stack(rounded)).forEach((gradient, i) => {
            if (isStacked(i))
              expect(gradient.toTypedArray()).toEqual(stack([one[i], other[i]]).toTypedArray());
          });
        });
      }
    },
  },
  {
    name: "bits",
    title:
      "an element has the same bits alone, among any number of others and however it lies, in values and gradients of both orders",
    concerns: isElementwise,
    hold(example, random) {
      const operands = interestingOperands(example, random);
      const [{ size }] = operands;
      const inFloat32 = [...operands, normal([size], random), normal([size], random)];
      const results = (of: readonly Tensor[]): readonly FloatArray[] =>
        everyOrder(example.call, of.slice(0, operands.length), of.slice(operands.length));
      for (const backend of BACKENDS) {
        for (const vectors of [inFloat32, inFloat32.map(toDouble)]) {
          onBackend(backend, () => {
            const whole = results(vectors);
            for (const layOut of vectorLayouts) expect(results(vectors.map(layOut))).toEqual(whole);
            for (let start = 0, count = 1; start < size; start += count, count = 1 + random.integer(9)) {
              const part = vectors.map((x) => x.slice([start, Math.min(start + count, size)]));
              const expected = whole.map((values) => values.slice(start, start + count));
              expect(results(part)).toEqual(expected);
              // One element is a scalar, too.
              const scalars = results(part.map((x) => x.at(0)));
              expect(scalars).toEqual(expected.map((values) => values.slice(0, 1)));
            }
          });
        }
      }
    },
  },
  {
    name: "backends",
    title: "both backends give the same values and gradients, within units",
    hold(example, random) {
      const operands = drawOperands(example, random);
      const cotangent = cotangentOf(example.call(...operands), random);
      const [typescript, wasm] = (["typescript", "wasm"] as const).map((backend) =>
        onBackend(backend, () => ({
          value: example.call(...operands).clone(),
          gradients: gradientsOf(example.call, operands, cotangent).map((gradient) => gradient.clone()),
        })),
      );
      // Each is off by half of this at the most: see the law of float32.
      expectNear([wasm.value], [typescript.value], 8, () => errorBound(example.call, operands).bound, 2);
      const gradients = composedGradients(example.call, cotangent);
      expectNear(wasm.gradients, typescript.gradients, 16, () => errorBound(gradients, operands).bound, 4);
    },
  },
  {
    name: "recorded gradients",
    title: "recording the backward pass changes no bit of it",
    hold(example, random) {
      const operands = drawOperands(example, random);
      const cotangent = cotangentOf(example.call(...operands), random);
      const [plain, recorded] = [false, true].map((createGraph) =>
        gradientsOf(example.call, operands, cotangent, createGraph).map((gradient) =>
          gradient.toTypedArray(),
        ),
      );
      expect(plain).toEqual(recorded);
    },
  },
  {
    name: "expression",
    title: "an elementwise operation is what its expression is, composed of other operations",
    concerns: ({ operation }) => operation?.value !== undefined && operation.gradient !== undefined,
    hold(example, random) {
      const operands = drawOperands(example, random).map(toDouble);
      const composed = (...x: Tensor[]): Tensor => example.operation!.value!(steps, ...x);
      const output = example.call(...operands);
      expectClose([output], [composed(...operands).expand(output.shape)], SAME_IN_FLOAT64);
      const cotangent = cotangentOf(output, random);
      const expected = gradientsOf((...x) => composed(...x).expand(output.shape), operands, cotangent);
      // The two derive the same slope by different routes, with cancellation on one of them.
      expectClose(gradientsOf(example.call, operands, cotangent), expected, 2 ** -40);
    },
  },
  {
    name: "float32",
    title: "float32 is float64 rounded, within units",
    hold(example, random) {
      const operands = drawOperands(example, random);
      const doubles = operands.map(toDouble);
      const output = example.call(...operands);
      // As for the golden values: a result rounds by half a unit, 2⁻²⁴ of its size, at each of at most 4 steps forward,
      // and at each of at most 8 in a gradient.
      expectNear([output], [example.call(...doubles)], 4, () => errorBound(example.call, operands).bound, 1);
      const cotangent = cotangentOf(output, random);
      const expected = gradientsOf(example.call, doubles, cotangent.to("float64"));
      const gradients = composedGradients(example.call, cotangent);
      const found = gradientsOf(example.call, operands, cotangent);
      expectNear(found, expected, 8, () => errorBound(gradients, operands).bound, 2);
    },
  },
  ...extremeLaws,
];

/** Expressions read as one operation for each step: another way to the value, and by the chain rule to its gradients. */
const steps = {
  ...Object.fromEntries(
    Object.keys(numbers).map((word) => [word, (halograd as unknown as Record<string, unknown>)[word]]),
  ),
  constant: (value: number) => tensor(value, { dtype: "float64" }),
} as unknown as Arithmetic<Tensor>;

/** The laws that a case breaks, by their names. */
export function brokenLaws(example: Case): string[] {
  return laws
    .filter((law) => law.concerns?.(example) ?? true)
    .filter((law) => {
      try {
        law.hold(example, new Random(1));
        return false;
      } catch {
        return true;
      }
    })
    .map(({ name }) => name);
}

/** Runs `body` on one of the backends. */
export function onBackend<T>(name: BackendName, body: () => T): T {
  const before = backendName();
  useBackend(name);
  try {
    return body();
  } finally {
    useBackend(before);
  }
}

/** How a case is called with two sets of operands at once, along a new first axis. */
export interface Batch {
  call(...operands: Tensor[]): Tensor;
  isStacked(index: number): boolean;
  /** Of the operands, stacked or not. */
  readonly shapes: readonly Shape[];
}

/**
 * The batch of a case, where its operation has a first axis to spare: attributes that name axes, shapes and ranges are
 * shifted by one axis, and the operation's own shape rule says whether that fits.
 */
export function batchOf(example: Case): Batch | null {
  const { operation } = example;
  if (operation === null || operation.gradient === undefined) return null;
  const operands = drawOperands(example, new Random(1));
  const { shape: output } = example.call(...operands);
  const own = examplesOfRecord(operation).find(({ shapes }) => shapes === example.shapes)?.attributes ?? {};
  // What broadcasts against the result is aligned with it; other operands are aligned with each other.
  const ranks = [
    Math.max(...operands.map((x) => x.rank)),
    Math.max(...operands.map((x) => x.rank), output.length),
  ];
  for (const isStacked of [() => true, (index: number) => index === 0]) {
    for (const rank of ranks) {
      const shapes = operands.map((x, i) =>
        isStacked(i) ? [2, ...new Array<number>(rank - x.rank).fill(1), ...x.shape] : x.shape,
      );
      const stacked = operands.map((x, i) => (isStacked(i) ? stack([x, x]).reshape(shapes[i]) : x));
      for (const attributes of shifted(own)) {
        if (!accepts(operation, stacked, attributes, [2, ...output])) continue;
        return { call: (...x) => apply(operation, x, attributes), isStacked, shapes };
      }
    }
  }
  return null;
}

function accepts(operation: Operation, operands: Tensor[], attributes: Attributes, expected: Shape): boolean {
  try {
    return sameShape(operation.shape(operands, attributes), expected);
  } catch {
    return false;
  }
}

/** Attributes moved on by one axis; a list of axes may be those of a reduction or an order of all of them. */
function* shifted(attributes: Attributes): Generator<Attributes> {
  const { axes, axis, shape, spans, places } = attributes as {
    axes?: readonly number[];
    axis?: number;
    shape?: Shape;
    spans?: readonly unknown[];
    places?: readonly (readonly unknown[])[];
  };
  const both = { start: 0, step: 1, count: 2 };
  const moved = {
    ...attributes,
    ...(axis !== undefined && { axis: axis + 1 }),
    ...(shape !== undefined && { shape: [2, ...shape] }),
    ...(spans !== undefined && { spans: [both, ...spans] }),
    ...(places !== undefined && { places: places.map((place) => [both, ...place]) }),
  };
  if (axes === undefined) {
    yield moved;
    return;
  }
  yield { ...moved, axes: [0, ...axes.map((other) => other + 1)] };
  yield { ...moved, axes: axes.map((other) => other + 1) };
}
