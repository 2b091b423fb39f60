/**
 * A program that is ready: its memory, its module, and what the host does around it. A call brings in what may have changed, runs
 * the phases, and hands out gradients and results.
 */

import { contiguousStrides, isContiguous } from "../basics/shape.ts";
import { type Draw, type FloatArray, type Operand, type Residence, Storage } from "../kernels/index.ts";
import { PATIENCE } from "../kernels/wasm/elementwise.ts";
import type { Memory } from "../kernels/wasm/memory.ts";
import { runAgain } from "../kernels/watch.ts";
import { makeTensor } from "../ops/operands.ts";
import { copyElements } from "../ops/spans.ts";
import type { Tensor } from "../ops/tensor.ts";
import { isKnown, isPlain } from "./arguments.ts";
import { type Emitted, type Engine, emit } from "./emit.ts";
import { instructionsOf, type Phase } from "./lower.ts";
import { isInMemory, type Plan } from "./plan.ts";
import {
  type Access,
  type Buffer,
  type DrawStatement,
  isBarrier,
  type Source,
  type Statement,
  type View,
  type WorkStatement,
} from "./program.ts";
import type { Team } from "./threads.ts";
import { extentOf, Hole, type Trace, viewOfCopy } from "./trace.ts";

/** What the stages have made of a function. */
export interface Stages {
  readonly trace: Trace;
  /** What was left of the statements, fused. */
  readonly statements: readonly Statement[];
  readonly phases: readonly Phase[];
  readonly plan: Plan;
}

/** A program with its memory. */
export class Executable {
  readonly stages: Stages;
  readonly #engine: Engine;
  readonly #memory: Memory;
  readonly #block: Block;
  #emitted: Emitted;
  /** After so many calls loops are written again, for vectors abreast; 0: they are. */
  #callsLeft: number;
  readonly #captured: readonly Slot<"captured">[];
  readonly #arguments: readonly Slot<"argument">[];
  readonly #gradients: readonly Slot<"gradient">[];
  readonly #constants: readonly Slot<"constant">[];
  readonly #numbers: readonly Slot<"number">[];
  readonly #written: ReadonlySet<Buffer>;
  /** What work of the host returned in this call. */
  readonly #worked: (readonly number[])[] = [];
  /** What was reserved of streams in this call. */
  readonly #drawn: Draw[] = [];
  /** The gradients that tensors had when this call began. */
  readonly #entered = new Map<Buffer, Tensor>();
  /** Storages of the host, in this call. */
  readonly #storages = new Map<Buffer, Storage>();
  /** Storages that were handed out and may still have their elements here. */
  #lent: Storage[] = [];
  /** The temporaries that host statements fill first, by statement. */
  readonly #fresh: ReadonlyMap<Statement, ReadonlySet<Buffer>>;

  private constructor(stages: Stages, engine: Engine, block: Block) {
    const { phases, plan } = stages;
    this.stages = stages;
    this.#engine = engine;
    this.#memory = engine.memory;
    this.#block = block;
    // What threads share is large, and they have the module already.
    this.#callsLeft = plan.threads > 1 ? 0 : Math.floor((PROGRAMS * PATIENCE.elements) / elementsOf(phases));
    this.#emitted = emit(phases, plan, block.address, engine, this.#callsLeft === 0);
    block.team = this.#emitted.team;
    const buffers = new Set([...plan.places.keys(), ...buffersOfHost(phases)]);
    const slots = <K extends Source["kind"]>(kind: K): Slot<K>[] =>
      [...buffers].flatMap((buffer) =>
        buffer.source.kind === kind
          ? [
              new SlotOf(
                buffer,
                buffer.source as Extract<Source, { kind: K }>,
                plan.places.get(buffer),
                block,
              ),
            ]
          : [],
      );
    this.#captured = slots("captured");
    this.#arguments = slots("argument");
    this.#gradients = slots("gradient");
    this.#numbers = slots("number");
    this.#written = writtenBy(phases);
    const constants = slots("constant");
    for (const slot of constants) this.#enterConstant(slot);
    this.#constants = constants.filter(({ buffer }) => this.#written.has(buffer));
    this.#fresh = freshOf(phases);
  }

  /** Reserves memory for a program and makes its module; in words why the platform refuses, where it does. */
  static make(stages: Stages, engine: Engine): Executable | string {
    const block = Block.reserve(engine.memory, stages.plan.bytes);
    if (block === null) return "there is no memory for it";
    try {
      return new Executable(stages, engine, block);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return `the platform refuses its module: ${error.message}`;
    }
  }

