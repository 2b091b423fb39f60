/**
 * A typed assembler for WebAssembly with SIMD: kernels are written here as TypeScript that reads like
 * expressions, and become the bytes of a module at run time. Ill-typed code is refused while it is written, by
 * the TypeScript compiler where types are known and by an error that names the instruction where they are not.
 *
 * An expression is a `Value`: its type and its code. Statements are methods of a function's `Body`; each leaves
 * the operand stack as it found it, so that checking every operand's type checks the whole stack. Instructions
 * keep the names of the specification (WebAssembly Core Specification 2.0, https://www.w3.org/TR/wasm-core-2/,
 * binary format in its chapter 5).
 *
 *     const assembler = new Assembler();
 *     assembler.importMemory("halograd", "memory");
 *     // Doubles the float at an address.
 *     assembler.function("double", ["i32"], "none", (body, address) => {
 *       const x = body.let(f32.load(address)); // used twice: kept in a local
 *       body.store(address, f32.add(x, x));
 *     });
 *     const module = new WebAssembly.Module(assembler.bytes());
 */

import type { Bytes } from "../types.ts";

/** The types of values. */
export type Type = "i32" | "f32" | "f64" | "v128";

/** What an expression or function leaves on the stack. */
export type Result = Type | "none";

/**
 * An expression: code that leaves one value of `type` (or nothing) on the stack: that of its operands, then its own
 * instruction. It runs where it is used, each time it is used: `Body.let` computes a value once. A load or a
 * local is read at that moment.
 */
export class Value<T extends Result = Result> {
  readonly type: T;
  readonly instruction: readonly number[];
  readonly operands: readonly Value[];
  /** The body or assembler whose local or function the instruction refers to, or MEMORY. */
  readonly owner: object | undefined;

  constructor(type: T, instruction: readonly number[], operands: readonly Value[] = [], owner?: object) {
    this.type = type;
    this.instruction = instruction;
    this.operands = operands;
    this.owner = owner;
  }
}

/** A variable of a function; as a value, its content at the moment. */
export class Local<T extends Type = Type> extends Value<T> {
  readonly index: number;

  constructor(type: T, index: number, owner: object) {
    super(type, [0x20, ...unsigned(index)], [], owner);
    this.index = index;
  }
}

/** What an instruction accepts: a value, or for scalars a plain number, which becomes a constant. */
export type Operand<T extends Type> = Value<T> | (T extends "v128" ? never : number);

/** Operands for a list of parameter types. */
type Operands<P extends readonly Type[]> = { [I in keyof P]: Operand<P[I]> };

/** A function of a module: called with operands it is the expression of the call. */
export type Callable<P extends readonly Type[], R extends Result> = (...operands: Operands<P>) => Value<R>;

/** The target of a branch, valid inside the block or loop that made it. */
export interface Label {
  readonly kind: "block" | "loop" | "if";
}

interface Signature {
  readonly parameters: readonly Type[];
  readonly result: Result;
}

const TYPE_CODES = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b, none: 0x40 } as const;

/** A module under construction: imports first, then functions, then `bytes()`. */
export class Assembler {
  readonly #types: string[] = [];
  readonly #imports: number[][] = [];
  readonly #functions: number[] = []; // the type of each
  readonly #bodies: number[][] = [];
  readonly #exports: number[][] = [];
  readonly #exportNames: Set<string> = new Set();
  #importedFunctions = 0;
  #memory: "none" | "imported" | "own" = "none";
  #ownMemoryPages = 0;

  /**
   * Imports the memory that all loads and stores address; at least `minimumPages` of 64 KiB. One that threads share has at most
   * `sharedPages`; 0: it is not shared.
   */
  importMemory(module: string, name: string, minimumPages = 0, sharedPages = 0): void {
    this.#oneMemory("imported");
    const limits =
      sharedPages === 0
        ? [0x00, ...unsigned(minimumPages)]
        : [0x03, ...unsigned(minimumPages), ...unsigned(sharedPages)];
    this.#imports.push([...text(module), ...text(name), 0x02, ...limits]);
  }

  /** Gives the module a memory of its own, exported as `name`. */
  exportMemory(name: string, pages: number): void {
    this.#oneMemory("own");
    this.#ownMemoryPages = pages;
    this.#export(name, 0x02, 0);
  }

