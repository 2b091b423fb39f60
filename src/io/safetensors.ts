/**
 * The safetensors format, in which model weights travel between frameworks: read and written as bytes, with no
 * file system. A hostile or damaged file ends in a FormatError, in time and memory linear in its length.
 *
 * Layout: header length (8 bytes, little-endian) | JSON header, padded with spaces | tensor data, row-major.
 * Source: https://github.com/huggingface/safetensors, README.md "Format" and safetensors/src/tensor.rs.
 */
import { checkKind, clip, describeValue, isBuiltIn, usualFix } from "../basics/check.ts";
import { ArgumentError, DtypeError, FormatError, ShapeError } from "../basics/errors.ts";
import type { Bytes } from "../kernels/index.ts";

/** The element types of floats. F16 and BF16 are widened to float32, which is exact. */
export type SafetensorsDtype = "F64" | "F32" | "F16" | "BF16";

/** The element types of whole numbers. BOOL is 0 or 1. */
export type SafetensorsIntegerDtype = keyof SafetensorsIntegers;

/** What whole numbers are read as: nothing is rounded, those of 64 bits are bigint. */
export interface SafetensorsIntegers {
  /** Signed, of 64 bits. */
  readonly I64: BigInt64Array;
  /** Unsigned, of 64 bits. */
  readonly U64: BigUint64Array;
  /** Signed, of 32 bits. */
  readonly I32: Int32Array;
  /** Unsigned, of 32 bits. */
  readonly U32: Uint32Array;
  /** Signed, of 16 bits. */
  readonly I16: Int16Array;
  /** Unsigned, of 16 bits. */
  readonly U16: Uint16Array;
  /** Signed, of 8 bits. */
  readonly I8: Int8Array;
  /** Unsigned, of 8 bits. */
  readonly U8: Uint8Array;
  /** 1 for true, 0 for false. */
  readonly BOOL: Uint8Array;
}

/** A tensor of whole numbers as read. */
export interface SafetensorsIntegerTensor<D extends SafetensorsIntegerDtype = SafetensorsIntegerDtype> {
  /** The element type in the file. */
  readonly dtype: D;
  /** Sizes of the axes; `[]` for a scalar. */
  readonly shape: number[];
  /** The typed array of the element type; row-major, and a copy of its own. */
  readonly data: SafetensorsIntegers[D];
}

/** A tensor as read: `dtype` is the file's, `data` is row-major and a copy of its own. */
export interface SafetensorsTensor {
  /** The element type in the file. */
  readonly dtype: SafetensorsDtype;
  /** Sizes of the axes; `[]` for a scalar. */
  readonly shape: number[];
  /** Float64Array for F64, Float32Array for the others. */
  readonly data: Float32Array | Float64Array;
}

/** All of a file: tensors in the order of their data, floats apart from whole numbers, and the free text under `__metadata__`. */
export interface SafetensorsFile {
  /** By name, in the order of their data. */
  readonly tensors: Map<string, SafetensorsTensor>;
  /** Tensors of whole numbers, which no parameter holds: counters, token numbers, masks. */
  readonly integers: Map<string, SafetensorsIntegerTensor>;
  /** The free text under `__metadata__`. */
  readonly metadata: Map<string, string>;
}

/**
 * A tensor to write: Float32Array becomes F32, Float64Array F64; the shape's product is the data's length. Of an engine's
 * tensor, which may see its memory in another order, the elements are taken in the order in which it shows them.
 */
export interface TensorToWrite {
  /** Sizes of the axes; `[]` for a scalar. */
  readonly shape: readonly number[];
  /** In row-major order. */
  readonly data: Float32Array | Float64Array;
  /** The elements in row-major order, where `data` is memory that is seen in another way. */
  toTypedArray?(): Float32Array | Float64Array;
}

/** Name and value pairs: a Map, an array of pairs or a plain object. */
export type Named<T> = Iterable<readonly [string, T]> | Readonly<Record<string, T>>;

/** The limit of the reference implementation, in bytes. */
const maxHeaderLength = 100_000_000;
const metadataKey = "__metadata__";

/**
 * Reads a safetensors file.
 *
 * @param bytes the whole file; need not be aligned
 * @param source what to call the file in errors, usually its path
 * @throws FormatError when the bytes are not a complete and consistent safetensors file, or hold a dtype that
 *   is not read, such as floats of 8 bits
 * @example
 * const bytes = writeSafetensors({ "encoder.0.bias": { shape: [2], data: Float32Array.of(1, 2) } });
 * readSafetensors(bytes, "model.safetensors").tensors.get("encoder.0.bias")?.shape; // [2]
 */
