/** Sums of products in Einstein's notation, as one matrix product for each pair of operands. */

import { describeValue } from "../basics/check.ts";
import { ArgumentError, attributedTo, ShapeError } from "../basics/errors.ts";
import { showShape, sizeOf } from "../basics/shape.ts";
import { diagonal } from "./arranging.ts";
import { operands } from "./operands.ts";
import { withScope } from "./operation.ts";
import type { Tensor } from "./tensor.ts";

/** A tensor whose axes have names, each once. */
interface Named {
  readonly x: Tensor;
  readonly axes: readonly string[];
}

/**
 * Products of tensors, summed over axes by name, as in NumPy. `"ij,jk->ik"` is the matrix product: an axis that is not in the result
 * is summed over, one that occurs twice in an operand is its diagonal. Without an arrow the result has the names that occur once, in
 * alphabetical order. `...` stands for axes without names, which broadcast.
 *
 * Operands are contracted from left to right: an order of yours that meets small results first costs less.
 * @throws ArgumentError for an equation that cannot be read, ShapeError for operands that do not fit it
 * @example einsum("ij,j->i", tensor([[1, 2], [3, 4]]), tensor([1, 10])); // tensor([21, 43])
 */
export function einsum(equation: string, ...tensors: Tensor[]): Tensor {
  try {
    const inputs = operands("einsum", tensors);
    const { names, result } = parse(equation, inputs);
    return withScope("einsum", () => {
      const parts = inputs.map((x, i) => withoutRepeats(x, names[i]));
      const total = parts.reduce((left, right, i) => {
        const later = new Set([...result, ...parts.slice(i + 1).flatMap(({ axes }) => axes)]);
        return contract(left, right, later);
      });
      return inOrder(summedTo(total, new Set(result)), result);
    });
  } catch (error) {
    throw attributedTo("einsum", error);
  }
}

function parse(
  equation: string,
  inputs: readonly Tensor[],
): { names: readonly (readonly string[])[]; result: readonly string[] } {
  const text = typeof equation === "string" ? equation.replaceAll(" ", "") : "";
  const match = /^([a-zA-Z.,]*)(?:->([a-zA-Z.]*))?$/.exec(text);
  if (match === null || typeof equation !== "string") {
    throw new ArgumentError(
      "einsum",
      `an equation names axes by letters; got ${describeValue(equation)}.`,
      'write einsum("ij,jk->ik", a, b).',
    );
  }
  const terms = match[1].split(",");
  if (terms.length !== inputs.length)
    throw new ArgumentError(
      "einsum",
      `the equation ${equation} is for ${terms.length} operands; got ${inputs.length}.`,
    );
  const dotted = [...terms, match[2] ?? ""].find((term) => term.replace("...", "").includes("."));
  if (dotted !== undefined)
    throw new ArgumentError(
      "einsum",
      `${JSON.stringify(dotted)} of ${equation} has dots other than one "...".`,
    );
  const names = terms.map((term, i) => namesOf(equation, term, inputs[i]));
  // From the first axis to the last, as they are counted from the last one.
  const open = [...new Set(names.flat().filter((name) => name.length > 1))].sort().reverse();
  const once = [...new Set(names.flat())].filter(
    (name) => name.length === 1 && names.flat().filter((other) => other === name).length === 1,
  );
  const result = match[2] === undefined ? [...open, ...once.sort()] : spelled(match[2], open);
  const known = new Set(names.flat());
  const wrong = result.find((name, i) => !known.has(name) || result.indexOf(name) !== i);
  if (wrong !== undefined) {
    throw new ArgumentError(
      "einsum",
      `the result of ${equation} has the axis ${wrong} ${known.has(wrong) ? "twice" : "that no operand has"}.`,
    );
  }
  return { names, result };
}

/** Names of the axes of an operand; those behind `...` are called by their place from the last, such as "...-1". */
function namesOf(equation: string, term: string, { shape }: Tensor): readonly string[] {
  const letters = term.replace("...", "");
  const count = shape.length - letters.length;
  const hasOpen = letters.length !== term.length;
  if (count < 0 || (count > 0 && !hasOpen)) {
    throw new ShapeError(
      "einsum",
      `${JSON.stringify(term)} of ${equation} does not name the ${shape.length} axes of ${showShape(shape)}.`,
      "give each axis a letter; ... stands for any number of axes.",
    );
  }
  return spelled(
    term,
    Array.from({ length: count }, (_, i) => `...${String(count - i).padStart(3, "0")}`),
  );
}

