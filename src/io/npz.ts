/**
 * NumPy's npz format: arrays by name in a zip archive, read and written as bytes, with no file system. Entries are stored as they are, as
 * `numpy.savez` does; compressed ones and archives beyond 4 GB are refused. A hostile or damaged file ends in a FormatError, in time and memory
 * linear in its length.
 *
 * Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html and PKWARE's APPNOTE.TXT, version 6.3.10.
 */
import { checkKind, clip, describeValue, isBuiltIn, usualFix } from "../basics/check.ts";
import { ArgumentError, FormatError, ShapeError } from "../basics/errors.ts";
import type { Bytes } from "../kernels/index.ts";
import { crc32 } from "./crc32.ts";
import type { Named } from "./safetensors.ts";

/** An array as NumPy has it: sizes, and elements in row-major order. */
export interface NpzArray {
  /** Sizes of the axes; `[]` for a scalar. */
  readonly shape: readonly number[];
  /** Whole numbers and truth values of a file come as Float64Array. */
  readonly data: Float32Array | Float64Array;
}

/** All of a file: arrays, and texts, which NumPy has as arrays of no axes. */
export interface NpzFile {
  /** By name. */
  readonly arrays: Map<string, NpzArray>;
  /** By name. */
  readonly texts: Map<string, string>;
}

/**
 * Writes arrays and texts as an npz file, which `numpy.load` reads. The bytes depend only on the content and its order.
 *
 * @param contents name → array, or text
 * @throws ArgumentError for a name twice or one that no file has, and for more than 4 GB or 65,534 arrays; ShapeError where a
 *   shape does not fit its data, or has more than 64 axes
 * @example
 * const bytes = writeNpz({ radii: { shape: [2], data: Float64Array.of(0.1, 50) }, unit: "kpc" });
 * readNpz(bytes, "mine.npz").texts.get("unit") // "kpc"
 */
export function writeNpz(contents: Named<NpzArray | string>): Bytes {
  if (typeof contents !== "object" || contents === null) {
    throw new ArgumentError("npz", `takes arrays by name; got ${describeValue(contents)}`, "give an object");
  }
  const list: (readonly [string, NpzArray | string])[] =
    Symbol.iterator in contents ? [...contents] : Object.entries(contents);
  for (const pair of list) checkKind("npz", "a pair of name and array", pair, "list");
  const seen = new Set<string>();
  const entries = list.map(([name, value]) => {
    if (seen.has(name) || !/^[^\0\\/\p{Surrogate}]+$/u.test(name)) {
      const problem = seen.has(name) ? "is given twice" : "is no name of an array";
      throw new ArgumentError("npz", `${quote(name)} ${problem}`, "rename it");
    }
    seen.add(name);
    const bytes = typeof value === "string" ? textBytes(value) : arrayBytes(name, value);
    return { name: new TextEncoder().encode(`${name}.npy`), bytes, crc: crc32(bytes) };
  });
  const total = entries.reduce((sum, { name, bytes }) => sum + 30 + 46 + 2 * name.length + bytes.length, 22);
  if (total >= LIMIT || entries.length >= 0xffff) {
    const problem = `an archive holds 4 GB and 65,534 arrays; got ${total} bytes and ${entries.length} arrays`;
    throw new ArgumentError("npz", problem, "write several");
  }
  const file = new Uint8Array(total);
  const view = new DataView(file.buffer);
  let at = 0;
  const shorts = (...values: number[]): void => {
    for (const value of values) {
      view.setUint16(at, value, true);
      at += 2;
    }
  };
  const words = (...values: number[]): void => {
    for (const value of values) {
      view.setUint32(at, value, true);
      at += 4;
    }
  };
  const copy = (bytes: Uint8Array): void => {
    file.set(bytes, at);
    at += bytes.length;
  };
  const starts = entries.map(({ name, bytes, crc }) => {
    const start = at;
    words(LOCAL);
    shorts(20, UTF8, STORED, 0, NO_DATE);
    words(crc, bytes.length, bytes.length);
    shorts(name.length, 0);
    copy(name);
    copy(bytes);
    return start;
  });
  const directory = at;
  entries.forEach(({ name, bytes, crc }, i) => {
    words(CENTRAL);
    shorts(20, 20, UTF8, STORED, 0, NO_DATE);
    words(crc, bytes.length, bytes.length);
    shorts(name.length, 0, 0, 0, 0);
    words(0, starts[i]);
    copy(name);
  });
  const size = at - directory;
  words(END);
  shorts(0, 0, entries.length, entries.length);
  words(size, directory);
  shorts(0);
  return file;
}

