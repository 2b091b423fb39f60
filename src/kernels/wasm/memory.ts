/**
 * The linear memory that kernels compute in. Tensors live on the JavaScript heap; a call copies its operands in,
 * computes, and copies the result out, so nothing here outlives a call and nobody frees anything.
 */

import type { FloatArray } from "../types.ts";

const PAGE = 65536;
/** The first bytes hold the kernels' tables. */
const FIRST_ADDRESS = 1024;
/** Address of the table that describes a kernel's operands. */
export const TABLE = 16;
/** The most memory taken: beyond 1 GiB a call falls back to plain TypeScript. */
const MOST_PAGES = 16384;

/** Linear memory that is handed out from the bottom up, and taken back whole before each call. */
export class Memory {
  readonly memory: WebAssembly.Memory = new WebAssembly.Memory({ initial: 64, maximum: MOST_PAGES });
  #floats: Float32Array = new Float32Array(this.memory.buffer);
  #doubles: Float64Array = new Float64Array(this.memory.buffer);
  #integers: Int32Array = new Int32Array(this.memory.buffer);
  #top = FIRST_ADDRESS;

  /** Takes everything back, and makes sure that `bytes` can be handed out; false where that is too much. */
  reset(bytes: number): boolean {
    this.#top = FIRST_ADDRESS;
    const missing = FIRST_ADDRESS + bytes - this.memory.buffer.byteLength;
    if (missing <= 0) return true;
    const pages = Math.ceil(missing / PAGE);
    const present = this.memory.buffer.byteLength / PAGE;
    if (present + pages > MOST_PAGES) return false;
    try {
      // Twice as much at least, so that growing sizes do not grow it every time.
      this.memory.grow(Math.min(Math.max(pages, present), MOST_PAGES - present));
    } catch {
      return false;
    }
    this.#floats = new Float32Array(this.memory.buffer);
    this.#doubles = new Float64Array(this.memory.buffer);
    this.#integers = new Int32Array(this.memory.buffer);
    return true;
  }

  /** The address of `bytes` bytes, a multiple of 16. */
  take(bytes: number): number {
    const address = this.#top;
    this.#top += (bytes + 15) & -16;
    return address;
  }

  /** Copies `count` elements in. */
  write(address: number, data: FloatArray, offset: number, count: number): void {
    const whole = offset === 0 && count === data.length;
    this.#floats.set(whole ? data : data.subarray(offset, offset + count), address >> 2);
  }

  /** Copies `count` elements out. */
  read(address: number, data: FloatArray, offset: number, count: number): void {
    const at = address >> 2;
    data.set(this.#floats.subarray(at, at + count), offset);
  }

  /** The memory as float32, float64 and int32 numbers, until the next `reset`. */
  get floats(): Float32Array {
    return this.#floats;
  }
  get doubles(): Float64Array {
    return this.#doubles;
  }
  get integers(): Int32Array {
    return this.#integers;
  }
}
