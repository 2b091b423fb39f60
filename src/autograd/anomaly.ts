/** Finding what first made a NaN or an infinity: an operation, forward or backward, or a change in place. */

import { callSite } from "../basics/call-site.ts";
import { few, synchronous } from "../basics/check.ts";
import { AnomalyError } from "../basics/errors.ts";
import { showShape } from "../basics/shape.ts";
import { type Operation, ruleOf, withObserver } from "../ops/operation.ts";
import type { Tensor } from "../ops/tensor.ts";
import { withWriteObserver } from "../ops/writes.ts";

/**
 * Runs `body` and stops at the first operation that makes a NaN or an infinity, in the forward pass or in a gradient rule, or
 * at the first change in place: by an optimiser, which is named with the parameter, by clipping, weight averages, loading or
 * `assign`. What is written into `data` by hand is not seen. An infinity that comes in from outside may be meant, such as a mask of −∞ before softmax, and is let through until a NaN
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
 * @throws AnomalyError naming the operation or optimiser, its operands and where it was called
 * @throws ArgumentError when `body` is async or a generator: the watch would end at its first await
 */
export function detectAnomaly<T>(body: () => T): T {
  return withWriteObserver(inspectWrite, () =>
    withObserver(inspect, () => synchronous("detectAnomaly", body)),
  );
}

function inspect(operation: Operation, inputs: readonly Tensor[], output: Tensor): void {
  const fault = faultOf(inputs, output);
  if (fault === null) return;
  const { made, operands } = fault;
  if (ruleOf === null)
    throw new AnomalyError(operation.name, `${made} (${operands}), called at ${callSite()}.`);
  throw new AnomalyError(
    ruleOf.operation!.name,
    `its gradient rule ${made}, in ${operation.name} (${operands}). ` +
      `The operation was called at ${ruleOf.callSite ?? "a place before detectAnomaly"}.`,
  );
}

function inspectWrite(name: string, read: readonly Tensor[], written: readonly Tensor[]): void {
  for (const target of written) {
    const fault = faultOf(read, target);
    if (fault !== null)
      throw new AnomalyError(name, `${fault.made} (${fault.operands}), called at ${callSite()}.`);
  }
}

/** What was made of the operands that should not be, and of which; null where the result is as it should be. */
function faultOf(inputs: readonly Tensor[], output: Tensor): { made: string; operands: string } | null {
  const bad = firstNonFinite(output);
  if (bad === null) return null;
  const faults = inputs.map(firstNonFinite).filter((value) => value !== null);
  const culprit = faults.includes(bad) ? bad : (faults[0] ?? null);
  if (culprit !== null && bad !== "NaN") return null;
  const made =
    culprit === null
      ? `made ${bad} from finite operands`
      : culprit === bad
        ? `passed on ${bad}, which came in as an operand that no operation under watch had made`
        : `made ${bad} of an operand that held ${culprit}, which no operation under watch had made`;
  const shapes = few(inputs.map((input) => showShape(input.shape)));
  const ranges = few(inputs.map(describeRange));
  return { made, operands: `shapes ${shapes}; operands ${ranges}` };
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
