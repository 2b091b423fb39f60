/** Set-up of the suites that run on the typescript backend. */

import { useBackend } from "../../src/kernels/index.ts";

if (useBackend("typescript") !== "typescript") throw new Error("the typescript backend does not run here");
