/** src/io/safetensors.ts: the reference's bytes in both directions, and a FormatError for every damaged file. */
import { fc, test } from "@fast-check/vitest";
import { afterEach, describe, expect, vi } from "vitest";
import { ArgumentError, DtypeError, FormatError, ShapeError } from "../../src/basics/errors.ts";
import { tensor as makeTensor } from "../../src/index.ts";
import { readSafetensors, type TensorToWrite, writeSafetensors } from "../../src/io/index.ts";
import { errorOf } from "../messages.ts";

const source = "model.safetensors";
const read = (bytes: Uint8Array): ReturnType<typeof readSafetensors> => readSafetensors(bytes, source);
const bits = (data: Float32Array | Float64Array): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** A file with the given header text and data, whatever they say. */
function file(header: string, data: Uint8Array | number = 0): Uint8Array {
  const text = new TextEncoder().encode(header);
  const body = typeof data === "number" ? new Uint8Array(data) : data;
  const bytes = new Uint8Array(8 + text.length + body.length);
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, 8);
  bytes.set(body, 8 + text.length);
  return bytes;
}

test("an engine's tensor is written in the order in which it shows its elements", () => {
  const x = makeTensor([
    [1, 2],
    [3, 4],
  ]);
  const written = read(writeSafetensors({ transposed: x.transpose(), part: x.at(1) })).tensors;
  expect(written.get("transposed")).toMatchObject({ shape: [2, 2], data: Float32Array.of(1, 3, 2, 4) });
  expect(written.get("part")).toMatchObject({ shape: [2], data: Float32Array.of(3, 4) });
});

test.each([
  [
    "text for bytes",
    () => readSafetensors("x" as never, source),
    ArgumentError,
    /takes the bytes .* as a Uint8Array; got the text "x"/,
  ],
  [
    "nothing to write",
    () => writeSafetensors(undefined as never),
    ArgumentError,
    /takes tensors by name; got undefined/,
  ],
  [
    "no shape",
    () => writeSafetensors({ a: { data: new Float32Array(1) } as never }),
    ShapeError,
    /of shape undefined/,
  ],
])("%s is refused", (_, call, error, words) => {
  expect(call).toThrow(error);
  expect(call).toThrow(words);
});

describe("the reference implementation", () => {
  // Written by safetensors 0.8.0 (Python) from the tensors of `content`; names are chosen so that the order by
  // dtype, by UTF-8 bytes and by UTF-16 units all differ.
  const base64 =
    "iAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJtYWRlIGJ5IjoidGVzdCJ9LCJ6LsOpXG5cIvCfmIAiOnsiZHR5cGUiOiJGNjQiLCJzaGFw" +
    "ZSI6W10sImRhdGFfb2Zmc2V0cyI6WzAsOF19LCJhIjp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlsyXSwiZGF0YV9vZmZzZXRzIjpbOCwx" +
    "Nl19LCJiIjp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlsyLDNdLCJkYXRhX29mZnNldHMiOlsxNiw0MF19LCJlbXB0eSI6eyJkdHlwZSI6" +
    "IkYzMiIsInNoYXBlIjpbMCwzXSwiZGF0YV9vZmZzZXRzIjpbNDAsNDBdfSwi77yhIjp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlsxXSwi" +
    "ZGF0YV9vZmZzZXRzIjpbNDAsNDRdfSwi8J+YgCI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMV0sImRhdGFfb2Zmc2V0cyI6WzQ0LDQ4" +
    "XX19ICAgICAgIAAAAAAAAAxAzczMPQAAAIAAAIA/AAAAQAAAQEAAAIBAAACgQAAAwEAAAIA/AACAPw==";
  const content: Record<string, TensorToWrite> = {
    "😀": { shape: [1], data: Float32Array.of(1) },
    "\uff21": { shape: [1], data: Float32Array.of(1) },
    empty: { shape: [0, 3], data: new Float32Array(0) },
    b: { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
    'z.é\n"😀': { shape: [], data: Float64Array.of(3.5) },
    a: { shape: [2], data: Float32Array.of(0.1, -0) },
  };
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

  test("writes the same bytes as halograd", () => {
    expect(writeSafetensors(content, { "made by": "test" })).toEqual(bytes);
    expect(writeSafetensors({})).toEqual(file("{}      "));
  });

  test("is read, scalar and empty tensors and metadata included", () => {
    const { tensors, metadata } = read(bytes);
    expect([...tensors.keys()]).toEqual(['z.é\n"😀', "a", "b", "empty", "\uff21", "😀"]);
    for (const [name, { shape, data }] of Object.entries(content)) {
      const dtype = data instanceof Float64Array ? "F64" : "F32";
      expect(tensors.get(name)).toEqual({ dtype, shape, data });
    }
    expect([...metadata]).toEqual([["made by", "test"]]);
  });
});

describe("where the platform has no coder of text, as under jsdom,", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  test("reading and writing say so", () => {
    const bytes = writeSafetensors({ x: { shape: [1], data: Float32Array.of(1) } });
    vi.stubGlobal("TextEncoder", undefined);
    vi.stubGlobal("TextDecoder", undefined);
    expect(() => readSafetensors(bytes, "x")).toThrow(
      /there is no TextDecoder here.*\n.*globalThis\.TextDecoder/,
    );
    expect(() => writeSafetensors({})).toThrow(/there is no TextEncoder here/);
  });
});

