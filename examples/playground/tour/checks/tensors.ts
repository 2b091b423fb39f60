/** What the checks on tensors share: a learner's tensors beside the engine's, and vjps against differences. */

import fc from "fast-check";
import { apply, GradientError, type Operation, type Tensor, tensor } from "halograd";
import { arbitraries, checkGradients } from "halograd/testing";
import { digits, forAll, isNear, Wrong } from "../checking.ts";

/** A tensor as lesson 5 has it. */
export interface Table {
  readonly shape: readonly [rows: number, columns: number];
  readonly data: Float64Array;
  readonly sources: readonly { readonly from: Table; vjp(c: Table): Table }[];
}

/** A tensor of the lessons with these numbers: the checks do not need the learner's class for it. */
export function table(
  shape: readonly [number, number],
  data: ArrayLike<number>,
  sources: Table["sources"] = [],
): Table {
  return { shape: [...shape] as [number, number], data: Float64Array.from(data), sources };
}

/** The same numbers as a tensor of the engine. */
export const toTensor = ({ shape, data }: Table): Tensor => tensor(data, shape, { dtype: "float64" });

/** The same numbers as a tensor of the lessons. */
export const fromTensor = (x: Tensor): Table => table(x.shape as [number, number], x.toTypedArray());

const drawn = arbitraries(fc);

/** Shapes of two axes that broadcast with each other. */
export const shapes = (count: number, maxSize = 3): fc.Arbitrary<[number, number][]> =>
  drawn.broadcastableShapes({ count, minRank: 2, maxRank: 2, maxSize }) as unknown as fc.Arbitrary<
    [number, number][]
  >;

/** Tables of a shape, of numbers between −3 and 3. */
export const tables = (shape: readonly [number, number]): fc.Arbitrary<Table> =>
  (drawn.tensor({ shape, values: [-3, 3] }) as unknown as fc.Arbitrary<Tensor>).map(fromTensor);

/** A table as in a message. */
export function showTable({ shape: [rows, columns], data }: Table): string {
  const row = (i: number): string =>
    `[${[...data.slice(i * columns, (i + 1) * columns)].map(digits).join(", ")}]`;
  return `[${Array.from({ length: rows }, (_, i) => row(i)).join(", ")}]`;
}

/** @throws Wrong unless it is a table of this shape, of finite numbers */
export function requireTable(value: unknown, shape: readonly number[], what: string): asserts value is Table {
  const found = value as Partial<Table> | null | undefined;
  if (found === undefined) throw new Wrong(`${what} gives nothing back. Is there a return?`);
  if (!Array.isArray(found?.shape) || found?.data === undefined)
    throw new Wrong(`${what} should be a Tensor, with shape and data.`);
  if (found.shape[0] !== shape[0] || found.shape[1] !== shape[1])
    throw new Wrong(
      `${what} has the shape [${found.shape.join(", ")}], and should have [${shape.join(", ")}].`,
    );
  if (found.data.length !== shape[0] * shape[1])
    throw new Wrong(
      `${what} has ${found.data.length} numbers for the shape [${shape.join(", ")}].${found.data.length === 0 ? " Was a Tensor given where new Tensor takes its numbers? They are its data." : ""}`,
    );
  if (found.data.some((number) => !Number.isFinite(number)))
    throw new Wrong(`${what} has numbers that are not finite: ${showTable(found as Table)}.`);
}

/** Whether tables agree but for rounding. */
export const areNear = (x: Table, y: Table, relative = 1e-9): boolean =>
  x.data.every((value, i) => isNear(value, y.data[i], relative));

interface OperationCheck {
  readonly name: string;
  /** What to think of where the vjp to an operand is wrong. Operands behind the last hint are data, without a source. */
  readonly hints: readonly string[];
  /** How many cases are drawn. */
  readonly runs?: number;
}

/**
 * Checks an operation on drawn operands: first its values, then its sources, and its vjps against differences of its own values.
 *
 * @param f the learner's
 * @param expected the value
 * @throws Wrong
 */
export function checkOperation(
  f: (...x: Table[]) => Table,
  operands: fc.Arbitrary<Table[]>,
  expected: (...x: Table[]) => Table,
  options: OperationCheck,
): void {
  const { name, runs = 40 } = options;
  // One after the other: shrinking could otherwise move from a failure of the one kind to one of the other.
  forAll([operands], (x) => checkValue(f, x, expected(...x), name), { runs });
  forAll([operands], (x) => checkRules(f, x, expected(...x), options), { runs });
}

