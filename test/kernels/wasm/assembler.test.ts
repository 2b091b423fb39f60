import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import {
  Assembler,
  type Body,
  f32,
  f32x4,
  f64,
  f64x2,
  i8x16,
  i32,
  i32x4,
  type Label,
  type Local,
  memory,
  signed,
  type Type,
  unsigned,
  Value,
  v128,
} from "../../../src/kernels/wasm/assembler.ts";

const hex = (bytes: Iterable<number>) =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");

const flat = (value: Value): number[] => [...value.operands.flatMap(flat), ...value.instruction];

type Exports = Record<string, (...operands: number[]) => number>;

function instantiate(assembler: Assembler, imports: WebAssembly.Imports = {}): Exports {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(assembler.bytes()), imports);
  return instance.exports as unknown as Exports;
}

/** Writes the body of one function over two integers and an own memory. */
function written(write: (body: Body, a: Local<"i32">, b: Local<"i32">) => void): Assembler {
  const assembler = new Assembler();
  assembler.exportMemory("memory", 1);
  assembler.function("f", ["i32", "i32"], "none", write);
  return assembler;
}

/** Any value, as if its type were not known: the way past the TypeScript compiler. */
const untyped = (value: Value | number): Value<never> => value as Value<never>;

describe("integers in LEB128", () => {
  // The first of each: the examples of the DWARF standard, version 5, appendix C, figures C.1 and C.2; 624485 and
  // −123456 those of the article "LEB128".
  test.each([
    [2, "02"],
    [127, "7f"],
    [128, "80 01"],
    [129, "81 01"],
    [12857, "b9 64"],
    [624485, "e5 8e 26"],
    [0, "00"],
    [2 ** 32 - 1, "ff ff ff ff 0f"],
  ])("unsigned %i", (value, bytes) => expect(hex(unsigned(value))).toBe(bytes));

  test.each([
    [2, "02"],
    [-2, "7e"],
    [127, "ff 00"],
    [-127, "81 7f"],
    [128, "80 01"],
    [-128, "80 7f"],
    [129, "81 01"],
    [-129, "ff 7e"],
    [-123456, "c0 bb 78"],
    [63, "3f"],
    [64, "c0 00"],
    [-64, "40"],
    [-65, "bf 7f"],
    [-(2 ** 31), "80 80 80 80 78"],
    [2 ** 31 - 1, "ff ff ff ff 07"],
  ])("signed %i", (value, bytes) => expect(hex(signed(value))).toBe(bytes));

  test.each([-1, 0.5, 2 ** 32, Number.NaN])("refuse %d", (value) => {
    expect(() => unsigned(value)).toThrow(
      "assembler: an unsigned integer must be an integer from 0 to 4294967295",
    );
  });
});

describe("a module", () => {
  test("without content is the magic number and the version", () => {
    expect(hex(new Assembler().bytes())).toBe("00 61 73 6d 01 00 00 00");
  });

  test("that adds two integers has the bytes of the specification", () => {
    const assembler = new Assembler();
    assembler.function("add", ["i32", "i32"], "i32", (_, a, b) => i32.add(a, b));
    expect(hex(assembler.bytes())).toBe(
      [
        "00 61 73 6d 01 00 00 00",
        "01 07 01 60 02 7f 7f 01 7f", // type 0: (i32, i32) -> i32
        "03 02 01 00", // function 0 has type 0
        "07 07 01 03 61 64 64 00 00", // export "add": function 0
        "0a 09 01 07 00 20 00 20 01 6a 0b", // no locals; local.get 0, local.get 1, i32.add, end
      ].join(" "),
    );
  });

  test("that imports a memory and a function, and stores, has the bytes of the specification", () => {
    const assembler = new Assembler();
    assembler.importMemory("m", "x", 1);
    const twice = assembler.importFunction("m", "f", ["f32"], "f32");
    assembler.function("g", ["i32"], "none", (body, address) => {
      const x = body.let(twice(f32.load(address)));
      body.if(address, () => body.store(address, x, 300));
    });
    expect(hex(assembler.bytes())).toBe(
      [
        "00 61 73 6d 01 00 00 00",
        "01 0a 02 60 01 7d 01 7d 60 01 7f 00", // types 0: f32 -> f32, 1: i32 -> nothing
        "02 0e 02 01 6d 01 78 02 00 01 01 6d 01 66 00 00", // m.x: memory of at least 1 page; m.f: function of type 0
        "03 02 01 01",
        "07 05 01 01 67 00 01", // function 1: imports are counted first
        "0a 1c 01 1a 01 01 7d", // one local, f32
        "20 00 2a 02 00 10 00 21 01", // f32.load align 4 offset 0; call 0; local.set 1
        "20 00 04 40 20 00 20 01 38 02 ac 02 0b 0b", // if; f32.store align 4 offset 300; end; end
      ].join(" "),
    );
  });

  test("computes with imported functions, private functions and a shared memory", () => {
    const shared = new WebAssembly.Memory({ initial: 1 });
    const assembler = new Assembler();
    assembler.importMemory("halograd", "memory");
    const twice = assembler.importFunction("js", "twice", ["f32"], "f32");
    const square = assembler.function("$square", ["f32"], "f32", (_, x) => f32.mul(x, x));
    assembler.function("f", ["i32"], "none", (body, at) => body.store(at, square(twice(f32.load(at))), 4));
    const exports = instantiate(assembler, {
      halograd: { memory: shared },
      js: { twice: (x: number) => 2 * x },
    });
    const floats = new Float32Array(shared.buffer);
    floats[2] = 1.5;
    exports.f(8);
    expect(floats[3]).toBe(9);
    expect(Object.keys(exports)).toEqual(["f"]);
  });
});

