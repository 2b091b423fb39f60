/** Checks of lesson 5: broadcasting and its way back, for drawn shapes. */

import fc from "fast-check";
import { sumTo as engineSumTo } from "halograd";
import { forAll, requireExports, Wrong } from "../checking.ts";
import {
  areNear,
  checkOperation,
  fromTensor,
  requireTable,
  shapes,
  showTable,
  type Table,
  tables,
  toTensor,
} from "./tensors.ts";

type Shape = [number, number];

/** A table, and a shape that it stretches to. */
const stretched = shapes(2).chain(([shape, other]) =>
  fc.tuple(
    tables(shape),
    fc.constant(shape.map((length, side) => (length === 1 ? other[side] : length)) as Shape),
  ),
);

export const checks = {
  stretch(learner: { stretch: (x: Table, shape: Shape) => unknown }) {
    requireExports(learner, "stretch");
    const { stretch } = learner;
    forAll([stretched], ([x, shape]) => {
      const shown = `stretch(${showTable(x)}, [${shape.join(", ")}])`;
      const got = stretch(x, [...shape]);
      requireTable(got, shape, shown);
      const expected = fromTensor(toTensor(x).expand(shape).contiguous());
      if (!areNear(got, expected))
        throw new Wrong(
          `${shown} is ${showTable(got)}, and should be ${showTable(expected)}. A single row stands in every row, and a single column in every column.`,
        );
    });
    forAll(
      [
        fc.constantFrom<[Shape, Shape]>(
          [
            [2, 3],
            [4, 3],
          ],
          [
            [2, 3],
            [2, 6],
          ],
          [
            [3, 1],
            [2, 1],
          ],
          [
            [2, 2],
            [1, 2],
          ],
        ),
      ],
      ([from, to]) => {
        let refused = false;
        try {
          stretch({ shape: from, data: new Float64Array(from[0] * from[1]), sources: [] }, [...to]);
        } catch {
          refused = true;
        }
        if (!refused)
          throw new Wrong(
            `[${from.join(", ")}] does not stretch to [${to.join(", ")}], and stretch does not say so. Only a side of length 1 is repeated: throw an Error for any other.`,
          );
      },
    );
  },

  "sum-to"(learner: { sumTo: (c: Table, shape: Shape) => unknown }) {
    requireExports(learner, "sumTo");
    const { sumTo } = learner;
    const cases = shapes(2).chain(([shape, other]) =>
      fc.tuple(
        tables(shape.map((length, side) => (length === 1 ? other[side] : length)) as Shape),
        fc.constant(shape),
      ),
    );
    forAll([cases], ([c, shape]) => {
      const shown = `sumTo(${showTable(c)}, [${shape.join(", ")}])`;
      const got = sumTo(c, [...shape]);
      requireTable(got, shape, shown);
      const expected = fromTensor(engineSumTo(toTensor(c), shape).contiguous());
      if (areNear(got, expected)) return;
      const start = `${shown} is ${showTable(got)}, and should be ${showTable(expected)}.`;
      const share = (c.shape[0] * c.shape[1]) / (shape[0] * shape[1]);
      if (areNear({ ...got, data: got.data.map((value) => value * share) }, expected))
        throw new Wrong(`${start} This is the mean. Each use adds its contribution in full: take the sum.`);
      if (got.data.every((value) => value === 0 || c.data.includes(value)))
        throw new Wrong(
          `${start} A later number replaces an earlier one, or they do not all count. Add all that came from the same place.`,
        );
      throw new Wrong(`${start} Add all numbers that came from the same place.`);
    });
  },

  arithmetic(learner: Record<"add" | "mul", (x: Table, y: Table) => Table>) {
    requireExports(learner, "add", "mul");
    const pairs = shapes(2).chain(([a, b]) => fc.tuple(tables(a), tables(b)));
    const hints = {
      add: "c is passed on as it is, and summed to the operand's shape where it was stretched.",
      mul: "c is multiplied with the other factor, stretched, and then summed to the operand's shape.",
    };
    for (const name of ["add", "mul"] as const)
      checkOperation(
        learner[name],
        pairs,
        (x, y) => fromTensor(toTensor(x)[name](toTensor(y)).contiguous()),
        { name, hints: [hints[name], hints[name]] },
      );
  },
};