test("every float16 and bfloat16 is read as the equal float32", () => {
  // The definition: (−1)^s · 1.m · 2^(e − bias), with float64's exact powers of two from repeated products.
  const power = (n: number): number => (n < 0 ? 0.5 * power(n + 1) : n > 0 ? 2 * power(n - 1) : 1);
  const value = (code: number, exponentBits: number, fractionBits: number): number => {
    const sign = code >> 15 ? -1 : 1;
    const fraction = (code & ((1 << fractionBits) - 1)) / (1 << fractionBits);
    const exponent = (code >> fractionBits) & ((1 << exponentBits) - 1);
    const bias = (1 << (exponentBits - 1)) - 1;
    if (exponent === 2 * bias + 1) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
    return sign * (exponent ? (1 + fraction) * power(exponent - bias) : fraction * power(1 - bias));
  };
  const codes = Uint16Array.from({ length: 65536 }, (_, code) => code);
  const body = new Uint8Array(2 * 65536);
  codes.forEach((code) => {
    new DataView(body.buffer).setUint16(2 * code, code, true);
  });
  for (const [dtype, exponentBits, fractionBits] of [
    ["F16", 5, 10],
    ["BF16", 8, 7],
  ] as const) {
    const header = `{"x":{"dtype":"${dtype}","shape":[65536],"data_offsets":[0,131072]}}`;
    const { data } = read(file(header, body)).tensors.get("x")!;
    expect(data).toBeInstanceOf(Float32Array);
    const wrong = codes.filter((code) => !Object.is(data[code], value(code, exponentBits, fractionBits)));
    expect([...wrong]).toEqual([]);
  }
});

describe("whole numbers", () => {
  const cases = [
    ["I64", BigInt64Array.of(-(2n ** 63n), 2n ** 53n + 1n)],
    ["U64", BigUint64Array.of(2n ** 64n - 2n)],
    ["I32", Int32Array.of(-(2 ** 31), 7)],
    ["U32", Uint32Array.of(2 ** 32 - 2)],
    ["I16", Int16Array.of(-(2 ** 15), 7)],
    ["U16", Uint16Array.of(2 ** 16 - 2)],
    ["I8", Int8Array.of(-128, 127)],
    ["U8", Uint8Array.of(255)],
    ["BOOL", Uint8Array.of(0, 1)],
  ] as const;

  test.each(cases)("of %s are read beside the floats, to the last digit", (dtype, data) => {
    const body = new Uint8Array([
      ...new Uint8Array(data.buffer),
      ...new Uint8Array(Float32Array.of(1.5).buffer),
    ]);
    const end = data.byteLength;
    const header = `{"n":{"dtype":"${dtype}","shape":[${data.length}],"data_offsets":[0,${end}]},"x":{"dtype":"F32","shape":[],"data_offsets":[${end},${end + 4}]}}`;
    const { tensors, integers } = read(file(header, body));
    expect(integers.get("n")).toEqual({ dtype, shape: [data.length], data });
    expect([...integers.keys(), ...tensors.keys()]).toEqual(["n", "x"]);
  });
});

