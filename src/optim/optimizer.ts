/** What all optimisers share: parameters, a learning rate that schedules may change, and state that can be saved. */

import { noGrad } from "../autograd/tape.ts";
import { checkCount, checkNumber, checkOptions, describeValue, isPlainObject } from "../basics/check.ts";
import { ArgumentError, ShapeError } from "../basics/errors.ts";
import { sameShape, showShape } from "../basics/shape.ts";
import { changeOnHost, conditionOf, HostValue, onHost } from "../kernels/index.ts";
import { isTensor, listOf } from "../ops/operands.ts";
import type { Instead } from "../ops/other-names.ts";
import type { Tensor } from "../ops/tensor.ts";
import { apartFrom, changing } from "../ops/writes.ts";
import { tensor } from "../tensor/construction.ts";
import { type SavedTensor, type StateDictionary, savedTensors, withoutScheduler } from "./saved-state.ts";

/**
 * Changes parameters by their gradients. An optimiser of your own says what it remembers of a parameter, and how it
 * updates one:
 *
 * ```ts
 * class SignDescent extends Optimizer {
 *   constructor(parameters: Iterable<Tensor>, learningRate: number) {
 *     super("SignDescent", parameters, learningRate);
 *   }
 *   protected freshMemory(): Memory {
 *     return {};
 *   }
 *   protected update(parameter: Tensor, gradient: Tensor): void {
 *     noGrad(() => parameter.assign(parameter.sub(gradient.sign().mul(this.learningRate))));
 *   }
 * }
 * const x = tensor([3, -2], { requiresGrad: true });
 * const optimizer = new SignDescent([x], 0.5);
 * x.square().sum().backward();
 * optimizer.step();
 * x.toArray(); // [2.5, −1.5]
 * ```
 */
export abstract class Optimizer {
  /** What is trained, in this order. */
  readonly parameters: readonly Tensor[];
  readonly #name: string;
  /** Of each parameter, in their order. */
  readonly #settings: readonly UpdateSettings[];
  readonly #memories: (Memory | undefined)[] = [];
  readonly #learningRate = new HostValue(0);
  readonly #stepCount = new HostValue(0);

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
  /** @deprecated Write `learningRate, or a list of groups for parameters`. @internal */
  declare readonly param_groups: Instead<"learningRate, or a list of groups for parameters">;
  /** @deprecated Write `loss.backward() and step()`. @internal */
  declare readonly minimize: Instead<"loss.backward() and step()">;

