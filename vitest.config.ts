/** How the suite runs: every *.test.ts below test/, with a machine-readable tally for .ci/run. */
import { defineConfig } from "vitest/config";

/** What computes runs once on each backend. */
const ENGINE = [
  "ops",
  "autograd",
  "tensor",
  "nn",
  "optim",
  "diffusion",
  "curves",
  "testing",
  "properties",
].map((folder) => `test/${folder}/**/*.test.ts`);

export default defineConfig({
  test: {
    // A slow two-core machine takes several times what a workstation does for the same property test.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Vitest leaves one core to its own process, which does next to nothing here: on two cores that is half the time.
    maxWorkers: "100%",
    reporters: process.env.CI ? ["default", "json"] : ["default"],
    outputFile: { json: ".build/vitest.json" },
    projects: [
      {
        extends: true,
        test: {
          name: "plain",
          include: ["test/**/*.test.ts"],
          exclude: [...ENGINE, "test/runtimes/**"],
          setupFiles: "test/seed.ts",
        },
      },
      ...["typescript", "wasm"].map((backend) => ({
        extends: true as const,
        test: { name: backend, include: ENGINE, setupFiles: ["test/seed.ts", `test/backends/${backend}.ts`] },
      })),
    ],
  },
});
