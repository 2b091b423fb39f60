/** Stacks that begin where the engine was called, and the place of a call. Bundles and other runtimes: test/package/call-sites.test.ts. */

import { describe, expect, it } from "vitest";
import { callSite, placeIn } from "../../src/basics/call-site.ts";
import { tensor } from "../../src/index.ts";

it("an error's stack begins where the engine was called, with its name and message before it", () => {
  const { stackTraceLimit } = Error;
  // V8's own: another one says that somebody wants to see all frames.
  Error.stackTraceLimit = 10;
  try {
    const [error] = [[1]].map((values) => {
      try {
        return tensor(values).mul(tensor([1, 2, 3])).add(tensor([1, 2])) as never as Error; // biome-ignore format: one line.
      } catch (error) {
        return error as Error;
      }
    });
    const [name, first] = error.stack!.split("\n    at ");
    expect(name).toBe(`${error.name}: ${error.message}`);
    expect(first).toMatch(/call-site\.test\.ts:\d+:\d+\)?$/);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
});

it("the place of a call is found in a function without a name, too", () => {
  const [[site, line]] = [0].map(() => [callSite(), new Error().stack!.split("\n")[1]]);
  expect(site).toMatch(/call-site\.test\.ts:\d+:\d+$/);
  expect(line).toContain(site.slice(0, site.lastIndexOf(":")));
});

it("an error's stack can be set, and is the engine's own where nobody can be found, or asks for more frames", () => {
  const { stackTraceLimit, captureStackTrace } = Error;
  const failing = () => {
    try {
      return tensor([1]).reshape([2]) as never;
    } catch (error) {
      return error as Error;
    }
  };
  try {
    Error.stackTraceLimit = 10;
    const error = failing();
    error.stack = "mine";
    expect(error.stack).toBe("mine");
    expect(Object.keys(error)).toEqual([]);
    expect(failing().stack!.split("\n    at ").length).toBeLessThanOrEqual(11);
    expect(Error.stackTraceLimit).toBe(10);
    Error.stackTraceLimit = 30;
    expect(failing().stack).toMatch(/\n {4}at .*src\/ops\//);
    // Engines that cannot capture a stack keep the one that they made.
    Error.stackTraceLimit = 10;
    Object.assign(Error, { captureStackTrace: undefined });
    expect(failing().stack).toMatch(/\n {4}at .*src\/ops\//);
  } finally {
    Object.assign(Error, { stackTraceLimit, captureStackTrace });
  }
});

describe("the place in a stack", () => {
  const files = "file:///home/me/node_modules/halograd/dist";
  const v8 = (...frames: string[]): string =>
    ["Error", ...frames.map((frame) => `    at ${frame}`)].join("\n");
  const engine = [
    `firstLandmark (${files}/basics/errors.js:8:40)`,
    `mul (${files}/ops/elementwise.js:30:12)`,
  ];
  const last = v8(`lastLandmark (${files}/index.js:90:1)`);

  it.each([
    ["fit (file:///home/me/fit.ts:12:31)"],
    ["file:///home/me/fit.ts:12:31"],
    ["async fit (file:///home/me/fit.ts:12:31)"],
    ["async file:///home/me/fit.ts:12:31"],
    ["new Model (/home/me/fit (copy).ts:12:31)"],
    ["/home/me/fit (copy).ts:12:31"],
    ["Object.<anonymous> (/home/me@work/fit.ts:1:2)"],
    ["fit (file:///home/me/node_modules/halograd/src/fit.ts:1:2)"],
    ["eval (eval at run (file:///home/me/run.js:3:4), <anonymous>:1:2)"],
  ])("of V8: %s", (caller) => {
    expect(placeIn(v8(...engine, caller, "main (file:///home/me/main.ts:1:1)"), v8(...engine), last)).toBe(
      caller,
    );
    expect(placeIn(v8(...engine, "Array.map (<anonymous>)", caller), v8(...engine), last)).toBe(caller);
  });

  it.each([
    ["fit@http://localhost:8080/fit.js:12:31"],
    ["@http://localhost:8080/fit.js:12:31"],
    ["http://localhost:8080/fit.js:12:31"],
    ["async*fit@http://localhost:8080/fit.js:12:31"],
  ])("of Firefox and Safari: %s", (caller) => {
    const own = "http://localhost:8080/halograd/dist";
    const first = `firstLandmark@${own}/basics/errors.js?v=3:8:40\nmul@${own}/ops/elementwise.js:30:12\nmap@[native code]`;
    expect(placeIn(`${first}\n${caller}\nmain@http://localhost:8080/a.js:1:1`, first, first)).toBe(caller);
    expect(placeIn(`${first}\n`, first, first)).toBe("unknown place");
  });

  it("of sources that are run as they are, and of what Vite keeps of dependencies", () => {
    const sources = v8(
      "firstLandmark (/home/me/halograd/src/basics/errors.ts:8:40)",
      "mul (/home/me/halograd/src/ops/mul.ts:1:1)",
    );
    expect(placeIn(`${sources}\n    at /home/me/halograd/test/a.ts:3:4`, sources, sources)).toBe(
      "/home/me/halograd/test/a.ts:3:4",
    );
    const vite = "http://localhost:5173/node_modules/.vite/deps";
    const kept = v8(`firstLandmark (${vite}/chunk-ABC.js?v=1:8:40)`, `mul (${vite}/halograd_nn.js?v=1:1:1)`);
    expect(placeIn(`${kept}\n    at fit (http://localhost:5173/fit.ts:3:4)`, kept, kept)).toBe(
      "fit (http://localhost:5173/fit.ts:3:4)",
    );
  });

  it.each([
    ["9:99", true],
    ["10:4", true],
    ["10:6", false],
    ["11:1", false],
    ["499:90", false],
    ["500:2", false],
    ["500:4", true],
    ["501:1", true],
  ])("of a bundle with the engine from 10:5 to 500:3: what lies at %s is a caller (%s)", (at, isCaller) => {
    const place = `f (file:///home/me/bundle.js:${at})`;
    const stack = v8(
      "firstLandmark (file:///home/me/bundle.js:10:5)",
      place,
      "main (file:///home/me/main.js:1:1)",
    );
    const found = placeIn(stack, stack, v8("lastLandmark (file:///home/me/bundle.js:500:3)"));
    expect(found).toBe(isCaller ? place : "main (file:///home/me/main.js:1:1)");
  });

  it("of a data: URL without its source", () => {
    const url = (place: string): string => `data:text/javascript;base64,${"QUJD".repeat(100)}:${place}`;
    const first = v8(`a (${url("1:100")})`);
    const end = v8(`b (${url("1:20000")})`);
    expect(placeIn(v8(`a (${url("1:100")})`, `f (${url("12:34")})`), first, end)).toBe(
      "f (data:text/javascript;base64,…:12:34)",
    );
    expect(placeIn(v8(`a (${url("1:100")})`, url("1:20001")), first, end)).toBe(
      "data:text/javascript;base64,…:1:20001",
    );
  });
});