const text = fc.string({ unit: "binary", maxLength: 8 });
const tensor = fc
  .tuple(
    fc.array(fc.nat({ max: 4 }), { maxLength: 3 }),
    fc.boolean(),
    fc.infiniteStream(fc.nat({ max: 255 })),
  )
  .map(([shape, wide, stream]): TensorToWrite => {
    const count = shape.reduce((product, n) => product * n, 1);
    const raw = Uint8Array.from({ length: count * (wide ? 8 : 4) }, () => stream.next().value);
    return { shape, data: wide ? new Float64Array(raw.buffer) : new Float32Array(raw.buffer) };
  });
const named = fc.uniqueArray(fc.tuple(fc.oneof(text, fc.constantFrom("__proto__", "constructor")), tensor), {
  selector: ([name]) => name,
  maxLength: 5,
});
const texts = fc.uniqueArray(fc.tuple(text, text), { selector: ([key]) => key, maxLength: 3 });

describe("what is written", () => {
  test.prop([named, texts, fc.nat({ max: 7 })])(
    "reads back to the bit from any alignment, float32 NaN payloads included",
    (tensors, metadata, shift) => {
      const bytes = writeSafetensors(tensors, metadata);
      const buffer = new Uint8Array(bytes.length + shift);
      buffer.set(bytes, shift);
      const back = read(buffer.subarray(shift));
      expect(bytes[0] % 8).toBe(0); // the data of a mapped file are aligned
      expect(back.tensors.size).toBe(tensors.length);
      for (const [name, { shape, data }] of tensors) {
        const copy = back.tensors.get(name)!;
        expect(copy.shape).toEqual(shape);
        expect(copy.data.constructor).toBe(data.constructor);
        if (data instanceof Float32Array) expect(bits(copy.data)).toEqual(bits(data));
        else expect(copy.data).toEqual(data); // a NaN stays NaN; its payload is the engine's
      }
      expect(back.metadata).toEqual(new Map(metadata));
    },
  );

  test.prop([named, texts])(
    "does not depend on the order given, and survives a second trip",
    (tensors, metadata) => {
      const bytes = writeSafetensors(tensors, metadata);
      expect(writeSafetensors(tensors.toReversed(), metadata.toReversed())).toEqual(bytes);
      const again = read(bytes);
      expect(writeSafetensors(again.tensors, again.metadata)).toEqual(bytes);
    },
  );

  test("is in the order of its names, letter by letter, of which the shorter come first", () => {
    const names = ["", "a", "a\0", "aa", "ab", "b"];
    const tensors = names
      .toReversed()
      .map((name) => [name, { shape: [], data: Float32Array.of(1) }] as const);
    const metadata = names.toReversed().map((name) => [name, "x"] as const);
    const back = read(writeSafetensors(tensors, metadata));
    expect([...back.tensors.keys()]).toEqual(names);
    expect([...back.metadata.keys()]).toEqual(names);
  });

  test("is the part of a larger array that was given, and a copy when read", () => {
    const all = Float32Array.of(0, 1, 2, 3);
    const bytes = writeSafetensors([["x", { shape: [2], data: all.subarray(1, 3) }]]);
    const { data } = read(bytes).tensors.get("x")!;
    bytes.fill(0);
    expect(data).toEqual(Float32Array.of(1, 2));
  });

  const one = { shape: [1], data: new Float32Array(1) };
  test.each([
    [
      "a shape that does not fit",
      [["x", { shape: [2, 3], data: one.data }]],
      ShapeError,
      "[2, 3] has 1 values",
    ],
    ["a fractional dimension", [["x", { shape: [0.5, 2], data: one.data }]], ShapeError, "[0.5, 2]"],
    ["negative dimensions", [["x", { shape: [-1, -1], data: one.data }]], ShapeError, "[-1, -1]"],
    ["the reserved name", [["__metadata__", one]], ArgumentError, "reserved"],
    [
      "a repeated name",
      [
        ["x", one],
        ["x", one],
      ],
      ArgumentError,
      '"x" is given twice',
    ],
    ["whole numbers", [["x", { shape: [1], data: new Int32Array(1) as never }]], DtypeError, "neither"],
    ["data that are no typed array", [["x", { shape: [1], data: [1] as never }]], ArgumentError, "neither"],
    ["half a surrogate pair", [["\ud800", one]], ArgumentError, "surrogate"],
  ] as [string, [string, TensorToWrite][], typeof ShapeError, string][])(
    "must not have %s",
    (_, tensors, kind, message) => {
      expect(() => writeSafetensors(tensors)).toThrow(kind);
      expect(() => writeSafetensors(tensors)).toThrow(message);
    },
  );

  test("must not have metadata that are no text", () => {
    expect(() => writeSafetensors({}, { epoch: 1 as never })).toThrow(ArgumentError);
  });
});

