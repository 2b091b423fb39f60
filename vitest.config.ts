/** How the suite runs: every *.test.ts below test/, with a machine-readable tally for .ci/run. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/runtimes/**"],
    // A slow two-core machine takes several times what a workstation does for the same property test.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    reporters: process.env.CI ? ["default", "json"] : ["default"],
    outputFile: { json: ".build/vitest.json" },
  },
});