export function readSafetensors(bytes: Uint8Array, source: string): SafetensorsFile {
  const refuse: Refuse = (
    problem,
    fix = "the file is damaged or not safetensors; write or fetch it again",
  ) => {
    throw new FormatError(source, problem, fix);
  };
  if (!isBuiltIn(bytes, "Uint8Array")) {
    throw new ArgumentError(
      "readSafetensors",
      `takes the bytes of a file as a Uint8Array; got ${describeValue(bytes)}`,
      usualFix(bytes) ?? "of an ArrayBuffer, new Uint8Array(buffer)",
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 8) refuse(`${bytes.length} bytes are too few for the 8 of a safetensors header length`);
  const headerLength = view.getUint32(0, true) + view.getUint32(4, true) * 4294967296;
  if (headerLength > Math.min(maxHeaderLength, bytes.length - 8)) {
    // Read as a number, letters give lengths of some 10¹⁸ bytes.
    if (
      bytes
        .subarray(0, 8)
        .every((byte) => byte === 9 || byte === 10 || byte === 13 || (byte >= 32 && byte < 127))
    )
      refuse(
        `this looks like text, starting with ${quote(String.fromCharCode(...bytes.subarray(0, 8)))}`,
        "give a .safetensors file",
      );
    refuse(
      `the header is said to hold ${headerLength} bytes, but ${bytes.length - 8} bytes follow and at most ` +
        `${maxHeaderLength} are allowed`,
    );
  }
  const { infos, metadata } = new HeaderParser(bytes.subarray(8, 8 + headerLength), refuse).parse();

  // The data are covered once, in order, without holes: sorted by offset, each tensor starts where the last ended.
  infos.sort((a, b) => a.start - b.start || a.end - b.end);
  const dataStart = 8 + headerLength;
  let position = 0;
  for (const { name, dtype, shape, start, end } of infos) {
    if (start !== position) {
      const kind = start > position ? "a hole before" : "an overlap at";
      refuse(`${kind} tensor ${quote(name)}: it starts at byte ${start} of the data, expected ${position}`);
    }
    const length = byteLength(shape, isInteger(dtype) ? integers[dtype].size : floats[dtype].size);
    if (length === undefined) refuse(`tensor ${quote(name)} has more elements than can be counted`);
    if (end - start !== length) {
      refuse(
        `tensor ${quote(name)} spans ${end - start} bytes, but ${dtype} of shape ${show(shape)} takes ${length}`,
      );
    }
    position = end;
  }
  if (dataStart + position !== bytes.length) {
    refuse(`the header describes ${position} bytes of data, but the file holds ${bytes.length - dataStart}`);
  }

  // Only now that every length is proven is memory taken for the data.
  const tensors = new Map<string, SafetensorsTensor>();
  const whole = new Map<string, SafetensorsIntegerTensor>();
  for (const { name, dtype, shape, start, end } of infos) {
    const part = new DataView(bytes.buffer, bytes.byteOffset + dataStart + start, end - start);
    if (isInteger(dtype)) whole.set(name, { dtype, shape, data: integers[dtype].decode(part) });
    else tensors.set(name, { dtype, shape, data: floats[dtype].decode(part) });
  }
  return { tensors, integers: whole, metadata };
}

/**
 * Writes tensors as a safetensors file. The bytes depend only on the content, not on the order given: they are
 * those of the reference implementation (wider dtype first, then by name), with the metadata sorted by key.
 *
 * @param tensors name → shape and data
 * @param metadata free text, name → text; none by default
 * @throws ShapeError when a shape does not fit its data
 * @throws DtypeError when the data are a typed array other than a Float32Array and a Float64Array
 * @throws ArgumentError when the data are no typed array, or a name is given twice, is `__metadata__`, or is not valid Unicode
 * @example
 * writeSafetensors({ bias: { shape: [2], data: new Float32Array([1, 2]) } }, { epoch: "2000" });
 */
export function writeSafetensors(tensors: Named<TensorToWrite>, metadata: Named<string> = {}): Bytes {
  const sorted = pairs(tensors, "tensor")
    .map(([name, tensor]) => [name, { shape: tensor?.shape, data: elementsOf(name, tensor) }] as const)
    .sort(
      ([a, { data: left }], [b, { data: right }]) =>
        right.BYTES_PER_ELEMENT - left.BYTES_PER_ELEMENT || compareCodePoints(a, b),
    );
  const entries: string[] = [];
  const texts = pairs(metadata, "metadata").sort(([a], [b]) => compareCodePoints(a, b));
  if (texts.length > 0) {
    const body = texts.map(([key, text]) => `${JSON.stringify(key)}:${JSON.stringify(wellFormed(text))}`);
    entries.push(`"${metadataKey}":{${body.join()}}`);
  }
  let position = 0;
  for (const [name, { shape, data }] of sorted) {
    const dtype = isBuiltIn(data, "Float64Array") ? "F64" : "F32";
    if (!Array.isArray(shape) || byteLength(shape, data.BYTES_PER_ELEMENT) !== data.byteLength) {
      throw new ShapeError(
        "safetensors",
        `tensor ${quote(name)} of shape ${Array.isArray(shape) ? show(shape) : describeValue(shape)} has ${data.length} values`,
        "the product of the dimensions must be the number of values",
      );
    }
    const offsets = `[${position},${position + data.byteLength}]`;
    entries.push(
      `${JSON.stringify(name)}:{"dtype":"${dtype}","shape":[${shape.join()}],"data_offsets":${offsets}}`,
    );
    position += data.byteLength;
  }
  const header = new (coder("TextEncoder"))().encode(`{${entries.join()}}`);
  // Padded, so that data that are mapped from disk are aligned.
  const dataStart = 8 + Math.ceil(header.length / 8) * 8;
  if (dataStart - 8 > maxHeaderLength) {
    throw new ArgumentError(
      "safetensors",
      `a header of ${dataStart - 8} bytes exceeds ${maxHeaderLength}`,
      "shorten it",
    );
  }

  const bytes = new Uint8Array(dataStart + position);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, dataStart - 8, true);
  bytes.set(header, 8);
  bytes.fill(0x20, 8 + header.length, dataStart);
  let at = dataStart;
  for (const [, { data }] of sorted) {
    if (data.BYTES_PER_ELEMENT === 8) {
      for (const value of data) {
        view.setFloat64(at, value, true);
        at += 8;
      }
    } else {
      for (const word of new Uint32Array(data.buffer, data.byteOffset, data.length)) {
        view.setUint32(at, word, true);
        at += 4;
      }
    }
  }
  return bytes;
}