  /** Imports a function. All imports come before the first function. */
  importFunction<const P extends readonly Type[], R extends Result>(
    module: string,
    name: string,
    parameters: P,
    result: R,
  ): Callable<P, R> {
    if (this.#functions.length > 0) fail(`import of ${name} must come before the first function`);
    const type = this.#typeIndex({ parameters, result });
    this.#imports.push([...text(module), ...text(name), 0x00, ...unsigned(type)]);
    return this.#callable(name, this.#importedFunctions++, parameters, result);
  }

  /**
   * Defines a function, exported as `name`; a name that starts with "$" stays inside the module. `write` receives
   * the body and the parameters as locals, and returns the result: nothing for "none".
   */
  function<const P extends readonly Type[], R extends Result>(
    name: string,
    parameters: P,
    result: R,
    write: (body: Body, ...parameters: { [I in keyof P]: Local<P[I]> }) => R extends Type ? Operand<R> : void,
  ): Callable<P, R> {
    const body = new Body(this, name, { parameters, result });
    const locals = parameters.map((type, index) => new Local(type, index, body));
    const returned = write(body, ...(locals as unknown as { [I in keyof P]: Local<P[I]> }));
    this.#bodies.push(body.finish(returned as Value | number | undefined));
    this.#functions.push(this.#typeIndex({ parameters, result }));
    const index = this.#importedFunctions + this.#functions.length - 1;
    if (!name.startsWith("$")) this.#export(name, 0x00, index);
    return this.#callable(name, index, parameters, result);
  }

  /** The module in the binary format. */
  bytes(): Bytes {
    const ownMemory = this.#memory === "own" ? [[0x00, ...unsigned(this.#ownMemoryPages)]] : [];
    const types = this.#types.map((type) => type.split(",").map(Number));
    const bodies = this.#bodies.map((body) => unsigned(body.length).concat(body));
    const sections = [
      section(1, types),
      section(2, this.#imports),
      section(3, this.#functions.map(unsigned)),
      section(5, ownMemory),
      section(7, this.#exports),
      section(10, bodies),
    ];
    return new Uint8Array([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00].concat(...sections)); // "\0asm", version 1
  }

  /** Whether loads and stores have a memory to address. */
  get hasMemory(): boolean {
    return this.#memory !== "none";
  }

  #oneMemory(kind: "imported" | "own"): void {
    if (this.#memory !== "none") fail("a module has one memory");
    this.#memory = kind;
  }

  #export(name: string, kind: number, index: number): void {
    if (this.#exportNames.has(name)) fail(`${name} is exported twice`);
    this.#exportNames.add(name);
    this.#exports.push([...text(name), kind, ...unsigned(index)]);
  }

  #typeIndex({ parameters, result }: Signature): number {
    const results = result === "none" ? [] : [result];
    const codes = (types: readonly Type[]) => [types.length, ...types.map((type) => TYPE_CODES[type])];
    const type = [0x60, ...codes(parameters), ...codes(results)].join();
    if (!this.#types.includes(type)) this.#types.push(type);
    return this.#types.indexOf(type);
  }

  #callable<P extends readonly Type[], R extends Result>(
    name: string,
    index: number,
    parameters: P,
    result: R,
  ): Callable<P, R> {
    const call = [0x10, ...unsigned(index)];
    return (...operands) => instruction(name, call, parameters, result, operands, this);
  }
}

/** The statements of one function, written in order. Made by `Assembler.function`. */
export class Body {
  readonly #assembler: Assembler;
  readonly #name: string;
  readonly #signature: Signature;
  readonly #locals: Type[] = []; // after the parameters
  readonly #labels: Label[] = []; // the blocks that are open
  readonly #code: number[] = [];
  #finished = false;

  constructor(assembler: Assembler, name: string, signature: Signature) {
    this.#assembler = assembler;
    this.#name = name;
    this.#signature = signature;
  }

  /** A new variable, 0 when the function starts (a loop does not clear it again). */
  local<T extends Type>(type: T): Local<T> {
    this.#locals.push(type);
    return new Local(type, this.#signature.parameters.length + this.#locals.length - 1, this);
  }

  /** A new variable that holds `value`: how a value is computed once and used many times. */
  let<T extends Type>(value: Value<T>): Local<T> {
    if ((value.type as Result) === "none") this.#fail("let needs a value, was given none");
    const local = this.local(value.type);
    this.#emit("let", value, [0x21, ...unsigned(local.index)]);
    return local;
  }

  /** Assigns a variable. */
  set<T extends Type, V extends T>(local: Local<T>, value: Operand<V>): void {
    const localSet = [0x21, ...unsigned(local.index)];
    this.#emit("set", instruction("set", localSet, [local.type], "none", [value], local.owner));
  }

  /** Stores a value at `address + offset` bytes; its type is that of the value. */
  store<T extends Type>(address: Operand<"i32">, value: Value<T>, offset = 0): void {
    const opcode = { i32: 0x36, f32: 0x38, f64: 0x39, v128: 0xfd0b }[value.type as Type];
    if (opcode === undefined) this.#fail("store needs a value, was given none");
    const name = `${value.type}.store`;
    const access = [...encode(opcode), ...memoryArgument(name, value.type === "f64" ? 8 : 4, offset)];
    this.#emit(name, instruction(name, access, ["i32", value.type], "none", [address, value], MEMORY));
  }

  /** Stores one 4-byte lane of a vector. */
  store32_lane(address: Operand<"i32">, vector: Value<"v128">, lane: number, offset = 0): void {
    this.#emit(
      "v128.store32_lane",
      laneAccess("store32_lane", 0xfd5a, 4, "none", address, vector, lane, offset),
    );
  }

  /** Stores one 8-byte half of a vector. */
  store64_lane(address: Operand<"i32">, vector: Value<"v128">, lane: number, offset = 0): void {
    this.#emit(
      "v128.store64_lane",
      laneAccess("store64_lane", 0xfd5b, 8, "none", address, vector, lane, offset),
    );
  }

  /** Runs an expression for its effect, such as a call, and drops its result. */
  do(value: Value): void {
    this.#emit("do", value, value.type === "none" ? [] : [0x1a]);
  }

  /** Statements that `branch(end)` leaves. */
  block(write: (end: Label) => void): void {
    this.#nest("block", 0x02, write);
  }

  /** Statements that `branch(again)` repeats; without a branch they run once. */
  loop(write: (again: Label) => void): void {
    this.#nest("loop", 0x03, write);
  }

  /** Runs `write` if the condition is not 0, else `otherwise`. */
  if(condition: Operand<"i32">, write: () => void, otherwise?: () => void): void {
    this.#emit("if", instruction("if", [], ["i32"], "none", [condition]));
    this.#nest("if", 0x04, () => {
      write();
      if (otherwise === undefined) return;
      this.#code.push(0x05);
      otherwise();
    });
  }