function checkValue(
  f: (...x: Table[]) => Table,
  operands: readonly Table[],
  expected: Table,
  name: string,
): void {
  const shown = `${name}(${operands.map(showTable).join(", ")})`;
  const before = operands.map(({ data }) => Float64Array.from(data));
  const value = f(...operands);
  requireTable(value, expected.shape, shown);
  if (!areNear(value, expected))
    throw new Wrong(`${shown} is ${showTable(value)}, and should be ${showTable(expected)}.`);
  if (operands.some(({ data }, i) => data.some((number, k) => number !== before[i][k])))
    throw new Wrong(`${shown} changes an operand. Others still need it as it was.`);
}

/** Sources, shapes of contributions, and the rules themselves, by `checkGradients`. */
function checkRules(
  f: (...x: Table[]) => Table,
  operands: readonly Table[],
  expected: Table,
  { name, hints }: OperationCheck,
): void {
  const shown = `${name}(${operands.map(showTable).join(", ")})`;
  const value = f(...operands);
  const count = value.sources?.length ?? 0;
  if (count < hints.length)
    throw new Wrong(
      `${shown} has ${count} of ${hints.length} sources. Record them as the third argument of new Tensor, each { from, vjp }.`,
    );
  const c = table(
    expected.shape,
    expected.data.map((_, i) => i + 1),
  );
  const order = hints.map((_, i) => {
    const found = value.sources.find(({ from }) => from === operands[i]);
    if (found === undefined)
      throw new Wrong(`${shown} has no source from operand ${i}. Write from: and the operand itself.`);
    if (typeof found.vjp !== "function")
      throw new Wrong(`The source from operand ${i} of ${shown} has no function vjp.`);
    const what = `The vjp of ${shown} to operand ${i}, of shape [${operands[i].shape.join(", ")}],`;
    const contribution = found.vjp(c);
    if (contribution !== undefined && contribution.shape?.join() !== operands[i].shape.join())
      throw new Wrong(
        `${what} gives the shape [${contribution.shape?.join(", ")}]. The contribution has the shape of the operand. ${hints[i]}`,
      );
    requireTable(contribution, operands[i].shape, what);
    const twice = found.vjp(
      table(
        c.shape,
        c.data.map((value) => 2 * value),
      ),
    );
    if (
      !areNear(
        twice,
        table(
          c.shape,
          contribution.data.map((value) => 2 * value),
        ),
      )
    )
      throw new Wrong(`${what} does not give twice as much for twice the cotangent. Is c used? ${hints[i]}`);
    return value.sources.indexOf(found);
  });
  // As an operation of the engine, whose gradient rule the package's own check compares with differences.
  const operation: Operation = {
    name,
    shape: () => expected.shape,
    compute(output, _, inputs) {
      f(...inputs.map(fromTensor)).data.forEach((number, i) => {
        output.storage.set(i, number);
      });
    },
    // As the table that a vjp stands for, a row for each unit cotangent: what is linear is recorded by the engine's own product.
    gradient: (cotangent, node, index) => {
      const { vjp } = f(...node.inputs!.map(fromTensor)).sources[order[index]];
      const rows = [...expected.data.keys()].map((k) => [
        ...vjp(
          table(
            expected.shape,
            expected.data.map((_, i) => Number(i === k)),
          ),
        ).data,
      ]);
      return cotangent
        .reshape([1, -1])
        .matmul(tensor(rows, { dtype: "float64" }))
        .reshape(operands[index].shape);
    },
    reads: "inputs",
    examples: [],
  };
  const checked = operands.slice(0, hints.length).map(toTensor);
  const fixed = operands.slice(hints.length).map(toTensor);
  try {
    checkGradients((...x: Tensor[]) => apply(operation, [...x, ...fixed], {}), checked, { order: 1 });
  } catch (error) {
    if (!(error instanceof GradientError)) throw error;
    const { input, element, analytic, numeric } = error;
    const place = element === null ? "in a random direction" : `at [${element.join(", ")}]`;
    throw new Wrong(
      `The vjp of ${shown} to operand ${input}, ${place}, gives ${digits(analytic)}, where a nudge of the operand gives ${digits(numeric)}. ${hints[input]}`,
    );
  }
}