/** Every instruction, with the code that the specification gives (its index of instructions, operands left out). */
const [I, F, D, V] = (["i32", "f32", "f64", "v128"] as const).map((type) => new Value(type, []));
const ENCODINGS: [string, Value, string][] = [
  ["i32.const", i32.const(-2), "41 7e"],
  ["f32.const", f32.const(1), "43 00 00 80 3f"],
  ["f64.const", f64.const(-2), "44 00 00 00 00 00 00 00 c0"],
  ["f32x4.const", f32x4.const(1), "fd 0c 00 00 80 3f 00 00 80 3f 00 00 80 3f 00 00 80 3f"],
  ["i32x4.const", i32x4.const(1, 2, -1, 2 ** 31), "fd 0c 01 00 00 00 02 00 00 00 ff ff ff ff 00 00 00 80"],
  ["i32.load", i32.load(I as Value<"i32">, 4), "28 02 04"],
  ["f64.load", f64.load(I as Value<"i32">), "2b 03 00"],
  ["v128.load", v128.load(I as Value<"i32">, 16), "fd 00 02 10"],
  ["v128.load32_splat", v128.load32_splat(I as Value<"i32">), "fd 09 02 00"],
  ["v128.load64_splat", v128.load64_splat(I as Value<"i32">), "fd 0a 03 00"],
  ["v128.load32_zero", v128.load32_zero(I as Value<"i32">), "fd 5c 02 00"],
  ["v128.load64_zero", v128.load64_zero(I as Value<"i32">), "fd 5d 03 00"],
  ["v128.load32_lane", v128.load32_lane(I as Value<"i32">, V as Value<"v128">, 3, 1), "fd 56 02 01 03"],
  ["v128.load64_lane", v128.load64_lane(I as Value<"i32">, V as Value<"v128">, 1), "fd 57 03 00 01"],
  ["memory.copy", memory.copy(1, 2, 3), "41 01 41 02 41 03 fc 0a 00 00"],
  ["memory.fill", memory.fill(1, 2, 3), "41 01 41 02 41 03 fc 0b 00"],
  [
    "i32x4.shuffle",
    i32x4.shuffle(V as Value<"v128">, V as Value<"v128">, [0, 4, 1, 7]),
    "fd 0d 00 01 02 03 10 11 12 13 04 05 06 07 1c 1d 1e 1f",
  ],
  ["f32x4.extract_lane", f32x4.extract_lane(V as Value<"v128">, 2), "fd 1f 02"],
  ["f32x4.replace_lane", f32x4.replace_lane(V as Value<"v128">, 2, F as Value<"f32">), "fd 20 02"],
  ["f64x2.extract_lane", f64x2.extract_lane(V as Value<"v128">, 1), "fd 21 01"],
  ["f64x2.replace_lane", f64x2.replace_lane(V as Value<"v128">, 1, D as Value<"f64">), "fd 22 01"],
  ["i32x4.extract_lane", i32x4.extract_lane(V as Value<"v128">, 3), "fd 1b 03"],
  ["i32x4.replace_lane", i32x4.replace_lane(V as Value<"v128">, 3, I as Value<"i32">), "fd 1c 03"],
];

describe("an instruction", () => {
  test.each(ENCODINGS)("%s has the bytes of the specification", (_name, value, bytes) => {
    expect(hex(flat(value))).toBe(bytes);
  });
});

// What instructions mean, in JavaScript. Vectors are arrays of lanes; float32 arithmetic in float64, rounded once,
// is that of float32 (S. Figueroa, "When is double rounding innocuous?", ACM SIGNUM Newsletter 30(3), 1995).

type Kind = "i32" | "f32" | "f64" | "ints" | "floats" | "doubles";
type Meaning = number | number[];

