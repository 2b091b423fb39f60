/** Operations that users write: each mistake is refused where it is made, and says what to write. */

import { describe, expect, test } from "vitest";
import {
  type Arithmetic,
  apply,
  binary,
  HalogradError,
  less,
  noGrad,
  type Operand,
  type Operation,
  quaternary,
  type Tensor,
  tensor,
  ternary,
  unary,
} from "../../src/index.ts";
import { Storage } from "../../src/kernels/storage.ts";
import { OUTPUT } from "../../src/ops/operation.ts";
import { errorOf } from "../messages.ts";

/** A record as untyped programs write it. */
// biome-ignore lint/suspicious/noExplicitAny: the mistakes are those of programs without types
type Untyped = any;
type Loose = Record<string, unknown>;
const leaf = (): Tensor => tensor([1, 2], { requiresGrad: true });

describe("an expression", () => {
  const square = (m: Untyped, x: Untyped): unknown => m.mul(x, x);
  test.each<[string, (m: Untyped, x: Untyped, y: Untyped) => unknown, string]>([
    ["with a number where a value is needed", (m, x) => m.add(x, 1), "write m.constant(1)"],
    ["with an operator", (_, x) => x * x, "write m.add(x, y), m.mul(x, x)"],
    ["with a comparison", (m, x) => (x > 0 ? x : m.neg(x)), "m.less(x, y)"],
    ["with Math", (m, x) => m.mul(x, Math.exp(x)), "m.exp(x)"],
    ["that returns nothing", (m, x) => void m.mul(x, x), "needs a return"],
    ["that is a number", () => 3, "write m.constant(3)"],
    [
      "that returns an array",
      (m, x) => [m.mul(x, x)],
      "returns an array of 1, not a value of the arithmetic.\n  Fix: an expression is made of its operands and m.constant(…)",
    ],
    [
      "with a word that does not exist",
      (m, x) => m.sigmoid(x),
      "the words of the arithmetic are constant, add",
    ],
    ["with a tensor's method", (_, x) => x.mul(x), "the words of the arithmetic are constant, add"],
    ["with a tensor", (m, x) => m.mul(x, tensor(2)), "got a tensor of shape [] in place 2"],
    ["with an operand too many", (m, x, y) => m.mul(x, y), "got undefined in place 2"],
    ["with a word that lacks an operand", (m, x) => m.mul(x), "m.mul takes 2 values; got 1"],
    [
      "that chooses by JavaScript's ?",
      (m, x) => (m.less(x, m.constant(0)) ? m.neg(x) : x),
      "choose with m.where(condition, a, b)",
    ],
    ["that leaves a comparison", (m, x) => [m.equal(x, m.exp(x)), m.mul(x, x)][1], "choose with m.where"],
    ["with a constant that is none", (m, x) => m.mul(x, m.constant("2")), "a constant is a number"],
  ])("%s is refused as value and as derivative", (_, mistake, fix) => {
    const value = errorOf(() => unary({ name: "own", value: mistake as never }));
    expect(value.where).toBe('unary("own")');
    expect(value.message).toContain(fix);
    if (mistake.length < 3) {
      const derivative = errorOf(() =>
        unary({ name: "own", value: square as never, derivative: mistake as never }),
      );
      expect(derivative.message).toContain(fix);
      expect(derivative.message).toBe(
        value.message.replace(/^unary\("own"\): value/, 'unary("own"): a derivative'),
      );
    }
  });

  test("may have derivatives that are numbers, or left out", () => {
    const x = leaf();
    const own = binary({ name: "own", value: (m, a, b) => m.mul(a, b), derivatives: [7, undefined] });
    own(x, x).sum().backward();
    expect(x.grad).toEqual(tensor([8, 9]));
    const still = leaf();
    unary({ name: "own", value: (m, a) => m.mul(a, a), derivative: 0 })(still)
      .add(still)
      .sum()
      .backward();
    expect(still.grad).toEqual(tensor([1, 1]));
  });

  test("that is right is taken, where it ignores an operand and where it is constant", () => {
    expect(binary({ name: "first", value: (_, x) => x })(tensor([1, 2]), 3)).toEqual(tensor([1, 2]));
    expect(unary({ name: "one", value: (m) => m.constant(1) })(tensor([5, 6]))).toEqual(tensor([1, 1]));
  });
});

