/** Module: parameters by name, saved and loaded in PyTorch's key style (`encoder.0.weight`). */

import { noGrad } from "../autograd/tape.ts";
import {
  checkOptions,
  describeOther,
  describeValue,
  few,
  isBuiltIn,
  isPlainObject,
  isTensorLike,
} from "../basics/check.ts";
import { ArgumentError, attributedTo, OTHER_COPY, ShapeError } from "../basics/errors.ts";
import type { NestedValues } from "../basics/nested.ts";
import { checkShape, sameShape, showShape } from "../basics/shape.ts";
import { changeOnHost, conditionOf } from "../kernels/index.ts";
import { isTensor } from "../ops/operands.ts";
import type { Instead } from "../ops/other-names.ts";
import type { Tensor } from "../ops/tensor.ts";
import { apartFrom, changing } from "../ops/writes.ts";
import { checkState, type SavedTensor, type StateDictionary, savedTensors } from "../optim/saved-state.ts";
import { tensor } from "../tensor/construction.ts";

/**
 * A part of a network. Parameters, other modules, and arrays, sets, maps and plain objects of them, when they are fields, are
 * found by themselves, in the order in which the fields were set. A map gives them its keys for names.
 *
 * A parameter is a leaf that requires gradients, as `parameter()` makes it. It stays one when it is frozen
 * (`requiresGrad = false`): it is saved and loaded, and optimisers leave it alone. What a module keeps without training it, such
 * as a running mean, is a buffer, as `buffer()` makes it: saved and loaded too, and not among the parameters. Any other
 * tensor that never required gradients is a constant of the module, and not saved. What is no parameter although it requires
 * gradients, such as an input that is kept for a look, goes into a `#private` field, which is not searched.
 *
 * ```ts
 * class Perceptron extends Module {
 *   layers: Linear[];
 *   constructor(random: Random) {
 *     super();
 *     this.layers = [new Linear(2, 16, random), new Linear(16, 1, random)];
 *   }
 *   forward(x: Tensor): Tensor {
 *     return this.layers[1].forward(this.layers[0].forward(x).tanh());
 *   }
 * }
 * ```
 *
 * A module of several inputs, or of another output than one tensor, states their types:
 *
 * ```ts
 * class Attend extends Module<[queries: Tensor, keys: Tensor], { output: Tensor; weights: Tensor }> {
 *   forward(queries: Tensor, keys: Tensor): { output: Tensor; weights: Tensor } {
 *     const weights = queries.matmul(keys.transpose()).softmax();
 *     return { output: weights.matmul(keys), weights };
 *   }
 * }
 * new Attend().forward(tensor([[1, 0]]), tensor([[1, 0]])).weights; // tensor([[1]])
 * ```
 */
export abstract class Module<Inputs extends unknown[] = [x: Tensor], Output = Tensor> {
  #training = true;

  /** @deprecated Write `stateDictionary()`. @internal */
  declare readonly state_dict: Instead<"stateDictionary()">;
  /** @deprecated Write `stateDictionary()`. @internal */
  declare readonly stateDict: Instead<"stateDictionary()">;
  /** @deprecated Write `loadStateDictionary(state)`. @internal */
  declare readonly load_state_dict: Instead<"loadStateDictionary(state)">;
  /** @deprecated Write `loadStateDictionary(state)`. @internal */
  declare readonly loadStateDict: Instead<"loadStateDictionary(state)">;
  /** @deprecated Write `zeroGrad()`. @internal */
  declare readonly zero_grad: Instead<"zeroGrad()">;
  /** @deprecated Write `namedParameters()`. @internal */
  declare readonly named_parameters: Instead<"namedParameters()">;