interface Instruction {
  name: string;
  emit: (...operands: never[]) => Value;
  operands: Kind[];
  result: Kind;
  meaning: (...operands: never[]) => Meaning;
  /** Traps, or depends on the sign or payload of a NaN, for some operands: left out of random programs. */
  partial: boolean;
}

const nearest = (x: number) => {
  const up = Math.round(x);
  return Math.abs(x % 1) === 0.5 && up % 2 !== 0 ? up - 1 : up;
};
const saturate = (least: number, most: number) => (x: number) =>
  Number.isNaN(x) ? 0 : Math.min(Math.max(Math.trunc(x), least), most) | 0;
const toSigned = saturate(-(2 ** 31), 2 ** 31 - 1);
const toUnsigned = saturate(0, 2 ** 32 - 1);
const floatBits = (x: number) => new Int32Array(new Float32Array([x]).buffer)[0];
const bitsFloat = (x: number) => new Float32Array(new Int32Array([x]).buffer)[0];

const COPYSIGN = {
  copysign: (a: number, b: number) => (b < 0 || Object.is(b, -0) ? -Math.abs(a) : Math.abs(a)),
};
const FLOAT_UNARY: Record<string, (a: number) => number> = {
  ...{ abs: Math.abs, neg: (a) => -a, sqrt: Math.sqrt },
  ...{ ceil: Math.ceil, floor: Math.floor, trunc: Math.trunc, nearest },
};
const FLOAT_BINARY: Record<string, (a: number, b: number) => number> = {
  ...{ add: (a, b) => a + b, sub: (a, b) => a - b, mul: (a, b) => a * b, div: (a, b) => a / b },
  ...{ min: Math.min, max: Math.max },
};
const FLOAT_VECTOR_BINARY: typeof FLOAT_BINARY = {
  ...FLOAT_BINARY,
  ...{ pmin: (a, b) => (b < a ? b : a), pmax: (a, b) => (a < b ? b : a) },
};
const COMPARE: Record<string, (a: number, b: number) => boolean> = {
  ...{ eq: (a, b) => a === b, ne: (a, b) => a !== b, lt: (a, b) => a < b, gt: (a, b) => a > b },
  ...{ le: (a, b) => a <= b, ge: (a, b) => a >= b },
};
const INT_COMPARE: typeof COMPARE = {
  ...{ eq: COMPARE.eq, ne: COMPARE.ne },
  ...{ lt_s: COMPARE.lt, gt_s: COMPARE.gt, le_s: COMPARE.le, ge_s: COMPARE.ge },
  ...{ lt_u: (a, b) => a >>> 0 < b >>> 0, gt_u: (a, b) => a >>> 0 > b >>> 0 },
  ...{ le_u: (a, b) => a >>> 0 <= b >>> 0, ge_u: (a, b) => a >>> 0 >= b >>> 0 },
};
const INT_BINARY: typeof FLOAT_BINARY = {
  ...{ add: (a, b) => (a + b) | 0, sub: (a, b) => (a - b) | 0, mul: Math.imul },
  ...{ and: (a, b) => a & b, or: (a, b) => a | b, xor: (a, b) => a ^ b },
  ...{ shl: (a, b) => a << b, shr_s: (a, b) => a >> b, shr_u: (a, b) => (a >>> b) | 0 },
  ...{ rotl: (a, b) => (a << b) | (a >>> -b), rotr: (a, b) => (a >>> b) | (a << -b) },
};
const INT_VECTOR_BINARY: typeof FLOAT_BINARY = {
  ...{ add: INT_BINARY.add, sub: INT_BINARY.sub, mul: Math.imul, min_s: Math.min, max_s: Math.max },
  min_u: (a, b) => Math.min(a >>> 0, b >>> 0) | 0,
  max_u: (a, b) => Math.max(a >>> 0, b >>> 0) | 0,
};
const BITS: typeof FLOAT_BINARY = {
  ...{ and: INT_BINARY.and, or: INT_BINARY.or, xor: INT_BINARY.xor, andnot: (a, b) => a & ~b },
};

const lanes1 = (f: (a: number) => number) => (a: number[]) => a.map((x) => f(x));
const lanes2 = (f: (a: number, b: number) => number) => (a: number[], b: number[]) =>
  a.map((x, i) => f(x, b[i]));
const mapped = <F, G>(table: Record<string, F>, lift: (f: F) => G) =>
  Object.fromEntries(Object.entries(table).map(([name, f]) => [name, lift(f)]));
const truth = (f: (a: number, b: number) => boolean) => (a: number, b: number) => Number(f(a, b));
const mask = (f: (a: number, b: number) => boolean) => lanes2((a, b) => -Number(f(a, b)));
const remainder = (a: number, b: number) => (a % b) | 0;