  /** Repeats while the condition is not 0; tested before each round. */
  while(condition: Value<"i32">, write: () => void): void {
    // One test in front and one at the end: a single branch a round.
    this.if(condition, () =>
      this.loop((again) => {
        write();
        this.branchIf(again, condition);
      }),
    );
  }

  /** Goes to a label. What follows up to the end of the block is never reached. */
  branch(label: Label): void {
    this.#emit("br", new Value("none", [0x0c, ...this.#depth(label)]));
  }

  /** Goes to a label if the condition is not 0. */
  branchIf(label: Label, condition: Operand<"i32">): void {
    this.#emit("br_if", instruction("br_if", [0x0d, ...this.#depth(label)], ["i32"], "none", [condition]));
  }

  /** Ends the function, with its result if it has one. */
  return(value?: Value): void {
    this.#emit("return", this.#result(value), [0x0f]);
  }

  /** The bytes of the function: its locals and its code. For `Assembler`. */
  finish(value: Value | number | undefined): number[] {
    this.#emit("the end", this.#result(value), [0x0b]);
    this.#finished = true;
    const locals = this.#locals.map((type) => [0x01, TYPE_CODES[type]]);
    return vector(locals).concat(this.#code);
  }

  #result(value: Value | number | undefined): Value {
    const { result } = this.#signature;
    const needed = result === "none" ? [] : [result];
    return instruction(`the result of ${this.#name}`, [], needed, result, value === undefined ? [] : [value]);
  }

  #nest(kind: Label["kind"], opcode: number, write: (label: Label) => void): void {
    this.#emit(kind, new Value("none", [opcode, TYPE_CODES.none]));
    const label = { kind };
    this.#labels.push(label);
    write(label);
    this.#labels.pop();
    this.#code.push(0x0b);
  }

  #depth(label: Label): number[] {
    const position = this.#labels.indexOf(label);
    if (position < 0) this.#fail(`the label of a ${label.kind} is used outside it`);
    return unsigned(this.#labels.length - 1 - position);
  }

  #emit(name: string, value: Value, then: readonly number[] = []): void {
    if (this.#finished) this.#fail(`${name} comes after its end`);
    this.#write(name, value);
    this.#code.push(...then);
  }

  #write(name: string, { operands, instruction, owner }: Value): void {
    for (const operand of operands) this.#write(name, operand);
    if (owner === MEMORY) {
      if (!this.#assembler.hasMemory) this.#fail(`${name} addresses memory, and the module has none`);
    } else if (owner !== undefined && owner !== this && owner !== this.#assembler) {
      this.#fail(`${name} uses a local of another function or a function of another module`);
    }
    this.#code.push(...instruction);
  }

  #fail(problem: string): never {
    fail(`in ${this.#name}: ${problem}`);
  }
}

/** The owner of instructions that need a memory. */
const MEMORY: object = {};

// Instructions. Opcodes as in the specification's index of instructions; 0xfdXX is XX after the prefix 0xfd.

