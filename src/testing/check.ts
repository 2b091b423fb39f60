/**
 * Gradients against differences: what the gradient rules give for a function must be what the function's own values
 * give when its inputs are moved a little. Everything is evaluated in float64, where a small move still shows.
 */

import { gradientsOf } from "../autograd/backward.ts";
import { checkReturned, jvp, vjp } from "../autograd/functional.ts";
import { enableGrad, noGrad, tape } from "../autograd/tape.ts";
import { type Tree, type TreeOf, treeLeaves, treePaths, treeWith } from "../autograd/tree.ts";
import {
  type Check,
  checkKind,
  checkSettings,
  count,
  describeValue,
  optional,
  within,
} from "../basics/check.ts";
import { ArgumentError, GradientError } from "../basics/errors.ts";
import { checkRandom, Random } from "../basics/random.ts";
import { type Shape, showShape } from "../basics/shape.ts";
import { where } from "../ops/elementwise.ts";
import { concat } from "../ops/joining.ts";
import type { Tensor } from "../ops/tensor.ts";
import { normal, ones, tensor } from "../tensor/construction.ts";
import { type Culprit, findCulprit } from "./culprit.ts";

const OPTIONS: Readonly<Record<string, Check>> = {
  order: optional(count(1)),
  elementwiseUpTo: optional(count(0)),
  directions: optional(count(1)),
  scale: optional(within({ above: 0 })),
  random: optional((where, _, value) => checkRandom(where, value)),
};

/** Settings of `checkGradients`. */
export interface CheckOptions {
  /** 1: gradients; 2 (the default): also gradients of ⟨gradient, random direction⟩; and so on. */
  readonly order?: number;
  /** Inputs of up to so many elements are checked at each of them, larger ones in random directions. Default 64. */
  readonly elementwiseUpTo?: number;
  /** How many random directions. Default 4. */
  readonly directions?: number;
  /** The distance over which the function varies, where that is less than 1. Default 1. */
  readonly scale?: number;
  /** Where cotangents and directions come from. Default: a stream of its own, the same each time. */
  readonly random?: Random;
}

/** A place without a derivative: the function bends or jumps within the step of the differences. */
export interface Kink {
  /** Of the derivative that bends or jumps there. */
  readonly order: number;
  /** Which tensor, as in GradientError: "input 0", or "input 0.weight". */
  readonly path: string;
  /** Which of the inputs, counted from 0. */
  readonly input: number;
  /** The element that was moved; null where all were, in a random direction. */
  readonly element: readonly number[] | null;
  /** The slope below. */
  readonly left: number;
  /** The slope above. */
  readonly right: number;
  /** What the gradient rules give: between the two, or 0. */
  readonly analytic: number;
}

/** What `checkGradients` found in order. */
export interface GradientReport {
  /** How many derivatives were compared. */
  readonly compared: number;
  /** Where there is no derivative to compare with: relu at 0, a tie of max. The rules gave a slope that lies there. */
  readonly kinks: readonly Kink[];
  /** The largest difference, as a part of what rounding and truncation allow: at most 1. */
  readonly worst: number;
}

/** ε^(1/3), where the truncation h² and the rounding ε/h of a central difference are about equal. */
const STEP = 2 ** -17;
const EPSILON = 2 ** -52;
/** Roundings that may add up in one value, each relative to the sum of magnitudes. */
const ROUNDINGS = 32;