/**
 * Reads an npz file of numbers and texts.
 *
 * @param bytes the whole file
 * @param source what to call the file in errors, usually its path
 * @throws FormatError when it is damaged, compressed, beyond 4 GB, or holds other kinds of elements
 * @example
 * const bytes = writeNpz({ v: { shape: [1, 2], data: Float32Array.of(90, 120) } });
 * readNpz(bytes, "curves.npz").arrays.get("v")?.shape // [1, 2]
 */
export function readNpz(bytes: Uint8Array, source: string): NpzFile {
  if (!isBuiltIn(bytes, "Uint8Array")) {
    const problem = `takes the bytes of a file as a Uint8Array; got ${describeValue(bytes)}`;
    throw new ArgumentError(
      "readNpz",
      problem,
      usualFix(bytes) ?? "of an ArrayBuffer, new Uint8Array(buffer)",
    );
  }
  const refuse: Refuse = (problem, fix = "the file is damaged or no npz; write or fetch it again") => {
    throw new FormatError(source, problem, fix);
  };
  const arrays = new Map<string, NpzArray>();
  const texts = new Map<string, string>();
  for (const { name, data } of entriesOf(bytes, refuse)) {
    const key = name.replace(/\.npy$/, "");
    if (key === name) refuse(`the entry ${quote(name)} is no .npy array`);
    if (arrays.has(key) || texts.has(key)) refuse(`the array ${quote(key)} is there twice`);
    const value = readArray(key, data, refuse);
    if (typeof value === "string") texts.set(key, value);
    else arrays.set(key, value);
  }
  return { arrays, texts };
}

type Refuse = (problem: string, fix?: string) => never;

const [LOCAL, CENTRAL, END] = [0x04034b50, 0x02014b50, 0x06054b50];
const UTF8 = 0x0800;
const STORED = 0;
/** 1 January 1980, the first day of the format. */
const NO_DATE = 0x0021;
const LIMIT = 0xffffffff;
const BEYOND = "write several files; archives of the zip64 kind are not read";

/** The entries of an archive, of which none shares a byte with another. */
function entriesOf(bytes: Uint8Array, refuse: Refuse): { name: string; data: Uint8Array }[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const short = (at: number): number => view.getUint16(at, true);
  const word = (at: number): number => view.getUint32(at, true);
  let end = bytes.length - 22;
  // A comment of up to 65535 bytes may follow.
  for (const last = Math.max(0, end - 0xffff); end > last && word(end) !== END; ) end--;
  if (end < 0 || word(end) !== END) return refuse("this is no zip archive: it has no directory at its end");
  const [count, size, start] = [short(end + 10), word(end + 12), word(end + 16)];
  if (count === 0xffff || size === LIMIT || start === LIMIT)
    refuse("this archive is of the zip64 kind", BEYOND);
  if (short(end + 4) !== 0 || short(end + 8) !== count) refuse("this is one of several parts of an archive");
  if (start + size > end) refuse("its directory begins or ends outside of the file");
  const found: { name: string; data: Uint8Array; crc: number; from: number; to: number }[] = [];
  let at = start;
  for (let i = 0; i < count; i++) {
    if (at + 46 > start + size || word(at) !== CENTRAL) refuse(`its directory is damaged at entry ${i + 1}`);
    const [flags, method, crc] = [short(at + 8), short(at + 10), word(at + 16)];
    const [stored, length, offset] = [word(at + 20), word(at + 24), word(at + 42)];
    const [nameLength, extra, comment] = [short(at + 28), short(at + 30), short(at + 32)];
    const next = at + 46 + nameLength + extra + comment;
    if (next > start + size) refuse(`its directory is damaged at entry ${i + 1}`);
    const nameBytes = bytes.subarray(at + 46, at + 46 + nameLength);
    const name = decoded(nameBytes) ?? refuse(`the name of entry ${i + 1} is no text`);
    const entry = `the entry ${quote(name)}`;
    if ([stored, length, offset].includes(LIMIT)) refuse(`${entry} is of the zip64 kind`, BEYOND);
    if ((flags & 1) !== 0) refuse(`${entry} is encrypted`, "write it without a password");
    if (method !== STORED)
      refuse(`${entry} is compressed`, "write it with numpy.savez, which does not compress");
    if (stored !== length) refuse(`${entry} is said to hold ${length} bytes in ${stored}`);
    if (offset + 30 > start || word(offset) !== LOCAL) refuse(`${entry} is not where the directory says`);
    const from = offset + 30 + short(offset + 26) + short(offset + 28);
    const own = bytes.subarray(offset + 30, offset + 30 + short(offset + 26));
    if (decoded(own) !== name) refuse(`${entry} has another name in its place`);
    if (from + length > start) refuse(`${entry} ends outside of the file`);
    found.push({ name, data: bytes.subarray(from, from + length), crc, from: offset, to: from + length });
    at = next;
  }
  const sorted = found.toSorted((a, b) => a.from - b.from);
  sorted.forEach(({ name, from }, i) => {
    if (i > 0 && from < sorted[i - 1].to) refuse(`the entry ${quote(name)} lies inside another one`);
  });
  // Only now that no byte is checked twice.
  for (const { name, data, crc } of found) {
    if (crc32(data) !== crc) refuse(`the entry ${quote(name)} is damaged: its checksum is another`);
  }
  return found;
}

