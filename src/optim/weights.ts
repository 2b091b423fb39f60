/** What is done to gradients before a step, and to weights after: clipping and running means. */

import { noGrad } from "../autograd/tape.ts";
import { checkOptions, few, synchronous } from "../basics/check.ts";
import { AnomalyError, ArgumentError, ShapeError } from "../basics/errors.ts";
import { sameShape, showShape } from "../basics/shape.ts";
import { onHost, watcher } from "../kernels/index.ts";
import type { Tensor } from "../ops/tensor.ts";
import { changing, copyOf } from "../ops/writes.ts";
import { blendInPlace, inPlace } from "./in-place.ts";
import { checkAtLeast, parametersOf } from "./optimizer.ts";
import { type SavedTensor, type StateDictionary, savedTensors } from "./saved-state.ts";

/**
 * Scales all gradients together so that their joint Euclidean norm is at most `maxNorm`; rounding the elements, to float32, may leave
 * it a ten millionth above. Takes a single tensor too.
 *
 * @returns the norm before clipping
 * @throws AnomalyError when a gradient holds NaN or an infinity, which no factor mends; all are left as they are
 * @example
 * const x = tensor([3, 4], { requiresGrad: true });
 * x.square().sum().backward(); // the gradient is [6, 8], of norm 10
 * clipGradNorm([x], 1); // 10
 * x.grad!.toArray(); // [0.6, 0.8], rounded to float32
 */
export function clipGradNorm(parameters: Iterable<Tensor>, maxNorm: number): number {
  checkAtLeast("clipGradNorm", "maxNorm", maxNorm, 0);
  const gradients = ownGradients(parametersOf("clipGradNorm", parameters));
  const places = [...gradients.keys()].filter((i) => gradients[i] !== null);
  const measure = (present: readonly Tensor[]): number[] => {
    const [unit, units] = normOf(present.map((gradient, i) => finiteElements(gradient, places[i])));
    if (!(unit * units > maxNorm)) return [unit * units, 1, 1];
    const factor = maxNorm / unit / units;
    // A factor that float32 has few digits for, or none, goes in two, of which one is a power of 2.
    let first = 1;
    while (factor / first < 2 ** -100 && first > 2 ** -149) first /= 2;
    return [unit * units, first, factor / first];
  };
  const present = places.map((i) => gradients[i]!);
  const numbers = onHost(measure, present, maxNorm);
  // A step that is compiled cannot know whether it will have to.
  if (numbers[2] !== 1 || watcher !== null)
    changeEach("clipGradNorm", "the gradient of parameter", gradients, (x) => scale(x, numbers));
  return numbers[0];
}

/**
 * Limits every element of the gradients to [−limit, limit], with the limit rounded as they are.
 *
 * @example
 * const x = tensor([3, 0.25], { requiresGrad: true });
 * x.square().sum().backward(); // the gradient is [6, 0.5]
 * clipGradValue([x], 1);
 * x.grad!.toArray(); // [1, 0.5]
 */
export function clipGradValue(parameters: Iterable<Tensor>, limit: number): void {
  checkAtLeast("clipGradValue", "limit", limit, 0);
  const gradients = ownGradients(parametersOf("clipGradValue", parameters));
  changeEach("clipGradValue", "the gradient of parameter", gradients, (x) => limitTo(x, -limit, limit));
}

/**
 * The exponential moving average of weights: average ← decay · average + (1 − decay) · weights.
 *
 * ```ts
 * const weight = tensor([0], { requiresGrad: true });
 * const average = new WeightAverage([weight], { decay: 0.9 });
 * noGrad(() => weight.assign(1)); // a step of an optimiser
 * average.update();
 * average.during(() => weight.toArray()); // [0.1]: the averages stand in; after, the weights are back
 * ```
 */
export class WeightAverage {
  readonly #parameters: readonly Tensor[];
  readonly #averages: Tensor[];
  readonly #decay: number;

