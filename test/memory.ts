/** What a piece of work takes of memory, without asking the clock. */
import { memoryUsage } from "node:process";
import { expect } from "vitest";

/**
 * Runs work on an input and expects that it takes no more memory than the input's size allows. Arrays count when they
 * are allocated, touched or not, so a length that a file claims and does not have shows at once. What is collected
 * meanwhile makes the check lenient, never wrong.
 *
 * @param bytes the size of the input; half a kilobyte for each of them, and 4 MB for the work itself
 */
export function withinMemory<T>(bytes: number, work: () => T): T {
  const before = used();
  try {
    return work();
  } finally {
    expect(used() - before, "memory taken").toBeLessThan(4_000_000 + 500 * bytes);
  }
}

function used(): number {
  const { heapUsed, external } = memoryUsage();
  return heapUsed + external;
}