type Instructions<Opcodes, P extends readonly Type[], R extends Result> = {
  readonly [Name in keyof Opcodes]: (...operands: Operands<P>) => Value<R>;
};
type Load<T extends Type> = (address: Operand<"i32">, offset?: number) => Value<T>;
type LoadLane = (
  address: Operand<"i32">,
  vector: Value<"v128">,
  lane: number,
  offset?: number,
) => Value<"v128">;
type Pair<T extends Type> = readonly [T, T];
type Shift = readonly ["v128", "i32"];

// biome-ignore format: by kind.
const I32_BINARY = {
  add: 0x6a, sub: 0x6b, mul: 0x6c, div_s: 0x6d, div_u: 0x6e, rem_s: 0x6f, rem_u: 0x70,
  and: 0x71, or: 0x72, xor: 0x73, shl: 0x74, shr_s: 0x75, shr_u: 0x76, rotl: 0x77, rotr: 0x78,
} as const;
// biome-ignore format: by kind.
const I32_COMPARE = {
  eq: 0x46, ne: 0x47, lt_s: 0x48, lt_u: 0x49, gt_s: 0x4a, gt_u: 0x4b,
  le_s: 0x4c, le_u: 0x4d, ge_s: 0x4e, ge_u: 0x4f,
} as const;
const I32_UNARY = { eqz: 0x45, clz: 0x67, ctz: 0x68, popcnt: 0x69 } as const;

/** 32-bit integers. Comparisons give 1 or 0. */
export const i32: Instructions<typeof I32_BINARY & typeof I32_COMPARE, Pair<"i32">, "i32"> &
  Instructions<typeof I32_UNARY, readonly ["i32"], "i32"> & {
    const(value: number): Value<"i32">;
    load: Load<"i32">;
    /** Saturating: NaN gives 0. */
    trunc_sat_f32_s(a: Operand<"f32">): Value<"i32">;
    reinterpret_f32(a: Operand<"f32">): Value<"i32">;
    /** `a` where the condition is not 0, else `b`; both are evaluated. */
    select(a: Operand<"i32">, b: Operand<"i32">, condition: Operand<"i32">): Value<"i32">;
  } = /* @__PURE__ */ (() => ({
  ...instructions("i32", I32_BINARY, ["i32", "i32"], "i32"),
  ...instructions("i32", I32_COMPARE, ["i32", "i32"], "i32"),
  ...instructions("i32", I32_UNARY, ["i32"], "i32"),
  ...instructions("i32", { trunc_sat_f32_s: 0xfc00, reinterpret_f32: 0xbc }, ["f32"], "i32"),
  ...instructions("i32", { select: 0x1b }, ["i32", "i32", "i32"], "i32"),
  const: (value) => constant("i32", value),
  load: load("i32.load", 0x28, "i32", 4),
}))();

// biome-ignore format: by kind.
const F32_BINARY = {
  add: 0x92, sub: 0x93, mul: 0x94, div: 0x95, min: 0x96, max: 0x97, copysign: 0x98,
} as const;
// biome-ignore format: by kind.
const F32_UNARY = {
  abs: 0x8b, neg: 0x8c, ceil: 0x8d, floor: 0x8e, trunc: 0x8f, nearest: 0x90, sqrt: 0x91,
} as const;
const F32_COMPARE = { eq: 0x5b, ne: 0x5c, lt: 0x5d, gt: 0x5e, le: 0x5f, ge: 0x60 } as const;

/** Single precision. */
export const f32: Instructions<typeof F32_BINARY, Pair<"f32">, "f32"> &
  Instructions<typeof F32_UNARY, readonly ["f32"], "f32"> &
  Instructions<typeof F32_COMPARE, Pair<"f32">, "i32"> & {
    const(value: number): Value<"f32">;
    load: Load<"f32">;
    convert_i32_s(a: Operand<"i32">): Value<"f32">;
    convert_i32_u(a: Operand<"i32">): Value<"f32">;
    reinterpret_i32(a: Operand<"i32">): Value<"f32">;
    demote_f64(a: Operand<"f64">): Value<"f32">;
    select(a: Operand<"f32">, b: Operand<"f32">, condition: Operand<"i32">): Value<"f32">;
  } = /* @__PURE__ */ (() => ({
  ...instructions("f32", F32_BINARY, ["f32", "f32"], "f32"),
  ...instructions("f32", F32_UNARY, ["f32"], "f32"),
  ...instructions("f32", F32_COMPARE, ["f32", "f32"], "i32"),
  ...instructions("f32", { convert_i32_s: 0xb2, convert_i32_u: 0xb3, reinterpret_i32: 0xbe }, ["i32"], "f32"),
  ...instructions("f32", { demote_f64: 0xb6 }, ["f64"], "f32"),
  ...instructions("f32", { select: 0x1b }, ["f32", "f32", "i32"], "f32"),
  const: (value) => constant("f32", value),
  load: load("f32.load", 0x2a, "f32", 4),
}))();

