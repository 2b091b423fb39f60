/** The last stage writes a module of WebAssembly: one function for each phase, which calls kernels and loops at fixed addresses. */

import type { Bytes, Expression, Expressions } from "../kernels/index.ts";
import {
  Assembler,
  type Body,
  type Callable,
  f32,
  f64,
  i32,
  type Local,
  memory,
  type Value,
} from "../kernels/wasm/assembler.ts";
import {
  foldFunction,
  type Join,
  joinOf,
  type LaneFunction,
  lanesFunction,
  PARTIALS,
  writeJoin,
} from "../kernels/wasm/elementwise.ts";
import { PAIRS, type WasmBackend } from "../kernels/wasm/index.ts";
import { RESCUES, type Rescue, type RescueFunctions, writeRescues } from "../kernels/wasm/lanes.ts";
import type { Blocks, Fold, Instruction, Phase, Place, Product } from "./lower.ts";
import type { Plan } from "./plan.ts";

/** The functions of the phases. */
export interface Emitted {
  readonly phases: readonly (() => void)[];
  /** The bytes of the module. */
  readonly moduleBytes: number;
}

/** Makes and instantiates the module, at the address where its memory begins, and writes the tables there. */
export function emit(phases: readonly Phase[], plan: Plan, base: number, backend: WasmBackend): Emitted {
  const module = new ModuleWriter(plan, base, backend);
  const { bytes, imports } = module.write(phases);
  const { normal, uniform } = backend.random();
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
    halograd: { memory: backend.memory.memory, matmul: backend.multiply(), normal, uniform },
    [RESCUES]: imports,
  });
  return {
    phases: phases.map((_, i) => instance.exports[`phase${i}`] as () => void),
    moduleBytes: bytes.length,
  };
}

/** So many instructions abreast: modules of steps are larger than those of single operations anyway. */
const MOST_ABREAST = 512;

type LaneCall = Callable<readonly ["i32", "i32", "i32"], "none">;

/** The kernels that a module imports. */
interface Kernels {
  readonly matmul: (...operands: (number | Value<"i32">)[]) => Value<"none">;
  readonly normal: (...operands: (number | Value<"i32">)[]) => Value<"none">;
  readonly uniform: (...operands: (number | Value<"i32">)[]) => Value<"none">;
}

/** The number of the block that is being done; null outside of blocks. */
type BlockIndex = Local<"i32"> | null;

class ModuleWriter {
  readonly #plan: Plan;
  readonly #base: number;
  readonly #assembler = new Assembler();
  readonly #integers: Int32Array;
  #table: number;
  /** What loops and folds are written from; the same one is written once. */
  readonly #functions = new Map<string, LaneFunction>();
  readonly #calls = new Map<string, LaneCall>();
  readonly #joins = new Map<Join, Callable<readonly ["i32", "i32", "i32"], "none">>();
  readonly #names = new Map<Expression | Expressions, number>();

  constructor(plan: Plan, base: number, { memory }: WasmBackend) {
    this.#plan = plan;
    this.#base = base;
    this.#table = base + plan.tables;
    this.#integers = memory.integers;
  }

