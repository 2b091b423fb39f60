/** How many threads a command has. */

import { availableParallelism } from "node:os";

/** As many as were asked for; else, of work that is worth it, the cores, up to four: more get too few rows each. */
export function threadsFor(asked: number | undefined, isLarge: boolean): number {
  return asked ?? (isLarge ? Math.min(4, availableParallelism()) : 1);
}