describe("a key that no record has is refused, with the nearest that there is:", () => {
  const value = (m: Arithmetic<never>, x: never): never => m.mul(x, x);
  const record = {
    name: "own",
    shape: ([x]: readonly Tensor[]) => x.shape,
    compute: () => {},
    reads: "nothing" as const,
    examples: [],
  };
  test.each<[string, () => unknown, string]>([
    ["binary, derivative", () => binary({ name: "own", value, derivative: 0 } as never), "derivatives"],
    ["unary, derivatives", () => unary({ name: "own", value, derivatives: [0] } as never), "derivative"],
    ["ternary, kink", () => ternary({ name: "own", value, kink: [0] } as never), "kinks"],
    ["quaternary, interval", () => quaternary({ name: "own", value, interval: [] } as never), "intervals"],
    ["unary, choose", () => unary({ name: "own", value, choose: true } as never), "chooses"],
    [
      "apply, gradients",
      () => apply({ ...record, gradients: () => null } as never, [tensor(1)], {}),
      "gradient",
    ],
    ["apply, views", () => apply({ ...record, views: () => null } as never, [tensor(1)], {}), "view"],
  ])("%s", (_, write, meant) => {
    const { message } = errorOf(write);
    expect(message).toContain("there is no option");
    expect(message).toContain(`did you mean ${meant}?`);
  });

  test("an object of a class of its own may have more", () => {
    class Doubled {
      readonly name = "doubled";
      readonly reads = "nothing";
      readonly examples = [];
      readonly factor = 2;
      shape([x]: readonly Tensor[]): readonly number[] {
        return x.shape;
      }
      compute(output: Operand, _shape: readonly number[], [x]: readonly Tensor[]): void {
        output.storage.set(0, this.factor * x.item());
      }
    }
    expect(apply(new Doubled(), [tensor(3)], {}).item()).toBe(6);
  });
});