  /** True while training; `eval()` turns it off for parts that behave differently then. */
  get training(): boolean {
    return conditionOf(() => this.#training);
  }
  /** Switches this module alone; `train()` and `eval()` switch all below it too. */
  set training(training: boolean) {
    const set = (): void => {
      this.#training = training;
    };
    changeOnHost(set, [this, training]);
  }

  /** The output for an input, or for several. */
  abstract forward(...inputs: Inputs): Output;

  /** Parameters with their dotted names: `["encoder.0.weight", tensor]`. A shared one is named once. */
  *namedParameters(): Generator<[name: string, parameter: Tensor]> {
    yield* tensorsIn(this, isParameter);
  }

  /** The buffers in the same way: what is saved with the parameters, and not trained. */
  *namedBuffers(): Generator<[name: string, buffer: Tensor]> {
    yield* tensorsIn(this, isBuffer);
  }

  /** All parameters, to hand to an optimiser. */
  parameters(): Tensor[] {
    return [...this.namedParameters()].map(([, parameter]) => parameter);
  }

  /** All modules below this one, and itself first. */
  modules(): AnyModule[] {
    const below = Array.from(fieldsOf(this), ({ value }) => value).filter(isModule);
    return [this, ...new Set(below)];
  }

  /**
   * Switches this module and all below it to training (or back), each by its `training`: a part that is to stay as it is overrides
   * that, not this method, which is called of the outermost module alone. Returns this.
   *
   * ```ts
   * class FixedNorm extends BatchNorm {
   *   override get training(): boolean {
   *     return false;
   *   }
   *   override set training(_training: boolean) {}
   * }
   * new Sequential(new FixedNorm(2)).train().modules()[1].training; // false
   * ```
   */
  train(training = true): this {
    for (const module of this.modules()) module.training = training;
    return this;
  }

  /** Switches to evaluation. Returns this. */
  eval(): this {
    return this.train(false);
  }

  /** Forgets the gradients of all parameters. */
  zeroGrad(): void {
    for (const parameter of this.parameters()) parameter.grad = null;
  }

  /** Copies of all parameters, and of all buffers behind them, by name. */
  stateDictionary(): StateDictionary {
    return new Map(savedOf(this).map(([name, own]) => [name, own.detach().clone()]));
  }

  /**
   * Copies values into the parameters and buffers: a state dictionary, or the tensors of a file,
   * `model.loadStateDictionary(readSafetensors(bytes, "model.safetensors").tensors)`.
   *
   * ```ts
   * const model = new Sequential(new Linear(2, 3, new Random(0)), new Linear(3, 1, new Random(1)));
   * const state = new Map([["0.bias", tensor([1, 2, 3])], ["old.bias", tensor([4])]]);
   * model.loadStateDictionary(state, { isPartial: true }).unknown; // ["old.bias"]
   * ```
   *
   * @param options.isPartial load what is there under a known name, and leave all other parameters as they are; default false
   * @returns the names that no value was given for, and those of values that belong to nothing
   * @throws ArgumentError when names are missing or unknown, unless part of them will do, and for what is no tensor; ShapeError
   *   when a shape differs; DtypeError for whole numbers of 64 bits. Nothing is changed then
   */
  loadStateDictionary(
    state: ReadonlyMap<string, SavedTensor>,
    options: { isPartial?: boolean } = {},
  ): { readonly missing: string[]; readonly unknown: string[] } {
    const where = "loadStateDictionary";
    checkOptions(where, options, ["isPartial"]);
    checkState(where, state);
    const all = savedOf(this);
    const names = new Set(all.map(([name]) => name));
    const missing = [...names].filter((name) => !state.has(name));
    const unknown = [...state.keys()].filter((name) => !names.has(name));
    if ((missing.length > 0 || unknown.length > 0) && !options.isPartial) {
      throw new ArgumentError(
        where,
        [missing.length > 0 && `missing ${few(missing)}`, unknown.length > 0 && `unknown ${few(unknown)}`]
          .filter(Boolean)
          .join("; "),
        "load what fits with { isPartial: true }.",
      );
    }
    const own = new Map(all.filter(([name]) => state.has(name)));
    const values = savedTensors(where, new Map([...state].filter(([name]) => own.has(name))));
    for (const [name, parameter] of own) {
      const { shape } = values.get(name)!;
      if (!sameShape(shape, parameter.shape)) {
        throw new ShapeError(
          where,
          `${name} is ${showShape(parameter.shape)}, the saved value ${showShape(shape)}.`,
          "load into a module of the sizes that were saved.",
        );
      }
    }
    const loaded = apartFrom(
      own.values(),
      Array.from(own.keys(), (name) => values.get(name)!),
    );
    noGrad(() => {
      for (const [i, [name, parameter]] of [...own].entries())
        changing(where, name, parameter, () => parameter.assign(loaded[i]));
    });
    return { missing, unknown };
  }
}

/** A module of any inputs and output: what can be said of all of them. */
// biome-ignore lint/suspicious/noExplicitAny: the only type to which the inputs of every module are assignable
export type AnyModule = Module<any[], unknown>;

/**
 * A tensor to be trained: a leaf that requires gradients. Values and shape are as `tensor` takes them.
 *
 * ```ts
 * parameter([1, 2, 3, 4], [2, 2]).requiresGrad; // true
 * ```
 */
export function parameter(values: NestedValues | ArrayLike<number>, shape?: readonly number[]): Tensor {
  return made("parameter", values, shape, true);
}

/**
 * What a module keeps without training it, such as a running mean: saved and loaded with the parameters, and not among them. It
 * is changed in place, `this.mean.assign(…)`: another tensor in its field is no buffer. Values and shape are as `tensor` takes them.
 *
 * ```ts
 * buffer([0, 0]).requiresGrad; // false
 * ```
 */
export function buffer(values: NestedValues | ArrayLike<number>, shape?: readonly number[]): Tensor {
  const kept = made("buffer", values, shape, false);
  buffers.add(kept);
  return kept;
}

function made(
  where: string,
  values: NestedValues | ArrayLike<number>,
  shape: readonly number[] | undefined,
  requiresGrad: boolean,
): Tensor {
  try {
    // Array-like objects have one axis, where nobody says otherwise; arrays and typed arrays show their shape.
    const length = (values as ArrayLike<number> | null)?.length;
    const own = Array.isArray(values) || length === undefined ? undefined : [length];
    const sizes = shape === undefined ? own : checkShape(where, shape);
    return tensor(values as ArrayLike<number>, sizes!, { requiresGrad });
  } catch (error) {
    throw attributedTo(where, error);
  }
}

const buffers: WeakSet<Tensor> = /* @__PURE__ */ new WeakSet();

/** Modules one after another; functions such as `silu` may stand between them. */
export class Sequential extends Module {
  /** In the order of their application. */
  readonly layers: readonly (Module | ((x: Tensor) => Tensor))[];