/**
 * Compares the gradients of `f` with central differences, to the given order, and the derivative in a direction
 * (jvp) with the gradient (vjp). Inputs are converted to float64 first, so constants in `f` must be numbers or float64.
 *
 * The tolerance follows from the numbers: differences with steps h and h/2 are extrapolated (Richardson), what they
 * differ by bounds the truncation, and the magnitudes that are added bound the rounding.
 *
 * ```ts
 * const x = normal([2, 3], new Random(1));
 * const w = normal([3, 2], new Random(2));
 * checkGradients((x, w) => x.matmul(w).silu(), [x, w]); // { compared: …, kinks: [], worst: 0.02 }
 * checkGradients((x, layer) => x.matmul(layer.w).add(layer.b), [x, { w, b: normal([2], new Random(3)) }]);
 * ```
 *
 * Where they disagree, the check goes along the tape of `f` and compares every operation's own rule with differences, so
 * that the message can name the operation whose rule is off and where it was called; or say that none is, by itself.
 *
 * @param f written with tensor operations; a result of any shape is weighted with a random cotangent
 * @param inputs the arguments of `f`, each a tensor, or arrays and objects of them
 * @throws ArgumentError for what is no function, inputs without a tensor, a result that is none, and options out of their ranges
 * @throws GradientError naming order, input, element, both numbers and the operation, at the first that disagree
 */
export function checkGradients<
  Inputs extends (readonly object[] & { readonly [I in keyof Inputs]: TreeOf<Inputs[I]> }) | [],
>(f: (...inputs: Inputs) => Tensor, inputs: Inputs, options: CheckOptions = {}): GradientReport {
  if (!Array.isArray(inputs))
    throw new ArgumentError(
      "checkGradients",
      `inputs are a list; got ${describeValue(inputs)}.`,
      "write checkGradients(f, [x]).",
    );
  checkKind(
    "checkGradients",
    "what is checked",
    f,
    "function",
    "write checkGradients((x) => x.square(), [x]).",
  );
  checkSettings("checkGradients", options, OPTIONS);
  const { order = 2 } = options;
  const trees = inputs as readonly Tree[];
  const x = treeLeaves("checkGradients", trees).map((input) => input.detach().to("float64"));
  if (x.length === 0)
    throw new ArgumentError(
      "checkGradients",
      "there is no input to differentiate by.",
      "write checkGradients(f, [x]).",
    );
  const paths = treePaths(trees);
  const terms = (points: readonly Tensor[]): Tensor => {
    const value = f(...(treeWith(trees, points) as unknown as Inputs));
    checkReturned("checkGradients", value);
    return value;
  };
  const report = compare(terms, x, order, options);
  const kinks = report.kinks.map(({ leaf, ...kink }) => ({ ...kink, ...paths[leaf] }));
  if (report.disagreement === null) return { compared: report.compared, kinks, worst: report.worst };
  const found = report.disagreement;
  const culprit = findCulprit(terms, x, found.order, {
    disagree: (inner, points, upTo) =>
      compare(inner, points, upTo, { ...options, random: new Random(0) }).disagreement !== null,
    gradient: (inner, points) => {
      const random = new Random(1);
      return differentiated(
        inner,
        points.map((point) => draw(point, random)),
      );
    },
  });
  throw gradientError(found, paths[found.leaf], x[found.leaf].shape, culprit);
}

/** Both numbers, and where they were found. */
interface Disagreement {
  readonly order: number;
  /** Which tensor of all inputs. */
  readonly leaf: number;
  readonly element: readonly number[] | null;
  readonly analytic: number;
  readonly numeric: number;
  readonly tolerance: number;
}

/** Compares to the given order, up to the first disagreement. */
function compare(f: Objective, x: readonly Tensor[], order: number, options: CheckOptions): Report {
  const { random = new Random(0), scale = 1, directions = 4, elementwiseUpTo = 64 } = options;
  const cotangent = draw(
    noGrad(() => f(x)),
    random,
  );
  const report: Report = { compared: 0, kinks: [], worst: 0, disagreement: null };
  const settings = {
    scale: Math.min(1, scale),
    directions,
    elementwiseUpTo,
    draw: (like: Tensor) => draw(like, random),
  };
  let terms: Objective = (points) => f(points).mul(cotangent);
  let magnitude = 0;
  for (let k = 1; k <= order && report.disagreement === null; k++) {
    magnitude = compareWithDifferences(terms, x, k, { ...settings, magnitude }, report);
    const tangents = x.map(settings.draw);
    if (k === 1 && report.disagreement === null) compareWithJvp(terms, x, tangents, magnitude, report);
    terms = differentiated(terms, tangents);
  }
  return report;
}