describe("a damaged or hostile file", () => {
  const info = (shape: string, offsets: string, dtype = '"F32"'): string =>
    `{"dtype":${dtype},"shape":${shape},"data_offsets":${offsets}}`;
  const x = info("[1]", "[0,4]");
  const longHeader = file("{}");
  longHeader[7] = 0xff;

  test.each([
    ["is empty", new Uint8Array(0), "0 bytes are too few"],
    ["ends in the header length", new Uint8Array(7), "7 bytes are too few"],
    ["ends in the header", file(`{"x":${x}}`, 4).subarray(0, 30), "but 22 bytes follow"],
    ["claims a giant header", longHeader, "the header is said to hold 18374686479671624000 bytes"],
    ["has no header", file(""), 'the header holds its end at character 0, where "{" should be'],
    ["starts its header with a space", file(" {}"), 'where "{" should be'],
    ["starts its header with a byte order mark", file("\ufeff{}"), 'where "{" should be'],
    ["has invalid UTF-8 in the header", file("{}").fill(0xff, 9), "not valid UTF-8"],
    ["is another kind of JSON", file('["x"]'), 'where "{" should be'],
    ["has text after the header", file("{} x"), "the end of the header"],
    ["has unread bytes", file("{}", 1), "describes 0 bytes of data, but the file holds 1"],
    ["lost bytes at the end", file(`{"x":${x}}`, 3), "describes 4 bytes of data, but the file holds 3"],
    ["has a hole at the start", file(`{"x":${info("[1]", "[4,8]")}}`, 8), 'a hole before tensor "x"'],
    [
      "has a hole",
      file(`{"x":${x},"y":${info("[1]", "[8,12]")}}`, 12),
      "starts at byte 8 of the data, expected 4",
    ],
    [
      "has overlapping tensors",
      file(`{"x":${x},"y":${info("[1]", "[2,6]")}}`, 6),
      'an overlap at tensor "y"',
    ],
    ["has two tensors at one place", file(`{"x":${x},"y":${x}}`, 4), 'an overlap at tensor "y"'],
    [
      "ends before it starts",
      file(`{"x":${info("[1]", "[0,0]")},"y":${info("[0]", "[0,-4]")}}`),
      "a whole number ≥ 0",
    ],
    ["has offsets in reverse", file(`{"x":${x},"y":${info("[1]", "[4,0]")}}`, 4), '"y"'],
    ["has a length unlike its shape", file(`{"x":${info("[2]", "[0,4]")}}`, 4), "F32 of shape [2] takes 8"],
    ["has a negative dimension", file(`{"x":${info("[-1]", "[0,4]")}}`, 4), "a whole number ≥ 0"],
    ["has a fractional dimension", file(`{"x":${info("[1.0]", "[0,4]")}}`, 4), 'where "]" should be'],
    ["has a dimension with an exponent", file(`{"x":${info("[1e0]", "[0,4]")}}`, 4), 'where "]" should be'],
    ["has a dimension with a leading zero", file(`{"x":${info("[01]", "[0,4]")}}`, 4), "a whole number ≥ 0"],
    ["has an unsafe dimension", file(`{"x":${info("[9007199254740993]", "[0,4]")}}`, 4), "exceeds 2⁵³"],
    ["has an overflowing shape", file(`{"x":${info("[4294967296,4294967296]", "[0,0]")}}`), "can be counted"],
    [
      "hides an overflow behind a zero",
      file(`{"x":${info("[4294967296,4294967296,0]", "[0,0]")}}`),
      "can be counted",
    ],
    ["has a shape of text", file(`{"x":${info('["1"]', "[0,4]")}}`, 4), "a whole number ≥ 0"],
    ["has one offset", file(`{"x":${info("[1]", "[0]")}}`, 4), "two data_offsets"],
    ["has three offsets", file(`{"x":${info("[1]", "[0,4,4]")}}`, 4), "two data_offsets"],
    ["lacks a dtype", file('{"x":{"shape":[1],"data_offsets":[0,4]}}', 4), "needs a dtype"],
    [
      "has a dtype of 8-bit floats",
      file(`{"x":${info("[1]", "[0,1]", '"F8_E4M3"')}}`, 1),
      'tensor "x" has dtype "F8_E4M3", which is not read\n  Fix: convert it to one of F64, F32, F16, BF16, I64,',
    ],
    [
      "has a dtype from the prototype",
      file(`{"x":${info("[1]", "[0,4]", '"toString"')}}`, 4),
      'dtype "toString"',
    ],
    ["has a dtype that is a number", file(`{"x":${info("[1]", "[0,4]", "32")}}`, 4), "should be"],
    ["has an unknown field", file('{"x":{"strides":[1]}}'), 'unknown field "strides"'],
    ["repeats a tensor", file(`{"x":${x},"x":${x}}`, 4), 'the key "x" stands twice'],
    ["repeats a tensor in other letters", file(`{"x":${x},"\\u0078":${x}}`, 4), 'the key "x" stands twice'],
    ["repeats a field", file('{"x":{"dtype":"F32","dtype":"F64"}}'), 'the key "dtype" stands twice'],
    [
      "repeats the metadata",
      file('{"__metadata__":{},"__metadata__":{}}'),
      'the key "__metadata__" stands twice',
    ],
    ["has metadata that are no text", file('{"__metadata__":{"epoch":1}}'), "should be"],
    ["nests deeply", file(`{"x":${"[".repeat(1_000_000)}`), 'where "{" should be'],
    ["nests its metadata deeply", file(`{"__metadata__":${'{"a":'.repeat(100_000)}`), "should be"],
    ["has an open string", file('{"x'), 'a closing "'],
    ["ends in a backslash", file('{"x\\'), "should be"],
    ["has a broken escape", file('{"\\x":{}}'), "a JSON string"],
    ["has a raw newline in a name", file('{"\n":{}}'), "a JSON string"],
    ["has half a surrogate pair", file('{"\\ud800":{}}'), "valid Unicode"],
    ["has a comma too many", file(`{"x":${x},}`, 4), "should be"],
  ])("that %s is refused", (_, bytes, message) => {
    expect(() => read(bytes)).toThrow(FormatError);
    expect(() => read(bytes)).toThrow(message);
    expect(() => read(bytes)).toThrow(/^model\.safetensors: .{1,400}Fix: \S/s);
    // What is there in place of what should be is quoted, up to the end of the header.
    const told = /the header holds (.+) at character (\d+), where/.exec(errorOf(() => read(bytes)).message);
    if (told !== null) {
      const isEnd = Number(told[2]) >= bytes.length - 8;
      expect(told[1]).toMatch(isEnd ? /^its end$/ : /^".+"$/);
    }
  });

  test.each(["radius,velocity\n1,60\n", "\t# a\r\n1 2 3 4\n", '{"a": [1, 2, 3]}', " ~~~~~~~~~~~"])(
    "that is the text %j is said to look like one, which other bytes are not",
    (text) => {
      const bytes = new TextEncoder().encode(text);
      expect(() => read(bytes)).toThrow(/looks like text, starting with ".+"\n.*give a \.safetensors file/);
      for (const other of [8, 11, 12, 14, 31, 127, 128]) {
        bytes[7] = other;
        expect(() => read(bytes), `${other}`).toThrow(
          /the header is said to hold \d+ bytes, but \d+ bytes follow/,
        );
      }
    },
  );

  test("may have any white space of JSON between the words of its header", () => {
    const spaced = `{"x":${x}}`.replace(/(?!^)[{}:,[\]]/g, (mark) => `\t\r\n ${mark} \n\r\t`);
    expect(read(file(spaced, 4)).tensors.get("x")?.shape).toEqual([1]);
  });

  test("may list its tensors in any order, empty ones among them", () => {
    const names = ["a", "b", "none", "c"];
    const places = ["[1],[0,4]", "[1],[4,8]", "[0],[8,8]", "[1],[8,12]"];
    const entries = names.map((name, i) => {
      const [shape, offsets] = places[i].split(/,(?=\[)/);
      return `"${name}":${info(shape, offsets)}`;
    });
    for (let turn = 0; turn < 4; turn++) {
      const turned = [...entries.slice(turn), ...entries.slice(0, turn)];
      for (const order of [turned, turned.toReversed()]) {
        const { tensors } = read(file(`{${order.join()}}`, 12));
        expect(new Set(tensors.keys())).toEqual(new Set(names));
      }
    }
  });

  test("cannot reach the prototype by the name __proto__", () => {
    const { tensors, metadata } = read(file(`{"__proto__":${x},"__metadata__":{"__proto__":"p"}}`, 4));
    expect([...tensors.keys()]).toEqual(["__proto__"]);
    expect([...metadata]).toEqual([["__proto__", "p"]]);
  });

  const seed = writeSafetensors(
    [
      ["w", { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }],
      ["b", { shape: [2], data: Float64Array.of(5, 6) }],
      ["e", { shape: [0], data: new Float32Array(0) }],
    ],
    { note: 'a "b" é' },
  );
  const place = fc.nat({ max: seed.length - 1 });
  const tokens = [
    '"',
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "0",
    "4",
    "-1",
    "\\",
    "null",
    "9".repeat(20),
    '"w"',
    "__proto__",
  ];
  const mutation: fc.Arbitrary<(bytes: Uint8Array) => Uint8Array> = fc.oneof(
    fc.tuple(place, fc.nat({ max: 7 })).map(([at, bit]) => (bytes: Uint8Array) => {
      return bytes.map((byte, i) => (i === at ? byte ^ (1 << bit) : byte));
    }),
    place.map((length) => (bytes: Uint8Array) => bytes.subarray(0, length)),
    fc.tuple(place, place, place).map(([a, b, c]) => (bytes: Uint8Array) => {
      return Uint8Array.of(
        ...bytes.subarray(0, a),
        ...bytes.subarray(Math.min(b, c), Math.max(b, c)),
        ...bytes.subarray(a),
      );
    }),
    // In the header, a token replaces some characters and the length is made right again, so that parsing goes on.
    fc
      .tuple(place, fc.nat({ max: 4 }), fc.constantFrom(...tokens))
      .map(([at, width, token]) => (bytes: Uint8Array) => {
        const length = bytes.length < 8 ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
        const header = new TextDecoder().decode(bytes.subarray(8, 8 + length));
        return file(header.slice(0, at) + token + header.slice(at + width), bytes.subarray(8 + length));
      }),
  );
  test.prop([fc.array(mutation, { minLength: 1, maxLength: 3 })], { numRuns: 5000 })(
    "made from a valid one by flips, cuts, splices and edits reads consistently or throws a FormatError",
    (mutations) => {
      const bytes = mutations.reduce<Uint8Array>((current, mutate) => mutate(current), seed);
      try {
        for (const { shape, data } of read(bytes).tensors.values()) {
          expect(data.length).toBe(shape.reduce((product, n) => product * n, 1));
        }
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
      }
    },
  );
});