const INSTRUCTIONS: Instruction[] = [
  ...table(i32, "i32 i32 -> i32", { ...INT_BINARY, ...mapped(INT_COMPARE, truth) }),
  ...table(i32, "i32 -> i32", {
    eqz: (a: number) => Number(a === 0),
    clz: Math.clz32,
    ctz: (a: number) => (a === 0 ? 32 : 31 - Math.clz32(a & -a)),
    popcnt: (a: number) => (a >>> 0).toString(2).replaceAll("0", "").length,
  }),
  ...table(i32, "i32 i32 i32 -> i32", { select: (a: number, b: number, c: number) => (c ? a : b) }),
  ...table(i32, "f32 -> i32", { trunc_sat_f32_s: toSigned }),
  ...table(i32, "f32 -> i32", { reinterpret_f32: floatBits }, true),
  ...table(
    i32,
    "i32 i32 -> i32",
    {
      div_s: (a: number, b: number) => (a / b) | 0,
      div_u: (a: number, b: number) => ((a >>> 0) / (b >>> 0)) | 0,
      rem_s: remainder,
      rem_u: (a: number, b: number) => remainder(a >>> 0, b >>> 0),
    },
    true,
  ),
  ...table(f32, "f32 f32 -> f32", FLOAT_BINARY),
  ...table(f32, "f32 -> f32", FLOAT_UNARY),
  ...table(f32, "f32 f32 -> i32", mapped(COMPARE, truth)),
  ...table(f32, "i32 -> f32", { convert_i32_s: (a: number) => a, convert_i32_u: (a: number) => a >>> 0 }),
  ...table(f32, "i32 -> f32", { reinterpret_i32: bitsFloat }, true),
  ...table(f32, "f64 -> f32", { demote_f64: Math.fround }),
  ...table(f32, "f32 f32 i32 -> f32", { select: (a: number, b: number, c: number) => (c ? a : b) }),
  ...table(f32, "f32 f32 -> f32", COPYSIGN, true),
  ...table(f64, "f64 f64 -> f64", FLOAT_BINARY),
  ...table(f64, "f64 f64 -> f64", COPYSIGN, true),
  ...table(f64, "f64 -> f64", FLOAT_UNARY),
  ...table(f64, "f32 -> f64", { promote_f32: (a: number) => a }),
  ...table(v128, "ints ints -> ints", mapped(BITS, lanes2)),
  ...table(v128, "ints -> ints", { not: lanes1((a) => ~a) }),
  ...table(v128, "ints -> i32", { any_true: (a: number[]) => Number(a.some((x) => x !== 0)) }),
  ...table(v128, "ints ints ints -> ints", {
    bitselect: (a: number[], b: number[], m: number[]) => m.map((bits, i) => (a[i] & bits) | (b[i] & ~bits)),
  }),
  ...table(f32x4, "floats floats -> floats", mapped(FLOAT_VECTOR_BINARY, lanes2)),
  ...table(f32x4, "floats floats -> ints", mapped(COMPARE, mask)),
  ...table(f32x4, "floats -> floats", mapped(FLOAT_UNARY, lanes1)),
  ...table(f32x4, "ints -> floats", {
    convert_i32x4_s: lanes1((a) => a),
    convert_i32x4_u: lanes1((a) => a >>> 0),
  }),
  ...table(f32x4, "f32 -> floats", { splat: (a: number) => [a, a, a, a] }),
  ...table(f32x4, "doubles -> floats", { demote_f64x2_zero: ([a, b]: number[]) => [a, b, 0, 0] }),
  ...table(f64x2, "doubles doubles -> doubles", mapped(FLOAT_VECTOR_BINARY, lanes2)),
  ...table(
    f64x2,
    "doubles doubles -> ints",
    mapped(COMPARE, (f) => (a: number[], b: number[]) => mask(f)(a, b).flatMap((bits) => [bits, bits])),
  ),
  ...table(
    f64x2,
    "doubles -> doubles",
    mapped({ abs: Math.abs, neg: FLOAT_UNARY.neg, sqrt: Math.sqrt }, lanes1),
  ),
  ...table(f64x2, "floats -> doubles", { promote_low_f32x4: (a: number[]) => a.slice(0, 2) }),
  ...table(f64x2, "f64 -> doubles", { splat: (a: number) => [a, a] }),
  ...table(f64x2, "ints -> doubles", {
    convert_low_i32x4_s: (a: number[]) => a.slice(0, 2),
    convert_low_i32x4_u: ([a, b]: number[]) => [a >>> 0, b >>> 0],
  }),
  ...table(i32x4, "ints ints -> ints", {
    ...mapped(INT_VECTOR_BINARY, lanes2),
    ...mapped(INT_COMPARE, mask),
  }),
  ...table(i32x4, "ints -> ints", { abs: lanes1((a) => Math.abs(a) | 0), neg: lanes1((a) => -a | 0) }),
  ...table(i32x4, "floats -> ints", {
    trunc_sat_f32x4_s: lanes1(toSigned),
    trunc_sat_f32x4_u: lanes1(toUnsigned),
  }),
  ...table(i32x4, "doubles -> ints", {
    trunc_sat_f64x2_s_zero: ([a, b]: number[]) => [toSigned(a), toSigned(b), 0, 0],
    trunc_sat_f64x2_u_zero: ([a, b]: number[]) => [toUnsigned(a), toUnsigned(b), 0, 0],
  }),
  ...table(i32x4, "ints i32 -> ints", {
    shl: (a: number[], b: number) => a.map((x) => x << b),
    shr_s: (a: number[], b: number) => a.map((x) => x >> b),
    shr_u: (a: number[], b: number) => a.map((x) => (x >>> b) | 0),
  }),
  ...table(i32x4, "i32 -> ints", { splat: (a: number) => [a, a, a, a] }),
  ...table(i32x4, "ints -> i32", {
    all_true: (a: number[]) => Number(a.every((x) => x !== 0)),
    bitmask: (a: number[]) => a.reduce((bits, x, i) => bits | (Number(x < 0) << i), 0),
  }),
];

