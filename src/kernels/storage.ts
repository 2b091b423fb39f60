/**
 * The flat memory behind tensors, shared by all views of it. Its home is an array on the JavaScript heap; a backend
 * may keep the elements in memory of its own instead, and gives them back when somebody asks for the array.
 */

import type { FloatArray } from "./types.ts";
import { watcher } from "./watch.ts";

/** The element types: float32 is for work, float64 for the shadow evaluation that checks it. */
export type Dtype = "float32" | "float64";

/** Where a backend keeps the elements of a storage. */
export interface Residence {
  /** The backend's memory, as numbers: it has one for itself, and one that threads share. */
  readonly memory: { readonly floats: Float32Array };
  /** Of the first element, in that memory. */
  readonly address: number;
  /** Copies the elements into an array. */
  copyTo(data: FloatArray): void;
}

/** How many in-place changes there have been, of any storage: the clock that tells whether memory changed since. */
export let changes = 0;

/**
 * Flat memory. Every tensor is a view of one.
 *
 * @example
 * const { storage } = zeros([2, 2]);
 * storage.set(3, 7);
 * console.log([...storage.data]); // [0, 0, 0, 7]
 */
export class Storage {
  /** The number of elements. */
  readonly size: number;
  /** The type of the elements. */
  readonly dtype: Dtype;
  /** The count of `changes` at the last change in place, so that backward can tell that a value it reads is gone. */
  changedAt = 0;
  /** Set while a backend has the elements; `data` is out of date then. */
  residence: Residence | null = null;
  /** Whether a user may hold the array: then it is where the elements have to be, at all times. */
  isShown = false;
  /** How many cotangents of a backward walk lie here: at 0 again, the walk discards it. */
  holders = 0;
  #data: FloatArray | null;
  /** Every element, while there is no array and no residence: a scalar is a number until somebody asks for more. */
  #value = 0;

  private constructor(size: number, dtype: Dtype, data: FloatArray | null) {
    this.size = size;
    this.dtype = dtype;
    this.#data = data;
    if (watcher !== null) watcher.storage(this);
  }

  /** Memory that is there already. */
  static of(data: FloatArray): Storage {
    return new Storage(data.length, data instanceof Float32Array ? "float32" : "float64", data);
  }

  /** Zeros, which take no memory before they are needed. */
  static allocate(size: number, dtype: Dtype): Storage {
    return new Storage(size, dtype, null);
  }

  /**
   * The elements, to read and write. From here on the array is where they live: whoever holds it may write into it
   * at any time.
   */
  get data(): FloatArray {
    if (watcher !== null) watcher.touch(this);
    if (this.#data === null) {
      this.#data = allocate(this.size, this.dtype);
      if (!Object.is(this.#value, 0)) this.#data[0] = this.#value;
    }
    const { residence } = this;
    if (residence !== null) {
      residence.copyTo(this.#data);
      this.residence = null;
    }
    // An array whose buffer was given away has no elements.
    if (this.#data.length !== this.size) throw transferred(this.size);
    return this.#data;
  }

  /** One element. */
  get(index: number): number {
    if (watcher !== null) watcher.touch(this);
    return this.#data === null && this.residence === null ? this.#value : this.data[index];
  }

  /** Stores one element, rounded to the dtype. */
  set(index: number, value: number): void {
    if (watcher !== null) watcher.touch(this);
    if (index === 0 && this.size === 1 && this.#data === null) {
      this.residence = null;
      this.#value = this.dtype === "float32" ? Math.fround(value) : value;
    } else if (index >>> 0 !== index || index >= this.size) {
      throw noElement(index, this.size);
    } else {
      this.data[index] = value;
    }
  }

  /** Notes that the elements were changed in place. */
  markChanged(): void {
    this.changedAt = ++changes;
  }

  /** True for zeros that nobody has read or written yet. */
  get isUntouched(): boolean {
    return this.#data === null && this.residence === null && this.#value === 0;
  }

  /** Tells that nobody will read the elements again, so that a backend need not save them. Reading them throws. */
  discard(): void {
    if (this.residence !== null) this.residence = DISCARDED;
  }
}

function allocate(size: number, dtype: Dtype): FloatArray {
  try {
    return dtype === "float32" ? new Float32Array(size) : new Float64Array(size);
  } catch {
    const gigabytes = (size * (dtype === "float32" ? 4 : 8)) / 1e9;
    throw new RangeError(
      `halograd: no memory for ${size} elements of ${dtype}, ${gigabytes.toFixed(1)} GB.\n  Fix: work in batches, or let go of tensors and tapes that are no longer needed.`,
    );
  }
}

function transferred(size: number): TypeError {
  return new TypeError(
    `halograd: the memory of ${size} elements was transferred, by postMessage or structuredClone.\n  Fix: transfer a copy: x.toTypedArray().buffer.`,
  );
}

function noElement(index: number, size: number): RangeError {
  return new RangeError(`halograd: there is no element ${index} of ${size} to store, which count from 0.`);
}

const DISCARDED: Residence = {
  get memory(): never {
    throw readAfterDiscard();
  },
  get address(): number {
    throw readAfterDiscard();
  },
  copyTo: () => {
    throw readAfterDiscard();
  },
};

function readAfterDiscard(): Error {
  return new Error("halograd: elements were read after the engine had discarded them. Please report this.");
}
