/** The package where there is no memory for WebAssembly, which reserves 10 GB of addresses: under `ulimit -v`, as on shared machines. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { requireFreshBuild } from "../fresh-build.ts";

beforeAll(requireFreshBuild);

const entry = new URL("../../dist/index.js", import.meta.url).href;

/** What a program prints that has so many kilobytes of addresses. */
function printed(program: string, kilobytes: number | "unlimited"): string {
  const command = `ulimit -v ${kilobytes} && exec "$0" --input-type=module --eval "$1"`;
  return execFileSync("bash", ["-c", command, process.execPath, program], {
    encoding: "utf8",
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
  }).trim();
}

test.skipIf(process.platform !== "linux").each([
  ["unlimited", "wasm wasm wasm"],
  [8_000_000, "typescript typescript typescript"],
] as const)("with addresses of %s kB the backend in use is the one that is named: %s", (kilobytes, names) => {
  const program = `import { backendName, silu, tensor, useBackend } from ${JSON.stringify(entry)};
    const x = tensor([1, 2, 3], { requiresGrad: true });
    silu(x).sum().backward();
    console.log(backendName(), useBackend("wasm"), useBackend("auto"), x.grad.sum().item().toFixed(4));`;
  expect(printed(program, kilobytes)).toBe(`${names} 3.1066`);
});