function table(
  namespace: object,
  signature: string,
  meanings: Record<string, (...operands: never[]) => Meaning>,
  partial = false,
): Instruction[] {
  const [operands, result] = signature.split(" -> ");
  return Object.entries(meanings).map(([name, meaning]) => ({
    ...{ name: `${name} (${signature})`, meaning, partial },
    emit: (namespace as Record<string, Instruction["emit"]>)[name],
    operands: operands.split(" ") as Kind[],
    result: result as Kind,
  }));
}

const SAMPLES: Record<"int" | "float", number[]> = {
  int: [0, 1, -1, 5, -7, 31, 33, 2 ** 31 - 1, -(2 ** 31), 123456789, -987654321],
  float: [
    0,
    -0,
    1,
    -1,
    0.5,
    -0.5,
    1.5,
    -2.5,
    1e-45,
    3e9,
    -3e9,
    5e9,
    3e38,
    Infinity,
    -Infinity,
    Number.NaN,
    1 / 3,
  ].map(Math.fround),
};
const LANES: Record<Kind, number> = { i32: 0, f32: 0, f64: 0, ints: 4, floats: 4, doubles: 2 };
const ARRAYS = {
  ...{ i32: Int32Array, f32: Float32Array, f64: Float64Array },
  ...{ ints: Int32Array, floats: Float32Array, doubles: Float64Array },
};

/** A constant of a kind; `pick` chooses among samples. */
function sample(kind: Kind, pick: (count: number) => number): Meaning {
  const from = kind === "i32" || kind === "ints" ? SAMPLES.int : SAMPLES.float;
  const one = () => from[pick(from.length)];
  return LANES[kind] === 0 ? one() : Array.from({ length: LANES[kind] }, one);
}

function constantOf(kind: Kind, value: Meaning): Value {
  const lanes = value as [number, number, number, number];
  if (kind === "ints") return i32x4.const(...lanes);
  if (kind === "floats") return f32x4.const(...lanes);
  if (kind === "doubles") return f64x2.replace_lane(f64x2.splat(lanes[0]), 1, lanes[1]);
  return { i32, f32, f64 }[kind].const(value as number);
}

/** A value in the precision of its kind. */
const rounded = (kind: Kind, value: Meaning): number[] => [...new ARRAYS[kind]([value].flat())];

const read = (kind: Kind, buffer: ArrayBuffer, address: number): number[] => [
  ...new ARRAYS[kind](buffer, address, Math.max(LANES[kind], 1)),
];

describe("an instruction computes what the specification says", () => {
  test.each(INSTRUCTIONS.map((instruction) => [instruction.name, instruction] as const))(
    "%s",
    (_name, given) => {
      const { emit, operands, result, meaning, partial } = given;
      let state = 1;
      const pick = (count: number) => {
        state = (state * 48271) % 2147483647;
        return state % count;
      };
      const cases = Array.from({ length: 200 }, () => operands.map((kind) => sample(kind, pick))).filter(
        (values) =>
          !(partial && values.some((value) => value === 0 || Number.isNaN(value) || value === -(2 ** 31))),
      );
      const assembler = new Assembler();
      assembler.exportMemory("memory", 1);
      assembler.function("f", [], "none", (body) => {
        for (const [index, values] of cases.entries()) {
          const constants = values.map((value, i) => constantOf(operands[i], value));
          body.store(16 * index, emit(...(constants as never[])) as Value<Type>);
        }
      });
      const exports = instantiate(assembler);
      exports.f();
      const { buffer } = exports.memory as unknown as { buffer: ArrayBuffer };
      for (const [index, values] of cases.entries()) {
        const expected = rounded(result, meaning(...(values as never[])));
        expect(read(result, buffer, 16 * index), `of ${JSON.stringify(values)}`).toEqual(expected);
      }
    },
  );

  test("every instruction of the tables is covered", () => {
    const named = new Set([...INSTRUCTIONS.map(({ emit }) => emit)]);
    const special = /const|load|lane|shuffle|swizzle/; // tested by their bytes or below
    for (const [prefix, namespace] of Object.entries({ i32, f32, f64, v128, f32x4, f64x2, i32x4 })) {
      for (const [name, emit] of Object.entries(namespace)) {
        if (!special.test(name))
          expect(named.has(emit as Instruction["emit"]), `${prefix}.${name}`).toBe(true);
      }
    }
  });
});

