/** Checks of lesson 6: matrix products, walks over tensors, and dual numbers beside the engine's jvp. */

import fc from "fast-check";
import { jvp as engineJvp, type Tensor, tensor } from "halograd";
import {
  digits,
  forAll,
  isNear,
  primes,
  quarters,
  requireExports,
  requireNumber,
  Wrong,
} from "../checking.ts";
import {
  areNear,
  checkOperation,
  fromTensor,
  requireTable,
  showTable,
  type Table,
  table,
  tables,
  toTensor,
} from "./tensors.ts";

type Shape = [number, number];

interface Dual {
  readonly value: number;
  readonly tangent: number;
  add(other: Dual): Dual;
  mul(other: Dual): Dual;
}

const side = fc.integer({ min: 1, max: 3 });

/** A calculation in steps: of each, which operation, and which of the earlier values are its operands. */
const programs = fc.array(fc.tuple(fc.constantFrom("add" as const, "mul" as const), fc.nat(20), fc.nat(20)), {
  minLength: 1,
  maxLength: 4,
});
type Program = readonly (readonly ["add" | "mul", number, number])[];

/** The last value of a program, on anything that adds and multiplies. */
function evaluate<V>(
  program: Program,
  inputs: readonly V[],
  add: (a: V, b: V) => V,
  mul: (a: V, b: V) => V,
): V {
  const values = [...inputs];
  for (const [name, i, k] of program)
    values.push((name === "add" ? add : mul)(values[i % values.length], values[k % values.length]));
  return values.at(-1)!;
}

const showProgram = (program: Program): string =>
  evaluate(
    program,
    ["x", "y"],
    (a, b) => `(${a} + ${b})`,
    (a, b) => `${a}·${b}`,
  );