/** From an opcode of single precision to that of double precision. */
const F64_SHIFT = 0xa0 - 0x92;

/** Double precision. */
export const f64: Instructions<typeof F32_BINARY, Pair<"f64">, "f64"> &
  Instructions<typeof F32_UNARY, readonly ["f64"], "f64"> & {
    const(value: number): Value<"f64">;
    load: Load<"f64">;
    promote_f32(a: Operand<"f32">): Value<"f64">;
  } = /* @__PURE__ */ (() => ({
  ...instructions("f64", F32_BINARY, ["f64", "f64"], "f64", F64_SHIFT),
  ...instructions("f64", F32_UNARY, ["f64"], "f64", F64_SHIFT),
  ...instructions("f64", { promote_f32: 0xbb }, ["f32"], "f64"),
  const: (value) => constant("f64", value),
  load: load("f64.load", 0x2b, "f64", 8),
}))();

const V128_BINARY = { and: 0xfd4e, andnot: 0xfd4f, or: 0xfd50, xor: 0xfd51 } as const;

/** 128 bits, whatever they mean. */
export const v128: Instructions<typeof V128_BINARY, Pair<"v128">, "v128"> & {
  not(a: Value<"v128">): Value<"v128">;
  /** The bits of `a` where the mask has 1, else those of `b`. */
  bitselect(a: Value<"v128">, b: Value<"v128">, mask: Value<"v128">): Value<"v128">;
  /** 1 if any bit is set. */
  any_true(a: Value<"v128">): Value<"i32">;
  load: Load<"v128">;
  load32_splat: Load<"v128">;
  load64_splat: Load<"v128">;
  load32_zero: Load<"v128">;
  load64_zero: Load<"v128">;
  load32_lane: LoadLane;
  load64_lane: LoadLane;
} = /* @__PURE__ */ (() => ({
  ...instructions("v128", V128_BINARY, ["v128", "v128"], "v128"),
  ...instructions("v128", { not: 0xfd4d }, ["v128"], "v128"),
  ...instructions("v128", { bitselect: 0xfd52 }, ["v128", "v128", "v128"], "v128"),
  ...instructions("v128", { any_true: 0xfd53 }, ["v128"], "i32"),
  load: load("v128.load", 0xfd00, "v128", 4),
  load32_splat: load("v128.load32_splat", 0xfd09, "v128", 4),
  load64_splat: load("v128.load64_splat", 0xfd0a, "v128", 8),
  load32_zero: load("v128.load32_zero", 0xfd5c, "v128", 4),
  load64_zero: load("v128.load64_zero", 0xfd5d, "v128", 8),
  load32_lane: (address, vector, lane, offset = 0) =>
    laneAccess("load32_lane", 0xfd56, 4, "v128", address, vector, lane, offset),
  load64_lane: (address, vector, lane, offset = 0) =>
    laneAccess("load64_lane", 0xfd57, 8, "v128", address, vector, lane, offset),
}))();

// biome-ignore format: by kind.
const F32X4_BINARY = {
  add: 0xfde4, sub: 0xfde5, mul: 0xfde6, div: 0xfde7,
  min: 0xfde8, max: 0xfde9, pmin: 0xfdea, pmax: 0xfdeb,
} as const;
// biome-ignore format: by kind.
const F32X4_COMPARE = {
  eq: 0xfd41, ne: 0xfd42, lt: 0xfd43, gt: 0xfd44, le: 0xfd45, ge: 0xfd46,
} as const;
const F32X4_SIGNS = { abs: 0xfde0, neg: 0xfde1, sqrt: 0xfde3 } as const;
// biome-ignore format: by kind.
const F32X4_UNARY = {
  ceil: 0xfd67, floor: 0xfd68, trunc: 0xfd69, nearest: 0xfd6a,
  convert_i32x4_s: 0xfdfa, convert_i32x4_u: 0xfdfb, demote_f64x2_zero: 0xfd5e,
} as const;

/** Four floats. Comparisons give lanes of all ones or all zeros. */
export const f32x4: Instructions<typeof F32X4_BINARY & typeof F32X4_COMPARE, Pair<"v128">, "v128"> &
  Instructions<typeof F32X4_SIGNS & typeof F32X4_UNARY, readonly ["v128"], "v128"> & {
    /** Four lanes from four numbers, or the same number in all; 18 bytes of code. */
    const(...lanes: [number] | [number, number, number, number]): Value<"v128">;
    /** Of a number: 7 bytes of code. */
    splat(a: Operand<"f32">): Value<"v128">;
    extract_lane(a: Value<"v128">, lane: number): Value<"f32">;
    replace_lane(a: Value<"v128">, lane: number, value: Operand<"f32">): Value<"v128">;
  } = /* @__PURE__ */ (() => ({
  ...instructions("f32x4", F32X4_BINARY, ["v128", "v128"], "v128"),
  ...instructions("f32x4", F32X4_COMPARE, ["v128", "v128"], "v128"),
  ...instructions("f32x4", F32X4_SIGNS, ["v128"], "v128"),
  ...instructions("f32x4", F32X4_UNARY, ["v128"], "v128"),
  ...instructions("f32x4", { splat: 0xfd13 }, ["f32"], "v128"),
  const: (...lanes) => vectorConstant("f32", lanes),
  extract_lane: (a, lane) => laneInstruction("f32x4.extract_lane", 0xfd1f, 4, lane, ["v128"], "f32", [a]),
  replace_lane: (a, lane, value) =>
    laneInstruction("f32x4.replace_lane", 0xfd20, 4, lane, ["v128", "f32"], "v128", [a, value]),
}))();

