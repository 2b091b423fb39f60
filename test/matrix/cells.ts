/**
 * What the packed package must work with: tools in rows, what is tried with each in columns. Each cell runs in a folder of
 * its own, below one that has the package and links to the tools. What a user would have to set is written out here.
 */

import { execFile } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { type Browser, runInBrowser } from "../runtimes/browser.ts";

/** Tools of one kind, all tried in the same ways. */
export interface Group {
  readonly title: string;
  /** What the rows are, above their names. */
  readonly kind: string;
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

/** A tool. */
export interface Row {
  readonly name: string;
  /** The npm package whose version the table shows. */
  readonly package?: string;
  /** The Debian package without which it cannot be tried. */
  readonly debianPackage?: string;
  /** What a user has to set or to know, as Markdown. */
  readonly note?: string;
  /** Tries one column. Returns what the program printed, or nothing where the tool itself compared it; throws otherwise. */
  run(column: string, place: Place): Promise<string | undefined>;
}

/** Where the matrix runs. */
export interface Place {
  /** Has the package installed, links to the tools, and program.js. */
  readonly home: string;
  /** The folders with private npm packages: the tools, and Node, Deno and Bun. */
  readonly tools: string;
  readonly runtimes: string;
  /** Programs for TypeScript to check, by name. */
  readonly typed: Readonly<Record<string, string>>;
  /** What program.js computes on Node, as JSON. */
  readonly expected: string;
}

/** Much longer than any cell takes. */
const TIMEOUT_MILLISECONDS = 240_000;

/** Prints what the program computes, or hands it to who loaded it. */
const ENTRY = `import { results } from "./program.js";
(globalThis.report ?? console.log)(JSON.stringify(results()));
`;

export const GROUPS: readonly Group[] = [
  {
    title: "Bundlers",
    kind: "bundler",
    columns: ["ESM", "CommonJS", "IIFE"],
    rows: [
      bundler("esbuild", ["esm", "cjs", "iife"], (format, file) => ({
        command: ["esbuild", "entry.js", "--bundle", "--minify", `--format=${format}`, `--outfile=${file}`],
      })),
      bundler("rolldown", ["esm", "cjs", "iife"], (format, file) => ({
        command: ["rolldown", "entry.js", "--minify", "--format", format, "--file", file],
      })),
      bundler(
        "rollup",
        ["es", "cjs", "iife"],
        (format, file) => ({
          command: ["rollup", "entry.js", "--plugin", "node-resolve", "--format", format, "--file", file],
        }),
        "with `@rollup/plugin-node-resolve`, as for every package",
      ),
      bundler("vite", ["es", "cjs", "iife"], (format, file) => ({
        command: ["vite", "build"],
        files: {
          "vite.config.js": `export default { logLevel: "warn", build: { outDir: ".", emptyOutDir: false,
            lib: { entry: "entry.js", name: "built", formats: ["${format}"], fileName: () => "${file}" } } };`,
        },
      })),
      bundler("webpack", ["module", "commonjs2", "var"], (format, file) => ({
        command: ["webpack.js"],
        files: {
          "webpack.js": `import webpack from "webpack";
            const isModule = ${format === "module"};
            webpack({
              mode: "production",
              target: isModule ? "es2022" : ["web", "es2022"],
              entry: "./entry.js",
              experiments: { outputModule: isModule },
              output: { path: import.meta.dirname, filename: "${file}", module: isModule,
                library: { type: "${format}", name: ${format === "var" ? '"built"' : "undefined"} } },
            }, (error, stats) => {
              if (error || stats.hasErrors()) throw error ?? new Error(stats.toString());
            });`,
        },
      })),
      bundler(
        "parcel",
        ["esmodule", "commonjs", "global"],
        (format, file) => ({
          command: ["parcel", "build", "--no-cache", "--log-level", "error"],
          files: {
            "package-lock.json": "{}", // marks the root of the project, where Parcel looks for its settings
            "package.json": JSON.stringify({
              source: "entry.js",
              built: file,
              targets: {
                built: {
                  outputFormat: format,
                  includeNodeModules: true,
                  ...(format === "commonjs"
                    ? { context: "node", engines: { node: ">= 20" } }
                    : { context: "browser", engines: { browsers: "last 2 Chrome versions" } }),
                },
              },
              "@parcel/resolver-default": { packageExports: true },
            }),
          },
        }),
        '`"@parcel/resolver-default": { "packageExports": true }` in `package.json`',
      ),
    ],
  },
  {
    title: "Test runners",
    kind: "runner",
    columns: ["works"],
    rows: [
      runner("vitest", EXPECT('import { expect, test } from "vitest";'), {
        package: "vitest",
        command: ["vitest", "run"],
      }),
      runner("Jest, ES modules", EXPECT(""), {
        package: "jest",
        command: ["--experimental-vm-modules", "jest", "--ci"],
        files: { "package.json": JSON.stringify({ type: "module", jest: { transform: {} } }) },
        note: '`node --experimental-vm-modules`, `"transform": {}`',
      }),
      runner("Jest, babel-jest", EXPECT(""), {
        package: "jest",
        command: ["jest", "--ci"],
        files: {
          "package.json": JSON.stringify({
            jest: { transformIgnorePatterns: ["/node_modules/(?!halograd/)"] },
          }),
          "babel.config.json": JSON.stringify({
            presets: [["@babel/preset-env", { targets: { node: "current" } }]],
          }),
        },
        note: '`"transformIgnorePatterns": ["/node_modules/(?!halograd/)"]`; presets in `babel.config.json`, not `.babelrc`',
      }),
      runner("Jest, ts-jest, ES modules", EXPECT('import { expect, test } from "@jest/globals";'), {
        package: "ts-jest",
        command: ["--experimental-vm-modules", "jest", "--ci"],
        test: "program.test.ts",
        files: {
          "package.json": JSON.stringify({ type: "module", jest: { preset: "ts-jest/presets/default-esm" } }),
          "tsconfig.json": compilerOptions({ module: "nodenext", moduleResolution: "nodenext" }),
          "program.d.ts": "export declare function results(): Record<string, string>;",
        },
        note: "`node --experimental-vm-modules`, preset `ts-jest/presets/default-esm`",
      }),
      runner("Jest, ts-jest, CommonJS", EXPECT('import { expect, test } from "@jest/globals";'), {
        package: "ts-jest",
        command: ["jest", "--ci"],
        test: "program.test.ts",
        files: {
          "package.json": JSON.stringify({
            jest: {
              preset: "ts-jest/presets/js-with-ts",
              transformIgnorePatterns: ["/node_modules/(?!halograd/)"],
            },
          }),
          "tsconfig.json": compilerOptions({
            ...{ module: "esnext", moduleResolution: "bundler", allowJs: true, isolatedModules: true },
          }),
        },
        note: 'preset `ts-jest/presets/js-with-ts`, `"transformIgnorePatterns"` as above, `allowJs`',
      }),
      ...[20, 26].map((major) =>
        runner(`node:test, Node ${major}`, ASSERT('import { test } from "node:test";'), {
          node: major,
          command: ["--test"],
        }),
      ),
      runner("Deno.test", ASSERT("const test = Deno.test;"), {
        executable: "@deno/linux-x64-glibc/deno",
        command: ["test", "--no-prompt", "--no-remote"],
      }),
      runner("bun test", EXPECT('import { expect, test } from "bun:test";'), {
        executable: "@oven/bun-linux-x64/bin/bun",
        command: ["test"],
      }),
    ],
  },
  {
    title: "TypeScript",
    kind: "version",
    columns: ["node16", "nodenext", "bundler"],
    rows: ["typescript-5.0", "typescript-5.4", "typescript", "typescript-6.0", "typescript-7.0"].map(
      (name) => ({
        name: "TypeScript",
        package: name,
        async run(moduleResolution, place) {
          const module = moduleResolution === "bundler" ? "esnext" : moduleResolution;
          const files = {
            ...place.typed,
            "tsconfig.json": compilerOptions({ module, moduleResolution }, Object.keys(place.typed)),
          };
          const folder = project(place, `${name}-${moduleResolution}`, files);
          await run(place, folder, ["tsc"], { package: name });
          return undefined;
        },
      }),
    ),
  },
  {
    title: "fast-check, for `halograd/testing`",
    kind: "version",
    columns: ["runs", "types"],
    rows: ["fast-check-3", "fast-check-4"].map((name) => ({
      name: "fast-check",
      package: name,
      async run(column, place) {
        const files = {
          "arbitraries.ts": FAST_CHECK,
          "arbitraries.js": FAST_CHECK,
          "tsconfig.json": compilerOptions({ module: "nodenext", moduleResolution: "nodenext" }, [
            "arbitraries.ts",
          ]),
        };
        const folder = project(place, `${name}-${column}`, files);
        // halograd finds the fast-check that lies beside it.
        mkdirSync(join(folder, "node_modules"));
        cpSync(join(place.home, "node_modules/halograd"), join(folder, "node_modules/halograd"), {
          recursive: true,
        });
        symlinkSync(join(place.tools, "node_modules", name), join(folder, "node_modules/fast-check"));
        if (column === "types") await run(place, folder, ["tsc"], { package: "typescript" });
        else expectLine(await run(place, folder, ["arbitraries.js"]), "smallest: 5");
        return undefined;
      },
    })),
  },
  {
    title: "Pages and workers",
    kind: "browser",
    columns: ["page", "module worker", "blob worker", "classic worker", "shared worker", "service worker"],
    rows: [
      browser("Chromium", "chromium"),
      browser("Chromium, strict policy", "chromium", {
        policy: "'wasm-unsafe-eval'",
        note: "`default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; connect-src 'self'`",
      }),
      browser("Chromium, no WebAssembly", "chromium", {
        policy: "",
        note: "the same without `'wasm-unsafe-eval'`: plain TypeScript, several times slower",
      }),
      browser("Firefox", "firefox"),
      browser("WebKitGTK", "webkit"),
    ],
  },
  {
    title: "Elsewhere",
    kind: "runtime",
    columns: ["works"],
    rows: [
      {
        name: "workerd",
        package: "workerd",
        note: "allows neither `eval` nor WebAssembly from bytes: plain TypeScript, several times slower",
        async run(_, place) {
          const folder = project(place, "workerd", {
            "entry.js": `import { results } from "./program.js";
              export default { test() { console.log(JSON.stringify(results())); } };`,
            "config.capnp": `using Workerd = import "/workerd/workerd.capnp";
              const config :Workerd.Config = (services = [(name = "main", worker = .worker)]);
              const worker :Workerd.Worker = (
                modules = [(name = "worker", esModule = embed "built.mjs")], compatibilityDate = "2025-01-01");`,
          });
          await run(place, folder, [
            "esbuild",
            "entry.js",
            "--bundle",
            "--format=esm",
            "--outfile=built.mjs",
          ]);
          const binary = executable(place.tools, "@cloudflare/workerd-linux-64/bin/workerd");
          return await run(place, folder, ["test", "config.capnp"], { binary });
        },
      },
      {
        name: "`worker_threads` of Node 26",
        async run(_, place) {
          const folder = project(place, "worker-threads", {
            "thread.js": `import { parentPort } from "node:worker_threads";
              globalThis.report = (text) => parentPort.postMessage(text);
              await import("./entry.js");`,
            "main.js": `import { Worker } from "node:worker_threads";
              new Worker("./thread.js").on("message", console.log);`,
          });
          return await run(place, folder, ["main.js"], { node: 26 });
        },
      },
      {
        name: "`require` of Node 22 and later",
        async run(_, place) {
          const folder = project(place, "require", {
            "main.cjs": `const { results } = require("./program.js"); console.log(JSON.stringify(results()));`,
          });
          return await run(place, folder, ["main.cjs"], { node: 22 });
        },
      },
    ],
  },
];

/** Refuses what a program printed unless it computed what Node computes, with the backends that it has. */
export function compare(printed: string, expected: string): void {
  const line = printed.split("\n").find((text) => text.trim().startsWith("{"));
  const results: Record<string, string> = JSON.parse(line ?? "{}");
  const wanted: Record<string, string> = JSON.parse(expected);
  if (results.typescript === undefined) throw new Error(`no result was printed:\n${printed}`);
  for (const [backend, result] of Object.entries(results))
    if (result !== wanted[backend])
      throw new Error(`${backend} computed ${result}, and on Node ${wanted[backend]}`);
}

/** A bundler, whose three formats are named as in the columns; the bundle runs where no package is. */
function bundler(
  name: string,
  formats: readonly [esm: string, commonJs: string, iife: string],
  build: (format: string, file: string) => { command: string[]; files?: Record<string, string> },
  note?: string,
): Row {
  return {
    name,
    package: name,
    ...(note !== undefined && { note }),
    async run(column, place) {
      const format = formats[GROUPS[0].columns.indexOf(column)];
      const file = column === "ESM" ? "built.mjs" : column === "IIFE" ? "built.js" : "built.cjs";
      const { command, files } = build(format, file);
      const folder = project(place, `${name}-${column}`, { ...files });
      await run(place, folder, command);
      // A script (.js) runs in Node as a CommonJS module does.
      const alone = join(`${place.home}-alone`, `${name}-${column}-${file}`.replace(/\.js$/, ".cjs"));
      mkdirSync(dirname(alone), { recursive: true });
      cpSync(join(folder, file), alone);
      return await run(place, dirname(alone), [alone]);
    },
  };
}

/** How a test runner is started, and what it needs. */
interface Start {
  readonly package?: string;
  readonly command: string[];
  readonly node?: number;
  readonly executable?: string;
  readonly test?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly note?: string;
}

function runner(name: string, test: string, start: Start): Row {
  return {
    name,
    ...(start.package !== undefined && { package: start.package }),
    ...(start.note !== undefined && { note: start.note }),
    async run(_, place) {
      const file = start.test ?? "program.test.js";
      const folder = project(place, name.replaceAll(/\W+/g, "-"), {
        ...start.files,
        [file]: test.replace("EXPECTED", JSON.stringify(place.expected)),
      });
      const binary = start.executable && executable(place.runtimes, start.executable);
      const options = { ...(start.node && { node: start.node }), ...(binary && { binary }) };
      // A runner that finds no test is content as well.
      expectLine(await run(place, folder, start.command, options), "the test ran");
      return undefined;
    },
  };
}

/** A test of what halograd computes, and of how the runner compares tensors. */
function EXPECT(header: string): string {
  return testOf(
    header,
    "expect(tensor([1, 2])).toEqual(tensor([1, 2])); expect(tensor([1, 2])).not.toEqual(tensor([1, 3]));",
  );
}

function ASSERT(header: string): string {
  return testOf(
    `${header}\nimport assert from "node:assert/strict";`,
    "assert.deepEqual(tensor([1, 2]), tensor([1, 2])); assert.notDeepEqual(tensor([1, 2]), tensor([1, 3]));",
  );
}

function testOf(header: string, comparison: string): string {
  return `${header}
import { tensor } from "halograd";
import { results } from "./program.js";
test("results are those of Node", () => {
  const printed = JSON.stringify(results());
  if (printed !== EXPECTED) throw new Error(printed);
  ${comparison}
  console.log("the test ran");
});
`;
}

/** Draws, checks, combines and shrinks. */
const FAST_CHECK = `import fc from "fast-check";
import { arbitraries, checkGradients } from "halograd/testing";
const { broadcastableShapes, graph, shape, tensor, view } = arbitraries(fc);
fc.assert(fc.property(graph(), ({ f, inputs }) => void checkGradients(f, inputs)), { numRuns: 10 });
fc.assert(fc.property(shape(), broadcastableShapes(), (a, [b]) => a.length + b.length >= 0));
fc.assert(fc.property(fc.tuple(tensor(), fc.integer()), ([x, n]) => x.mul(n).size === x.size));
fc.assert(fc.property(fc.oneof(tensor(), view()), (x) => x.mul(2).size === x.size));
fc.assert(fc.property(tensor().map((x) => x.shape).filter((s) => s.length > 0).chain((s) => fc.constant(s)), (s) => s.length > 0));
const { counterexample } = fc.check(fc.property(tensor({ maxRank: 1, maxSize: 9 }), (x) => x.size < 5));
console.log("smallest: " + (counterexample ? counterexample[0].size : "none"));
`;

/** A browser, which tries all columns in one page. */
function browser(
  name: string,
  kind: Browser,
  { policy, note }: { policy?: string; note?: string } = {},
): Row {
  const debianPackage = { chromium: "chromium", firefox: "firefox-esr", webkit: "libwebkit2gtk-4.1-0" }[kind];
  let page: Promise<Record<string, string>> | undefined;
  return {
    name,
    debianPackage,
    ...(note !== undefined && { note }),
    async run(column, place) {
      page ??= open(place);
      const outcome = (await page)[column];
      if (!outcome?.startsWith("{")) throw new Error(outcome ?? "no answer");
      return outcome;
    },
  };

  async function open(place: Place): Promise<Record<string, string>> {
    const folder = project(place, name.replaceAll(/\W+/g, "-"), {
      "program.js": BROWSER_PAGE,
      "computation.js": readFileSync(join(place.home, "program.js"), "utf8"),
      "worker.js": `import { results } from "./computation.js";
        const answer = (port) => { port.postMessage(JSON.stringify(results())); };
        if ("onconnect" in globalThis) globalThis.onconnect = ({ ports: [port] }) => answer(port);
        else if ("registration" in globalThis) globalThis.onmessage = ({ ports: [port] }) => answer(port);
        else answer(globalThis);`,
    });
    for (const format of ["esm", "iife"])
      await run(place, folder, [
        ...["esbuild", "worker.js", "--bundle", "--minify", `--format=${format}`, `--outfile=${format}.js`],
      ]);
    mkdirSync(join(folder, "node_modules"));
    cpSync(join(place.home, "node_modules/halograd"), join(folder, "node_modules/halograd"), {
      recursive: true,
    });
    const strict = `default-src 'none'; script-src 'self' 'nonce-map' ${policy}; worker-src 'self' blob:; connect-src 'self'; img-src data:`;
    const answers = await runInBrowser(
      kind,
      folder,
      TIMEOUT_MILLISECONDS,
      policy === undefined ? undefined : strict,
    );
    return Object.fromEntries(answers as unknown as [string, string][]);
  }
}

/** The page's own program: it computes here and in every kind of worker, and posts all results. */
const BROWSER_PAGE = `import { results } from "./computation.js";
const answerOf = (worker, port = worker) => new Promise((resolve, reject) => {
  worker.onerror = (event) => reject(new Error(event.message ?? "the worker failed"));
  port.onmessage = ({ data }) => resolve(data);
});
const tries = {
  page: () => JSON.stringify(results()),
  "module worker": () => answerOf(new Worker("/esm.js", { type: "module" })),
  "blob worker": async () => {
    const text = await (await fetch("/iife.js")).blob();
    return await answerOf(new Worker(URL.createObjectURL(text)));
  },
  "classic worker": () => answerOf(new Worker("/iife.js")),
  "shared worker": () => {
    const worker = new SharedWorker("/esm.js", { type: "module" });
    return answerOf(worker, worker.port);
  },
  "service worker": async () => {
    await navigator.serviceWorker.register("/iife.js");
    const { active } = await navigator.serviceWorker.ready;
    const { port1, port2 } = new MessageChannel();
    active.postMessage(null, [port2]);
    return await answerOf(active, port1);
  },
};
const answers = [];
for (const [name, attempt] of Object.entries(tries)) {
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error("no answer")), 60_000));
  answers.push([name, await Promise.race([late, attempt()]).catch(String)]);
}
await fetch("/result", { method: "POST", body: JSON.stringify(answers) });
`;

/** A folder of its own for a cell, with the program and more files. */
function project(place: Place, name: string, files: Readonly<Record<string, string>>): string {
  const folder = join(place.home, name);
  mkdirSync(folder);
  cpSync(join(place.home, "program.js"), join(folder, "program.js"));
  for (const [file, content] of Object.entries({ "entry.js": ENTRY, ...files }))
    writeFileSync(join(folder, file), content);
  return folder;
}

/** A strict tsconfig.json that checks libraries too, but those of TypeScript itself. */
function compilerOptions(options: Readonly<Record<string, unknown>>, files?: readonly string[]): string {
  return JSON.stringify({
    compilerOptions: {
      ...{ strict: true, target: "es2022", lib: ["es2022", "dom"], types: [], noEmit: files !== undefined },
      ...{ skipLibCheck: false, skipDefaultLibCheck: true, ...options },
    },
    ...(files && { files }),
  });
}

/** Runs a command with Node, or with a binary of its own; words that name tools stand for their files. Returns all that it prints. */
async function run(
  place: Place,
  cwd: string,
  command: readonly string[],
  options: { readonly node?: number; readonly binary?: string; readonly package?: string } = {},
): Promise<string> {
  const node = executable(place.runtimes, `node-${options.node ?? 24}/bin/node`);
  const args = options.binary
    ? command
    : command.map((word) => toolFile(place, word, options.package) ?? word);
  const env = {
    ...{ PATH: `${dirname(node)}:${process.env.PATH}`, HOME: place.home, CI: "true", NO_COLOR: "1" },
    ...{ DENO_DIR: join(place.home, ".deno"), DENO_NO_UPDATE_CHECK: "1" },
  };
  const limits = { timeout: TIMEOUT_MILLISECONDS, maxBuffer: 2 ** 26 };
  try {
    const { stdout, stderr } = await promisify(execFile)(options.binary ?? node, args, {
      cwd,
      env,
      ...limits,
    });
    return stdout + stderr;
  } catch (error) {
    const { stdout, stderr, message } = error as Error & { stdout: string; stderr: string };
    throw new Error(`${`${stdout}${stderr}`.trim() || message}`);
  }
}

/** The file behind the name of a command of the tools. */
function toolFile({ tools }: Place, command: string, packageName = command): string | undefined {
  if (!/^[a-z]+$/.test(command) || !TOOLS.has(command)) return undefined;
  const folder = join(tools, "node_modules", packageName);
  const { bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return join(folder, typeof bin === "string" ? bin : bin[command]);
}

/** The commands that stand for files of npm packages. */
const TOOLS = new Set(["esbuild", "rolldown", "rollup", "vite", "parcel", "vitest", "jest", "tsc"]);

/** A program that is an npm package; not every package declares it as one. */
function executable(folder: string, path: string): string {
  const file = join(folder, "node_modules", path);
  chmodSync(file, 0o755);
  return file;
}

function expectLine(printed: string, line: string): void {
  if (!printed.includes(line)) throw new Error(`"${line}" was not printed:\n${printed}`);
}