export const checks = {
  matmul(learner: { matmul: (a: Table, b: Table) => Table }) {
    requireExports(learner, "matmul");
    const { matmul } = learner;
    const pairs = fc
      .tuple(side, side, side)
      .chain(([rows, inner, columns]) => fc.tuple(tables([rows, inner]), tables([inner, columns])));
    checkOperation(matmul, pairs, (a, b) => fromTensor(toTensor(a).matmul(toTensor(b))), {
      name: "matmul",
      hints: ["To the first operand goes c · bᵀ.", "To the second operand goes aᵀ · c."],
    });
    for (const [a, b] of [
      [
        [2, 3],
        [2, 3],
      ],
      [
        [1, 2],
        [3, 1],
      ],
    ] as const) {
      let refused = false;
      try {
        matmul(table(a, new Float64Array(a[0] * a[1])), table(b, new Float64Array(b[0] * b[1])));
      } catch {
        refused = true;
      }
      if (!refused)
        throw new Wrong(
          `matmul takes [${a.join(", ")}] and [${b.join(", ")}], which do not fit, and does not say so. Throw an Error: the numbers would be wrong, and nobody would see it.`,
        );
    }
  },

  gradients(learner: { gradients: (result: Table, cotangent?: Table) => unknown }) {
    requireExports(learner, "gradients");
    const { gradients } = learner;
    const find = (result: Table, of: Table, shown: string, cotangent?: Table): Table => {
      const got = gradients(result, cotangent);
      if (!(got instanceof Map))
        throw new Wrong(
          `gradients gives ${got === undefined ? "nothing back" : typeof got}, where a Map is expected.`,
        );
      if (!got.has(of)) throw new Wrong(`${shown}: the Map has no cotangent for x.`);
      const found = got.get(of);
      requireTable(found, of.shape, `${shown}: the cotangent of x`);
      return found;
    };
    /** A result that is the sum of factor times x, for each use of x. */
    const uses = (x: Table, factors: readonly number[]): Table =>
      table(
        x.shape,
        x.data.map((value) => factors.reduce((sum, factor) => sum + factor * value, 0)),
        factors.map((factor) => ({
          from: x,
          vjp: (c: Table) =>
            table(
              c.shape,
              c.data.map((value) => value * factor),
            ),
        })),
      );
    const shapesOfTables = fc.tuple(side, side).map(([rows, columns]): Shape => [rows, columns]);
    forAll(
      [shapesOfTables.chain((shape) => fc.tuple(tables(shape), tables(shape))), quarters()],
      ([x, c], a) => {
        const shown = `For y = ${digits(a)}·x and the cotangent ${showTable(c)}`;
        const found = find(uses(x, [a]), x, shown, c);
        const expected = table(
          x.shape,
          c.data.map((value) => value * a),
        );
        if (areNear(found, expected)) return;
        const start = `${shown}: the cotangent of x is ${showTable(found)}, and should be ${showTable(expected)}.`;
        if (found.data.every((value) => isNear(value, a)))
          throw new Wrong(`${start} The cotangent that was given is not used: the walk starts with it.`);
        if (areNear(found, c))
          throw new Wrong(
            `${start} The cotangent is passed on as it is. Let each source's vjp turn it into a contribution.`,
          );
        throw new Wrong(`${start} The walk starts with the cotangent that is given, and calls vjp with it.`);
      },
    );
    forAll([shapesOfTables.chain((shape) => tables(shape)), quarters()], (x, a) => {
      const found = find(uses(x, [a]), x, `For y = ${digits(a)}·x without a cotangent`);
      if (found.data.every((value) => isNear(value, a))) return;
      throw new Wrong(
        `For y = ${digits(a)}·x without a cotangent: that of x is ${showTable(found)}, and should be ${digits(a)} everywhere. Where none is given, it is 1 in every place.`,
      );
    });
    forAll([shapesOfTables.chain((shape) => tables(shape)), quarters(1, 12), quarters(1, 12)], (x, a, b) => {
      const shown = `For y = ${digits(a)}·x + ${digits(b)}·x`;
      const found = find(uses(x, [a, b]), x, shown);
      if (found.data.every((value) => isNear(value, a + b))) return;
      const start = `${shown}: the cotangent of x is ${showTable(found)}, and should be ${digits(a + b)} everywhere.`;
      if (found.data.every((value) => isNear(value, b)))
        throw new Wrong(
          `${start} The contribution of the second use of x replaces the first instead of being added.`,
        );
      throw new Wrong(`${start} Each use of x adds a contribution.`);
    });
    // Both operands of an addition are handed the very same tensor; one of them then gets more.
    forAll([shapesOfTables.chain((shape) => fc.tuple(tables(shape), tables(shape)))], ([x, y]) => {
      const same = (c: Table): Table => c;
      const twice = table(
        x.shape,
        x.data.map((value) => 2 * value),
        [
          { from: x, vjp: same },
          { from: x, vjp: same },
        ],
      );
      const sum = table(
        x.shape,
        twice.data.map((value, i) => value + y.data[i]),
        [
          { from: y, vjp: same },
          { from: twice, vjp: same },
          { from: x, vjp: same },
        ],
      );
      const shown = "For y + (x + x) + x";
      for (const [of, name, expected] of [
        [x, "x", 3],
        [y, "y", 1],
        [twice, "x + x", 1],
      ] as const) {
        const found = find(sum, of, shown);
        if (found.data.every((value) => isNear(value, expected))) continue;
        throw new Wrong(
          `${shown}: the cotangent of ${name} is ${showTable(found)}, and should be ${expected} everywhere. ` +
            "The addition hands the same tensor to several operands. Adding to its numbers in place changes it for all of them: make a new tensor for the sum.",
        );
      }
    });
  },

  dual(learner: {
    Dual: new (value: number, tangent?: number) => Dual;
    jvp: (f: (...x: Dual[]) => Dual, inputs: number[], tangents: number[]) => unknown;
  }) {
    requireExports(learner, "Dual", "jvp");
    const { Dual, jvp } = learner;
    forAll([fc.constantFrom("add" as const, "mul" as const), primes(4)], (name, [a, da, b, db]) => {
      const got = new Dual(a, da)[name](new Dual(b, db));
      const shown = `(${digits(a)}, ${digits(da)}).${name}((${digits(b)}, ${digits(db)}))`;
      if (typeof got !== "object" || got === null) throw new Wrong(`${shown} gives no Dual back.`);
      requireNumber(got.value, `The value of ${shown}`);
      requireNumber(got.tangent, `The tangent of ${shown}`);
      const value = name === "add" ? a + b : a * b;
      if (!isNear(got.value, value))
        throw new Wrong(`${shown} has the value ${digits(got.value)}, and should have ${digits(value)}.`);
      const tangent = name === "add" ? da + db : da * b + a * db;
      if (isNear(got.tangent, tangent)) return;
      const start = `${shown} has the tangent ${digits(got.tangent)}, and should have ${digits(tangent)}.`;
      if (isNear(got.tangent, da * db))
        throw new Wrong(`${start} The tangents are multiplied. A product moves by ẋ·y + x·ẏ.`);
      if (
        isNear(got.tangent, name === "add" ? da : da * b) ||
        isNear(got.tangent, name === "add" ? db : a * db)
      )
        throw new Wrong(`${start} Only one of the two operands moves here. Both do, and their moves add up.`);
      throw new Wrong(
        `${start} ${name === "add" ? "A sum moves by the sum of the moves." : "A product moves by ẋ·y + x·ẏ."}`,
      );
    });
    forAll(
      [programs, quarters(-8, 8), quarters(-8, 8), quarters(-8, 8), quarters(-8, 8)],
      (program, x, y, dx, dy) => {
        const got = jvp(
          (...duals) => {
            if (duals.length !== 2 || !duals.every((dual) => dual instanceof Dual))
              throw new Wrong(
                "jvp does not call f with two Duals for two inputs. Each input is an argument of its own, and a Dual: f(...duals).",
              );
            return evaluate(
              program,
              duals,
              (a, b) => a.add(b),
              (a, b) => a.mul(b),
            );
          },
          [x, y],
          [dx, dy],
        );
        const f = (...inputs: Tensor[]): Tensor =>
          evaluate(
            program,
            inputs,
            (a, b) => a.add(b),
            (a, b) => a.mul(b),
          );
        const float64 = (value: number): Tensor => tensor(value, { dtype: "float64" });
        const [, expected] = engineJvp(
          (inputs: Tensor[]) => f(...inputs),
          [float64(x), float64(y)],
          [float64(dx), float64(dy)],
        );
        const shown = `jvp of f(x, y) = ${showProgram(program)} at (${digits(x)}, ${digits(y)}) with the tangents (${digits(dx)}, ${digits(dy)})`;
        requireNumber(got, shown);
        if (isNear(got, expected.item())) return;
        throw new Wrong(
          `${shown} is ${digits(got)}, and should be ${digits(expected.item())}. Every input starts with its own tangent, and f is called once with all of them.`,
        );
      },
    );
  },
};
