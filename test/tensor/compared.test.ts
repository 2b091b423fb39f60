/** Tensors that a library has compared hide their memory from it; what is computed with them is the same. */

import { expect, test, vi } from "vitest";
import { backendName } from "../../src/index.ts";
import { type Case, operations } from "../ops/records.ts";

/** The engine and its list of operations, loaded anew: as in the tests of Bun, which hide the memory of every tensor, or not. */
async function loaded(isBun: boolean) {
  vi.resetModules();
  if (isBun) vi.stubGlobal("Bun", { env: { NODE_ENV: "test" } });
  const [{ allCases, drawOperands }, { Random, useBackend }] = await Promise.all([
    import("../ops/records.ts"),
    import("../../src/index.ts"),
  ]);
  vi.unstubAllGlobals();
  useBackend(backendName());
  return { allCases, drawOperands, Random };
}

test("every operation and its gradient compute the same where all tensors hide their memory", async () => {
  const [plain, hiding] = [await loaded(false), await loaded(true)];
  expect(plain.allCases.length).toBeGreaterThan(operations.length);
  const outcome = ({ drawOperands, Random }: typeof plain, example: Case): unknown => {
    const operands = drawOperands(example, new Random(5)).map((x) =>
      Object.assign(x.clone(), { requiresGrad: true }),
    );
    const output = example.call(...operands);
    if (output.requiresGrad) output.sum().backward();
    return [output, ...operands.map(({ grad }) => grad)].map((x) => x && [x.shape, [...x.toTypedArray()]]);
  };
  for (const [i, example] of plain.allCases.entries())
    expect(outcome(hiding, hiding.allCases[i]), example.title).toEqual(outcome(plain, example));
  expect(Object.keys(hiding.drawOperands(hiding.allCases[0], new hiding.Random(5))[0])).not.toContain(
    "storage",
  );
});