// biome-ignore format: by kind.
const F64X2_UNARY = {
  promote_low_f32x4: 0xfd5f, convert_low_i32x4_s: 0xfdfe, convert_low_i32x4_u: 0xfdff,
} as const;

/** Two doubles. */
export const f64x2: Instructions<typeof F32X4_BINARY & typeof F32X4_COMPARE, Pair<"v128">, "v128"> &
  Instructions<typeof F32X4_SIGNS & typeof F64X2_UNARY, readonly ["v128"], "v128"> & {
    splat(a: Operand<"f64">): Value<"v128">;
    extract_lane(a: Value<"v128">, lane: number): Value<"f64">;
    replace_lane(a: Value<"v128">, lane: number, value: Operand<"f64">): Value<"v128">;
  } = /* @__PURE__ */ (() => ({
  // The opcodes stand as far behind those of four floats as their first ones do.
  ...instructions("f64x2", F32X4_BINARY, ["v128", "v128"], "v128", 0xfdf0 - 0xfde4),
  ...instructions("f64x2", F32X4_COMPARE, ["v128", "v128"], "v128", 0xfd47 - 0xfd41),
  ...instructions("f64x2", F32X4_SIGNS, ["v128"], "v128", 0xfdec - 0xfde0),
  ...instructions("f64x2", F64X2_UNARY, ["v128"], "v128"),
  ...instructions("f64x2", { splat: 0xfd14 }, ["f64"], "v128"),
  extract_lane: (a, lane) => laneInstruction("f64x2.extract_lane", 0xfd21, 2, lane, ["v128"], "f64", [a]),
  replace_lane: (a, lane, value) =>
    laneInstruction("f64x2.replace_lane", 0xfd22, 2, lane, ["v128", "f64"], "v128", [a, value]),
}))();

// biome-ignore format: by kind.
const I32X4_BINARY = {
  add: 0xfdae, sub: 0xfdb1, mul: 0xfdb5, min_s: 0xfdb6, min_u: 0xfdb7, max_s: 0xfdb8, max_u: 0xfdb9,
} as const;
// biome-ignore format: by kind.
const I32X4_UNARY = {
  abs: 0xfda0, neg: 0xfda1, trunc_sat_f32x4_s: 0xfdf8, trunc_sat_f32x4_u: 0xfdf9,
  trunc_sat_f64x2_s_zero: 0xfdfc, trunc_sat_f64x2_u_zero: 0xfdfd,
} as const;
const I32X4_SHIFTS = { shl: 0xfdab, shr_s: 0xfdac, shr_u: 0xfdad } as const;
const I32X4_TESTS = { all_true: 0xfda3, bitmask: 0xfda4 } as const;

/** Four 32-bit integers. */
export const i32x4: Instructions<typeof I32X4_BINARY & typeof I32_COMPARE, Pair<"v128">, "v128"> &
  Instructions<typeof I32X4_UNARY, readonly ["v128"], "v128"> &
  Instructions<typeof I32X4_SHIFTS, Shift, "v128"> &
  Instructions<typeof I32X4_TESTS, readonly ["v128"], "i32"> & {
    const(...lanes: [number] | [number, number, number, number]): Value<"v128">;
    splat(a: Operand<"i32">): Value<"v128">;
    extract_lane(a: Value<"v128">, lane: number): Value<"i32">;
    replace_lane(a: Value<"v128">, lane: number, value: Operand<"i32">): Value<"v128">;
    /** Four of the eight lanes 0–3 (of `a`) and 4–7 (of `b`): `i8x16.shuffle` on whole lanes. */
    shuffle(a: Value<"v128">, b: Value<"v128">, lanes: readonly number[]): Value<"v128">;
  } = /* @__PURE__ */ (() => ({
  ...instructions("i32x4", I32X4_BINARY, ["v128", "v128"], "v128"),
  ...instructions("i32x4", I32_COMPARE, ["v128", "v128"], "v128", 0xfd37 - 0x46),
  ...instructions("i32x4", I32X4_UNARY, ["v128"], "v128"),
  ...instructions("i32x4", I32X4_SHIFTS, ["v128", "i32"], "v128"),
  ...instructions("i32x4", I32X4_TESTS, ["v128"], "i32"),
  ...instructions("i32x4", { splat: 0xfd11 }, ["i32"], "v128"),
  const: (...lanes) => vectorConstant("i32", lanes),
  extract_lane: (a, lane) => laneInstruction("i32x4.extract_lane", 0xfd1b, 4, lane, ["v128"], "i32", [a]),
  replace_lane: (a, lane, value) =>
    laneInstruction("i32x4.replace_lane", 0xfd1c, 4, lane, ["v128", "i32"], "v128", [a, value]),
  shuffle: (a, b, lanes) =>
    shuffle(
      a,
      b,
      lanes.flatMap((lane) => [4 * lane, 4 * lane + 1, 4 * lane + 2, 4 * lane + 3]),
    ),
}))();