  /**
   * Starts from the present weights.
   *
   * @param options.decay how much of the average is kept at each update; default 0.999
   */
  constructor(parameters: Iterable<Tensor>, options: { decay?: number } = {}) {
    checkOptions("WeightAverage", options, ["decay"]);
    const { decay = 0.999 } = options;
    checkAtLeast("WeightAverage", "decay", decay, 0, 1);
    this.#parameters = parametersOf("WeightAverage", parameters);
    if (this.#parameters.length === 0)
      throw new ArgumentError("WeightAverage", "got no parameters.", "pass model.parameters().");
    this.#averages = this.#parameters.map((parameter) => parameter.detach().clone());
    this.#decay = decay;
  }

  /** Takes the present weights into the average. */
  update(): void {
    changeEach("WeightAverage", "the average of parameter", this.#averages, (average, i) =>
      blend(average, this.#parameters[i].detach(), 1 - this.#decay),
    );
  }

  /** The averages, in the order of the parameters. */
  values(): readonly Tensor[] {
    return this.#averages;
  }

  /** Copies of the averages by the places of their parameters, which `writeSafetensors` takes as they are. */
  stateDictionary(): StateDictionary {
    return new Map(this.#averages.map((average, i) => [`${i}`, average.clone()]));
  }

  /**
   * Continues where `stateDictionary()` was taken, of as many parameters.
   *
   * @throws ArgumentError when names are missing or unknown, ShapeError when a shape differs; nothing is changed then
   */
  loadStateDictionary(state: ReadonlyMap<string, SavedTensor>): void {
    const where = "WeightAverage.loadStateDictionary";
    const values = savedTensors(where, state);
    const loaded = this.#averages.map((average, i) => {
      const value = values.get(`${i}`);
      if (value === undefined || values.size !== this.#averages.length) {
        throw new ArgumentError(
          where,
          `the names are 0 to ${this.#averages.length - 1}; got ${few([...values.keys()]) || "none"}.`,
          "give the parameters that it had.",
        );
      }
      if (sameShape(value.shape, average.shape)) return value;
      throw new ShapeError(
        where,
        `average ${i} is ${showShape(average.shape)}, the saved value ${showShape(value.shape)}.`,
        "give the parameters in the order in which they were saved.",
      );
    });
    noGrad(() => {
      for (const [i, value] of loaded.entries()) this.#averages[i].assign(value);
    });
  }

  /**
   * Runs `body` with the averages in place of the weights, and puts the weights back after.
   *
   * @throws ArgumentError when `body` is async or a generator: the weights would be back before it has ended
   */
  during<T>(body: () => T): T {
    const weights = this.#parameters.map((parameter) => parameter.detach().clone());
    this.#write(this.#averages);
    try {
      return synchronous("WeightAverage.during", body);
    } finally {
      this.#write(weights);
    }
  }

  #write(values: readonly Tensor[]): void {
    noGrad(() => {
      for (const [i, parameter] of this.#parameters.entries()) parameter.assign(values[i]);
    });
  }
}

/**
 * The gradients, to be changed in place; null where there is none. One in the memory of a parameter, or in that of another
 * gradient, gets memory of its own first: it would be changed with the other, or twice.
 */
function ownGradients(parameters: readonly Tensor[]): (Tensor | null)[] {
  const taken = new Set(parameters.map(({ storage }) => storage));
  return parameters.map((parameter) => {
    if (parameter.grad === null) return null;
    if (taken.has(parameter.grad.storage)) parameter.grad = copyOf(parameter.grad);
    taken.add(parameter.grad.storage);
    return parameter.grad.detach();
  });
}

function finiteElements(gradient: Tensor, index: number): ArrayLike<number> {
  const elements = gradient.toTypedArray();
  if (elements.every(Number.isFinite)) return elements;
  throw new AnomalyError(
    "clipGradNorm",
    `the gradient of parameter ${index} holds NaN or an infinity.`,
    "find where it comes from with detectAnomaly(() => …), or catch this error and leave out the step.",
  );
}

/** The norm of all elements in float64, as a product; those whose squares leave its range are measured in the largest. */
function normOf(lists: readonly ArrayLike<number>[]): [unit: number, units: number] {
  const root = (scale: number): number => {
    let squares = 0;
    for (const list of lists) {
      for (let i = 0; i < list.length; i++) {
        const part = list[i] / scale;
        squares += part * part;
      }
    }
    return Math.sqrt(squares);
  };
  const norm = root(1);
  if (norm > 1e-140 && norm < Infinity) return [1, norm];
  let largest = 0;
  for (const list of lists)
    for (let i = 0; i < list.length; i++) largest = Math.max(largest, Math.abs(list[i]));
  return largest === 0 ? [1, 0] : [largest, root(largest)];
}

function changeEach(
  where: string,
  what: string,
  tensors: readonly (Tensor | null)[],
  change: (tensor: Tensor, index: number) => void,
): void {
  tensors.forEach((tensor, i) => {
    if (tensor !== null) changing(where, `${what} ${i}`, tensor, () => change(tensor, i));
  });
}

const scale = inPlace({
  name: "clipGradNorm",
  writes: 1,
  values: (m, g, _norm, first, factor) => [m.mul(m.mul(g, first), factor)],
});
const limitTo = inPlace({
  name: "clipGradValue",
  writes: 1,
  values: (m, g, low, high) => [m.minimum(m.maximum(g, low), high)],
});
const blend = blendInPlace("WeightAverage");
