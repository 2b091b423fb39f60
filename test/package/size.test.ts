/** What a bundler keeps of the package: only what an import needs. Bytes as sent, minified and gzipped. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const home = join(root, ".build/sizes");

/** Bundles `export … from "halograd…"` for a browser: the bytes, and the files of dist/ that are in it. */
async function bundle(names: string, from: string): Promise<{ bytes: number; files: string[] }> {
  mkdirSync(home, { recursive: true });
  // Inside the package's own scope its name leads through `exports` to dist/, as it does for a user.
  const input = join(home, `${`${names}-${from}`.replaceAll(/\W+/g, "-")}.js`);
  writeFileSync(input, names === "" ? `import "${from}";` : `export ${names} from "${from}";`);
  const build = await rolldown({ input, platform: "browser", logLevel: "silent" });
  const { output } = await build.generate({ minify: true });
  await build.close();
  const { code, modules } = output[0];
  const files = Object.entries(modules).filter(([path, { code }]) => path.includes("dist") && code);
  return {
    bytes: gzipSync(code).length,
    files: files.map(([path]) => path.slice(join(root, "dist/").length)),
  };
}

// A tensor operation brings both backends: the WebAssembly one, with its assembler, is two thirds of it.
// All of halograd is 9 kB more since it has the operations that are functions only; no other case has any of them. Adam has
// parameter groups, which take half a kB. Threads are 3 kB of compile. What leads errors to the caller's line and to
// code that works takes half a kB of grad, and the reductions of losses 0.2; errors that hide their fields take 0.1 kB of all, and what
// lanes compute far from 0 apart, and code for few elements, 0.2. That what is no curve, galaxy or option is refused in words takes
// 0.3 kB of circularVelocity, 0.6 of rotationCurves and 1.3 of curvesFigure. Galaxies of latents as well as of streams are 10 bytes of it, constructors that name themselves one of grad.
// Folds that are done again in float64 where terms leave float32 are 0.4 kB of all, losses in one sweep and gradients of softmax that do not
// cancel 0.5 of grad.
// Messages that stay short, and know another copy of the package, take 0.15 kB of all; updates in place that keep the range of float32, 0.1 of Adam.
// Options that are true or false are checked in 0.1 kB; products and spreads of any size are 0.3 of all, tensors that lie over themselves 0.15.
// Rules in float64 are 0.1 kB of all; what two calls in a row do not tell, and arguments that change, 0.6 of compile.
test.each([
  ["{ formatCsv }", "halograd/io", 1.2],
  ["{ Random }", "halograd", 4],
  ["{ circularVelocity, exponentialDisc }", "halograd/galaxy", 4.8],
  ["{ rotationCurves, samplePopulation }", "halograd/galaxy", 9.2],
  ["{ curvesFigure }", "halograd/plot", 9.4],
  ["{ silu }", "halograd", 33.2],
  ["{ matmul }", "halograd", 32],
  ["{ grad, tensor }", "halograd", 51.5],
  ["{ compile }", "halograd/compile", 51.1],
  ["{ Adam }", "halograd/optim", 53.7],
  ["*", "halograd", 78.4],
])("%s of %s is at most %d kB", async (names, from, kilobytes) => {
  const { bytes } = await bundle(names, from);
  expect(bytes).toBeLessThanOrEqual(kilobytes * 1000);
  expect(bytes, "a limit far above the size watches nothing").toBeGreaterThan(kilobytes * 600);
});

const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const specifiers = Object.keys(exports)
  .filter((path) => path !== "./package.json")
  .map((path) => `halograd${path.slice(1)}`);

test.each(specifiers)("importing %s without using it leaves nothing behind", async (specifier) =>
  expect((await bundle("", specifier)).files).toEqual([]),
);

test("an operation brings no other part of the house along", async () => {
  const { files } = await bundle("{ silu }", "halograd");
  expect([...new Set(files.map((file) => file.split(/[\\/]/)[0]))].sort()).toEqual([
    "basics",
    "kernels",
    "ops",
  ]);
});