describe("loads, stores and lanes", () => {
  test("move what they say, where they say", () => {
    const assembler = new Assembler();
    assembler.exportMemory("memory", 1);
    assembler.function("f", ["i32"], "none", (body, p) => {
      const a = body.let(v128.load(p));
      const b = body.let(i32x4.const(10, 11, 12, 13));
      body.store(p, v128.load32_splat(p, 4), 16);
      body.store(p, v128.load64_splat(p, 8), 32);
      body.store(p, v128.load32_zero(p, 12), 48);
      body.store(p, v128.load64_zero(p, 8), 64);
      body.store(p, v128.load32_lane(p, b, 2), 80);
      body.store(p, v128.load64_lane(p, b, 1), 96);
      body.store32_lane(p, b, 3, 112);
      body.store64_lane(p, b, 1, 120);
      body.store(p, i32x4.shuffle(a, b, [3, 4, 0, 7]), 128);
      body.store(p, i8x16.swizzle(b, i32x4.const(0x0b0a0908, 0x03020100, -1, 0x0f0e0d0c)), 144);
      body.store(p, i32x4.replace_lane(a, 1, i32x4.extract_lane(b, 2)), 160);
      body.do(memory.copy(i32.add(p, 176), p, 8));
      body.do(memory.fill(i32.add(p, 184), 1, 4));
      body.store(p, i32.load(p, 4), 188);
    });
    const exports = instantiate(assembler);
    const words = new Int32Array((exports.memory as unknown as { buffer: ArrayBuffer }).buffer);
    words.set([1, 2, 3, 4], 1);
    exports.f(4);
    expect([...words.slice(5, 53)]).toEqual([
      ...[2, 2, 2, 2],
      ...[3, 4, 3, 4],
      ...[4, 0, 0, 0],
      ...[3, 4, 0, 0],
      ...[10, 11, 1, 13],
      ...[10, 11, 1, 2],
      ...[13, 0, 12, 13],
      ...[4, 10, 1, 13],
      ...[12, 10, 0, 13],
      ...[1, 12, 3, 4],
      ...[1, 2, 0x01010101, 2],
      ...[0, 0, 0, 0],
    ]);
  });
});

/** Reads a stream of choices, 0 when it is used up: random programs shrink with the stream. */
function chooser(choices: readonly number[]): (count: number) => number {
  let position = 0;
  return (count) => (position < choices.length ? choices[position++] : 0) % count;
}