/** `\x93NUMPY`, version, length of the header, header, elements. */
function readArray(name: string, bytes: Uint8Array, refuse: Refuse): NpzArray | string {
  const array = `the array ${quote(name)}`;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isNpy = bytes.length >= 12 && MAGIC.every((byte, i) => bytes[i] === byte);
  const version = isNpy ? bytes[6] : 0;
  if (version < 1 || version > 3) return refuse(`${array} is not in the npy format`);
  const start = version === 1 ? 10 : 12;
  const data = start + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (data > bytes.length || data - start > 65_535) refuse(`the header of ${array} is too long`);
  const header = decoded(bytes.subarray(start, data)) ?? "";
  const match =
    /^\{ ?'descr': '([<>|=]?)([a-zA-Z])(\d{1,9})', 'fortran_order': (True|False), 'shape': \(((?:\d{1,16}, ?)*(?:\d{1,16})?)\),? ?\}\s*$/.exec(
      header,
    );
  if (match === null) {
    return refuse(
      `the header of ${array} is ${quote(header.trim())}`,
      "numbers, truth values and single texts are read",
    );
  }
  const [, order, kind, width, fortran, sizes] = match;
  const shape = sizes
    .split(",")
    .map((size) => size.trim())
    .filter(Boolean)
    .map(Number);
  if (shape.length > MOST_AXES) refuse(`${array} has ${shape.length} axes, and NumPy at most ${MOST_AXES}`);
  const count = shape.reduce((product, size) => product * size, 1);
  const bytesEach = Number(width) * (kind === "U" ? 4 : 1);
  if (!Number.isSafeInteger(count * bytesEach) || count * bytesEach !== bytes.length - data) {
    refuse(`${array} holds ${bytes.length - data} bytes, not ${count} elements of ${bytesEach}`);
  }
  const isLittle = order !== ">";
  if (kind === "U" && shape.length === 0) {
    const points = Array.from({ length: Number(width) }, (_, i) => view.getUint32(data + 4 * i, isLittle));
    if (points.some((point) => point > 0x10ffff)) refuse(`${array} is no text`);
    return points
      .map((point) => String.fromCodePoint(point))
      .join("")
      .replace(/\0+$/, "");
  }
  const read = READERS[kind + width];
  if (read === undefined) {
    return refuse(
      `${array} holds elements of the kind ${quote(kind + width)}`,
      "convert it with astype(float)",
    );
  }
  const values = kind === "f" && width === "4" ? new Float32Array(count) : new Float64Array(count);
  for (let i = 0; i < count; i++) values[i] = read(view, data + i * bytesEach, isLittle);
  if ((kind === "i" || kind === "u") && !values.every(Number.isSafeInteger)) {
    refuse(`${array} holds whole numbers beyond 2⁵³`, "convert it with astype(float)");
  }
  return { shape, data: fortran === "True" ? rowMajor(values, shape) : values };
}