/** Sixteen bytes. */
export const i8x16: {
  /** Sixteen of the 32 bytes of `a` and `b`, chosen by constants. */
  shuffle(a: Value<"v128">, b: Value<"v128">, bytes: readonly number[]): Value<"v128">;
  /** Sixteen bytes of `a` chosen by the bytes of `indices`; 0 where an index is over 15. */
  swizzle(a: Value<"v128">, indices: Value<"v128">): Value<"v128">;
} = /* @__PURE__ */ (() => ({
  ...instructions("i8x16", { swizzle: 0xfd0e }, ["v128", "v128"], "v128"),
  shuffle,
}))();

/** The memory as a whole. */
export const memory: {
  /** Copies `bytes` bytes; the ranges may overlap. */
  copy(to: Operand<"i32">, from: Operand<"i32">, bytes: Operand<"i32">): Value<"none">;
  /** Sets `bytes` bytes to `value`. */
  fill(to: Operand<"i32">, value: Operand<"i32">, bytes: Operand<"i32">): Value<"none">;
} = {
  copy: (...operands) =>
    instruction("memory.copy", [0xfc, 0x0a, 0, 0], ["i32", "i32", "i32"], "none", operands, MEMORY),
  fill: (...operands) =>
    instruction("memory.fill", [0xfc, 0x0b, 0], ["i32", "i32", "i32"], "none", operands, MEMORY),
};

// Making values.

/** Checks the operands' types and puts the instruction behind them. */
/* @__NO_SIDE_EFFECTS__ */ function instruction<R extends Result>(
  name: string,
  code: readonly number[],
  parameters: readonly Type[],
  result: R,
  operands: readonly (Value | number)[],
  owner?: object,
): Value<R> {
  const values = operands.map((operand, index) => {
    const type = parameters[index];
    const isConstant = typeof operand === "number" && type !== undefined && type !== "v128";
    const value = isConstant ? constant(type, operand) : operand;
    if (typeof value === "number" || value.type !== type) misfit(name, parameters, operands);
    return value;
  });
  if (values.length !== parameters.length) misfit(name, parameters, operands);
  return new Value(result, code, values, owner);
}

function misfit(name: string, parameters: readonly Type[], operands: readonly (Value | number)[]): never {
  const given = operands.map((operand) => (typeof operand === "number" ? "number" : operand.type));
  fail(`${name} needs (${parameters.join(", ")}), was given (${given.join(", ")})`);
}

/** All instructions of one signature. */
/* @__NO_SIDE_EFFECTS__ */ function instructions<
  const P extends readonly Type[],
  R extends Result,
  O extends Record<string, number>,
>(prefix: string, opcodes: O, parameters: P, result: R, shift = 0): Instructions<O, P, R> {
  const entries = Object.entries(opcodes).map(([name, opcode]) => {
    const code = encode(opcode + shift);
    const emit = (...operands: (Value | number)[]) =>
      instruction(`${prefix}.${name}`, code, parameters, result, operands);
    return [name, emit];
  });
  return Object.fromEntries(entries) as Instructions<O, P, R>;
}

/* @__NO_SIDE_EFFECTS__ */ function load<T extends Type>(
  name: string,
  opcode: number,
  type: T,
  alignment: number,
): Load<T> {
  return (address, offset = 0) => {
    const access = [...encode(opcode), ...memoryArgument(name, alignment, offset)];
    return instruction(name, access, ["i32"], type, [address], MEMORY);
  };
}

function laneAccess<R extends "v128" | "none">(
  name: string,
  opcode: number,
  bytes: number,
  result: R,
  address: Operand<"i32">,
  vector: Value<"v128">,
  lane: number,
  offset: number,
): Value<R> {
  name = `v128.${name}`;
  checkRange(`the lane of ${name}`, lane, 0, 16 / bytes - 1);
  const access = [...encode(opcode), ...memoryArgument(name, bytes, offset), lane];
  return instruction(name, access, ["i32", "v128"], result, [address, vector], MEMORY);
}