  /**
   * Whether the program can run on these arguments: none shares memory with another, nor with what the program knows anyway, nor do
   * gradients that are there.
   */
  accepts(given: readonly Tensor[]): boolean {
    const isCaptured = (storage: Storage): boolean =>
      this.#captured.some(({ source }) => source.storage === storage);
    for (let i = 0; i < given.length; i++) {
      const { storage } = given[i];
      for (let k = 0; k < i; k++) if (given[k].storage === storage) return false;
      if (!isKnown(given[i]) && isCaptured(storage)) return false;
    }
    if (this.#gradients.length === 0) return true;
    const owners = this.stages.trace.conditions.hasGradient.keys();
    const seen = new Set([...given, ...owners].map(({ storage }) => storage));
    for (const { source } of this.#gradients) {
      const { storage } = source.of.grad!;
      if (seen.has(storage) || isCaptured(storage)) return false;
      seen.add(storage);
    }
    return true;
  }

  /** Whether everything is as it was when the function was traced. */
  holds(): boolean {
    const { values, differentiated, hasGradient } = this.stages.trace.conditions;
    for (const [tensor, was] of differentiated) {
      if ((tensor.node !== null) !== was || (was && tensor.node!.operation !== null)) return false;
    }
    for (const [tensor, had] of hasGradient) if ((tensor.grad !== null) !== had) return false;
    for (const { read, value } of values) if (!Object.is(read(), value)) return false;
    return true;
  }

  /** How many threads are there to run it. */
  get threads(): number {
    return this.#emitted.team?.size ?? 1;
  }

  get moduleBytes(): number {
    return this.#emitted.moduleBytes;
  }

  /** Runs the program. */
  call(given: readonly Tensor[]): unknown {
    if (this.#callsLeft > 0 && --this.#callsLeft === 0) this.#enlarge();
    this.#takeBack();
    this.#storages.clear();
    for (const slot of this.#captured) this.#enterCaptured(slot);
    for (const slot of this.#arguments) this.#enterArgument(slot, given[slot.source.index]);
    for (const slot of this.#gradients) this.#enterGradient(slot);
    for (const slot of this.#constants) this.#enterConstant(slot);
    for (const [i, { prelude, host }] of this.stages.phases.entries()) {
      for (const statement of prelude) {
        if (statement.kind === "draw") this.#draw(statement);
        else this.#work(statement);
      }
      this.#emitted.phases[i]();
      if (host === null) continue;
      try {
        this.#runOnHost(host);
      } catch (error) {
        // Such as a gradient that is not finite: everything is left as it is at this point of the function.
        this.#leave(given, isBarrier(host) ? host.gradients : new Map(), []);
        throw error;
      }
    }
    const { gradients, results, result } = this.stages.trace;
    return filled(result, this.#leave(given, gradients, results));
  }

  /** Writes the module again, with code that takes longer to write and less to run. */
  #enlarge(): void {
    const { phases, plan } = this.stages;
    try {
      this.#emitted = emit(phases, plan, this.#block.address, this.#engine, true);
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
  }

  /** Hands out what has changed: memory, gradients and results. */
  #leave(given: readonly Tensor[], gradients: Trace["gradients"], results: Trace["results"]): Tensor[] {
    for (const slot of this.#captured) this.#leaveCaptured(slot);
    for (const slot of this.#arguments) this.#leaveArgument(slot, given[slot.source.index]);
    for (const slot of this.#gradients) this.#leaveGradient(slot);
    return this.#handOut(given, gradients, results);
  }

  /** Lets go of the memory: whoever still has elements here gets them. */
  release(): void {
    this.#takeBack();
    for (const { source, residence } of this.#captured)
      if (source.storage.residence === residence) void source.storage.data;
    this.#block.release();
  }

  /** Moves results of the last call that somebody may still hold out of the way. */
  #takeBack(): void {
    for (const storage of this.#lent) if (storage.residence instanceof Slotted) void storage.data;
    this.#lent = [];
  }

  #enterCaptured({ buffer, source: { storage }, residence }: Slot<"captured">): void {
    if (residence === null) this.#storages.set(buffer, storage);
    else if (storage.residence !== residence) {
      this.#copyIn(residence.address, storage, 0, storage.size);
      if (!storage.isShown) storage.residence = residence;
    }
  }

  #leaveCaptured({ buffer, source: { storage }, residence }: Slot<"captured">): void {
    if (!this.#written.has(buffer)) return;
    if (residence !== null) {
      if (storage.isShown) this.#memory.read(residence.address, storage.data, 0, storage.size);
      else storage.residence = residence;
    }
    storage.markChanged();
  }

  #enterArgument({ buffer, residence }: Slot<"argument">, tensor: Tensor): void {
    const [first, end] = extentOf(tensor);
    const { storage } = tensor;
    if (residence === null) this.#storages.set(buffer, Storage.of(storage.data.slice(first, end)));
    else this.#copyIn(residence.address, storage, first, end - first);
  }

  #leaveArgument({ buffer, residence }: Slot<"argument">, argument: Tensor): void {
    if (!this.#written.has(buffer)) return;
    const [first] = extentOf(argument);
    const { storage } = argument;
    if (residence === null) storage.data.set(this.#storages.get(buffer)!.data, first);
    else this.#memory.read(residence.address, storage.data, first, buffer.size);
    storage.markChanged();
  }

  #enterGradient({ buffer, source: { of }, residence }: Slot<"gradient">): void {
    const gradient = of.grad!;
    this.#entered.set(buffer, gradient);
    const { shape, strides, offset, size, storage } = gradient;
    if (residence === null) this.#storages.set(buffer, Storage.of(gradient.toTypedArray<FloatArray>()));
    else if (isContiguous(shape, strides)) this.#copyIn(residence.address, storage, offset, size);
    else this.#memory.write(residence.address, gradient.toTypedArray(), 0, size);
  }

  #leaveGradient({ buffer }: Slot<"gradient">): void {
    if (!this.#written.has(buffer)) return;
    const gradient = this.#entered.get(buffer)!;
    const own = {
      storage: this.#storageOf(buffer, NONE),
      offset: 0,
      strides: contiguousStrides(gradient.shape),
    };
    copyElements(gradient.shape, gradient, own);
    gradient.storage.markChanged();
  }

  #enterConstant({ buffer, source: { values }, residence }: Slot<"constant">): void {
    if (residence === null) this.#storages.set(buffer, Storage.of(values.slice()));
    else this.#memory.write(residence.address, values, 0, values.length);
  }

  /** Copies elements to an address from wherever they are. */
  #copyIn(address: number, storage: Storage, first: number, count: number): void {
    const { residence } = storage;
    if (residence === null) {
      this.#memory.write(address, storage.data, first, count);
      return;
    }
    const from = (residence.address >> 2) + first;
    this.#memory.floats.set(residence.memory.floats.subarray(from, from + count), address >> 2);
  }

  #draw({ random, blocks, index }: DrawStatement): void {
    const draw = random.draw(blocks);
    this.#drawn[index] = draw;
    const { key, counter } = draw;
    const words = (this.#block.address + this.stages.plan.draws + 16 * index) >> 2;
    const { integers } = this.#memory;
    integers[words] = key[0];
    integers[words + 1] = key[1];
    integers[words + 2] = counter[0];
    integers[words + 3] = counter[1];
  }

  #work({ work, index, operands }: WorkStatement): void {
    const numbers = work(operands.map((view) => this.#tensorOf(view)));
    this.#worked[index] = numbers;
    const { floats } = this.#memory;
    for (const { source, residence } of this.#numbers)
      if (source.work === index) floats[residence!.address >> 2] = numbers[source.index];
  }

  #runOnHost(statement: Statement): void {
    if (statement.kind === "work") this.#work(statement);
    else if (statement.kind === "operation") {
      const [output] = statement.outputs;
      const fresh = this.#fresh.get(statement)!;
      const operands = statement.operands.map((view) => this.#tensorOf(view));
      const target = this.#operandOf(output, fresh);
      const { compute } = statement.operation;
      compute.call(
        statement.operation,
        target,
        output.shape,
        operands as never[],
        statement.attributes as never,
      );
      this.#store(output.buffer, target.storage);
    } else if (statement.kind === "kernel") {
      const fresh = this.#fresh.get(statement)!;
      // The same memory twice is one storage, so that a kernel sees that it reads what it writes.
      const shared = new Map<Buffer, Storage>();
      const operandOf = (access: Access): Operand => {
        const storage = shared.get(access.buffer) ?? this.#operandOf(access, fresh).storage;
        shared.set(access.buffer, storage);
        return { storage, offset: access.offset, strides: access.strides };
      };
      const operands = statement.operands.map(operandOf);
      const outputs = statement.outputs.map(operandOf);
      const drawn = statement.draw < 0 ? {} : { draw: this.#drawn[statement.draw] };
      runAgain({ ...statement.call, ...drawn, outputs, operands } as typeof statement.call);
      for (const [i, { buffer }] of statement.outputs.entries()) this.#store(buffer, outputs[i].storage);
    }
  }

  #tensorOf(view: View): Tensor {
    const { storage } = this.#operandOf(view, NONE);
    return makeTensor(storage, view.shape, view.strides, view.offset);
  }

  /** An access as kernels take it. */
  #operandOf({ buffer, offset, strides }: Access, fresh: ReadonlySet<Buffer>): Operand {
    return { storage: this.#storageOf(buffer, fresh), offset, strides };
  }

  #storageOf(buffer: Buffer, fresh: ReadonlySet<Buffer>): Storage {
    const { size, dtype, source } = buffer;
    if (source.kind === "number") return Storage.of(Float64Array.of(this.#worked[source.work][source.index]));
    if (!isInMemory(buffer) || (dtype === "float64" && source.kind === "constant")) {
      const storage =
        this.#storages.get(buffer) ??
        (source.kind === "constant" ? Storage.of(source.values.slice()) : Storage.allocate(size, dtype));
      this.#storages.set(buffer, storage);
      return storage;
    }
    const storage = Storage.allocate(size, dtype);
    if (!fresh.has(buffer)) storage.residence = this.#residenceOf(buffer);
    return storage;
  }

  /** Copies what the host has computed to where the program looks for it. */
  #store(buffer: Buffer, storage: Storage): void {
    if (!isInMemory(buffer)) return;
    const address = this.#addressOf(buffer);
    if (storage.residence instanceof Slotted && storage.residence.address === address) return;
    this.#copyIn(address, storage, 0, storage.size);
  }

  #addressOf(buffer: Buffer): number {
    return this.#block.address + this.stages.plan.places.get(buffer)!;
  }

  #residenceOf(buffer: Buffer): Slotted {
    return new Slotted(this.#block, this.#addressOf(buffer));
  }

  /** Gives tensors their gradients, and makes the tensors of the result. */
  #handOut(given: readonly Tensor[], gradients: Trace["gradients"], results: Trace["results"]): Tensor[] {
    const lent = new Map<Buffer, Storage>();
    const tensorOf = ({ buffer, shape, strides, offset }: View): Tensor => {
      const { source } = buffer;
      if (source.kind === "captured") return makeTensor(source.storage, shape, strides, offset);
      if (source.kind === "argument") {
        const argument = given[source.index];
        return makeTensor(argument.storage, shape, strides, offset + extentOf(argument)[0]);
      }
      if (source.kind === "gradient") return viewOfCopy(this.#entered.get(buffer)!, shape, strides, offset);
      let storage = lent.get(buffer);
      if (storage === undefined) {
        storage = this.#lend(buffer);
        lent.set(buffer, storage);
      }
      return makeTensor(storage, shape, strides, offset);
    };
    for (const [tensor, gradient] of gradients) tensor.grad = gradient && tensorOf(gradient);
    const known = new Map<Trace["results"][number], Tensor>();
    return results.map((made) => {
      if (made.kind === "tensor") return made.tensor;
      if (made.kind === "argument") return given[made.index];
      const tensor = known.get(made) ?? tensorOf(made.view);
      known.set(made, tensor);
      tensor.node = made.node;
      return tensor;
    });
  }

  /** A storage for a buffer whose elements stay here until the next call, unless somebody asks for them. */
  #lend(buffer: Buffer): Storage {
    if (!isInMemory(buffer)) return this.#storageOf(buffer, NONE);
    const { size, dtype, source } = buffer;
    if (dtype === "float64") return this.#storageOf(buffer, NONE);
    // What its holder changes in place must not change what the program reads in its next calls.
    if (source.kind === "constant") return Storage.of(this.#storageOf(buffer, NONE).data);
    const storage = Storage.allocate(size, dtype);
    if (size > 0) storage.residence = this.#residenceOf(buffer);
    this.#lent.push(storage);
    return storage;
  }
}

const NONE: ReadonlySet<Buffer> = /* @__PURE__ */ new Set<Buffer>();

/** Memory that a program has to itself; without a word it is free again when neither the program nor an element in it is reachable. */
class Block {
  readonly memory: Memory;
  readonly address: number;
  readonly #reserved: Reserved;

  private constructor(reserved: Reserved) {
    this.memory = reserved.memory;
    this.address = reserved.address;
    this.#reserved = reserved;
  }

  static reserve(memory: Memory, wanted: number): Block | null {
    const bytes = Math.max(16, wanted);
    const address = memory.reserve(bytes);
    if (address === 0) return null;
    const reserved: Reserved = { memory, address, bytes, team: null };
    const block = new Block(reserved);
    abandoned?.register(block, reserved, block);
    return block;
  }

  /** The threads that work in it, which are let go with it. */
  set team(team: Team | null) {
    this.#reserved.team = team;
  }

  /** Gives the memory back, in which nothing is any more. */
  release(): void {
    abandoned?.unregister(this);
    giveBack(this.#reserved);
  }
}

interface Reserved {
  readonly memory: Memory;
  readonly address: number;
  readonly bytes: number;
  team: Team | null;
}

function giveBack({ memory, address, bytes, team }: Reserved): void {
  team?.release();
  memory.release(address, bytes);
}

const abandoned: FinalizationRegistry<Reserved> | null = /* @__PURE__ */ (() =>
  typeof FinalizationRegistry === "undefined" ? null : new FinalizationRegistry<Reserved>(giveBack))();

/** Elements of a storage in a block. */
class Slotted implements Residence {
  readonly address: number;
  readonly #block: Block;

  constructor(block: Block, address: number) {
    this.#block = block;
    this.address = address;
  }

  get memory(): Memory {
    return this.#block.memory;
  }

  copyTo(data: FloatArray): void {
    this.memory.read(this.address, data, 0, data.length);
  }
}

/** A buffer that has its elements from outside; without a residence it is a storage of the host. */
class SlotOf<S extends Source> {
  readonly buffer: Buffer;
  readonly source: S;
  readonly residence: Slotted | null;

  constructor(buffer: Buffer, source: S, place: number | undefined, block: Block) {
    this.buffer = buffer;
    this.source = source;
    this.residence = place === undefined ? null : new Slotted(block, block.address + place);
  }
}

type Slot<K extends Source["kind"]> = SlotOf<Extract<Source, { kind: K }>>;

/** A result with its tensors. */
function filled(result: unknown, tensors: readonly Tensor[]): unknown {
  if (result instanceof Hole) return tensors[result.index];
  if (Array.isArray(result)) return result.map((part) => filled(part, tensors));
  if (!isPlain(result)) return result;
  return Object.fromEntries(Object.entries(result).map(([name, part]) => [name, filled(part, tensors)]));
}

/** Writing all loops again takes as long as they then save with so many times the elements of one kernel. */
const PROGRAMS = 16;

/** How many elements the loops of a program compute in a call. */
function elementsOf(phases: readonly Phase[]): number {
  let elements = 1;
  for (const { instructions } of phases)
    for (const step of instructions) {
      const times = step.kind === "blocks" ? step.count : 1;
      for (const instruction of instructionsOf(step))
        if (instruction.kind === "loop") elements += times * instruction.rows * instruction.columns;
    }
  return elements;
}

/** Some browsers take no large module on their main thread. */
function isRefusal(error: unknown): error is Error {
  return [WebAssembly.CompileError, EvalError, RangeError].some((kind) => error instanceof kind);
}

function* hostStatements(phases: readonly Phase[]): Generator<Statement> {
  for (const { prelude, host } of phases) {
    yield* prelude;
    if (host !== null) yield host;
  }
}

function buffersOfHost(phases: readonly Phase[]): Set<Buffer> {
  const buffers = new Set<Buffer>();
  for (const { outputs, operands } of hostStatements(phases))
    for (const { buffer } of [...outputs, ...operands]) buffers.add(buffer);
  return buffers;
}

function writtenBy(phases: readonly Phase[]): Set<Buffer> {
  const instructions = phases.flatMap(({ instructions }) => instructions);
  return new Set(
    [...instructions, ...hostStatements(phases)].flatMap(({ outputs }) =>
      outputs.map(({ buffer }) => buffer),
    ),
  );
}

/** For each statement of the host the temporaries that have no elements before it. */
function freshOf(phases: readonly Phase[]): Map<Statement, Set<Buffer>> {
  const known = new Set<Buffer>();
  const fresh = new Map<Statement, Set<Buffer>>();
  for (const { instructions, host } of phases) {
    for (const { outputs } of instructions) for (const { buffer } of outputs) known.add(buffer);
    if (host === null) continue;
    const first = host.outputs.map(({ buffer }) => buffer).filter((buffer) => !known.has(buffer));
    fresh.set(host, new Set(first.filter(({ source }) => source.kind === "temporary")));
    for (const buffer of first) known.add(buffer);
  }
  return fresh;
}