function draw(like: Tensor, random: Random): Tensor {
  return normal(like.shape, random).to("float64");
}

/** Terms of ⟨gradient, tangents⟩. */
function differentiated(terms: Objective, tangents: readonly Tensor[]): Objective {
  return (points) => {
    const [, pullback] = vjp((inner: readonly Tensor[]) => terms(inner), points);
    return concat(pullback().map((gradient, i) => gradient.mul(tangents[i]).reshape([-1])));
  };
}

/** Terms whose sum is the scalar function F to differentiate. */
type Objective = (points: readonly Tensor[]) => Tensor;
interface Report {
  compared: number;
  readonly kinks: (Omit<Kink, "input" | "path"> & { readonly leaf: number })[];
  worst: number;
  disagreement: Disagreement | null;
}

/** Returns the magnitude of what was added, for the order above. */
function compareWithDifferences(
  terms: Objective,
  x: readonly Tensor[],
  order: number,
  settings: {
    scale: number;
    directions: number;
    elementwiseUpTo: number;
    draw(like: Tensor): Tensor;
    /** Of what the order below added up. */
    magnitude: number;
  },
  report: Report,
): number {
  const { value, gradients, roundings } = differentiate(terms, x);
  const middle = sumOf(value);
  // What is added up (derivatives may cancel what the function itself adds), and what a last bit in an input, in what varies
  // along with it, or in a value on the way does to the result.
  const magnitude = gradients.reduce(
    (sum, g, i) => sum + sumOf(g.mul(x[i].abs().maximum(settings.scale)).abs()),
    sumOf(value.abs()) + settings.magnitude / settings.scale + roundings,
  );
  for (const [leaf, point] of x.entries()) {
    const isElementwise = point.size <= settings.elementwiseUpTo;
    for (let i = 0; i < (isElementwise ? point.size : settings.directions); i++) {
      const element = isElementwise ? unravel(i, point.shape) : null;
      const direction = isElementwise ? unitVector(i, point) : settings.draw(point);
      const h =
        STEP * settings.scale * Math.max(1, isElementwise ? Math.abs(sumOf(point.mul(direction))) : 1);
      const at = (distance: number): number =>
        noGrad(() => sumOf(terms(x.with(leaf, point.add(direction.mul(distance))))));
      const [far, near] = [h, h / 2].map((step) => ({ below: at(-step), above: at(step), step }));
      const [wide, narrow] = [far, near].map(({ below, above, step }) => (above - below) / (2 * step));
      const [left, right] = [(middle - near.below) / near.step, (near.above - middle) / near.step];
      const analytic = sumOf(gradients[leaf].mul(direction));
      const rounding = (ROUNDINGS * EPSILON * magnitude) / h + Number.MIN_VALUE;

      // Where F is smooth, F(x+h) − 2F(x) + F(x−h) falls with h², and at a kink with h; a jump does neither.
      const bend = (far.above - 2 * middle + far.below) / h;
      const roughness = Math.abs(bend - 2 * (right - left)) + Math.abs(wide - narrow);
      const slopes = Math.abs(wide) + Math.abs(narrow) + Math.abs(right - left);
      const isBetween =
        analytic >= Math.min(left, right, 0) - rounding && analytic <= Math.max(left, right, 0) + rounding;
      // A jump makes the slope across it double when the step is halved, and says nothing about that beside it.
      const isJump =
        Math.abs(narrow) > 8 * rounding && Math.abs(narrow - 2 * wide) <= 1e-2 * Math.abs(narrow);
      if (roughness > 1e-3 * slopes + 8 * rounding && (isBetween || isJump)) {
        report.kinks.push({ order, leaf, element, left, right, analytic });
      } else {
        const numeric = (4 * narrow - wide) / 3;
        const tolerance = Math.abs(wide - narrow) + rounding;
        if (!settle(report, { order, leaf, element, analytic, numeric, tolerance })) return magnitude;
      }
    }
  }
  return magnitude;
}

/**
 * The terms, the gradients of their sum, and Σ |value · cotangent| over the values on the tape: when each is rounded by a
 * relative ε, the sum is off by at most ε times this, also where it cancels.
 */
