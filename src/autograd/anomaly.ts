/** Finding the operation that first made a NaN or an infinity, forward or backward. */

import { callSite } from "../basics/call-site.ts";
import { synchronous } from "../basics/check.ts";
import { AnomalyError } from "../basics/errors.ts";
import { showShape } from "../basics/shape.ts";
import { type Operation, ruleOf, withObserver } from "../ops/operation.ts";
import type { Tensor } from "../ops/tensor.ts";

/**
 * Runs `body` and stops at the first operation that makes a NaN or an infinity, in the forward pass or in a gradient rule.
 * An infinity that comes in from outside may be meant, such as a mask of −∞ before softmax, and is let through until a NaN
 * comes of it. Every result is looked through, so this is for finding a fault, not for every day.
 *
 * ```ts
 * try {
 *   detectAnomaly(() => tensor([1, 0]).log().sum());
 * } catch (error) {
 *   console.log(`${error}`); // AnomalyError: log: made -Infinity from finite operands …
 * }
 * ```
 *
 * @throws AnomalyError naming the operation, its operands and where it was called
 * @throws ArgumentError when `body` is async or a generator: the watch would end at its first await
 */
export function detectAnomaly<T>(body: () => T): T {
  return withObserver(inspect, () => synchronous("detectAnomaly", body));
}

function inspect(operation: Operation, inputs: readonly Tensor[], output: Tensor): void {
  const bad = firstNonFinite(output);
  if (bad === null) return;
  const faults = inputs.map(firstNonFinite).filter((value) => value !== null);
  const culprit = faults.includes(bad) ? bad : (faults[0] ?? null);
  if (culprit !== null && bad !== "NaN") return;
  const made =
    culprit === null
      ? `made ${bad} from finite operands`
      : culprit === bad
        ? `passed on ${bad}, which came in as an operand that no operation under watch had made`
        : `made ${bad} of an operand that held ${culprit}, which no operation under watch had made`;
  const shapes = inputs.map((input) => showShape(input.shape)).join(", ");
  const ranges = inputs.map(describeRange).join(", ");
  if (ruleOf === null) {
    throw new AnomalyError(
      operation.name,
      `${made} (shapes ${shapes}; operands ${ranges}), called at ${callSite()}.`,
    );
  }
  throw new AnomalyError(
    ruleOf.operation!.name,
    `its gradient rule ${made}, in ${operation.name} (shapes ${shapes}; operands ${ranges}). ` +
      `The operation was called at ${ruleOf.callSite ?? "a place before detectAnomaly"}.`,
  );
}

/** The fault in a tensor: NaN where there is any, else the first infinity. */
function firstNonFinite(tensor: Tensor): string | null {
  const faults = tensor.toTypedArray().filter((value: number) => !Number.isFinite(value));
  return faults.length === 0 ? null : faults.some(Number.isNaN) ? "NaN" : `${faults[0]}`;
}

function describeRange(tensor: Tensor): string {
  if (tensor.size === 0) return "empty";
  const values = tensor.toTypedArray();
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low === high ? `${low}` : `${low} to ${high}`;
}
