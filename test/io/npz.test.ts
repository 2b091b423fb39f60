/** npz files: NumPy reads what is written, what NumPy writes is read, and damaged and hostile files are refused. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ArgumentError, FormatError, HalogradError, ShapeError } from "../../src/basics/errors.ts";
import { Random } from "../../src/index.ts";
import { crc32 } from "../../src/io/crc32.ts";
import { readNpz, writeNpz } from "../../src/io/index.ts";
import { pythonWith } from "../python.ts";

const home = mkdtempSync(join(tmpdir(), "halograd-npz-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const interpreter = pythonWith("numpy");
const python = (program: string): string =>
  execFileSync(interpreter!, ["-c", program], { cwd: home, encoding: "utf8" });

const contents = {
  matrix: { shape: [2, 3], data: Float64Array.of(1, -0, 1e-310, Infinity, Number.NaN, 0.1) },
  single: { shape: [3], data: Float32Array.of(1.5, -2, 0.25) },
  scalar: { shape: [], data: Float64Array.of(7) },
  nothing: { shape: [0, 4], data: new Float32Array(0) },
  text: 'Größe 🌌, {"a": 1}',
};
const bytes = writeNpz(contents);

test("what is written is read, to the bit", () => {
  const { arrays, texts } = readNpz(writeNpz(contents), "mine.npz");
  const { text, ...rest } = contents;
  expect(Object.fromEntries(arrays)).toEqual(rest);
  expect(Object.fromEntries(texts)).toEqual({ text });
  expect(Object.is(arrays.get("matrix")!.data[1], -0)).toBe(true);
  expect([...readNpz(writeNpz({ "a.npy.b": "c" }), "dots").texts]).toEqual([["a.npy.b", "c"]]);
  expect(readNpz(writeNpz({}), "empty")).toEqual({ arrays: new Map(), texts: new Map() });
  expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926); // the check value of the standard
});

describe.skipIf(interpreter === undefined)("NumPy", () => {
  test("reads what is written", () => {
    writeFileSync(join(home, "mine.npz"), bytes);
    const program = `import numpy as np
with np.load("mine.npz") as f:
    for name in f.files: print(name, f[name].dtype, f[name].shape, f[name].tolist())`;
    expect(python(program).trim().split("\n")).toEqual([
      "matrix float64 (2, 3) [[1.0, -0.0, 1e-310], [inf, nan, 0.1]]",
      "single float32 (3,) [1.5, -2.0, 0.25]",
      "scalar float64 () 7.0",
      "nothing float32 (0, 4) []",
      'text <U17 () Größe 🌌, {"a": 1}',
    ]);
  });

  test("writes what is read: every kind of number, both orders of bytes and of axes, truth values and texts", () => {
    python(`import numpy as np
kinds = ["<f4", ">f4", "<f8", ">f8", "i1", "<i2", ">i4", "<i8", "u1", ">u2", "<u4", ">u8"]
arrays = {f"k{i}": np.arange(24, dtype=kind).reshape(2, 3, 4) for i, kind in enumerate(kinds)}
arrays["fortran"] = np.asfortranarray(arrays["k2"])
arrays["truth"] = np.array([True, False])
arrays["text"] = np.array("km/s")
arrays["empty"] = np.array("")
np.savez("theirs.npz", **arrays)
np.savez_compressed("small.npz", a=np.zeros(9))
np.savez("odd.npz", a=np.array([1j]))
np.savez("objects.npz", a=np.array([{}], dtype=object))
np.savez("large.npz", a=np.array([2**53], dtype="u8"))`);
    const load = (name: string) => readNpz(readFileSync(join(home, name)), name);
    const { arrays, texts } = load("theirs.npz");
    const counted = Array.from({ length: 24 }, (_, i) => i);
    for (const name of [...Array.from({ length: 12 }, (_, i) => `k${i}`), "fortran"]) {
      expect(arrays.get(name)!.shape).toEqual([2, 3, 4]);
      expect([...arrays.get(name)!.data], name).toEqual(counted);
    }
    expect([...arrays.get("truth")!.data]).toEqual([1, 0]);
    expect(Object.fromEntries(texts)).toEqual({ text: "km/s", empty: "" });
    expect(() => load("small.npz")).toThrow(
      /the entry "a\.npy" is compressed\n {2}Fix: write it with numpy\.savez/,
    );
    expect(() => load("odd.npz")).toThrow(/elements of the kind "c16"/);
    expect(() => load("objects.npz")).toThrow(/the header of the array "a" is/);
    expect(() => load("large.npz")).toThrow(/whole numbers beyond 2⁵³/);
  });
});

describe("hostile and damaged files", () => {
  test("end in a FormatError or in what was written, wherever a bit is changed", () => {
    const random = new Random(1);
    for (let round = 0; round < 3000; round++) {
      const damaged = bytes.slice();
      for (let i = 0; i <= round % 3; i++) damaged[random.integer(damaged.length)] ^= 1 << random.integer(8);
      try {
        readNpz(damaged, "damaged");
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
      }
    }
    for (let length = 0; length < bytes.length; length += 13) {
      expect(() => readNpz(bytes.subarray(0, length), "cut")).toThrow(FormatError);
    }
  });

  test("show changed data by their checksum", () => {
    const damaged = bytes.slice();
    damaged[150] ^= 4;
    expect(() => readNpz(damaged, "mine")).toThrow(
      /the entry "matrix\.npy" is damaged: its checksum is another/,
    );
  });

  test("cannot have many entries in the same bytes, zip64, passwords, or two arrays of one name", () => {
    const one = writeNpz({ a: { shape: [1], data: Float32Array.of(1) } });
    const view = (file: Uint8Array) => new DataView(file.buffer, file.byteOffset);
    const end = one.length - 22;
    const directory = view(one).getUint32(end + 16, true);
    const entry = one.slice(directory, end);
    const twice = new Uint8Array([...one.subarray(0, end), ...entry, ...one.subarray(end)]);
    view(twice).setUint16(twice.length - 14, 2, true);
    view(twice).setUint16(twice.length - 12, 2, true);
    view(twice).setUint32(twice.length - 10, 2 * entry.length, true);
    expect(() => readNpz(twice, "twice")).toThrow(/lies inside another one/);
    for (const value of ["x", { shape: [1], data: Float32Array.of(1) }]) {
      const two = writeNpz({ a: value, b: value });
      for (let at = 1; at < two.length; at++)
        if (two[at] === 0x2e && two[at - 1] === 0x62) two[at - 1] = 0x61;
      expect(() => readNpz(two, "two")).toThrow(/the array "a" is there twice/);
    }
    const changed = (at: number, value: number): Uint8Array => {
      const file = one.slice();
      view(file).setUint32(at, value, true);
      return file;
    };
    for (const at of [8, 12, 16])
      expect(() => readNpz(changed(end + at, 0xffffffff), "z")).toThrow(
        /this archive is of the zip64 kind\n {2}Fix: write several/,
      );
    for (const at of [20, 24, 42])
      expect(() => readNpz(changed(directory + at, 0xffffffff), "z")).toThrow(
        /the entry "a.npy" is of the zip64 kind\n {2}Fix: write several/,
      );
    expect(() => readNpz(changed(directory + 8, 1), "z")).toThrow(
      /is encrypted\n {2}Fix: write it without a password/,
    );
    expect(() => readNpz(new TextEncoder().encode("radius,velocity\n"), "t")).toThrow(/no zip archive/);
  });

  const whole = writeNpz({ a: { shape: Array(64).fill(1), data: Float32Array.of(3) } });
  const [local, end] = [30 + "a.npy".length, whole.length - 22];
  const directory = new DataView(whole.buffer).getUint32(end + 16, true);
  /** Changes bytes, and makes the checksum right again, so that what comes behind it is reached. */
  const changed = (...changes: [at: number, bytes: string | number[]][]): Uint8Array => {
    const file = whole.slice();
    for (const [at, bytes] of changes)
      file.set(typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes, at);
    const data = file.subarray(local, directory);
    new DataView(file.buffer).setUint32(directory + 16, crc32(data), true);
    return file;
  };
  const header = (kind: string, sizes: string): [number, string] => {
    const length = directory - 4 - local - 10;
    return [local + 10, `{'descr': '${kind}', 'fortran_order': False, 'shape': (${sizes}), }`.padEnd(length)];
  };
  test("are told apart from whole ones, of which the largest number of axes is one", () => {
    expect(readNpz(whole, "whole").arrays.get("a")?.data).toEqual(Float32Array.of(3));
    const letter = changed(header("<U1", ""), [directory - 4, [0x0c, 0xf3, 1, 0]]);
    expect(readNpz(letter, "a letter").texts.get("a")).toBe("🌌");
  });

  test("are no archives with a comment, of up to 65,535 bytes", () => {
    for (const length of [1, 300, 65_535, 65_536]) {
      const file = new Uint8Array(whole.length + length).fill(0x50);
      file.set(whole);
      const read = () => readNpz(file, "mine.npz").arrays.get("a")?.data;
      if (length > 65_535) expect(read).toThrow(/no zip archive/);
      else expect(read()).toEqual(Float32Array.of(3));
    }
  });

  /** A file of one array with this header and these bytes, a multiple of 4. */
  const fileOf = (header: string, bytes: readonly number[]): Uint8Array => {
    const file = writeNpz({ a: { shape: [bytes.length / 4], data: new Float32Array(bytes.length / 4) } });
    const directory = file.length - 22 - 46 - "a.npy".length;
    file.set(new TextEncoder().encode(header.padEnd(118)), local + 10);
    file.set(bytes, directory - bytes.length);
    new DataView(file.buffer).setUint32(directory + 16, crc32(file.subarray(local, directory)), true);
    return file;
  };
  const headerOf = (kind: string, sizes: string, isFortran = "False"): string =>
    `{'descr': '${kind}', 'fortran_order': ${isFortran}, 'shape': (${sizes}), }`;

  test.each<[kind: string, bytes: number[], values: number[]]>([
    ["<i4", [1, 0, 0, 1], [2 ** 24 + 1]],
    [">i4", [255, 255, 255, 254], [-2]],
    ["<u4", [254, 255, 255, 255], [2 ** 32 - 2]],
    [">f4", [0x40, 0x40, 0, 0], [3]],
    ["i1", [1, 2, 255, 128], [1, 2, -1, -128]],
    ["|u1", [1, 2, 255, 128], [1, 2, 255, 128]],
    ["b1", [0, 1, 2, 0], [0, 1, 1, 0]],
    ["<i2", [254, 255, 1, 2], [-2, 513]],
    [">u2", [254, 255, 1, 2], [65_279, 258]],
    ["=f8", [0, 0, 0, 0, 0, 0, 8, 64], [3]],
    ["<i8", [254, ...Array(7).fill(255)], [-2]],
    [">u8", [0, 31, ...Array(6).fill(255)], [2 ** 53 - 1]],
  ])("are no arrays of %s, whose values are read exactly", (kind, bytes, values) => {
    const read = readNpz(fileOf(headerOf(kind, `${values.length},`), bytes), "mine.npz").arrays.get("a");
    expect(read).toEqual({
      shape: [values.length],
      data: kind.endsWith("f4") ? Float32Array.from(values) : Float64Array.from(values),
    });
  });

  test("are no arrays whose first axis is the innermost one", () => {
    const bytes = [1, 2, 3, 4, 5, 6, 7, 8];
    for (const sizes of ["2, 2, 2", "2,2,2", "2,2,2,"])
      expect(readNpz(fileOf(headerOf("u1", sizes, "True"), bytes), "t").arrays.get("a")).toEqual({
        shape: [2, 2, 2],
        data: Float64Array.of(1, 5, 3, 7, 2, 6, 4, 8),
      });
    expect([...readNpz(fileOf(headerOf("u1", "2, 4", "True"), bytes), "t").arrays.get("a")!.data]).toEqual([
      1, 3, 5, 7, 2, 4, 6, 8,
    ]);
  });

  test("are no headers in another spelling of Python, but other texts around them are", () => {
    const plain = headerOf("f4", "1,");
    const read = (header: string) => readNpz(fileOf(header, [0, 0, 64, 64]), "t").arrays.get("a")?.data;
    for (const header of [
      plain,
      plain.replace(", }", "}"),
      plain.replace(", }", " }"),
      plain.replace("{", "{ "),
      plain.replace("1,", "1, "),
      `${plain}\n`,
    ])
      expect(read(header), header).toEqual(Float32Array.of(3));
    for (const header of [
      `x${plain}`,
      `${plain}x`,
      plain.replace("f4", "f"),
      plain.replace("f4", "f4444444444"),
      plain.replace("False", "None"),
      plain.replace("1,", "-1,"),
    ])
      expect(() => read(header), header).toThrow(/the header of the array "a" is "/);
  });

  test("are no texts with zeros at their end, which are left out, as NumPy does", () => {
    const letters = (...points: number[]): string | undefined =>
      readNpz(fileOf(headerOf(`<U${points.length}`, ""), points.flatMap((point) => [...new Uint8Array(Uint32Array.of(point).buffer)])), "t").texts.get("a"); // biome-ignore format: one line.
    expect(letters(0x61, 0, 0x62, 0, 0)).toBe("a\0b");
    expect(letters(0x10ffff)).toBe("\u{10ffff}");
    expect(() => letters(0x61, 0x110000)).toThrow(/the array "a" is no text/);
  });

  test.each([
    ["<i8", [0, 0, 0, 0, 0, 0, 32, 0]],
    ["<i8", [0, 0, 0, 0, 0, 0, 224, 255]],
    ["<u8", [0, 0, 0, 0, 0, 0, 32, 0]],
  ])("with numbers of the kind %s beyond 2⁵³ are refused, which floats are not", (kind, bytes) => {
    expect(() => readNpz(fileOf(headerOf(kind, "1,"), bytes), "t")).toThrow(
      /the array "a" holds whole numbers beyond 2⁵³\n {2}Fix: convert it with astype\(float\)/,
    );
    expect(readNpz(fileOf(headerOf("<f8", "1,"), [0, 0, 0, 0, 0, 0, 240, 127]), "t").arrays.get("a")?.data).toEqual(Float64Array.of(Infinity)); // biome-ignore format: one line.
  });

  test("are no arrays of version 2, whose headers are read up to 65,535 bytes, as those of version 1", () => {
    const data = new Float32Array(20_000);
    const file = writeNpz({ a: { shape: [20_000], data } });
    const view = new DataView(file.buffer);
    const directory = view.getUint32(file.length - 22 + 16, true);
    const read = (version: number, start: number, length: number) => {
      const count = directory - local - start - length;
      const header = `{'descr': '|u1', 'fortran_order': False, 'shape': (${count},), }`.padEnd(length);
      file.set([version], local + 6);
      view.setUint32(local + 8, length, true);
      file.set(new TextEncoder().encode(header), local + start);
      view.setUint32(directory + 16, crc32(file.subarray(local, directory)), true);
      expect(readNpz(file, "mine.npz").arrays.get("a")?.shape).toEqual([count]);
    };
    read(1, 10, 65_535);
    read(2, 12, 65_535);
    read(3, 12, 65_535);
    expect(() => read(2, 12, 65_536)).toThrow(/the header of the array "a" is too long/);
  });

  test.each<[what: string, file: Uint8Array, message: RegExp]>([
    ["one part of several", changed([end + 4, [1]]), /one of several parts of an archive/],
    ["a count of this part alone", changed([end + 8, [2]]), /one of several parts of an archive/],
    ["a directory beyond the end", changed([end + 12, [255]]), /begins or ends outside of the file/],
    ["a directory of another kind", changed([directory, [0]]), /directory is damaged at entry 1$/m],
    ["an entry longer than the directory", changed([directory + 32, [1]]), /is damaged at entry 1$/m],
    ["a name of no text", changed([directory + 46, [255]]), /the name of entry 1 is no text/],
    ["a compressed entry", changed([directory + 10, [8]]), /"a\.npy" is compressed\n.*numpy\.savez/],
    ["two lengths", changed([directory + 20, [1]]), /is said to hold \d+ bytes in \d+/],
    ["an entry elsewhere", changed([directory + 42, [1]]), /is not where the directory says/],
    ["two names", changed([30, "b"]), /"a\.npy" has another name in its place/],
    ["an entry beyond the directory", changed([28, [1]]), /"a\.npy" ends outside of the file/],
    ["no array", changed([30, "a.npz"], [directory + 46, "a.npz"]), /"a\.npz" is no \.npy array/],
    ["other magic", changed([local, [0]]), /"a" is not in the npy format/],
    ["version 0", changed([local + 6, [0]]), /"a" is not in the npy format/],
    ["version 4", changed([local + 6, [4]]), /"a" is not in the npy format/],
    ["a header beyond its end", changed([local + 8, [255, 255]]), /the header of the array "a" is too long/],
    ["65 axes", changed(header("<f4", "1,".repeat(65))), /"a" has 65 axes, and NumPy at most 64/],
    [
      "another header",
      changed([local + 10, "{}".padEnd(directory - 4 - local - 10)]),
      /the header of the array "a" is "\{\}"$/m,
    ],
    ["too few bytes", changed(header("<f8", "1")), /"a" holds 4 bytes, not 1 elements of 8/],
    ["a list of texts", changed(header("<U1", "1,")), /"a" holds elements of the kind "U1"\n.*astype/],
    ["a letter beyond Unicode", changed(header("<U1", ""), [directory - 4, [0, 0, 17, 0]]), /"a" is no text/],
  ])("with %s are refused by name", (_, file, message) => {
    expect(() => readNpz(file, "mine.npz")).toThrow(FormatError);
    expect(() => readNpz(file, "mine.npz")).toThrow(message);
    expect(() => readNpz(file, "mine.npz")).toThrow(/\n {2}Fix: \S/);
  });

  test("take time in proportion to their length", () => {
    const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${"1".repeat(60_000)}`;
    const begin = performance.now();
    const file = writeNpz({ a: { shape: [20_000], data: new Float32Array(20_000) } });
    const text = new TextEncoder().encode(header);
    const start = 30 + "a.npy".length;
    file.set(text, start + 10);
    new DataView(file.buffer).setUint16(start + 8, 60_010, true);
    const end = file.length - 22;
    const directory = new DataView(file.buffer).getUint32(end + 16, true);
    const size = new DataView(file.buffer).getUint32(directory + 20, true);
    new DataView(file.buffer).setUint32(directory + 16, crc32(file.subarray(start, start + size)), true);
    expect(() => readNpz(file, "long")).toThrow(/the header of the array "a" is/);
    expect(performance.now() - begin).toBeLessThan(2000);
  });
});

test("what cannot be written is refused", () => {
  const data = Float32Array.of(1);
  expect(() => writeNpz({ a: { shape: [2], data } })).toThrow(ShapeError);
  expect(() => writeNpz({ a: { shape: [-1, -1], data } })).toThrow(/shape \[-1,-1\] has 1 values\n.*product/);
  expect(() => writeNpz({ "a/b": { shape: [1], data } })).toThrow(ArgumentError);
  expect(() =>
    writeNpz([
      ["a", "x"],
      ["a", "y"],
    ]),
  ).toThrow(/given twice/);
  expect(() => writeNpz({ a: { shape: Array(65).fill(1), data } })).toThrow(/"a" has 65 axes/);
  const many = Array.from({ length: 65_535 }, (_, i): [string, string] => [`${i}`, ""]);
  expect(() => writeNpz(many)).toThrow(
    /65,534 arrays; got \d+ bytes and 65535 arrays\n {2}Fix: write several/,
  );
  expect(() => writeNpz({ a: { shape: [1], data: [1] as never } })).toThrow(ArgumentError);
  expect(() => writeNpz(3 as never)).toThrow(ArgumentError);
  expect(() => readNpz("x" as never, "x")).toThrow(HalogradError);
  expect(() => readNpz(new ArrayBuffer(8) as never, "x")).toThrow(
    /^readNpz: .*\n {2}Fix: .*new Uint8Array\(buffer\)/,
  );
});