function differentiate(
  terms: Objective,
  x: readonly Tensor[],
): { value: Tensor; gradients: readonly Tensor[]; roundings: number } {
  const points = x.map((point) => point.detach());
  for (const point of points) point.requiresGrad = true;
  const value = enableGrad(() => terms(points));
  if (value.node === null) return { value, gradients: x.map((point) => point.mul(0)), roundings: 0 };
  const cotangent = ones(value.shape, { dtype: "float64" });
  const outputs = tape(value).map(({ output }) => output);
  const found = gradientsOf("checkGradients", value, [...points, ...outputs], cotangent);
  const roundings = outputs.reduce((sum, output, i) => {
    const share = found[points.length + i];
    return share === null ? sum : sum + sumOf(share.mul(finite(output.detach())).abs());
  }, 0);
  return {
    value: value.detach(),
    gradients: points.map((point, i) => found[i] ?? point.detach().mul(0)),
    roundings,
  };
}

/** ⟨vjp(ones), tangent⟩ = ⟨ones, jvp(tangent)⟩: fails where a gradient rule is not linear in its cotangent. */
function compareWithJvp(
  terms: Objective,
  x: readonly Tensor[],
  tangents: readonly Tensor[],
  magnitude: number,
  report: Report,
): void {
  const [, pullback] = vjp(terms, x);
  const gradients = pullback();
  for (const leaf of x.keys()) {
    const only = tangents.map((tangent, i) => (i === leaf ? tangent : tangent.mul(0)));
    const numeric = sumOf(jvp(terms, x, only)[1]);
    const products = gradients[leaf].mul(tangents[leaf]);
    const analytic = sumOf(products);
    const tolerance = 64 * ROUNDINGS * EPSILON * (magnitude + sumOf(products.abs())) + Number.MIN_VALUE;
    if (!settle(report, { order: 1, leaf, element: null, analytic, numeric, tolerance })) return;
  }
}

/** Whether the two numbers agree; notes it in the report. */
function settle(report: Report, found: Disagreement): boolean {
  const error = Math.abs(found.analytic - found.numeric) / found.tolerance;
  if (!(error <= 1)) {
    report.disagreement = found;
    return false;
  }
  report.compared++;
  report.worst = Math.max(report.worst, error);
  return true;
}

function gradientError(
  { order, element, analytic, numeric, tolerance }: Disagreement,
  place: { readonly path: string; readonly input: number },
  shape: Shape,
  culprit: Culprit | null,
): GradientError {
  return new GradientError(
    "checkGradients",
    `order ${order}, ${place.path} of shape ${showShape(shape)}, ` +
      `${element === null ? "a random direction" : `element ${showShape(element)}`}: ` +
      `the gradient rules give ${analytic}, differences of the values ${numeric} ± ${tolerance.toExponential(0)}.`,
    culprit === null
      ? "each operation's own rule agrees with differences; look for what lies between them: a value taken off the tape " +
          "(detach, noGrad, item), or a rule that depends on how often it is used."
      : `look at the gradient rule of ${culprit.operation}, called at ${culprit.callSite}; ` +
          "by itself it disagrees with differences of its values.",
    {
      ...place,
      element,
      analytic,
      numeric,
      operation: culprit?.operation ?? null,
      callSite: culprit?.callSite ?? null,
    },
  );
}

const sumOf = (values: Tensor): number => values.sum().item();

/** Infinite values as 0: they have no last bit, as a border of −∞ before a maximum. */
const finite = (values: Tensor): Tensor => where(values.abs().equal(Infinity), 0, values);

function unitVector(at: number, like: Tensor): Tensor {
  const values = new Float64Array(like.size);
  values[at] = 1;
  return tensor(values, like.shape, { dtype: "float64" });
}

export function unravel(flat: number, shape: Shape): number[] {
  const index = new Array<number>(shape.length);
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index[axis] = flat % shape[axis];
    flat = (flat - index[axis]) / shape[axis];
  }
  return index;
}
