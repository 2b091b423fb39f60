/** Checks of lesson 3: values and slopes of recorded operations, against numbers and the engine's own derivatives. */

import fc from "fast-check";
import { grad, type Tensor, tensor } from "halograd";
import { digits, forAll, isNear, quarters, requireExports, requireNumber, Wrong } from "../checking.ts";

interface Value {
  readonly data: number;
  readonly sources: readonly { readonly from: Value; readonly slope: number }[];
}
interface Arithmetic extends Value {
  add(other: Value): Value;
  mul(other: Value): Value;
}
type ValueClass = new (data: number) => Arithmetic;

export const checks = {
  value(learner: { Value: ValueClass }) {
    requireExports(learner, "Value");
    const { Value } = learner;
    const [x, y] = [new Value(3), new Value(5)];
    if (x.data !== 3 || x.sources?.length !== 0)
      throw new Wrong("new Value(3) should have the data 3 and no sources: it was given, not computed.");
    if (typeof x.add !== "function" || typeof x.mul !== "function")
      throw new Wrong("A Value needs the methods add and mul.");
    forAll([fc.constantFrom("add" as const, "mul" as const), quarters(), quarters()], (name, a, b) => {
      const [x, y] = [new Value(a), new Value(b)];
      const result = x[name](y);
      requireRecorded(result, [x, y], [a, b], `new Value(${digits(a)}).${name}(new Value(${digits(b)}))`, {
        data: name === "add" ? a + b : a * b,
        slopes: name === "add" ? [1, 1] : [b, a],
        hint:
          name === "add"
            ? "A sum moves exactly as far as each of its terms."
            : "A product moves with each factor as many times as far as the other factor says.",
      });
    });
    forAll([fc.constantFrom("add" as const, "mul" as const), quarters()], (name, a) => {
      const x = new Value(a);
      const result = x[name](x);
      if (result.sources.length !== 2)
        throw new Wrong(
          `x.${name}(x) has ${result.sources.length} sources. Both operands are x, and each use has an entry of its own: two entries.`,
        );
    });
    if (x.mul(y).sources[0].from !== x)
      throw new Wrong("Sources come from the operands themselves, not from copies.");
  },

  functions(learner: Record<string, (...values: Value[]) => Value>) {
    const names = ["exp", "log", "sin", "tanh", "div"];
    requireExports(learner, ...names);
    const leaf = (data: number): Value => ({ data, sources: [] });
    const hints: Record<string, string> = {
      exp: "The derivative of exp x is exp x.",
      log: "The derivative of log x is 1/x.",
      sin: "The derivative of sin x is cos x.",
      tanh: "The derivative of tanh x is 1 − tanh² x: square the value, not the operand.",
      div: "a/b moves 1/b times as far as a, and −a/b² times as far as b.",
    };
    const positive = quarters(1, 12);
    forAll([fc.constantFrom(...names), positive, positive], (name, a, b) => {
      const operands = name === "div" ? [a, b] : [a];
      const leaves = operands.map(leaf);
      const result = learner[name](...leaves);
      const f = (...x: Tensor[]): Tensor =>
        name === "div" ? x[0].div(x[1]) : x[0][name as "exp" | "log" | "sin" | "tanh"]();
      const x = operands.map((value) => tensor(value, { dtype: "float64" }));
      requireRecorded(result, leaves, operands, `${name}(${operands.map(digits).join(", ")})`, {
        data: f(...x).item(),
        slopes: operands.map((_, i) => grad((at: Tensor) => f(...x.with(i, at)))(x[i]).item()),
        hint: hints[name],
      });
    });
  },
};

/** @throws Wrong unless the result has this value, and these slopes from these operands, which are as they were */
function requireRecorded(
  result: Value,
  operands: readonly Value[],
  before: readonly number[],
  shown: string,
  expected: { readonly data: number; readonly slopes: readonly number[]; readonly hint: string },
): void {
  if (typeof result !== "object" || result === null)
    throw new Wrong(
      `${shown} gives ${result === undefined ? "nothing back" : digits(result)}, where a Value is expected.`,
    );
  for (const [i, operand] of operands.entries())
    if (operand.data !== before[i] || result === operand)
      throw new Wrong(
        operand.data !== before[i]
          ? `${shown} changes operand ${i}. Others still need it as it was: make a new Value.`
          : `${shown} gives its operand back. Make a new Value.`,
      );
  requireNumber(result.data, `The data of ${shown}`);
  if (!isNear(result.data, expected.data))
    throw new Wrong(
      `${shown} has the data ${digits(result.data)}, and should have ${digits(expected.data)}.`,
    );
  const count = result.sources?.length ?? 0;
  if (count === 0)
    throw new Wrong(
      `${shown} has no sources. Record each operand, with its slope, as the second argument of new Value.`,
    );
  if (count !== operands.length)
    throw new Wrong(
      `${shown} has ${count} of ${operands.length} sources. Each operand can be nudged, so each is recorded.`,
    );
  for (const [i, operand] of operands.entries()) {
    const source = result.sources.find(({ from }) => from === operand);
    if (source === undefined)
      throw new Wrong(`${shown} has no source from operand ${i}. Write from: and the operand itself.`);
    requireNumber(source.slope, `The slope of ${shown} from operand ${i}`);
    if (isNear(source.slope, expected.slopes[i])) continue;
    throw new Wrong(
      `${shown} has the slope ${digits(source.slope)} from operand ${i}, and should have ${digits(expected.slopes[i])}. ${expected.hint}`,
    );
  }
}