function elementsOf(name: string, tensor: TensorToWrite): Float32Array | Float64Array {
  const data = tensor?.toTypedArray?.() ?? tensor?.data;
  if (isBuiltIn(data, "Float64Array") || isBuiltIn(data, "Float32Array")) return data;
  throw new (ArrayBuffer.isView(data) ? DtypeError : ArgumentError)(
    "safetensors",
    `the data of tensor ${quote(name)} are neither a Float32Array nor a Float64Array`,
    "convert them, for example with Float32Array.from(data)",
  );
}

/** Element sizes and decoders. Float32 goes through integers: bits, NaN payloads too, and byte order stay exact. */
const floats = {
  F64: {
    size: 8,
    decode: (view: DataView) =>
      new Float64Array(view.byteLength / 8).map((_, i) => view.getFloat64(8 * i, true)),
  },
  F32: { size: 4, decode: (view: DataView) => float32From(view, 4, (at) => view.getUint32(at, true)) },
  F16: { size: 2, decode: (view: DataView) => float32From(view, 2, (at) => widen(view.getUint16(at, true))) },
  BF16: { size: 2, decode: (view: DataView) => float32From(view, 2, (at) => view.getUint16(at, true) << 16) },
} as const;

const integers: {
  readonly [D in SafetensorsIntegerDtype]: {
    readonly size: number;
    decode(view: DataView): SafetensorsIntegers[D];
  };
} = {
  I64: {
    size: 8,
    decode: (view) => new BigInt64Array(view.byteLength / 8).map((_, i) => view.getBigInt64(8 * i, true)),
  },
  U64: {
    size: 8,
    decode: (view) => new BigUint64Array(view.byteLength / 8).map((_, i) => view.getBigUint64(8 * i, true)),
  },
  I32: {
    size: 4,
    decode: (view) => new Int32Array(view.byteLength / 4).map((_, i) => view.getInt32(4 * i, true)),
  },
  U32: {
    size: 4,
    decode: (view) => new Uint32Array(view.byteLength / 4).map((_, i) => view.getUint32(4 * i, true)),
  },
  I16: {
    size: 2,
    decode: (view) => new Int16Array(view.byteLength / 2).map((_, i) => view.getInt16(2 * i, true)),
  },
  U16: {
    size: 2,
    decode: (view) => new Uint16Array(view.byteLength / 2).map((_, i) => view.getUint16(2 * i, true)),
  },
  I8: { size: 1, decode: (view) => new Int8Array(view.byteLength).map((_, i) => view.getInt8(i)) },
  U8: { size: 1, decode: (view) => new Uint8Array(view.byteLength).map((_, i) => view.getUint8(i)) },
  BOOL: { size: 1, decode: (view) => new Uint8Array(view.byteLength).map((_, i) => view.getUint8(i)) },
};

