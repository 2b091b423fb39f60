/** Random programs, compiled against eager. */

import { fc, test } from "@fast-check/vitest";
import { afterAll, describe, expect } from "vitest";
import { compile } from "../../src/compile/index.ts";
import { useBackend } from "../../src/index.ts";
import { PATIENCE } from "../../src/kernels/wasm/elementwise.ts";
import { batches, features, graph, run, runLayers } from "./programs.ts";

useBackend("wasm");

/** How many programs are drawn: `HALOGRAD_PROGRAMS=10000` for many. */
const PROGRAMS = Number(process.env.HALOGRAD_PROGRAMS ?? 150);
const TIMEOUT = 400 * PROGRAMS;

/** Loops that compute vectors abreast from the first call on, from some call on, and in no call. */
const patience = fc.constantFrom(0, 64, PATIENCE.elements);
const { elements } = PATIENCE;
afterAll(() => {
  PATIENCE.elements = elements;
});

describe("a random program over a large batch", () => {
  test.prop([batches, patience], { numRuns: Math.ceil(PROGRAMS / 10) })(
    "leaves the same bits behind when it is compiled",
    (drawn, elements) => {
      PATIENCE.elements = elements;
      expect(runLayers(drawn, compile)).toBe(runLayers(drawn, null));
    },
    TIMEOUT,
  );
});

describe("a random program", () => {
  test.prop([graph(), features, patience], { numRuns: PROGRAMS })(
    "leaves the same bits behind when it is compiled, call after call",
    (drawn, wanted, elements) => {
      PATIENCE.elements = elements;
      expect(run(drawn, wanted, 12, compile)).toEqual(run(drawn, wanted, 12, null));
    },
    TIMEOUT,
  );
});