/** A term as names, with those that are open in the place of `...`. */
function spelled(term: string, open: readonly string[]): readonly string[] {
  const [before, after] = term.split("...");
  return [...before, ...(after === undefined ? [] : open), ...(after ?? "")];
}

/** An operand whose axes have names of their own: the diagonal over those that share one. */
function withoutRepeats(x: Tensor, names: readonly string[]): Named {
  const again = names.findIndex((name, i) => names.indexOf(name) !== i);
  if (again < 0) return { x, axes: names };
  const first = names.indexOf(names[again]);
  if (x.shape[first] !== x.shape[again]) {
    throw new ShapeError(
      "einsum",
      `axis ${names[again]} of ${showShape(x.shape)} is ${x.shape[first]} in one place and ${x.shape[again]} in another.`,
    );
  }
  const others = [...names.keys()].filter((axis) => axis !== first && axis !== again);
  const line = diagonal(x.permute([...others, first, again]));
  return withoutRepeats(line, [...others.map((axis) => names[axis]), names[again]]);
}

/** The product of two operands, summed over the axes that nothing later needs. */
function contract(left: Named, right: Named, later: ReadonlySet<string>): Named {
  const isShared = (name: string): boolean => left.axes.includes(name) && right.axes.includes(name);
  const [a, b] = [left, right].map((part) =>
    summedTo(part, new Set([...later, ...part.axes.filter(isShared)])),
  );
  const shared = a.axes.filter(isShared);
  const batch = shared.filter((name) => later.has(name));
  const inner = shared.filter((name) => !later.has(name));
  const [free, other] = [a, b].map(({ axes }) => axes.filter((name) => !shared.includes(name)));
  const sizeIn = ({ x, axes }: Named, name: string): number => x.shape[axes.indexOf(name)];
  const common = (names: readonly string[]): number[] =>
    names.map((name) => {
      const sizes = [sizeIn(a, name), sizeIn(b, name)];
      // Axes behind dots broadcast, and named ones of size 1 as well, as in NumPy.
      if (sizes[0] === sizes[1] || sizes.includes(1)) return sizes[0] === 1 ? sizes[1] : sizes[0];
      throw new ShapeError(
        "einsum",
        `axis ${name} is ${sizes[0]} in ${showShape(left.x.shape)} and ${sizes[1]} in ${showShape(right.x.shape)}.`,
      );
    });
  const [batchShape, innerShape] = [common(batch), common(inner)];
  const ownShape = (part: Named, names: readonly string[]): number[] =>
    names.map((name) => sizeIn(part, name));
  const [freeShape, otherShape] = [ownShape(a, free), ownShape(b, other)];
  const rows = inOrder(a, [...batch, ...free, ...inner])
    .expand([...batchShape, ...freeShape, ...innerShape])
    .reshape([...batchShape, sizeOf(freeShape), sizeOf(innerShape)]);
  const columns = inOrder(b, [...batch, ...inner, ...other])
    .expand([...batchShape, ...innerShape, ...otherShape])
    .reshape([...batchShape, sizeOf(innerShape), sizeOf(otherShape)]);
  // Without axes to sum over, the product of elements: rows and columns have one element in common.
  const product = inner.length === 0 ? rows.mul(columns) : rows.matmul(columns);
  return {
    x: product.reshape([...batchShape, ...freeShape, ...otherShape]),
    axes: [...batch, ...free, ...other],
  };
}

function summedTo({ x, axes }: Named, kept: ReadonlySet<string>): Named {
  const dropped = [...axes.keys()].filter((axis) => !kept.has(axes[axis]));
  if (dropped.length === 0) return { x, axes };
  return { x: x.sum(dropped), axes: axes.filter((name) => kept.has(name)) };
}

function inOrder({ x, axes }: Named, names: readonly string[]): Tensor {
  return names.every((name, i) => axes[i] === name) ? x : x.permute(names.map((name) => axes.indexOf(name)));
}
