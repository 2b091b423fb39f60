/** What the assembler says when it is used wrongly: the instruction or statement, by the name that the specification gives it. */

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
  memory,
  Value,
  v128,
} from "../../../src/kernels/wasm/assembler.ts";

const nothing = new Value("none", []) as never;
const spaces = { i32, f32, f64, v128, f32x4, f64x2, i32x4, i8x16, memory };
type Emit = (...operands: never[]) => Value;
const instructions = Object.entries(spaces).flatMap(([space, table]) =>
  Object.entries(table as unknown as Record<string, Emit>)
    .filter(([name]) => name !== "const")
    .map(([name, emit]) => [`${space}.${name}`, emit] as const),
);

describe("an instruction on what is no value", () => {
  test("is one of many", () => {
    expect(instructions.length).toBeGreaterThan(150);
    expect(new Set(instructions.map(([name]) => name)).size).toBe(instructions.length);
  });

  test.each(instructions.filter(([name]) => !name.includes("shuffle")))(
    "%s is refused by its name",
    (name, emit) => {
      // The second operand may be a lane, the fourth an offset.
      expect(() => emit(nothing, 0 as never, 0 as never, 0 as never)).toThrow(
        new RegExp(`^assembler: ${name.replace(".", "\\.")} needs \\(`),
      );
    },
  );

  test.each(
    [f32x4, f64x2, i32x4].flatMap((table, i) =>
      (["extract_lane", "replace_lane"] as const).map(
        (name) => [`${["f32x4", "f64x2", "i32x4"][i]}.${name}`, table[name], [4, 2, 4][i]] as const,
      ),
    ),
  )("%s is refused beyond its lanes", (name, emit, lanes) => {
    const vector = new Value("v128", []) as never;
    for (const lane of [-1, lanes, 0.5])
      expect(() => (emit as Emit)(vector, lane as never, 0 as never)).toThrow(`the lane of ${name}`);
  });
});

describe("a statement after the end of its function", () => {
  const late = (use: (body: Body) => void): (() => void) => {
    const assembler = new Assembler();
    assembler.importMemory("m", "x");
    let kept: Body | undefined;
    assembler.function("early", [], "none", (body) => {
      kept = body;
    });
    return () => use(kept!);
  };
  const one = i32.const(1);
  const statements: [name: string, use: (body: Body) => void][] = [
    ["let", (body) => body.let(one)],
    ["set", (body) => body.set(body.local("i32"), 1)],
    ["i32.store", (body) => body.store(0, one)],
    ["v128.store32_lane", (body) => body.store32_lane(0, f32x4.const(1), 0)],
    ["v128.store64_lane", (body) => body.store64_lane(0, f32x4.const(1), 0)],
    ["do", (body) => body.do(one)],
    ["block", (body) => body.block(() => {})],
    ["loop", (body) => body.loop(() => {})],
    ["if", (body) => body.if(1, () => {})],
    ["return", (body) => body.return()],
  ];
  test.each(statements)("%s is refused", (name, use) => {
    expect(late(use)).toThrow(`assembler: in early: ${name} comes after its end`);
  });
});

describe("a label outside its statement", () => {
  test.each(["block", "loop"] as const)("of a %s is refused", (kind) => {
    const assembler = new Assembler();
    const build = (): unknown =>
      assembler.function("f", [], "none", (body) => {
        let kept: Parameters<Body["branch"]>[0] | undefined;
        body[kind]((label) => {
          kept = label;
        });
        body.branch(kept!);
      });
    expect(build).toThrow(`in f: the label of a ${kind} is used outside it`);
  });
});

test("conversions and byte shuffles mean what the specification says", () => {
  const assembler = new Assembler();
  assembler.function("widen", ["f32"], "f64", (_, x) => f64.promote_f32(x));
  assembler.function("third", ["i32"], "i32", (_, x) =>
    i32x4.extract_lane(i8x16.swizzle(i32x4.splat(x), i32x4.const(0x10020103, 0, 0, 0)), 0),
  );
  const exports = new WebAssembly.Instance(new WebAssembly.Module(assembler.bytes())).exports as Record<
    string,
    (x: number) => number
  >;
  expect(exports.widen(Math.fround(0.1))).toBe(Math.fround(0.1));
  // Bytes 3, 1 and 2 of the first four, and 0 for the index 16, which is over 15.
  expect(exports.third(0x44332211)).toBe(0x00332244);
});