  /** Takes layers in the order of their application. */
  constructor(...layers: (Module | ((x: Tensor) => Tensor))[]) {
    super();
    layers.forEach((layer, i) => {
      const what = describeModule(layer);
      const isClass = what === "a class";
      if (layer instanceof Module || (typeof layer === "function" && !isClass)) return;
      throw new ArgumentError(
        "Sequential",
        `layer ${i} is ${what}, neither a module nor a function of a tensor.`,
        isClass
          ? `make a layer of it: new ${(layer as { name: string }).name}(…).`
          : Array.isArray(layer)
            ? "spread the array: new Sequential(...layers)."
            : "is a name misspelled? Activations are functions: relu, silu, tanh; others are written (x) => ….",
      );
    });
    this.layers = layers;
  }

  /** The output of the last layer. */
  forward(x: Tensor): Tensor {
    return this.layers.reduce(
      (value, layer) => (layer instanceof Module ? layer.forward(value) : layer(value)),
      x,
    );
  }
}

/** A module or a parameter in a field of a module, and how another one is put there. */
export interface Field {
  readonly name: string;
  readonly value: unknown;
  put(value: unknown): void;
  /** To be called when all are put. */
  readonly settle?: () => void;
}

/**
 * Fields of a module and of what lies in them, with dotted names. Layers of a Sequential go by their numbers alone, as in PyTorch
 * (`0.weight`).
 */
export function* fieldsOf(
  module: AnyModule,
  prefix: string = "",
  seen: Set<unknown> = new Set([module]),
): Generator<Field> {
  if (module instanceof Sequential) yield* entriesOf(prefix, module.layers, seen);
  yield* entriesOf(prefix, module, seen);
}

function* visit(field: Field, seen: Set<unknown>): Generator<Field> {
  const { name, value } = field;
  if (typeof value !== "object" || value === null) return;
  if (isSaved(value)) {
    yield field;
    return;
  }
  if (seen.has(value)) return;
  seen.add(value);
  const isForeign = isTensorLike(value)
    ? !isTensor(value)
    : !isModule(value) && describeModule(value).endsWith(OTHER_COPY);
  if (isForeign)
    throw new ArgumentError(
      "Module",
      `${name} is ${describeModule(value)}, whose parameters this one cannot find.`,
    );
  if (isModule(value)) {
    yield field;
    yield* fieldsOf(value, `${name}.`, seen);
  } else if (isBuiltIn(value, "Map")) {
    for (const [key, entry] of value) {
      const put = (other: unknown): unknown => (value as Map<unknown, unknown>).set(key, other);
      for (const found of visit({ name: `${name}.${String(key)}`, value: entry, put }, seen)) {
        if (typeof key !== "string" && typeof key !== "number") throw unnamed(name, key);
        yield found;
      }
    }
  } else if (isBuiltIn(value, "Set")) {
    const set = value as Set<unknown>;
    const all = [...set];
    const settle = (): void => {
      set.clear();
      // A set has nothing twice: what stands for two is a view of itself the second time.
      for (const one of all) set.add(set.has(one) && isTensor(one) ? one.reshape(one.shape) : one);
    };
    for (const [i, entry] of [...all].entries()) {
      const put = (other: unknown): void => {
        all[i] = other;
      };
      yield* visit({ name: `${name}.${i}`, value: entry, put, settle }, seen);
    }
  } else if (Array.isArray(value) || isPlainObject(value)) yield* entriesOf(`${name}.`, value, seen);
}

function* entriesOf(prefix: string, holder: object, seen: Set<unknown>): Generator<Field> {
  for (const [key, entry] of Object.entries(holder)) {
    const name = `${prefix}${key}`;
    const put = (other: unknown): void => {
      if (Reflect.set(holder, key, other)) return;
      throw new ArgumentError("Module", `${name} is in something frozen.`);
    };
    yield* visit({ name, value: entry, put }, seen);
  }
}

/** Tensors of one kind by their names, each once. */
function* tensorsIn(
  module: AnyModule,
  isOfKind: (value: unknown) => value is Tensor,
): Generator<[name: string, value: Tensor]> {
  const seen = new Set<Tensor>();
  const names = new Set<string>();
  for (const { name, value } of fieldsOf(module)) {
    if (!isSaved(value) || seen.has(value)) continue;
    if (names.has(name))
      throw new ArgumentError("Module", `two tensors are called ${name}.`, "rename a field.");
    names.add(name);
    seen.add(value);
    if (isOfKind(value)) yield [name, value];
  }
}

/** Parameters by their names, and buffers behind them: what is saved. */
export const savedOf = (module: AnyModule): [name: string, own: Tensor][] => [
  ...module.namedParameters(),
  ...module.namedBuffers(),
];

function unnamed(field: string, key: unknown): ArgumentError {
  return new ArgumentError(
    "Module",
    `the Map ${field} holds parameters under ${describeValue(key)}, which gives them no name to be saved by.`,
    "use text or numbers as keys.",
  );
}

/** What is no module, or one of another copy of the package. */
export function describeModule(value: unknown): string {
  return describeOther(value, "namedParameters", "loadStateDictionary");
}

function isModule(value: unknown): value is AnyModule {
  return value instanceof Module;
}

function isParameter(value: unknown): value is Tensor {
  return isTensor(value) && value.isLeaf && (value.requiresGrad || value.isFrozen) && !buffers.has(value);
}

function isBuffer(value: unknown): value is Tensor {
  return buffers.has(value as Tensor);
}

/** Whether something in a field is a tensor that is saved. */
export function isSaved(value: unknown): value is Tensor {
  return isParameter(value) || isBuffer(value);
}