  /** The bytes, and the functions that they import to rescue lanes. */
  write(phases: readonly Phase[]): {
    readonly bytes: Bytes;
    readonly imports: ReturnType<typeof writeRescues>["imports"];
  } {
    const assembler = this.#assembler;
    assembler.importMemory("halograd", "memory");
    const kernels = {
      matmul: assembler.importFunction("halograd", "matmul", integers(13), "none"),
      normal: assembler.importFunction("halograd", "normal", integers(7), "none"),
      uniform: assembler.importFunction("halograd", "uniform", integers(7), "none"),
    } as unknown as Kernels;
    const instructions = phases.flatMap(({ instructions }) =>
      instructions.flatMap((step) => (step.kind === "blocks" ? [...step.body, ...step.rest] : [step])),
    );
    for (const instruction of instructions) this.#prepare(instruction);
    const needed = new Map<Rescue, number>();
    for (const { graph } of this.#functions.values())
      for (const [rescue, count] of graph.rescues) needed.set(rescue, count);
    const { functions, imports } = writeRescues(assembler, needed);
    for (const [name, lanes] of this.#functions) this.#calls.set(name, this.#define(lanes, functions));
    for (const instruction of instructions) if (instruction.kind === "fold") this.#joinFor(instruction);
    for (const [i, phase] of phases.entries()) {
      assembler.function(`phase${i}`, [], "none", (body) => {
        for (const step of phase.instructions) {
          if (step.kind === "blocks") this.#writeBlocks(body, step, kernels);
          else this.#write(body, step, null, kernels);
        }
      });
    }
    return { bytes: assembler.bytes(), imports };
  }

  /** Names the functions that an instruction calls. */
  #prepare(instruction: Instruction): void {
    const name = this.#nameOf(instruction);
    if (name === null || this.#functions.has(name)) return;
    if (instruction.kind === "loop") {
      const { expressions, operands, repeated } = instruction;
      this.#functions.set(name, lanesFunction(expressions, operands.length, repeated, MOST_ABREAST));
    } else if (instruction.kind === "fold") {
      const { expression, operands, repeated, over } = instruction;
      this.#functions.set(name, foldFunction(expression, operands.length, repeated, over));
    }
  }

  #nameOf(instruction: Instruction): string | null {
    if (instruction.kind !== "loop" && instruction.kind !== "fold") return null;
    const key = instruction.kind === "loop" ? instruction.expressions : instruction.expression;
    const number = this.#names.get(key) ?? this.#names.size;
    this.#names.set(key, number);
    const kind = instruction.kind === "loop" ? "loop" : instruction.over;
    return `$${kind}${number}/${instruction.operands.length}/${instruction.repeated}`;
  }

  #define(lanes: LaneFunction, rescues: RescueFunctions): LaneCall {
    return this.#assembler.function("$lanes", ["i32", "i32", "i32"], "none", (body, rows, columns, table) =>
      lanes.write(body, rescues, rows, columns, table),
    );
  }

  #joinFor({ expression, operands }: Fold): {
    join: Join;
    call: Callable<readonly ["i32", "i32", "i32"], "none">;
  } {
    const join = joinOf(expression, operands.length)!;
    const call = this.#joins.get(join) ?? writeJoin(this.#assembler, "$join", join);
    this.#joins.set(join, call);
    return { join, call };
  }

  #writeBlocks(body: Body, { count, body: instructions, rest }: Blocks, kernels: Kernels): void {
    const block = body.let(i32.const(0));
    body.loop((again) => {
      for (const instruction of instructions) this.#write(body, instruction, block, kernels);
      body.set(block, i32.add(block, 1));
      body.branchIf(again, i32.lt_s(block, count));
    });
    for (const instruction of rest) this.#write(body, instruction, null, kernels);
  }

  #write(body: Body, instruction: Instruction, block: BlockIndex, kernels: Kernels): void {
    switch (instruction.kind) {
      case "loop": {
        const { rows, columns, outputs, operands } = instruction;
        const table = this.#writeTable(body, block, [...outputs, ...operands]);
        body.do(this.#calls.get(this.#nameOf(instruction)!)!(rows, columns, table));
        break;
      }
      case "fold":
        this.#writeFold(body, instruction, block);
        break;
      case "product":
        body.do(kernels.matmul(...this.#product(instruction, block)));
        break;
      case "fill": {
        const { distribution, count, draw, fixed, part } = instruction;
        const [key0, key1, low, high] =
          draw >= 0
            ? [0, 4, 8, 12].map((offset) => i32.load(this.#base + this.#plan.draws + 16 * draw, offset))
            : [...fixed.key, ...fixed.counter].map((word) => i32.const(word | 0));
        // Two numbers are made of each count.
        const first = part === undefined ? low : i32.add(low, i32.shr_u(partAt(part, block), 1));
        const target = this.#addressAt(instruction.outputs[0], block);
        const scratch = this.#base + this.#plan.scratch;
        body.do(kernels[distribution](target, count, key0, key1, first, high, scratch));
        break;
      }
      case "copy":
        writeCopy(body, instruction.sizes, [
          { address: this.#addressOf(instruction.outputs[0]), steps: instruction.to },
          { address: this.#addressOf(instruction.operands[0]), steps: instruction.from },
        ]);
        break;
      default: {
        const [{ buffer }] = instruction.outputs;
        body.do(memory.fill(this.#addressOf(instruction.outputs[0]), 0, 4 * buffer.size));
      }
    }
  }

  /** Folds into accumulators, as the kernels of reductions do, and stores what comes of them. */
  #writeFold(body: Body, fold: Fold, block: BlockIndex): void {
    const { rows, columns, operands, initial, divisor, part } = fold;
    const call = this.#calls.get(this.#nameOf(fold)!)!;
    const { join, call: joinAccumulators } = this.#joinFor(fold);
    const totals = this.#base + this.#plan.places.get(fold.accumulators)!;
    const count = fold.over === "columns" ? columns : rows;
    const filled = fold.over === "columns" ? Math.min(rows, PARTIALS) * columns : rows;
    if (part === undefined || part === "start")
      writeRepeat(body, filled, [{ at: totals, step: 8 }], ([at]) => body.store(at, f64.const(join.neutral)));
    if (fold.over === "rows") {
      const table = this.#writeTable(body, block, operands, [totals, 8]);
      body.do(call(rows, columns, table));
    } else {
      if (part === undefined || part === "add") {
        // Eight rows are one of eight times the length; what is left goes into the first partial results.
        const eights = Math.floor(rows / PARTIALS);
        const tableFrom = (first: number): number => {
          const moved = operands.map((place) => ({
            ...place,
            offset: place.offset + first * place.step,
            step: PARTIALS * place.step,
          }));
          return this.#writeTable(body, block, moved, [totals, 0]);
        };
        const [whole, rest] = [tableFrom(0), tableFrom(PARTIALS * eights)];
        if (eights > 0) body.do(call(eights, PARTIALS * columns, whole));
        if (rows % PARTIALS > 0) body.do(call(1, (rows % PARTIALS) * columns, rest));
      }
      if (part === "start" || part === "add") return;
      for (const [to, from] of PAIRS)
        if (from < rows)
          body.do(joinAccumulators(columns, totals + 8 * to * columns, totals + 8 * from * columns));
    }
    const target = this.#addressAt(fold.outputs[0], block);
    const cursors = [
      { at: totals, step: 8 },
      { at: target, step: 4 },
    ];
    writeRepeat(body, count, cursors, ([from, to]) => {
      let total: Value<"f64"> = f64.load(from);
      if (initial !== join.neutral) total = join.scalars(f64.const(initial), total);
      if (divisor !== 1) total = f64.div(total, divisor);
      body.store(to, f32.demote_f64(total));
    });
  }

  #product(
    { m, n, k, outputs, operands: [a, b, bias], strides, part }: Product,
    block: BlockIndex,
  ): (number | Value<"i32">)[] {
    return [
      m,
      n,
      k,
      this.#addressAt(outputs[0], block),
      this.#addressAt(a, block),
      strides[0],
      strides[1],
      this.#addressAt(b, block),
      strides[2],
      strides[3],
      bias === undefined ? 0 : this.#addressAt(bias, block),
      this.#base + this.#plan.scratch,
      part === undefined ? 0 : partAt(part, block),
    ];
  }

  /** Where a place is in a block. */
  #addressAt(place: Place, block: BlockIndex): number | Value<"i32"> {
    const address = this.#addressOf(place);
    return block === null || !place.advance ? address : i32.add(address, i32.mul(block, 4 * place.advance));
  }

  #addressOf({ buffer, offset }: Pick<Place, "buffer" | "offset">): number {
    return this.#base + this.#plan.places.get(buffer)! + 4 * offset;
  }

  /** The address of a table of places, address and step in bytes; in a block, those that move on are written when it is done. */
  #writeTable(
    body: Body,
    block: BlockIndex,
    places: readonly Place[],
    ...first: readonly (readonly [address: number, step: number])[]
  ): number {
    const table = this.#table;
    const entries = [...first, ...places.map((place) => [this.#addressOf(place), 4 * place.step] as const)];
    for (const [i, [address, step]] of entries.entries()) {
      this.#integers[(table >> 2) + 2 * i] = address;
      this.#integers[(table >> 2) + 2 * i + 1] = step;
    }
    for (const [i, place] of places.entries())
      if (block !== null && place.advance)
        body.store(i32.const(table + 8 * (first.length + i)), this.#addressAt(place, block) as Value<"i32">);
    this.#table += 8 * entries.length;
    return table;
  }
}

/** How much of an instruction comes before a block. */
function partAt(
  { done, advance }: { readonly done: number; readonly advance: number },
  block: BlockIndex,
): number | Value<"i32"> {
  return block === null || advance === 0 ? done : i32.add(done, i32.mul(block, advance));
}

/** Runs statements `count` times with cursors that move on. */
function writeRepeat(
  body: Body,
  count: number,
  cursors: readonly { readonly at: number | Value<"i32">; readonly step: number }[],
  write: (cursors: Local<"i32">[]) => void,
): void {
  const locals = cursors.map(({ at }) => body.let(typeof at === "number" ? i32.const(at) : at));
  const left = body.let(i32.const(count));
  body.while(left, () => {
    write(locals);
    for (const [i, { step }] of cursors.entries()) body.set(locals[i], i32.add(locals[i], step));
    body.set(left, i32.sub(left, 1));
  });
}

/** Copies elements between two layouts of the same sizes, one by one unless they lie side by side in both. */
function writeCopy(
  body: Body,
  sizes: readonly number[],
  [to, from]: readonly { readonly address: number; readonly steps: readonly number[] }[],
): void {
  const target = body.let(i32.const(to.address));
  const source = body.let(i32.const(from.address));
  const along = (axis: number): void => {
    if (axis === sizes.length - 1 && to.steps[axis] === 1 && from.steps[axis] === 1) {
      body.do(memory.copy(target, source, 4 * sizes[axis]));
      return;
    }
    if (axis === sizes.length) {
      body.store(target, f32.load(source));
      return;
    }
    const left = body.let(i32.const(sizes[axis]));
    body.while(left, () => {
      along(axis + 1);
      body.set(target, i32.add(target, 4 * to.steps[axis]));
      body.set(source, i32.add(source, 4 * from.steps[axis]));
      body.set(left, i32.sub(left, 1));
    });
    body.set(target, i32.sub(target, 4 * to.steps[axis] * sizes[axis]));
    body.set(source, i32.sub(source, 4 * from.steps[axis] * sizes[axis]));
  };
  along(0);
}

type Integers<N extends number, T extends "i32"[] = []> = T["length"] extends N
  ? T
  : Integers<N, [...T, "i32"]>;

function integers<N extends number>(count: N): Integers<N> {
  return Array.from({ length: count }, () => "i32") as Integers<N>;
}
