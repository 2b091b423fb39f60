/** Losses: the mean over all elements of a function of prediction and target, unless another reduction is asked for. */

import { checkOptions, describeValue } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import { sameShape } from "../basics/shape.ts";
import { backend, onHost, type ReduceKernel } from "../kernels/index.ts";
import { composite } from "./composite.ts";
import { where } from "./elementwise.ts";
import { ternary } from "./elementwise-record.ts";
import { wholeNumbers } from "./indices.ts";
import { checkSameShape, type LossOptions, REDUCTIONS, reducedLoss } from "./loss-reduction.ts";
import { operands, zeroTensor } from "./operands.ts";
import { apply, type Operation, of, recordOf, withScope } from "./operation.ts";
import type { Tensor } from "./tensor.ts";

export type { LossOptions } from "./loss-reduction.ts";

/**
 * The mean squared error, mean((prediction − target)²), as a scalar; or with another reduction the sum, or the squared errors.
 *
 * One sweep instead of four: at 800 × 50 the composed form takes 3 passes over memory forward and 3 back.
 *
 * @throws ShapeError when the shapes differ: broadcasting here is nearly always a mistake
 * @example mseLoss(tensor([1, 2]), tensor([0, 5])); // tensor(5)
 */
export const mseLoss: (prediction: Tensor, target: Tensor, options?: LossOptions) => Tensor =
  /* @__PURE__ */ (() => {
    let kernel: ReduceKernel | undefined;
    const operation: Operation = {
      name: "mseLoss",
      shape([prediction, target]) {
        checkSameShape("mseLoss", prediction, target);
        return [];
      },
      compute(output, _shape, [prediction, target]) {
        kernel ??= backend.reduce(
          (m, total, x, y) => {
            const error = m.sub(x, y);
            return m.add(total, m.mul(error, error));
          },
          2,
          0,
        );
        kernel(prediction.shape, prediction.rank, output, [prediction, target], prediction.size);
      },
      gradient(cotangent, node, index) {
        const [prediction, target] = node.inputs!;
        const [x, y] = index === 0 ? [prediction, target] : [target, prediction];
        return scaledDifference(cotangent.mul(2 / prediction.size), x, y);
      },
      reads: "inputs",
      examples: [{ shapes: of([5, 4], [5, 4]), attributes: {} }],
      calls: { settings: [{ reduction: REDUCTIONS }], others: (shape) => [shape] },
    };
    return recordOf((prediction: Tensor, target: Tensor, options?: LossOptions) => {
      const both = operands("mseLoss", [prediction, target]);
      if (options === undefined) return apply(operation, both, {});
      checkSameShape("mseLoss", both[0], both[1]);
      return withScope("mseLoss", () => reducedLoss("mseLoss", both[0].sub(both[1]).square(), options));
    }, operation);
  })();

/** Options of {@link huberLoss}. */
export interface HuberLossOptions extends LossOptions {
  /** From where on the loss is linear. Default 1. */
  readonly delta?: number;
}

/**
 * The Huber loss: the mean of ½ e² where |e| ≤ delta and delta (|e| − ½ delta) beyond, e = prediction − target.
 *
 * Source: Huber 1964, Annals of Mathematical Statistics 35, 73.
 * @example huberLoss(tensor([0, 3]), tensor([0, 0]), { delta: 2 }); // tensor(2)
 */
export const huberLoss: (prediction: Tensor, target: Tensor, options?: HuberLossOptions) => Tensor =
  composite(
    "huberLoss",
    (prediction: Tensor, target: Tensor, options: HuberLossOptions = {}) => {
      checkSameShape("huberLoss", prediction, target);
      checkOptions("huberLoss", options, ["delta", "reduction"]);
      const { delta = 1, reduction = "mean" } = options;
      if (!(typeof delta === "number" && delta > 0))
        throw new ArgumentError("huberLoss", `delta must be positive; got ${describeValue(delta)}.`);
      // Limited, and not |e|, whose slope of 0 at 0 would make the second derivative 0 there.
      const error = prediction.sub(target);
      const limited = error.clamp(-delta, delta);
      return reducedLoss("huberLoss", limited.mul(error.sub(limited.mul(0.5))), { reduction });
    },
    [
      {
        shapes: of([5, 4], [5, 4]),
        call: (prediction, target) => huberLoss(prediction, target, { delta: 0.7 }),
      },
    ],
    { settings: [{ delta: [0.5, 2], reduction: REDUCTIONS }], others: (shape) => [shape] },
  );

/**
 * The mean absolute error, mean(|prediction − target|). The gradient where they are equal is 0.
 * @example l1Loss(tensor([1, 2]), tensor([0, 5])); // tensor(2)
 */
export const l1Loss: (prediction: Tensor, target: Tensor, options?: LossOptions) => Tensor = composite(
  "l1Loss",
  (prediction: Tensor, target: Tensor, options?: LossOptions) => {
    checkSameShape("l1Loss", prediction, target);
    return reducedLoss("l1Loss", prediction.sub(target).abs(), options);
  },
  [{ shapes: of([5, 4], [5, 4]), call: (prediction, target) => l1Loss(prediction, target) }],
  { settings: [{ reduction: REDUCTIONS }], others: (shape) => [shape] },
);

/**
 * The cross entropy of classes: the mean over rows of −Σ target · ln softmax(logits). Logits are [..., classes], what goes into
 * softmax. Targets are the number of the right class for each row, [...], or probabilities, [..., classes]. A class that is masked
 * by a logit of −∞ adds nothing where its target is 0 (0 · ln 0 = 0, where PyTorch gives NaN).
 * @throws ShapeError where the target is neither, AxisError for a class that there is not
 * @example crossEntropyLoss(tensor([[0, 0]]), tensor([1])); // tensor(0.6931)
 */
export const crossEntropyLoss: (logits: Tensor, target: Tensor, options?: LossOptions) => Tensor = composite(
  "crossEntropyLoss",
  (logits: Tensor, target: Tensor, options?: LossOptions) => {
    const isOfClasses = logits.rank > 0 && sameShape(target.shape, logits.shape.slice(0, -1));
    if (!isOfClasses) checkSameShape("crossEntropyLoss", logits, target);
    const log = logits.logSoftmax();
    const weights = isOfClasses ? hotAt(target, logits.shape[logits.rank - 1]) : target;
    const isMasked = weights.detach().equal(0).mul(log.detach().equal(-Infinity));
    return reducedLoss("crossEntropyLoss", where(isMasked, 0, log).mul(weights).sum(-1).neg(), options);
  },
  [{ shapes: of([5, 4], [5, 4]), call: (logits, target) => crossEntropyLoss(logits, target) }],
  { settings: [{ reduction: REDUCTIONS }], others: (shape) => [shape] },
);

/** 1 at the place that each element names, along a new last axis; elsewhere 0. */
function hotAt(places: Tensor, count: number): Tensor {
  const numbers = zeroTensor([count], places.dtype);
  for (let i = 0; i < count; i++) numbers.storage.set(i, i);
  // Checked each time, also in a step that is compiled.
  const check = ([read]: readonly Tensor[]): number[] => {
    wholeNumbers("crossEntropyLoss", read.toTypedArray(), count, 0);
    return [];
  };
  onHost(check, [places.detach()], undefined);
  return places.detach().unsqueeze(-1).equal(numbers);
}

/** scale · (x − y) in one sweep. */
const scaledDifference: (scale: Tensor, x: Tensor, y: Tensor) => Tensor = ternary({
  name: "scaledDifference",
  value: (m, scale, x, y) => m.mul(scale, m.sub(x, y)),
});
