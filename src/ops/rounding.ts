/** Whole numbers near a number, and what is left of a division. */

import { inFloat64 } from "./composite.ts";
import { type Binary, type Unary, where } from "./elementwise.ts";
import { pointwise } from "./pointwise.ts";

const UNARY_EXAMPLES = [{ shapes: [[3, 4]] }, { shapes: [[]] }];
/** Quotients between 1.4 and 1.6, far from where the remainder jumps. */
const APART = [
  [4.2, 4.9],
  [2.95, 3.15],
] as const;

/** The largest whole number that is not above x. Not differentiable: the gradient stops here. */
export const floor: Unary = pointwise({ name: "floor", value: Math.floor, examples: UNARY_EXAMPLES });

/** The smallest whole number that is not below x. Not differentiable: the gradient stops here. */
export const ceil: Unary = pointwise({ name: "ceil", value: Math.ceil, examples: UNARY_EXAMPLES });

/**
 * The nearest whole number; of two that are as near, the even one, as in NumPy and PyTorch. Not differentiable: the gradient
 * stops here.
 */
export const round: Unary = pointwise({ name: "round", value: nearestEven, examples: UNARY_EXAMPLES });

/**
 * What is left of x when whole multiples of y are taken away, with the sign of y: x − y ⌊x / y⌋, exactly. NaN where y is 0 or
 * x infinite. ∂/∂x = 1, and ∂/∂y = −⌊x / y⌋.
 * @example remainder(tensor([5, -5]), 3); // tensor([2, 1])
 */
export const remainder: Binary = pointwise({
  name: "remainder",
  value(x, y) {
    // JavaScript's % is exact, and has the sign of x.
    const rest = x % y;
    if (rest === 0) return y < 0 ? -0 : 0;
    return rest < 0 === y < 0 ? rest : rest + y;
  },
  gradient(cotangent, { inputs, output }, index) {
    if (index === 0) return cotangent;
    return inFloat64(cotangent, (cotangent) => {
      const [x, y, rest] = [...inputs!, output].map((operand) => operand.detach().to("float64"));
      // And not the rounded quotient, which may be the next whole number where x is just below a multiple.
      const times = round(x.sub(rest).div(y));
      return cotangent.mul(where(y.abs().equal(Infinity), rest.equal(x).sub(1), times).neg());
    });
  },
  reads: "both",
  examples: [
    {
      shapes: [
        [3, 4],
        [3, 4],
      ],
      intervals: APART,
    },
    {
      shapes: [
        [2, 1, 4],
        [3, 1],
      ],
      intervals: APART,
    },
    { shapes: [[5], []], intervals: APART },
  ],
});

function nearestEven(x: number): number {
  const below = Math.floor(x);
  const part = x - below;
  if (part < 0.5 || (part === 0.5 && below % 2 === 0)) return below === 0 && x < 0 ? -0 : below;
  return Math.ceil(x);
}