describe("a record", () => {
  const double: Operation = {
    name: "double",
    shape: ([x]) => x.shape,
    compute(output, _, [x]) {
      for (let i = 0; i < x.size; i++) output.storage.set(i, 2 * x.data[i]);
    },
    gradient: (cotangent) => cotangent.mul(2),
    reads: "nothing",
    examples: [],
  };
  const run = (changes: Loose): Tensor => {
    const x = leaf();
    apply({ ...double, ...changes } as Operation, [x], {})
      .sum()
      .backward();
    return x.grad!;
  };

  test("may have every field that there is", () => {
    const all: Operation = {
      ...double,
      ...{ value: undefined, view: undefined, part: undefined, dtype: undefined, calls: [] },
    } as never;
    expect(apply(all, [tensor([1, 2])], {})).toEqual(tensor([2, 4]));
  });

  test("that is right is applied and differentiated", () => {
    expect(apply(double, [tensor([1, 2])], {})).toEqual(tensor([2, 4]));
    expect(run({})).toEqual(tensor([2, 2]));
  });

  test.each<[string, Loose, string]>([
    ["compute returns its values", { compute: (_: unknown, __: unknown, [x]: Tensor[]) => x.toTypedArray() }, "output.storage.set(i, value)"], // biome-ignore format: a row
    ["compute returns a tensor", { compute: (_: unknown, __: unknown, [x]: Tensor[]) => x.mul(2) }, "and stored nothing"], // biome-ignore format: a row
    ["its rule returns nothing", { gradient: () => undefined }, "or null where the operand has no influence"],
    ["its rule returns an array", { gradient: (c: Tensor) => [c] }, "called for each operand"],
    ["its rule returns a number", { gradient: () => 2 }, "returns the number 2 for operand 0"],
    [
      "its rule returns another dtype",
      { gradient: (c: Tensor) => c.to("float64") },
      "return a tensor of float32",
    ],
    ["its rule returns another shape", { gradient: (c: Tensor) => c.sum() }, "sumTo"],
    ["it has no gradient, and an operand wants one", { gradient: undefined }, "gradient: () => null"],
    ["its rule is no function", { gradient: 2 }, "the gradient of double is a function; got the number 2"],
    ["it has no shape rule", { shape: undefined }, "needs the functions shape and compute"],
    ["its shape rule returns a number", { shape: () => 2 }, "a shape is an array"],
    ["it does not say what its rule reads", { reads: undefined }, "needs reads"],
    ["it has no name", { name: undefined }, "a record with a name"],
    [
      "its value is stored before it waits",
      { compute: async (output: Operand) => output.storage.set(0, 1) },
      "compute is async",
    ],
    [
      "its value fails while nobody waits",
      { compute: () => Promise.reject(new Error("late")) },
      "compute is async",
    ],
    ["it reads an operand that there is not", { reads: [[1]] }, "got [[1]]"],
    ["it reads part of an operand", { reads: [[0.5]] }, "from 0 to 0, and the output is -1"],
    ["it does not say of each operand what it reads", { reads: [] }, "for each of the 1 operands"],
    ["it lists no lists", { reads: [0] }, "reads lists for each"],
  ])("is refused where %s", (_, changes, fix) => {
    const error = errorOf(() => run(changes));
    expect(error).toBeInstanceOf(HalogradError);
    expect(error.message).toContain(fix);
  });

  test("without a gradient is applied where nothing is differentiated, or says that it stops there", () => {
    const stopped = { ...double, gradient: undefined } as unknown as Operation;
    expect(apply(stopped, [tensor([1, 2])], {})).toEqual(tensor([2, 4]));
    const x = leaf();
    apply({ ...double, gradient: () => null }, [x], {})
      .add(x)
      .sum()
      .backward();
    expect(x.grad).toEqual(tensor([1, 1]));
  });

  test("tells by lists what it reads, and chooses and returns what it compares", () => {
    const x = leaf();
    const rule = { ...double, reads: [[OUTPUT, 0]] } as unknown as Operation;
    const y = apply(rule, [x], {}).sum();
    noGrad(() => x.assign(3));
    expect(() => y.backward()).toThrow(/changed in place/);
    const sign = unary({ name: "own", value: (m, x) => m.where(m.less(x, m.constant(0)), m.neg(x), x) });
    expect(sign(tensor([-1, 2])).toArray()).toEqual([1, 2]);
    expect(
      unary({ name: "own", value: (m, x) => m.less(x, m.constant(0)) })(tensor([-1, 2])).toArray(),
    ).toEqual([1, 0]);
  });

  test("of another dtype than its operand has gradients of the operand's", () => {
    const wide = (dtype: string, gradient: Operation["gradient"]): Operation => ({
      name: "wide",
      shape: ([x]) => x.shape,
      dtype: () => dtype as never,
      compute(output, _, [x]) {
        for (const [i, value] of x.toTypedArray().entries()) output.storage.set(i, 3 * value);
      },
      gradient,
      reads: "nothing",
    });
    const x = leaf();
    const y = apply(
      wide("float64", (cotangent) => cotangent.mul(3).to("float32")),
      [x],
      {},
    );
    expect(y.dtype).toBe("float64");
    y.sum().backward();
    expect(x.grad!.toArray()).toEqual([3, 3]);
    expect(() =>
      apply(
        wide("float64", (cotangent) => cotangent),
        [leaf()],
        {},
      )
        .sum()
        .backward(),
    ).toThrow(/returns float64 for operand 0\.[\s\S]*return a tensor of float32/);
    expect(() =>
      apply(
        wide("int32", (cotangent) => cotangent),
        [leaf()],
        {},
      ),
    ).toThrow('wide: unknown dtype "int32"');
  });

  test("cannot store an element that there is not", () => {
    for (const [size, index] of [[1, 1], [2, 2], [2, -1], [2, 0.5]] as const) // biome-ignore format: pairs
      expect(() => Storage.allocate(size, "float32").set(index, 1)).toThrow(
        /no element -?[\d.]+ of \d to store/,
      );
  });

  test("of the engine is applied as it is", () => {
    const { operation } = less as unknown as { operation: Operation };
    expect(apply(operation, [leaf(), tensor([2, 2])], {})).toEqual(tensor([1, 0]));
  });

  test("is asked for where a function or an operand stands in its place", () => {
    expect(errorOf(() => apply(less as never, [leaf()], {})).message).toContain("silu.operation");
    expect(errorOf(() => apply(double, leaf() as never, {})).message).toContain("takes a list of tensors");
  });
});
