/** What classification needs beside the cross entropy of classes. */

import type { Arithmetic } from "../kernels/index.ts";
import { composite } from "./composite.ts";
import { binary } from "./elementwise-record.ts";
import { beyondHalf, expOfMinusAbs, logistic } from "./expressions.ts";
import { checkSameShape, type LossOptions, REDUCTIONS, reducedLoss } from "./loss-reduction.ts";
import { of } from "./operation.ts";
import type { Tensor } from "./tensor.ts";

/**
 * The binary cross entropy: the mean over all elements of −t ln σ(x) − (1 − t) ln σ(−x), from the logits x, so that no digits are lost
 * where σ is near 0 or 1. Targets t are probabilities, 0 or 1 mostly.
 * @throws ShapeError when the shapes differ
 * @example binaryCrossEntropyWithLogits(tensor([0, 100]), tensor([1, 1])); // tensor(0.3466)
 */
export const binaryCrossEntropyWithLogits: (logits: Tensor, target: Tensor, options?: LossOptions) => Tensor =
  composite(
    "binaryCrossEntropyWithLogits",
    (logits: Tensor, target: Tensor, options?: LossOptions) => {
      checkSameShape("binaryCrossEntropyWithLogits", logits, target, "logits");
      return reducedLoss("binaryCrossEntropyWithLogits", binaryCrossEntropy(logits, target), options);
    },
    [{ shapes: of([5, 4], [5, 4]), call: (logits, target) => binaryCrossEntropyWithLogits(logits, target) }],
    { settings: [{ reduction: REDUCTIONS }], others: (shape) => [shape] },
  );

const binaryCrossEntropy = binary({
  name: "binaryCrossEntropy",
  value: (m, x, t) => {
    const rest = m.sub(m.constant(1), t);
    return m.add(weighted(m, t, softplusOf(m, m.neg(x))), weighted(m, rest, softplusOf(m, x)));
  },
  derivatives: [
    // σ(x) − t, near x = 0 from ½ on, so that no digits are lost where both are next to it.
    (m, x, t) => {
      const isNear = m.less(m.abs(x), m.constant(0.5));
      const near = m.add(beyondHalf(m, m.where(isNear, x, m.constant(0))), m.sub(m.constant(0.5), t));
      const far = m.sub(m.mul(m.sub(m.constant(1), t), logistic(m, x)), m.mul(t, logistic(m, m.neg(x))));
      return m.where(isNear, near, far);
    },
    // ln σ(−x) − ln σ(x), exactly.
    (m, x) => m.neg(x),
  ],
});

function softplusOf<V>(m: Arithmetic<V>, x: V): V {
  return m.add(m.maximum(x, m.constant(0)), m.log1p(expOfMinusAbs(m, x)));
}

/** A product that is 0 where the weight is, even of infinity. */
function weighted<V>(m: Arithmetic<V>, weight: V, x: V): V {
  return m.where(m.equal(weight, m.constant(0)), m.constant(0), m.mul(weight, x));
}