/** The names of all element types that are read. */
type AnyDtype = SafetensorsDtype | SafetensorsIntegerDtype;

const isInteger = (dtype: string): dtype is SafetensorsIntegerDtype => Object.hasOwn(integers, dtype);

const isRead = (dtype: string): dtype is AnyDtype => Object.hasOwn(floats, dtype) || isInteger(dtype);

function float32From(view: DataView, size: number, bitsAt: (at: number) => number): Float32Array {
  const bits = new Uint32Array(view.byteLength / size);
  for (let i = 0; i < bits.length; i++) bits[i] = bitsAt(size * i);
  return new Float32Array(bits.buffer);
}

/** The bits of a float16 as those of the equal float32: 5 bits of exponent (bias 15) become 8 (bias 127). */
function widen(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 31) return sign | 0x7f800000 | (fraction << 13); // infinity, NaN
  if (exponent > 0) return sign | ((exponent + 112) << 23) | (fraction << 13);
  if (fraction === 0) return sign;
  // Subnormal: fraction · 2⁻²⁴. With the leading one at bit 31 − clz it is normal in float32.
  const shift = Math.clz32(fraction) - 8;
  return sign | ((126 - shift) << 23) | ((fraction << shift) & 0x7fffff);
}

interface TensorInfo {
  readonly name: string;
  readonly dtype: AnyDtype;
  readonly shape: number[];
  readonly start: number;
  readonly end: number;
}

type Refuse = (problem: string, fix?: string) => never;

/**
 * Reads the header's own small grammar instead of any JSON, so what JSON.parse hides or allows (duplicate keys,
 * `__proto__`, deep nesting, fractions, integers beyond 2⁵³) is refused at its place.
 */
class HeaderParser {
  private readonly text: string;
  private readonly refuse: Refuse;
  private at = 0;

  constructor(bytes: Uint8Array, refuse: Refuse) {
    this.refuse = refuse;
    const Decoder = coder("TextDecoder");
    try {
      this.text = new Decoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      refuse("the header is not valid UTF-8");
    }
  }

  parse(): { infos: TensorInfo[]; metadata: Map<string, string> } {
    const infos: TensorInfo[] = [];
    const metadata = new Map<string, string>();
    if (this.text[0] !== "{") this.unexpected('"{"');
    this.object((name) => {
      if (name === metadataKey) this.object((key) => metadata.set(key, this.string()));
      else infos.push(this.tensorInfo(name));
    });
    this.skipSpace();
    if (this.at < this.text.length) this.unexpected("the end of the header");
    return { infos, metadata };
  }

  private tensorInfo(name: string): TensorInfo {
    let dtype: string | undefined;
    let shape: number[] | undefined;
    let offsets: number[] | undefined;
    this.object((key) => {
      if (key === "dtype") dtype = this.string();
      else if (key === "shape") shape = this.integers();
      else if (key === "data_offsets") offsets = this.integers();
      else this.refuse(`tensor ${quote(name)} has an unknown field ${quote(key)}`);
    });
    if (dtype === undefined || shape === undefined || offsets?.length !== 2) {
      return this.refuse(`tensor ${quote(name)} needs a dtype, a shape and two data_offsets`);
    }
    if (!isRead(dtype)) {
      return this.refuse(
        `tensor ${quote(name)} has dtype ${quote(dtype)}, which is not read`,
        `convert it to one of ${[...Object.keys(floats), ...Object.keys(integers)].join(", ")} before saving`,
      );
    }
    const [start, end] = offsets as [number, number];
    return { name, dtype, shape, start, end };
  }

  /** `{ key: value, … }`; `value` reads what follows each colon. */
  private object(value: (key: string) => void): void {
    const seen = new Set<string>();
    this.expect("{");
    if (this.accept("}")) return;
    do {
      const key = this.string();
      if (seen.has(key)) this.refuse(`the key ${quote(key)} stands twice in the header`);
      seen.add(key);
      this.expect(":");
      value(key);
    } while (this.accept(","));
    this.expect("}");
  }

