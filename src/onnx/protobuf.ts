/**
 * The part of protocol buffers that an ONNX file needs, written by hand: fields of numbers, texts, bytes and messages.
 *
 * Source: https://protobuf.dev/programming-guides/encoding
 */

import type { Bytes } from "../kernels/index.ts";

/** A message as the bytes of its fields, in the order in which they are added. */
export class ProtobufMessage {
  readonly #parts: Uint8Array[] = [];
  #length = 0;

  /** A whole number: int32, int64, an enumeration. */
  integer(field: number, value: number): this {
    return this.#add(varint(field * 8), varint(value));
  }

  /** A text in UTF-8. */
  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  /** Bytes, or another message. */
  bytes(field: number, value: Uint8Array | ProtobufMessage): this {
    const bytes = value instanceof ProtobufMessage ? value.finish() : value;
    return this.#add(varint(field * 8 + 2), varint(bytes.length), bytes);
  }

  /** Several fields of one number, in their order. */
  each<T>(values: Iterable<T>, add: (message: this, value: T) => void): this {
    for (const value of values) add(this, value);
    return this;
  }

  /** The message as bytes. */
  finish(): Bytes {
    const bytes = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }

  #add(...parts: Uint8Array[]): this {
    for (const part of parts) {
      this.#parts.push(part);
      this.#length += part.length;
    }
    return this;
  }
}

/** Seven bits a byte, least first; a negative number as its 64 bits of two's complement. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
