/** Stacks that begin where the engine was called, and the place of a call. Bundles and other runtimes: test/package/call-sites.test.ts. */

import { expect, it } from "vitest";
import { callSite } from "../../src/basics/call-site.ts";
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
