/** Where the package says it was called from, in the forms in which programs load it. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { rolldown } from "rolldown";
import { beforeAll, describe, expect, test } from "vitest";
import { requireFreshBuild } from "../fresh-build.ts";

const home = fileURLToPath(new URL("../../.build/call-sites", import.meta.url));

/** What calls the engine, as a plain operation and as a composite, and prints both call sites. */
const program = `
import { detectAnomaly, tensor } from "halograd";
const plain = (x) => [x.exp()];
const composite = (x) => [x.softmax()];
const x = tensor([1, 2], { requiresGrad: true });
const sites = [plain, composite].map((call) => detectAnomaly(() => call(x)[0].node.callSite));
(globalThis.report ?? console.log)(JSON.stringify(sites));
`;

/** What makes a mistake, deep in a composite, that nobody catches. */
const mistaken = `
import { tensor } from "halograd";
const mistake = () => tensor([1, 2]).softmax(7);
setTimeout(() => mistake());
`;

beforeAll(() => {
  requireFreshBuild();
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, "program.js"), program);
  writeFileSync(join(home, "mistaken.js"), mistaken);
});

async function bundled(
  format: "cjs" | "iife" | "esm",
  minify: boolean,
  file: string = "program.js",
): Promise<string> {
  const build = await rolldown({ input: join(home, file), platform: "neutral", logLevel: "silent" });
  const { output } = await build.generate({ format, minify });
  await build.close();
  return output[0].code;
}

/** Every call site lies on a line (or, minified, at a column) of the program and not of the engine. */
function expectCallersOf(printed: string, code: string): void {
  const lines = code.split("\n");
  for (const site of JSON.parse(printed) as string[]) {
    const [, line, column] = /:(\d+):(\d+)\)?$/.exec(site)!.map(Number);
    expect(lines[line - 1].slice(column - 1), site).toMatch(/^(exp|softmax)\(/);
  }
}

function run(file: string, ...flags: string[]): string {
  return execFileSync(process.execPath, [...flags, join(home, file)], { encoding: "utf8" });
}

describe.each([false, true])("engine and caller in one file (minified: %s)", (minify) => {
  test.each(["cjs", "iife"] as const)("a script in %s form loads, and names the caller", async (format) => {
    const code = await bundled(format, minify);
    const file = `${format}-${minify}.cjs`;
    writeFileSync(join(home, file), code);
    expectCallersOf(run(file), code);
  });

  test("a module from a data: URL loads, and names the caller without its whole source", async () => {
    const code = await bundled("esm", minify);
    const url = `data:text/javascript;base64,${Buffer.from(code).toString("base64")}`;
    writeFileSync(join(home, "data.mjs"), `await import(${JSON.stringify(url)});`);
    const printed = run("data.mjs");
    expect(printed.length).toBeLessThan(400);
    expectCallersOf(printed, code);
  });

  test("a classic worker from text loads, and names the caller", async () => {
    const code = await bundled("iife", minify);
    const posting =
      'globalThis.report = (text) => require("node:worker_threads").parentPort.postMessage(text);';
    const worker = new Worker(`${posting}${code}`, { eval: true });
    const printed = await new Promise<string>((resolve, reject) => {
      worker.on("message", resolve).on("error", reject);
    });
    expectCallersOf(printed, `${posting}${code}`);
  });
});

test("the caller's own source is named where stacks are mapped to sources", async () => {
  const build = await rolldown({
    input: join(home, "program.js"),
    external: /^halograd/,
    logLevel: "silent",
  });
  await build.write({ file: join(home, "mapped.mjs"), sourcemap: true, banner: "// one line more" });
  await build.close();
  expectCallersOf(run("mapped.mjs", "--enable-source-maps"), program);
  expect(run("mapped.mjs", "--enable-source-maps")).toContain(join(home, "program.js"));
  expect(run("mapped.mjs")).toContain(pathToFileURL(join(home, "mapped.mjs")).href);
});

describe("an error that nobody catches", () => {
  const printed = (file: string, ...flags: string[]): string[] =>
    spawnSync(process.execPath, [...flags, join(home, file)], { encoding: "utf8" }).stderr.split("\n");

  test("is printed once, under a short line, above the caller's own", () => {
    const lines = printed("mistaken.js");
    const message = lines.findIndex((line) => line.startsWith("AxisError: softmax: axis 7 is outside"));
    expect(lines.filter((line) => line.includes("axis 7 is outside"))).toHaveLength(1);
    expect(lines[message + 1]).toMatch(/^ {4}at mistake \(.*mistaken\.js:3:38\)$/);
    expect(lines.filter((line) => line.includes("dist/")).length).toBeLessThanOrEqual(1);
    for (const line of lines.slice(0, message)) expect(line.length, line).toBeLessThan(120);
  });

  test("shows the engine's frames to who asks for more of them than V8 gives", () => {
    const frames = printed("mistaken.js", "--stack-trace-limit=30").filter((line) => /^ {4}at /.test(line));
    expect(frames[0]).toContain("dist/basics/");
    expect(frames.some((line) => line.includes("mistaken.js:3:38"))).toBe(true);
  });

  test.each([false, true])("begins with the caller in a bundle too (minified: %s)", async (minify) => {
    const code = await bundled("iife", minify, "mistaken.js");
    writeFileSync(join(home, "mistaken.cjs"), code);
    const [, line, column] = /:(\d+):(\d+)\)?$/.exec(
      printed("mistaken.cjs").find((line) => /^ {4}at /.test(line))!,
    )!;
    expect(code.split("\n")[Number(line) - 1].slice(Number(column) - 1)).toMatch(/^softmax\(7\)/);
  });
});

test("no file of the package but the command asks for its own address", () => {
  const code = execFileSync("grep", ["-rlE", "import\\.meta", "--include=*.js", "dist"], {
    cwd: join(home, "../.."),
    encoding: "utf8",
  });
  expect(
    code
      .trim()
      .split("\n")
      .filter((file) => !file.startsWith("dist/cli/")),
  ).toEqual([]);
  expect(readFileSync(join(home, "../../dist/index.js"), "utf8")).toContain("./ops/all.js");
});