/* @__NO_SIDE_EFFECTS__ */ function laneInstruction<R extends Type>(
  name: string,
  opcode: number,
  lanes: number,
  lane: number,
  parameters: readonly Type[],
  result: R,
  operands: readonly (Value | number)[],
): Value<R> {
  checkRange(`the lane of ${name}`, lane, 0, lanes - 1);
  return instruction(name, [...encode(opcode), lane], parameters, result, operands);
}

function shuffle(a: Value<"v128">, b: Value<"v128">, bytes: readonly number[]): Value<"v128"> {
  if (bytes.length !== 16) fail(`i8x16.shuffle needs 16 indices, was given ${bytes.length}`);
  for (const byte of bytes) checkRange("an index of i8x16.shuffle", byte, 0, 31);
  return instruction("i8x16.shuffle", [0xfd, 0x0d, ...bytes], ["v128", "v128"], "v128", [a, b]);
}

function constant<T extends "i32" | "f32" | "f64">(type: T, value: number): Value<T> {
  if (type === "i32") {
    checkRange("i32.const", value, -(2 ** 31), 2 ** 32 - 1);
    return new Value(type, [0x41, ...signed(value | 0)]);
  }
  return new Value(type, [type === "f32" ? 0x43 : 0x44, ...littleEndian(type, value)]);
}

function vectorConstant(type: "i32" | "f32", lanes: readonly number[]): Value<"v128"> {
  const four = lanes.length === 1 ? [lanes[0], lanes[0], lanes[0], lanes[0]] : lanes;
  if (four.length !== 4) fail(`${type}x4.const needs 1 or 4 lanes, was given ${lanes.length}`);
  if (type === "i32") for (const lane of four) checkRange("i32x4.const", lane, -(2 ** 31), 2 ** 32 - 1);
  return new Value("v128", [...encode(0xfd0c), ...four.flatMap((lane) => littleEndian(type, lane))]);
}

// The binary format.

/** Unsigned LEB128: seven bits a byte, low ones first, the high bit set on all bytes but the last. */
export function unsigned(value: number): number[] {
  checkRange("an unsigned integer", value, 0, 2 ** 32 - 1);
  const bytes: number[] = [];
  for (; value > 0x7f; value = Math.floor(value / 128)) bytes.push((value & 0x7f) | 0x80);
  bytes.push(value);
  return bytes;
}

/** Signed LEB128: the same in two's complement, ended where bit 6 is the sign of the rest. */
export function signed(value: number): number[] {
  checkRange("a signed integer", value, -(2 ** 31), 2 ** 31 - 1);
  const bytes: number[] = [];
  for (; value < -64 || value > 63; value >>= 7) bytes.push((value & 0x7f) | 0x80);
  bytes.push(value & 0x7f);
  return bytes;
}

function encode(opcode: number): number[] {
  return opcode < 0x100 ? [opcode] : [opcode >> 8, ...unsigned(opcode & 0xff)];
}

/**
 * Alignment (a hint, as a power of two) and offset of a load or store. The alignment promised is that of a lane,
 * never that of a whole vector: arrays start at multiples of their elements, not of 16.
 */
function memoryArgument(name: string, alignment: number, offset: number): number[] {
  checkRange(`the offset of ${name}`, offset, 0, 2 ** 32 - 1);
  return [31 - Math.clz32(alignment), ...unsigned(offset)];
}

function littleEndian(type: "i32" | "f32" | "f64", value: number): number[] {
  const view = new DataView(new ArrayBuffer(type === "f64" ? 8 : 4));
  if (type === "i32") view.setInt32(0, value, true);
  else if (type === "f32") view.setFloat32(0, value, true);
  else view.setFloat64(0, value, true);
  return [...new Uint8Array(view.buffer)];
}

function text(value: string): number[] {
  // The names are our own, in ASCII: there is no TextEncoder under jsdom.
  return [...unsigned(value.length), ...Array.from(value, (character) => character.charCodeAt(0))];
}

function vector(items: readonly (readonly number[])[]): number[] {
  return unsigned(items.length).concat(...items);
}

function section(id: number, items: readonly (readonly number[])[]): number[] {
  if (items.length === 0) return [];
  const content = vector(items);
  return [id].concat(unsigned(content.length), content);
}

function checkRange(what: string, value: number, least: number, most: number): void {
  if (!(Number.isInteger(value) && value >= least && value <= most)) {
    fail(`${what} must be an integer from ${least} to ${most}, not ${value}`);
  }
}

function fail(problem: string): never {
  throw new Error(`assembler: ${problem}`);
}
