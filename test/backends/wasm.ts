/** Set-up of the suites that run on the wasm backend. */

import { useBackend } from "../../src/kernels/index.ts";

if (useBackend("wasm") !== "wasm") throw new Error("the wasm backend does not run here");
