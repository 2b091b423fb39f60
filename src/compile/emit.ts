/**
 * The last stage writes a module of WebAssembly: one function for each phase, which calls kernels and loops at fixed addresses. What
 * threads share out is a function of its own, which does one chunk of it.
 */

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
import type { Memory } from "../kernels/wasm/memory.ts";
import {
  type Blocks,
  type Fold,
  type Instruction,
  instructionsOf,
  isShared,
  type Phase,
  type Place,
  type Product,
  type Tasks,
} from "./lower.ts";
import type { Plan } from "./plan.ts";
import { Crew, type SharedStep, TEAM, type Team } from "./threads.ts";

/** The memory of programs, and kernels over its addresses: those of the backend, or those that threads share. */
export type Engine = Pick<WasmBackend, "memory" | "multiply" | "random">;

/** The functions of the phases. */
export interface Emitted {
  readonly phases: readonly (() => void)[];
  /** The bytes of the module. */
  readonly moduleBytes: number;
  /** The threads that share its steps. */
  readonly team: Team | null;
}

/**
 * Makes and instantiates the module, at the address where its memory begins, and writes the tables there. Loops compute several
 * vectors abreast if it is to be large.
 */
export function emit(
  phases: readonly Phase[],
  plan: Plan,
  base: number,
  engine: Engine,
  isLarge: boolean,
): Emitted {
  const mostAbreast = isLarge ? MOST_ABREAST : 0;
  const { bytes, imports, steps } = new ModuleWriter(plan, base, engine, mostAbreast).write(phases);
  const module = new WebAssembly.Module(bytes);
  const { threads, stride } = plan;
  const rescues = Object.values(imports);
  const team = engine instanceof Crew ? engine.team({ module, threads, stride, steps, rescues }) : null;
  const { normal, uniform } = engine.random();
  const instance = new WebAssembly.Instance(module, {
    halograd: { memory: engine.memory.memory, matmul: engine.multiply(), normal, uniform },
    [RESCUES]: imports,
    ...(team === null ? {} : { [TEAM]: team.imports }),
  });
  team?.begin(steps.map((_, i) => instance.exports[`step${i}`] as (own: number, chunk: number) => void));
  return {
    phases: phases.map((_, i) => instance.exports[`phase${i}`] as () => void),
    moduleBytes: bytes.length,
    team,
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

/** Where instructions stand. */
interface Site {
  /** The number of the block that is being done; null outside of blocks. */
  readonly block: Local<"i32"> | null;
  /** How far the memory of this thread lies behind that of the first one; null where none other gets here. */
  readonly own: Local<"i32"> | null;
  /** Whether several threads may be here at the same time, so that each needs tables of its own. */
  readonly isShared: boolean;
}

/** What only the first thread does. */
const ALONE: Site = { block: null, own: null, isShared: false };

/** How threads take turns: see `Team`. */
interface Turns {
  readonly share: (step: number) => Value<"none">;
  readonly turn: (section: number, chunk: Value<"i32">) => Value<"none">;
  readonly pass: (section: number, chunk: Value<"i32">) => Value<"none">;
}

class ModuleWriter {
  readonly #plan: Plan;
  readonly #base: number;
  readonly #mostAbreast: number;
  readonly #assembler = new Assembler();
  readonly #memory: Memory;
  /** Where the next table is written, and the next one of which each thread has its own. */
  #table: number;
  #ownTable: number;
  /** What loops and folds are written from; the same one is written once. */
  readonly #functions = new Map<string, LaneFunction>();
  readonly #calls = new Map<string, LaneCall>();
  readonly #joins = new Map<Join, Callable<readonly ["i32", "i32", "i32"], "none">>();
  readonly #names = new Map<Expression | Expressions, number>();

  constructor(plan: Plan, base: number, { memory }: Engine, mostAbreast: number) {
    this.#mostAbreast = mostAbreast;
    this.#plan = plan;
    this.#base = base;
    this.#table = base + plan.tables;
    this.#ownTable = base + plan.ownTables;
    this.#memory = memory;
  }

  /** The bytes, the functions that they import to rescue lanes, and what they share out among threads. */
  write(phases: readonly Phase[]): {
    readonly bytes: Bytes;
    readonly imports: ReturnType<typeof writeRescues>["imports"];
    readonly steps: readonly SharedStep[];
  } {
    const assembler = this.#assembler;
    assembler.importMemory("halograd", "memory", 0, this.#memory.sharedPages);
    const kernels = {
      matmul: assembler.importFunction("halograd", "matmul", integers(13), "none"),
      normal: assembler.importFunction("halograd", "normal", integers(7), "none"),
      uniform: assembler.importFunction("halograd", "uniform", integers(7), "none"),
    } as unknown as Kernels;
    const turns = this.#plan.threads > 1 ? importTurns(assembler) : null;
    const instructions = phases.flatMap(({ instructions }) => instructions.flatMap(instructionsOf));
    for (const instruction of instructions) this.#prepare(instruction);
    const needed = new Map<Rescue, number>();
    for (const { graph } of this.#functions.values())
      for (const [rescue, count] of graph.rescues) needed.set(rescue, count);
    const { functions, imports } = writeRescues(assembler, needed);
    for (const [name, lanes] of this.#functions) this.#calls.set(name, this.#define(lanes, functions));
    for (const instruction of instructions) if (instruction.kind === "fold") this.#joinFor(instruction);
    const steps: (Blocks | Tasks)[] = [];
    for (const [i, phase] of phases.entries()) {
      assembler.function(`phase${i}`, [], "none", (body) => {
        for (const step of phase.instructions) {
          if (isShared(step)) body.do(turns!.share(steps.push(step) - 1));
          else if (step.kind === "blocks") this.#writeBlocks(body, step, kernels);
          else this.#write(body, step, ALONE, kernels);
        }
      });
    }
    for (const [i, step] of steps.entries()) {
      assembler.function(`step${i}`, ["i32", "i32"], "none", (body, own, chunk) => {
        if (step.kind === "tasks") this.#writeTasks(body, step, { own, chunk }, kernels);
        else this.#writeChunk(body, step, { own, chunk }, kernels, turns!);
      });
    }
    return { bytes: assembler.bytes(), imports, steps: steps.map(sharedStep) };
  }

  /** Names the functions that an instruction calls. */
  #prepare(instruction: Instruction): void {
    const name = this.#nameOf(instruction);
    if (name === null || this.#functions.has(name)) return;
    if (instruction.kind === "loop") {
      const { expressions, operands, repeated } = instruction;
      this.#functions.set(name, lanesFunction(expressions, operands.length, repeated, this.#mostAbreast));
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
      for (const instruction of instructions) this.#write(body, instruction, { ...ALONE, block }, kernels);
      body.set(block, i32.add(block, 1));
      body.branchIf(again, i32.lt_s(block, count));
    });
    for (const instruction of rest) this.#write(body, instruction, ALONE, kernels);
  }

  /** One block of those that threads share out, or the rows that are left; sums over the batch in the order of the blocks. */
  #writeChunk(
    body: Body,
    { count, body: instructions, rest, ordered }: Blocks,
    { own, chunk }: { readonly own: Local<"i32">; readonly chunk: Local<"i32"> },
    kernels: Kernels,
    turns: Turns,
  ): void {
    const writeAll = (list: readonly Instruction[], block: Site["block"]): void => {
      let section = 0;
      for (const [i, instruction] of list.entries()) {
        if (ordered.has(i) && !ordered.has(i - 1)) body.do(turns.turn(section, chunk));
        this.#write(body, instruction, { block, own, isShared: true }, kernels);
        if (ordered.has(i) && !ordered.has(i + 1)) body.do(turns.pass(section++, chunk));
      }
    };
    body.if(
      i32.lt_s(chunk, count),
      () => writeAll(instructions, chunk),
      () => writeAll(rest, null),
    );
  }

  #writeTasks(
    body: Body,
    { tasks }: Tasks,
    { own, chunk }: { readonly own: Local<"i32">; readonly chunk: Local<"i32"> },
    kernels: Kernels,
  ): void {
    for (const [i, task] of tasks.entries())
      body.if(i32.eq(chunk, i), () => {
        this.#write(body, task, { block: null, own, isShared: false }, kernels);
        body.return();
      });
  }

  #write(body: Body, instruction: Instruction, site: Site, kernels: Kernels): void {
    const { block } = site;
    switch (instruction.kind) {
      case "loop": {
        const { rows, columns, outputs, operands } = instruction;
        const table = this.#writeTable(body, site, [...outputs, ...operands]);
        body.do(this.#calls.get(this.#nameOf(instruction)!)!(rows, columns, table));
        break;
      }
      case "fold":
        this.#writeFold(body, instruction, site);
        break;
      case "product":
        body.do(kernels.matmul(...this.#product(instruction, site)));
        break;
      case "fill": {
        const { distribution, count, draw, fixed, part } = instruction;
        const [key0, key1, low, high] =
          draw >= 0
            ? [0, 4, 8, 12].map((offset) => i32.load(this.#base + this.#plan.draws + 16 * draw, offset))
            : [...fixed.key, ...fixed.counter].map((word) => i32.const(word | 0));
        // Two numbers are made of each count.
        const first = part === undefined ? low : i32.add(low, i32.shr_u(partAt(part, block), 1));
        const target = this.#addressAt(instruction.outputs[0], site);
        const scratch = behind(this.#base + this.#plan.scratch, site);
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
  #writeFold(body: Body, fold: Fold, site: Site): void {
    const { rows, columns, operands, initial, divisor, part } = fold;
    const call = this.#calls.get(this.#nameOf(fold)!)!;
    const { join, call: joinAccumulators } = this.#joinFor(fold);
    const first = this.#base + this.#plan.places.get(fold.accumulators)!;
    const isOwn = this.#plan.own.has(fold.accumulators);
    const totals = isOwn ? behind(first, site) : first;
    const count = fold.over === "columns" ? columns : rows;
    const filled = fold.over === "columns" ? Math.min(rows, PARTIALS) * columns : rows;
    if (part === undefined || part === "start")
      writeRepeat(body, filled, [{ at: totals, step: 8 }], ([at]) => body.store(at, f64.const(join.neutral)));
    if (fold.over === "rows") {
      const table = this.#writeTable(body, site, operands, [first, 8, isOwn]);
      body.do(call(rows, columns, table));
    } else {
      if (part === undefined || part === "add") {
        // Eight rows are one of eight times the length; what is left goes into the first partial results.
        const eights = Math.floor(rows / PARTIALS);
        const tableFrom = (row: number): number | Value<"i32"> => {
          const moved = operands.map((place) => ({
            ...place,
            offset: place.offset + row * place.step,
            step: PARTIALS * place.step,
          }));
          return this.#writeTable(body, site, moved, [first, 0, isOwn]);
        };
        const [whole, rest] = [tableFrom(0), tableFrom(PARTIALS * eights)];
        if (eights > 0) body.do(call(eights, PARTIALS * columns, whole));
        if (rows % PARTIALS > 0) body.do(call(1, (rows % PARTIALS) * columns, rest));
      }
      if (part === "start" || part === "add") return;
      for (const [to, from] of PAIRS)
        if (from < rows)
          body.do(joinAccumulators(columns, first + 8 * to * columns, first + 8 * from * columns));
    }
    const target = this.#addressAt(fold.outputs[0], site);
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
    site: Site,
  ): (number | Value<"i32">)[] {
    return [
      m,
      n,
      k,
      this.#addressAt(outputs[0], site),
      this.#addressAt(a, site),
      strides[0],
      strides[1],
      this.#addressAt(b, site),
      strides[2],
      strides[3],
      bias === undefined ? 0 : this.#addressAt(bias, site),
      behind(this.#base + this.#plan.scratch, site),
      part === undefined ? 0 : partAt(part, site.block),
    ];
  }

  /** Where a place is in a block. */
  #addressAt(place: Place, site: Site): number | Value<"i32"> {
    const first = this.#addressOf(place);
    const address = this.#plan.own.has(place.buffer) ? behind(first, site) : first;
    const { block } = site;
    return block === null || !place.advance ? address : i32.add(address, i32.mul(block, 4 * place.advance));
  }

  #addressOf({ buffer, offset }: Pick<Place, "buffer" | "offset">): number {
    return this.#base + this.#plan.places.get(buffer)! + 4 * offset;
  }

  /** The address of a table of places, address and step in bytes; in a block, those that move on are written when it is done. */
  #writeTable(
    body: Body,
    site: Site,
    places: readonly Place[],
    ...first: readonly (readonly [address: number, step: number, isOwn: boolean])[]
  ): number | Value<"i32"> {
    const { own, threads, stride } = this.#plan;
    const entries = [
      ...first,
      ...places.map((place) => [this.#addressOf(place), 4 * place.step, own.has(place.buffer)] as const),
    ];
    const table = site.isShared ? this.#ownTable : this.#table;
    if (site.isShared) this.#ownTable += 8 * entries.length;
    else this.#table += 8 * entries.length;
    const { integers } = this.#memory;
    for (let thread = 0; thread < (site.isShared ? threads : 1); thread++)
      for (const [i, [address, step, isOwn]] of entries.entries()) {
        const at = (table + thread * stride + 8 * i) >> 2;
        integers[at] = address + (isOwn ? thread * stride : 0);
        integers[at + 1] = step;
      }
    const address = site.isShared ? behind(table, site) : table;
    for (const [i, place] of places.entries())
      if (site.block !== null && place.advance)
        body.store(address, this.#addressAt(place, site) as Value<"i32">, 8 * (first.length + i));
    return address;
  }
}

/** An address of the first thread's memory, in that of the thread that gets there. */
function behind(address: number, { own }: Site): number | Value<"i32"> {
  return own === null ? address : i32.add(own, address);
}

/** How many chunks a step has, and how many of its sums are made in order. */
function sharedStep(step: Blocks | Tasks): SharedStep {
  if (step.kind === "tasks") return { count: step.tasks.length, sections: 0 };
  return { count: step.count + (step.rest.length > 0 ? 1 : 0), sections: step.ordered.size };
}

function importTurns(assembler: Assembler): Turns {
  const [share, turn, pass] = [
    assembler.importFunction(TEAM, "share", integers(1), "none"),
    ...["turn", "pass"].map((name) => assembler.importFunction(TEAM, name, integers(2), "none")),
  ];
  return { share, turn, pass } as unknown as Turns;
}

/** How much of an instruction comes before a block. */
function partAt(
  { done, advance }: { readonly done: number; readonly advance: number },
  block: Site["block"],
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