describe("a well-typed program", () => {
  const KINDS = Object.keys(LANES) as Kind[];

  property.prop([fc.array(fc.nat(10_000), { maxLength: 300 })], { numRuns: 300 })(
    "is accepted by the engine and computes what JavaScript computes",
    (choices) => {
      const pick = chooser(choices);
      const assembler = new Assembler();
      assembler.exportMemory("memory", 1);
      const variables: { kind: Kind; local: Local; value: Meaning }[] = [];
      const steps: (() => void)[] = []; // the same program, to run in JavaScript

      interface Expression {
        value: Value;
        meaning: () => Meaning;
      }
      function expression(kind: Kind, depth: number): Expression {
        const known = variables.filter((variable) => variable.kind === kind);
        const makers = INSTRUCTIONS.filter(({ result, partial }) => result === kind && !partial);
        const choice = pick(8);
        if (known.length > 0 && (depth === 0 || choice < 3)) {
          const variable = known[pick(known.length)];
          return { value: variable.local, meaning: () => variable.value };
        }
        if (depth === 0 || choice === 3) {
          const value = sample(kind, pick);
          return { value: constantOf(kind, value), meaning: () => value };
        }
        const maker = makers[pick(makers.length)];
        const operands = maker.operands.map((operand) => expression(operand, depth - 1));
        return {
          value: maker.emit(...(operands.map(({ value }) => value) as never[])),
          meaning: () => {
            const values = operands.map(({ meaning }) => meaning());
            const lanes = rounded(kind, maker.meaning(...(values as never[])));
            return LANES[kind] === 0 ? lanes[0] : lanes;
          },
        };
      }
      function declare(body: Body): void {
        const kind = KINDS[pick(KINDS.length)];
        const { value, meaning } = expression(kind, 3);
        const variable = { kind, local: body.let(value as Value<Type>), value: 0 as Meaning };
        variables.push(variable);
        steps.push(() => {
          variable.value = meaning();
        });
      }
      function assign(body: Body): () => void {
        const variable = variables[pick(variables.length)];
        const { value, meaning } = expression(variable.kind, 3);
        body.set(variable.local, untyped(value));
        return () => {
          variable.value = meaning();
        };
      }
      function statement(body: Body, depth = 3): () => void {
        const choice = depth === 0 ? 0 : pick(4);
        if (choice === 1) {
          const condition = expression("i32", 2);
          let yes = () => {};
          let no = () => {};
          body.if(
            condition.value as Value<"i32">,
            () => {
              yes = statement(body, depth - 1);
            },
            () => {
              no = statement(body, depth - 1);
            },
          );
          return () => (condition.meaning() ? yes() : no());
        }
        if (choice === 2) {
          const rounds = body.let(i32.const(3));
          let round = () => {};
          body.while(rounds, () => {
            round = statement(body, depth - 1);
            body.set(rounds, i32.sub(rounds, 1));
          });
          return () => {
            for (let i = 0; i < 3; i++) round();
          };
        }
        if (choice === 3) {
          // Leaves a block early: the assignment behind the branch happens only if the condition is 0.
          const condition = expression("i32", 2);
          let skipped = () => {};
          body.block((end) => {
            body.branchIf(end, condition.value as Value<"i32">);
            skipped = assign(body);
          });
          return () => condition.meaning() || skipped();
        }
        return assign(body);
      }

      assembler.function("f", [], "none", (body) => {
        for (let i = 0; i < 5; i++) declare(body);
        for (let i = 0; i < 5; i++) steps.push(statement(body));
        for (const [index, { local }] of variables.entries()) body.store(16 * index, local);
      });
      expect(WebAssembly.validate(assembler.bytes())).toBe(true);
      const exports = instantiate(assembler);
      exports.f();
      for (const step of steps) step();
      const { buffer } = exports.memory as unknown as { buffer: ArrayBuffer };
      for (const [index, { kind, value }] of variables.entries()) {
        expect(read(kind, buffer, 16 * index)).toEqual(rounded(kind, value));
      }
    },
  );

  test("evaluates a shared value once with let, and each time without", () => {
    const calls: number[] = [];
    const assembler = new Assembler();
    const next = assembler.importFunction("js", "next", [], "i32");
    assembler.function("once", [], "i32", (body) => {
      const value = body.let(next());
      return i32.add(value, value);
    });
    assembler.function("twice", [], "i32", () => {
      const value = next();
      return i32.add(value, value);
    });
    const exports = instantiate(assembler, { js: { next: () => calls.push(0) } });
    expect(exports.once()).toBe(2); // 1 + 1
    expect(exports.twice()).toBe(5); // 2 + 3
  });

  test("returns early, drops results, and leaves nested loops by their labels", () => {
    const assembler = new Assembler();
    const identity = assembler.function("$identity", ["i32"], "i32", (_body, x) => x);
    // The least product i j ≥ a in the order of i, then j, or −1 for a < 0.
    assembler.function("f", ["i32"], "i32", (body, a) => {
      body.do(identity(a));
      body.if(i32.lt_s(a, 0), () => body.return(i32.const(-1)));
      const [i, j] = [body.local("i32"), body.local("i32")];
      body.block((found) =>
        body.loop((nextRow) => {
          body.set(i, i32.add(i, 1));
          body.set(j, 0);
          body.loop((nextColumn) => {
            body.set(j, i32.add(j, 1));
            body.branchIf(found, i32.ge_s(i32.mul(i, j), a));
            body.branchIf(nextColumn, i32.lt_s(j, 3));
          });
          body.branch(nextRow);
        }),
      );
      return i32.mul(i, j);
    });
    const { f } = instantiate(assembler);
    expect([f(-5), f(1), f(3), f(4), f(11)]).toEqual([-1, 1, 3, 4, 12]);
  });
});

