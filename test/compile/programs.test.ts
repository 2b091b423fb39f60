/** Random programs, compiled against eager. */

import { test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { compile } from "../../src/compile/index.ts";
import { useBackend } from "../../src/index.ts";
import { batches, features, graph, run, runLayers } from "./programs.ts";

useBackend("wasm");

/** How many programs are drawn: `HALOGRAD_PROGRAMS=10000` for many. */
const PROGRAMS = Number(process.env.HALOGRAD_PROGRAMS ?? 150);
const TIMEOUT = 400 * PROGRAMS;

describe("a random program over a large batch", () => {
  test.prop([batches], { numRuns: Math.ceil(PROGRAMS / 10) })(
    "leaves the same bits behind when it is compiled",
    (drawn) => {
      expect(runLayers(drawn, compile)).toBe(runLayers(drawn, null));
    },
    TIMEOUT,
  );
});

describe("a random program", () => {
  test.prop([graph(), features], { numRuns: PROGRAMS })(
    "leaves the same bits behind when it is compiled, call after call",
    (drawn, wanted) => {
      expect(run(drawn, wanted, 12, compile)).toEqual(run(drawn, wanted, 12, null));
    },
    TIMEOUT,
  );
});
