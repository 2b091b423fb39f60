/** The suite as mutation testing runs it: one folder's tests, one backend, the same random cases in every run. */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const folders = process.env.MUTATION_TESTS?.split(",") ?? [];

export default defineConfig({
  resolve: { alias: { "@fast-check/vitest": fileURLToPath(new URL("property.ts", import.meta.url)) } },
  test: {
    include: folders.map((folder) => `test/${folder}/**/*.test.ts`),
    exclude: [
      ...(process.env.MUTATION_SLOW?.split(",").filter(Boolean) ?? []),
      // It loads a second copy of the package, and with it runs all that runs on loading: one test, for thousands of mutants.
      "test/tensor/realms.test.ts",
      // They load the command and the models, to measure time, to run PyTorch, and to run the command.
      "test/io/linear.test.ts",
      "test/io/pytorch.test.ts",
      "test/curves/command.test.ts",
    ],
    setupFiles: `test/backends/${process.env.MUTATION_BACKEND ?? "typescript"}.ts`,
    // One after another: StrykerJS's own comes first and turns the mutant on, before the backend's loads what it mutates.
    sequence: { setupFiles: "list" },
    // Instrumented code is slow; what a mutant makes endless, StrykerJS ends by its own clock.
    testTimeout: 600_000,
  },
});