describe("ill-typed code is refused", () => {
  const x = f32x4.const(1);
  test.each<[string, () => unknown, string]>([
    [
      "wrong operand",
      () => f32x4.add(untyped(i32.const(1)), x),
      "f32x4.add needs (v128, v128), was given (i32, v128)",
    ],
    [
      "number for a vector",
      () => f32x4.add(untyped(2), x),
      "f32x4.add needs (v128, v128), was given (number, v128)",
    ],
    [
      "missing operand",
      () => f32.add(...([1] as unknown as [number, number])),
      "f32.add needs (f32, f32), was given (number)",
    ],
    [
      "surplus operand",
      () => f32.abs(...([1, 2] as unknown as [number])),
      "f32.abs needs (f32), was given (number, number)",
    ],
    ["fractional integer", () => i32.add(1, 0.5), "i32.const must be an integer"],
    ["integer beyond 32 bits", () => i32x4.const(2 ** 32), "i32x4.const must be an integer"],
    [
      "three lanes",
      () => f32x4.const(...([1, 2, 3] as unknown as [number])),
      "f32x4.const needs 1 or 4 lanes",
    ],
    [
      "lane 4 of 4",
      () => f32x4.extract_lane(x, 4),
      "the lane of f32x4.extract_lane must be an integer from 0 to 3",
    ],
    [
      "lane 2 of 2",
      () => v128.load64_lane(0, x, 2),
      "the lane of v128.load64_lane must be an integer from 0 to 1",
    ],
    ["negative offset", () => v128.load(0, -4), "the offset of v128.load must be an integer from 0"],
    ["short shuffle", () => i8x16.shuffle(x, x, [1, 2]), "i8x16.shuffle needs 16 indices, was given 2"],
    [
      "shuffle beyond both",
      () => i32x4.shuffle(x, x, [0, 1, 2, 8]),
      "an index of i8x16.shuffle must be an integer",
    ],
    ["assignment", () => written((body, a) => body.set(a, untyped(x))), "set needs (i32), was given (v128)"],
    [
      "address",
      () => written((body) => body.store(untyped(f32.const(1)), x)),
      "v128.store needs (i32, v128), was given (f32, v128)",
    ],
    [
      "stored nothing",
      () => written((body) => body.store(0, untyped(memory.fill(0, 0, 0)))),
      "store needs a value",
    ],
    ["named nothing", () => written((body) => body.let(untyped(memory.fill(0, 0, 0)))), "let needs a value"],
    ["condition", () => written((body) => body.if(untyped(x), () => {})), "if needs (i32), was given (v128)"],
    [
      "branch condition",
      () => written((body) => body.block((end) => body.branchIf(end, untyped(x)))),
      "br_if needs (i32), was given (v128)",
    ],
    [
      "surplus result",
      () => written((() => i32.const(1)) as never),
      "the result of f needs (), was given (i32)",
    ],
    [
      "surplus early result",
      () => written((body) => body.return(x)),
      "the result of f needs (), was given (v128)",
    ],
    [
      "missing result",
      () => new Assembler().function("g", [], "i32", (() => {}) as never),
      "the result of g needs (i32), was given ()",
    ],
    [
      "wrong result",
      () => new Assembler().function("g", [], "i32", () => untyped(x)),
      "the result of g needs (i32), was given (v128)",
    ],
    [
      "label of a closed block",
      () =>
        written((body) => {
          let closed: Label | undefined;
          body.block((end) => {
            closed = end;
          });
          body.branch(closed!);
        }),
      "in f: the label of a block is used outside it",
    ],
    [
      "local of another function",
      () => {
        let foreign: Local<"i32"> | undefined;
        written((_body, a) => {
          foreign = a;
        });
        written((body) => body.store(0, i32.add(foreign!, 1)));
      },
      "in f: i32.store uses a local of another function",
    ],
    [
      "function of another module",
      () => {
        const other = new Assembler().function("g", [], "i32", () => 1);
        written((body) => body.do(other()));
      },
      "in f: do uses a local of another function or a function of another module",
    ],
    [
      "wrong argument of a call",
      () => {
        const assembler = new Assembler();
        const g = assembler.function("g", ["f32"], "none", () => {});
        assembler.function("f", [], "none", (body) => body.do(g(untyped(x))));
      },
      "g needs (f32), was given (v128)",
    ],
    [
      "statement after the end",
      () => {
        let old: Body | undefined;
        written((body) => {
          old = body;
        });
        old!.store(0, x);
      },
      "in f: v128.store comes after its end",
    ],
    [
      "load without a memory",
      () => new Assembler().function("g", [], "f32", () => f32.load(0)),
      "addresses memory, and the module has none",
    ],
    [
      "store without a memory",
      () => new Assembler().function("g", [], "none", (body) => body.store(0, x)),
      "addresses memory, and the module has none",
    ],
    ["two memories", () => written(() => {}).importMemory("a", "b"), "a module has one memory"],
    [
      "two exports of one name",
      () => written(() => {}).function("f", [], "none", () => {}),
      "f is exported twice",
    ],
    [
      "late import",
      () => written(() => {}).importFunction("a", "b", [], "none"),
      "import of b must come before the first function",
    ],
  ])("%s", (_name, write, message) => {
    let thrown: unknown;
    try {
      write();
    } catch (error) {
      thrown = error;
    }
    expect(String(thrown)).toContain(`assembler: `);
    expect(String(thrown)).toContain(message);
  });
});