const MOST_AXES = 64;
const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** How an element of a kind is read. */
const READERS: Readonly<Record<string, (view: DataView, at: number, isLittle: boolean) => number>> = {
  f4: (view, at, isLittle) => view.getFloat32(at, isLittle),
  f8: (view, at, isLittle) => view.getFloat64(at, isLittle),
  i1: (view, at) => view.getInt8(at),
  i2: (view, at, isLittle) => view.getInt16(at, isLittle),
  i4: (view, at, isLittle) => view.getInt32(at, isLittle),
  i8: (view, at, isLittle) => Number(view.getBigInt64(at, isLittle)),
  u1: (view, at) => view.getUint8(at),
  u2: (view, at, isLittle) => view.getUint16(at, isLittle),
  u4: (view, at, isLittle) => view.getUint32(at, isLittle),
  u8: (view, at, isLittle) => Number(view.getBigUint64(at, isLittle)),
  b1: (view, at) => (view.getUint8(at) === 0 ? 0 : 1),
};

/** Elements whose first axis is the innermost one, in the order in which the last one is. */
function rowMajor<T extends Float32Array | Float64Array>(values: T, shape: readonly number[]): T {
  const sorted = values.slice() as T;
  const index = shape.map(() => 0);
  for (let from = 0; from < values.length; from++) {
    let to = 0;
    for (const [axis, size] of shape.entries()) to = to * size + index[axis];
    sorted[to] = values[from];
    for (let axis = 0; axis < index.length && ++index[axis] === shape[axis]; axis++) index[axis] = 0;
  }
  return sorted;
}

function arrayBytes(name: string, array: NpzArray): Uint8Array {
  const { shape, data } = array ?? {};
  if (!isBuiltIn(data, "Float32Array") && !isBuiltIn(data, "Float64Array")) {
    const problem = `the data of ${quote(name)} are neither a Float32Array nor a Float64Array`;
    throw new ArgumentError("npz", problem, "convert them, for example with Float64Array.from(data)");
  }
  const isCount = (size: number): boolean => Number.isSafeInteger(size) && size >= 0;
  if (!Array.isArray(shape) || !shape.every(isCount) || shape.reduce((a, b) => a * b, 1) !== data.length) {
    throw new ShapeError(
      "npz",
      `the array ${quote(name)} of shape ${Array.isArray(shape) ? clip(`[${shape}]`) : describeValue(shape)} has ${data.length} values`,
      "the product of the sizes must be the number of values",
    );
  }
  if (shape.length > MOST_AXES) {
    const problem = `the array ${quote(name)} has ${shape.length} axes, and NumPy at most ${MOST_AXES}`;
    throw new ShapeError("npz", problem, "reshape it");
  }
  const width = data.BYTES_PER_ELEMENT;
  const [bytes, view, at] = npyBytes(`<f${width}`, shape, data.byteLength);
  for (let i = 0; i < data.length; i++) {
    if (width === 8) view.setFloat64(at + 8 * i, data[i], true);
    else view.setFloat32(at + 4 * i, data[i], true);
  }
  return bytes;
}

function textBytes(text: string): Uint8Array {
  const points = Array.from(text, (letter) => letter.codePointAt(0)!);
  // NumPy has no text without a letter: it reads one zero as none.
  const width = Math.max(1, points.length);
  const [bytes, view, at] = npyBytes(`<U${width}`, [], 4 * width);
  points.forEach((point, i) => {
    view.setUint32(at + 4 * i, point, true);
  });
  return bytes;
}

/** An array without its elements, and where these begin: at a multiple of 64. */
function npyBytes(kind: string, shape: readonly number[], length: number): [Uint8Array, DataView, number] {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const header = `{'descr': '${kind}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const start = Math.ceil((10 + header.length + 1) / 64) * 64;
  const bytes = new Uint8Array(start + length).fill(0x20, 0, start);
  const view = new DataView(bytes.buffer);
  bytes.set([...MAGIC, 1, 0]);
  view.setUint16(8, start - 10, true);
  bytes.set(new TextEncoder().encode(header), 10);
  bytes[start - 1] = 0x0a;
  return [bytes, view, start];
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

const quote = (text: string): string => JSON.stringify(clip(text));
