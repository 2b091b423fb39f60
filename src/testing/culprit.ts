/** Which operation on the tape of a function has the rule that is off: each is checked alone, on its own operands. */

import { enableGrad, tape } from "../autograd/tape.ts";
import { apply, type Node, withObserver } from "../ops/operation.ts";
import type { Tensor } from "../ops/tensor.ts";

/** An operation whose rule disagrees with differences by itself. */
export interface Culprit {
  /** Its name, after the composite that it ran in: "softmax/exp". */
  readonly operation: string;
  /** Where it was called. */
  readonly callSite: string;
}

type Terms = (points: readonly Tensor[]) => Tensor;

/**
 * The first operation, in the order of recording, whose own rule disagrees with differences to the given order. All its
 * operands are right by then, so the fault starts here. Where a rule is right and its derivative wrong, the search goes on
 * in what the rule itself computes with.
 */
export function findCulprit(
  f: Terms,
  x: readonly Tensor[],
  order: number,
  check: {
    /** Whether rules and differences disagree for a function. */
    disagree(f: Terms, x: readonly Tensor[], order: number): boolean;
    /** The gradient as a function, to look into the rules. */
    gradient(f: Terms, x: readonly Tensor[]): Terms;
  },
): Culprit | null {
  for (const node of recordedBy(f, x)) {
    const inputs = node.inputs!;
    const recorded = [...inputs.keys()].filter((index) => node.source(index) !== null);
    const alone: Terms = (points) => {
      const operands = inputs.map((input) => input.detach());
      recorded.forEach((index, i) => {
        operands[index] = points[i];
      });
      return apply(node.operation!, operands, node.attributes);
    };
    const points = recorded.map((index) => inputs[index].detach());
    if (!check.disagree(alone, points, order)) continue;
    const { callSite } = node;
    const culprit = { operation: nameOf(node), callSite: callSite ?? "an unknown place" };
    if (order === 1 || check.disagree(alone, points, 1)) return culprit;
    const inside = findCulprit(check.gradient(alone, points), points, order - 1, check);
    if (inside === null || inside.operation === culprit.operation) return culprit;
    return { ...culprit, operation: `${culprit.operation} (in its rule, ${inside.operation})` };
  }
  return null;
}

function nameOf({ scope, operation }: Node): string {
  return scope === "" ? operation!.name : `${scope}/${operation!.name}`;
}

/** The operations that the function records, with their call sites. */
function recordedBy(f: Terms, x: readonly Tensor[]): Node[] {
  const inputs = x.map((input) => {
    const leaf = input.detach();
    leaf.requiresGrad = true;
    return leaf;
  });
  const value = withObserver(
    () => {},
    () => enableGrad(() => f(inputs)),
  );
  return value.node === null ? [] : tape(value).filter(({ operation }) => operation !== null);
}