  /**
   * Takes leaves that require gradients, each once, or groups of them; `name` is what errors call the optimiser.
   *
   * @throws ArgumentError for other parameters or none, or a negative learning rate
   */
  constructor(name: string, parameters: Iterable<Tensor> | Iterable<ParameterGroup>, learningRate: number) {
    this.#name = name;
    const groups = groupsOf(name, parameters);
    this.parameters = parametersOf(
      name,
      groups.flatMap(([list]) => list),
    );
    this.#settings = groups.flatMap(([list, group]) => {
      const settings = settingsOf(name, group, learningRate);
      return list.map(() => settings);
    });
    if (this.parameters.length === 0) {
      throw new ArgumentError(
        name,
        "got no parameters, so there is nothing to train.",
        "pass model.parameters().",
      );
    }
    this.parameters.forEach((parameter, i) => {
      if (parameter.isLeaf && (parameter.requiresGrad || parameter.isFrozen)) return;
      throw new ArgumentError(
        name,
        `parameter ${i} is ${parameter.requiresGrad ? "the result of an operation, not a leaf" : "not differentiated"}.`,
        "pass tensors made with { requiresGrad: true }.",
      );
    });
    this.learningRate = learningRate;
  }

  /** How many steps were taken. */
  get stepCount(): number {
    return this.#stepCount.value;
  }

  /** The step size, at least 0; schedules write it. */
  get learningRate(): number {
    return this.#learningRate.value;
  }
  /** @throws ArgumentError unless the rate is at least 0 and finite */
  set learningRate(rate: number) {
    checkAtLeast(this.#name, "learningRate", rate, 0);
    const set = (): void => {
      this.#learningRate.value = rate;
    };
    changeOnHost(set, [this, rate]);
  }

  /** Updates every parameter that has a gradient and is not frozen, by the gradients as they are before the step. */
  step(): void {
    onHost(() => [++this.#stepCount.value], [], this);
    const gradients = apartFrom(
      this.parameters,
      this.parameters.map(({ grad }) => grad),
    );
    this.parameters.forEach((parameter, i) => {
      const gradient = gradients[i];
      if (gradient === null || !parameter.requiresGrad) return;
      // Other memory, loaded since, is a reason to watch a compiled step again; and what has to be made is never the same.
      conditionOf(() => this.#memories[i] ?? Symbol());
      this.#memories[i] ??= this.freshMemory(parameter);
      const memory = this.#memories[i]!;
      changing(this.#name, `parameter ${i}`, parameter, () =>
        this.update(parameter.detach(), gradient, memory, this.#settings[i]),
      );
    });
  }

  /** Forgets the gradients: the next backward starts from nothing. */
  zeroGrad(): void {
    for (const parameter of this.parameters) parameter.grad = null;
  }

  /**
   * All that a later `step()` depends on, beside parameters and options: learning rate, step count, and what was learned about
   * each parameter, by its place in the list (`0.first`). Detached copies, which `writeSafetensors` takes as they are.
   */
  stateDictionary(): StateDictionary {
    const scalar = (value: number): Tensor => tensor(value, { dtype: "float64" });
    const state = new Map([
      ["learningRate", scalar(this.learningRate)],
      ["stepCount", scalar(this.stepCount)],
    ]);
    this.parameters.forEach((_, i) => {
      for (const [name, value] of Object.entries(this.#memories[i] ?? {}))
        state.set(`${i}.${name}`, value.clone());
    });
    return state;
  }

  /**
   * Continues where `stateDictionary()` was taken, of an optimiser with the same options and as many parameters. What a scheduler
   * saved beside it is left to the scheduler.
   *
   * @throws ArgumentError when names are missing or unknown, ShapeError when a shape differs; nothing is changed then
   */
  loadStateDictionary(state: ReadonlyMap<string, SavedTensor>): void {
    const where = `${this.#name}.loadStateDictionary`;
    const values = savedTensors(where, withoutScheduler(where, state));
    const number = (name: string): number => {
      const value = values.get(name);
      if (value?.size === 1) return value.item();
      throw new ArgumentError(
        where,
        `missing ${name}.`,
        "load what stateDictionary() of an optimiser returned.",
      );
    };
    const [learningRate, stepCount] = [number("learningRate"), number("stepCount")];
    checkAtLeast(where, "learningRate", learningRate, 0);
    checkCount(where, "stepCount", stepCount, 0);
    const memories = this.parameters.map((): Record<string, Tensor> => ({}));
    const places = new Map(memories.map((memory, i) => [`${i}`, memory]));
    for (const [name, value] of values) {
      const dot = name.indexOf(".");
      const memory = dot < 0 ? undefined : places.get(name.slice(0, dot));
      if (memory !== undefined) memory[name.slice(dot + 1)] = value;
    }
    const known = memories.reduce((sum, memory) => sum + Object.keys(memory).length, 2);
    const fresh = this.parameters.map((parameter) => this.freshMemory(parameter));
    memories.forEach((memory, i) => {
      const [has, needs] = [Object.keys(memory).sort().join(), Object.keys(fresh[i]).sort().join()];
      if (has !== "" && has !== needs) {
        throw new ArgumentError(
          where,
          `parameter ${i} has ${has} saved, and ${needs || "nothing"} here.`,
          "load into an optimiser of the same kind and options.",
        );
      }
      for (const [name, value] of Object.entries(memory)) {
        if (sameShape(value.shape, fresh[i][name].shape)) continue;
        throw new ShapeError(
          where,
          `${i}.${name} is ${showShape(fresh[i][name].shape)}, the saved value ${showShape(value.shape)}.`,
          "give the parameters in the order in which they were saved.",
        );
      }
    });
    if (known !== values.size) {
      throw new ArgumentError(
        where,
        `${values.size - known} values belong to none of the ${this.parameters.length} parameters.`,
        "give the optimiser the parameters that it had.",
      );
    }
    this.learningRate = learningRate;
    this.#stepCount.value = stepCount;
    noGrad(() => {
      memories.forEach((memory, i) => {
        const has = Object.keys(memory).length > 0;
        for (const [name, value] of Object.entries(memory)) fresh[i][name].assign(value);
        this.#memories[i] = has ? fresh[i] : undefined;
      });
    });
  }

  /** What is learned about a parameter, by name, before its first step. */
  protected abstract freshMemory(parameter: Tensor): Memory;

  /** One parameter's update in place, and that of what is learned about it. */
  protected abstract update(
    parameter: Tensor,
    gradient: Tensor,
    memory: Memory,
    settings: UpdateSettings,
  ): void;
}

/**
 * Parameters that are trained with settings of their own:
 *
 * ```ts
 * const [weight, bias] = [parameter([1, 2]), parameter([0])];
 * new AdamW([{ parameters: [weight] }, { parameters: [bias], learningRate: 1e-4, weightDecay: 0 }]);
 * ```
 */
export interface ParameterGroup {
  /** What is trained so. */
  readonly parameters: Iterable<Tensor>;
  /** At first; it changes as the optimiser's does, in proportion. Default: the optimiser's. */
  readonly learningRate?: number;
  /** Default: the optimiser's. */
  readonly weightDecay?: number;
}

/** What an update of a parameter goes by, beside the optimiser's own options. */
export interface UpdateSettings {
  /** What the optimiser's learning rate is multiplied with. */
  readonly rateFactor: number;
  /** Undefined: the optimiser's. */
  readonly weightDecay: number | undefined;
}

/** Parameters as groups, each with its settings: those that are given, or one of all. */
function groupsOf(
  where: string,
  parameters: Iterable<Tensor> | Iterable<ParameterGroup>,
): [list: Tensor[], settings: Partial<ParameterGroup>][] {
  const isGroup = (entry: unknown): entry is ParameterGroup => isPlainObject(entry) && "parameters" in entry;
  const list = isTensor(parameters)
    ? [parameters]
    : listOf<Tensor | ParameterGroup>(where, parameters, "pass model.parameters().");
  if (!list.some(isGroup)) return [[parametersOf(where, list as Tensor[]), {}]];
  return list.map((group, i) => {
    if (isGroup(group)) return [parametersOf(where, group.parameters), group];
    throw new ArgumentError(
      where,
      `group ${i} is ${describeValue(group)}.`,
      "put its parameters into a group too: { parameters: [x] }.",
    );
  });
}

function settingsOf(where: string, group: Partial<ParameterGroup>, learningRate: number): UpdateSettings {
  checkOptions(where, group, ["parameters", "learningRate", "weightDecay"]);
  const { learningRate: own = learningRate, weightDecay } = group;
  if (group.learningRate !== undefined) checkAtLeast(where, "learningRate of a group", own, 0);
  if (weightDecay !== undefined) checkAtLeast(where, "weightDecay of a group", weightDecay, 0);
  if (own !== learningRate && learningRate === 0) {
    throw new ArgumentError(
      where,
      "a group has a learning rate, and the optimiser's is 0, to which it has no proportion.",
      "give the optimiser a rate above 0.",
    );
  }
  return { rateFactor: own === learningRate ? 1 : own / learningRate, weightDecay };
}

/** What an optimiser learned about one parameter, by name. */
export type Memory = Readonly<Record<string, Tensor>>;

/**
 * The tensors of a list of parameters; a single tensor counts as a list of one, and not of its rows.
 *
 * @throws ArgumentError for what is no list, and for elements that are no tensors
 */
export function parametersOf(where: string, parameters: Iterable<Tensor>): Tensor[] {
  const fix = "pass model.parameters().";
  const list = isTensor(parameters) ? [parameters] : listOf<Tensor>(where, parameters, fix);
  list.forEach((parameter, i) => {
    if (isTensor(parameter)) return;
    throw new ArgumentError(where, `parameter ${i} is ${describeValue(parameter)}, not a tensor.`, fix);
  });
  if (new Set(list).size < list.length) {
    throw new ArgumentError(
      where,
      "got a parameter twice, which would change it twice.",
      "pass each once, as model.parameters() does.",
    );
  }
  return list;
}

/** @throws ArgumentError unless the value is a number of at least `low` (and below `high`) */
export function checkAtLeast(
  where: string,
  name: string,
  value: number,
  low: number,
  high: number = Infinity,
): void {
  checkNumber(where, name, value);
  if (value >= low && value < high) return;
  throw new ArgumentError(
    where,
    `${name} is ${value}; it must be at least ${low} and ${high === Infinity ? "finite" : `below ${high}`}.`,
  );
}

/** @throws ArgumentError unless a gradient of 0 can be divided by it */
export function checkEpsilon(where: string, epsilon: number): void {
  checkAtLeast(where, "epsilon", epsilon, 0);
  if (epsilon === 0)
    throw new ArgumentError(where, "epsilon is 0; it must be above 0.", "leave it out: 1e-8.");
}
