/** Losses: the mean over all elements of a function of prediction and target, unless another reduction is asked for. */

import { checkOptions, describeValue } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";
import { sameShape } from "../basics/shape.ts";
import { type Arithmetic, backend, type Expression, onHost, type ReduceKernel } from "../kernels/index.ts";
import { composite } from "./composite.ts";
import { where } from "./elementwise.ts";
import { broadcastOperand, ElementwiseOperation, type ElementwiseRecord } from "./elementwise-record.ts";
import { wholeNumbers } from "./indices.ts";
import {
  checkSameShape,
  type LossOptions,
  notTargets,
  REDUCTIONS,
  reducedLoss,
  reductionOf,
} from "./loss-reduction.ts";
import { operands, scalarTensor, zeroTensor } from "./operands.ts";
import { apply, forgetful, NO_ATTRIBUTES, type Node, type Operation, of, recordOf } from "./operation.ts";
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
    const double = <V>(m: Arithmetic<V>, x: V): V => m.add(x, x);
    const loss = foldedLoss({
      name: "squaredError",
      value: (m, x, y) => {
        const error = m.sub(x, y);
        return m.mul(error, error);
      },
      // That of the product is two products.
      derivatives: [(m, x, y) => double(m, m.sub(x, y)), (m, x, y) => double(m, m.sub(y, x))],
    });
    const operation: Operation<FoldAttributes> = {
      ...loss.operation,
      name: "mseLoss",
      shape([prediction, target]) {
        checkSameShape("mseLoss", prediction, target);
        return [];
      },
      examples: [
        { shapes: of([5, 4], [5, 4]), attributes: { element: loss.element, divides: true } },
        { shapes: of([5, 4], [5, 4]), attributes: { element: loss.element, divides: false } },
      ],
      calls: { settings: [{ reduction: REDUCTIONS }], others: (shape) => [shape] },
    };
    return recordOf((prediction: Tensor, target: Tensor, options?: LossOptions) => {
      const both = operands("mseLoss", [prediction, target]);
      checkSameShape("mseLoss", both[0], both[1]);
      return loss("mseLoss", both, options, operation);
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
      const limit = scalarTensor(delta, prediction.dtype);
      return huberError("huberLoss", [prediction, target, limit], { reduction });
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
    return absoluteError("l1Loss", [prediction, target], options);
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
    if (!isOfClasses && !sameShape(logits.shape, target.shape))
      throw notTargets("crossEntropyLoss", logits.shape, target.shape);
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

const absoluteError = /* @__PURE__ */ foldedLoss({
  name: "absoluteError",
  value: (m, x, y) => m.abs(m.sub(x, y)),
});

const huberError = /* @__PURE__ */ foldedLoss(
  {
    name: "huberError",
    value: (m, x, y, delta) => {
      const error = m.sub(x, y);
      const half = (of: typeof x) => m.mul(m.constant(0.5), of);
      const beyond = (size: typeof x) => m.mul(delta, m.sub(size, half(delta)));
      const below = m.where(m.less(error, m.neg(delta)), beyond(m.neg(error)), m.mul(error, half(error)));
      return m.where(m.less(delta, error), beyond(error), below);
    },
  },
  3,
);

interface FoldAttributes {
  /** The loss of an element. */
  readonly element: Expression;
  /** The mean, and not the sum. */
  readonly divides: boolean;
}

/**
 * A loss that is written for a single element, and its sum or mean in one sweep: the loss of an element may be larger than any
 * float32 number where their mean is not.
 */
/* @__NO_SIDE_EFFECTS__ */ function foldedLoss(record: ElementwiseRecord, arity = 2) {
  const elements = new ElementwiseOperation(record, arity);
  const element = record.value;
  let kernel: ReduceKernel | undefined;
  const operation: Operation<FoldAttributes> = {
    name: record.name,
    shape: () => [],
    compute(output, _shape, inputs, { divides }) {
      kernel ??= backend.reduce((m, total, ...values) => m.add(total, element(m, ...values)), arity, 0);
      const [{ shape, rank, size }] = inputs;
      const given = inputs.map((input) => broadcastOperand(input, shape));
      kernel(shape, rank, output, given, divides ? size : 1);
    },
    gradient(cotangent, { inputs, output, attributes: { divides } }, index) {
      const each = divides ? cotangent.mul(1 / inputs![0].size) : cotangent;
      return elements.gradient!(each, { operation: elements, inputs, output } as unknown as Node, index);
    },
    reads: "inputs",
  };
  const loss = (
    name: string,
    inputs: readonly Tensor[],
    options?: LossOptions,
    folded: Operation<FoldAttributes> = operation,
  ): Tensor => {
    const reduction = reductionOf(name, options);
    if (reduction === "none") return apply(elements, inputs, NO_ATTRIBUTES);
    return apply(folded, inputs, { element, divides: reduction === "mean" });
  };
  forgetful.add(operation);
  return Object.assign(loss, { operation, element });
}
