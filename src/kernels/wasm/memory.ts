/**
 * The linear memory that kernels compute in. Results stay here for a while, in a ring, so that what is computed from
 * them next finds them in place. When the ring comes round, a result that is still wanted moves to an array on the
 * JavaScript heap: nobody frees anything, and memory stays flat however long a loop runs without a pause.
 */

import type { Residence, Storage } from "../storage.ts";
import type { FloatArray } from "../types.ts";

const PAGE = 65536;
/** Address of the table that describes a kernel's operands; the first bytes hold nothing else. */
export const TABLE = 16;
/** A table that always describes the places of single elements, one behind the other, and the first of these places. */
export const SINGLES_TABLE = 256;
export const SINGLES = 640;
const RING = 1024;
/** Where the ring ends and the scratch memory of a call begins. */
const SCRATCH = RING + 2 ** 21;
/** A result larger than this part of the ring would push out too much at once: it goes to the heap directly. */
const LARGEST = (SCRATCH - RING) / 8;
/** So many results at the most, so that small ones do not keep the storages of a long past alive. */
const MOST_RESIDENTS = 4096;
/** The most memory taken, 1 GiB: what needs more is computed in parts. */
const MOST_PAGES = 16384;

/** Linear memory, perhaps one that threads share; null where the platform has none: it reserves gigabytes of addresses behind it. */
export function createMemory(shared = false): Memory | null {
  try {
    return new Memory(MOST_PAGES, shared);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Elements of a storage in the ring. */
class Resident implements Residence {
  readonly memory: Memory;
  readonly address: number;
  readonly end: number;
  readonly #storage: Storage;

  constructor(memory: Memory, storage: Storage, address: number, end: number) {
    this.memory = memory;
    this.#storage = storage;
    this.address = address;
    this.end = end;
  }

  copyTo(data: FloatArray): void {
    this.memory.read(this.address, data, 0, data.length);
  }

  /** Moves the elements to the heap, where they are still wanted. */
  leave(): void {
    if (this.#storage.residence === this) void this.#storage.data;
  }
}

/**
 * Linear memory: the ring of results, behind it what was reserved for long, and then scratch that is taken back whole before each
 * call.
 */
export class Memory {
  readonly memory: WebAssembly.Memory;
  /** The most pages of a memory that threads share; 0: they do not. */
  readonly sharedPages: number;
  readonly #mostPages: number;
  /** Where scratch begins: behind all that is reserved. */
  #scratch = SCRATCH;
  /** What was reserved once and is free again, in bytes by address. */
  readonly #free = new Map<number, number>();
  #floats: Float32Array;
  #doubles: Float64Array;
  #integers: Int32Array;
  #top = SCRATCH;
  /** Where the ring goes on. */
  #next = RING;
  /** In the order of their coming, a ring as well; `#oldest` and `#newest` count on and on. */
  readonly #residents: (Resident | undefined)[] = new Array<undefined>(MOST_RESIDENTS).fill(undefined);
  #oldest = 0;
  #newest = 0;

  /** Takes 6 MiB at first, and what is needed later, as far as `mostPages` of 64 KiB. */
  constructor(mostPages: number = MOST_PAGES, shared = false) {
    this.#mostPages = mostPages;
    this.sharedPages = shared ? mostPages : 0;
    this.memory = new WebAssembly.Memory({ initial: SCRATCH / PAGE + 64, maximum: mostPages, shared });
    const { buffer } = this.memory;
    this.#floats = new Float32Array(buffer);
    this.#doubles = new Float64Array(buffer);
    this.#integers = new Int32Array(buffer);
    for (let i = 0; SINGLES_TABLE + 8 * i < SINGLES; i++)
      this.#integers[(SINGLES_TABLE >> 2) + 2 * i] = SINGLES + 4 * i;
  }

  /**
   * A place in the ring for the elements of `storage`, whatever it held before; 0 where they are too many. Pushes out the
   * oldest results, so call it before asking where operands are.
   */
  settle(storage: Storage): number {
    const bytes = (storage.size * 4 + 15) & -16;
    if (bytes > LARGEST || bytes === 0) return 0;
    let address = this.#next;
    if (address + bytes > SCRATCH) {
      this.#pushOut(SCRATCH);
      this.#next = RING;
      address = RING;
    }
    const end = address + bytes;
    this.#pushOut(end);
    if (this.#newest - this.#oldest === MOST_RESIDENTS) this.#leaveOldest();
    const resident = new Resident(this, storage, address, end);
    this.#residents[this.#newest++ % MOST_RESIDENTS] = resident;
    storage.residence = resident;
    this.#next = end;
    return address;
  }

  /** Where the elements of a storage are in this memory; those in another one move to the heap. */
  residenceOf(storage: Storage): Residence | null {
    const { residence } = storage;
    if (residence === null || residence.memory === this) return residence;
    void storage.data;
    return null;
  }

  /** Makes the ring free from where it goes on up to `end`. */
  #pushOut(end: number): void {
    while (this.#oldest < this.#newest) {
      const { address } = this.#residents[this.#oldest % MOST_RESIDENTS]!;
      if (address < this.#next || address >= end) return;
      this.#leaveOldest();
    }
  }

  #leaveOldest(): void {
    const at = this.#oldest++ % MOST_RESIDENTS;
    this.#residents[at]!.leave();
    this.#residents[at] = undefined;
  }

  /** The address of `bytes` bytes, a multiple of 16, that stay reserved until they are released; 0 where that is too much. */
  reserve(bytes: number): number {
    const size = (bytes + 15) & -16;
    for (const [address, available] of this.#free) {
      if (available < size) continue;
      this.#free.delete(address);
      if (available > size) this.#free.set(address + size, available - size);
      return address;
    }
    if (!this.reset(size)) return 0;
    const address = this.#scratch;
    this.#scratch += size;
    this.#top = this.#scratch;
    return address;
  }

  /** Gives reserved bytes back. */
  release(address: number, bytes: number): void {
    let [start, end] = [address, address + ((bytes + 15) & -16)];
    for (const [other, size] of this.#free) {
      if (other !== end && other + size !== start) continue;
      this.#free.delete(other);
      [start, end] = [Math.min(start, other), Math.max(end, other + size)];
    }
    if (end === this.#scratch) this.#scratch = start;
    else this.#free.set(start, end - start);
  }

  /** Takes scratch back, and makes sure that `bytes` can be handed out; false where that is too much. */
  reset(bytes: number): boolean {
    this.#top = this.#scratch;
    const missing = this.#scratch + bytes - this.memory.buffer.byteLength;
    if (missing <= 0) return true;
    const pages = Math.ceil(missing / PAGE);
    const present = this.memory.buffer.byteLength / PAGE;
    if (present + pages > this.#mostPages) return false;
    try {
      // Twice as much at least, so that growing sizes do not grow it every time.
      this.memory.grow(Math.min(Math.max(pages, present), this.#mostPages - present));
    } catch {
      return false;
    }
    this.#floats = new Float32Array(this.memory.buffer);
    this.#doubles = new Float64Array(this.memory.buffer);
    this.#integers = new Int32Array(this.memory.buffer);
    return true;
  }

  /** The address of `bytes` bytes of scratch, a multiple of 16. */
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
