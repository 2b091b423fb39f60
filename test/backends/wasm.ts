/** Set-up of the suites that run on the wasm backend. */

import { useBackend } from "../../src/kernels/index.ts";
import { PATIENCE } from "../../src/kernels/wasm/elementwise.ts";

if (useBackend("wasm") !== "wasm") throw new Error("the wasm backend does not run here");
// What is computed many times over is what is tested, also where a test computes it once.
PATIENCE.elements = 0;
