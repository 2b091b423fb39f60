/**
 * From import to the first result, in a process that does nothing else: `node start-up.js <module> <variant>` prints
 * the milliseconds until the library is loaded and until its first gradient is read. Node's own start is not in them.
 */

import type { StartUp } from "../processes.ts";
import { importPeer } from "./peer.ts";

const [module, variant] = process.argv.slice(2);
const start = performance.now();
const { firstResult } = module === "halograd" ? await import("./first-result.ts") : await importPeer(module);
const imported = performance.now();
const value = await firstResult(variant);
const outcome: StartUp = {
  importMilliseconds: imported - start,
  firstMilliseconds: performance.now() - start,
  value,
};
console.log(JSON.stringify(outcome));
process.exit();