  private integers(): number[] {
    const values: number[] = [];
    this.expect("[");
    if (this.accept("]")) return values;
    do {
      this.skipSpace();
      const start = this.at;
      while (isDigit(this.text.charCodeAt(this.at))) this.at++;
      const digits = this.text.slice(start, this.at);
      if (digits === "" || (digits[0] === "0" && digits !== "0"))
        this.unexpected("a whole number ≥ 0", start);
      const number = Number(digits);
      if (!Number.isSafeInteger(number)) this.refuse(`the number ${clip(digits)} in the header exceeds 2⁵³`);
      values.push(number);
    } while (this.accept(","));
    this.expect("]");
    return values;
  }

  private string(): string {
    this.skipSpace();
    const start = this.at;
    this.expect('"');
    // The end is found here; escapes and their errors are left to JSON.parse, one literal at a time.
    for (let code = -1; code !== 0x22; this.at++) {
      if (this.at >= this.text.length) this.unexpected('a closing "');
      code = this.text.charCodeAt(this.at);
      if (code === 0x5c) this.at++;
    }
    let value: string;
    try {
      value = JSON.parse(this.text.slice(start, this.at));
    } catch {
      return this.unexpected("a JSON string", start);
    }
    return isWellFormed(value) ? value : this.unexpected("a string of valid Unicode", start);
  }

  private expect(mark: string): void {
    if (!this.accept(mark)) this.unexpected(quote(mark));
  }

  private accept(mark: string): boolean {
    this.skipSpace();
    if (this.text[this.at] !== mark) return false;
    this.at++;
    return true;
  }

  private skipSpace(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.at++;
    }
  }

  private unexpected(wanted: string, at: number = this.at): never {
    const found = at < this.text.length ? quote(this.text.slice(at, at + 20)) : "its end";
    return this.refuse(`the header holds ${found} at character ${at}, where ${wanted} should be`);
  }
}

/** Bytes taken by a shape; undefined when a dimension is no whole number ≥ 0 or the product exceeds 2⁵³. */
function byteLength(shape: readonly number[], size: number): number | undefined {
  let length = size;
  for (const dimension of shape) {
    length *= dimension;
    if (!(Number.isSafeInteger(dimension) && dimension >= 0 && Number.isSafeInteger(length)))
      return undefined;
  }
  return length;
}

function pairs<T>(named: Named<T>, what: string): [string, T][] {
  const isWhole = typeof named === "object" && named !== null && "stateDictionary" in named;
  if (typeof named !== "object" || named === null || "toTypedArray" in named || isWhole) {
    throw new ArgumentError(
      "safetensors",
      `takes ${what === "tensor" ? "tensors" : what} by name; got ${describeValue(named)}`,
      isWhole ? "pass its stateDictionary()" : "give an object, a Map or pairs",
    );
  }
  const list: (readonly [string, T])[] = Symbol.iterator in named ? [...named] : Object.entries(named);
  for (const pair of list) checkKind("safetensors", "a pair of name and value", pair, "list");
  const seen = new Set<string>();
  return list.map(([name, value]) => {
    if (seen.has(name) || (name === metadataKey && what === "tensor")) {
      const problem = seen.has(name) ? "is given twice" : "is reserved for metadata";
      throw new ArgumentError("safetensors", `the ${what} name ${quote(name)} ${problem}`, "rename it");
    }
    seen.add(name);
    return [wellFormed(name), value];
  });
}

function wellFormed(text: string): string {
  if (typeof text === "string" && isWellFormed(text)) return text;
  throw new ArgumentError(
    "safetensors",
    `${quote(String(text))} is not text that UTF-8 can hold (a number, or half a surrogate pair)`,
    "give names and metadata as strings of valid Unicode",
  );
}

/** The order of UTF-8 bytes, as the reference sorts; `<` on strings would compare surrogates before U+E000. */
function compareCodePoints(a: string, b: string): number {
  let i = 0;
  while (i < a.length && a.charCodeAt(i) === b.charCodeAt(i)) i++;
  // The first difference may be in the second half of a pair; then both are second halves and order alike.
  return (a.codePointAt(i) ?? -1) - (b.codePointAt(i) ?? -1);
}

const isWellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text);
const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;
const quote = (text: string): string => JSON.stringify(clip(text));
const show = (shape: readonly number[]): string => clip(`[${shape.slice(0, 60).join(", ")}]`);

/** The platform's own; there is none under jsdom, for one. */
function coder<Name extends "TextEncoder" | "TextDecoder">(name: Name): (typeof globalThis)[Name] {
  if (globalThis[name] !== undefined) return globalThis[name];
  throw new ArgumentError(
    "safetensors",
    `there is no ${name} here, as under jsdom.`,
    `set globalThis.${name}; that of node:util will do.`,
  );
}
