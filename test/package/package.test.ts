/** The package as a user gets it: packed, installed offline into an empty folder, imported, compiled and called. */
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { npm } from "../runtimes/install.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const readJson = (file: string) => JSON.parse(readFileSync(join(root, file), "utf8"));
const manifest = readJson("package.json");
const entries = Object.keys(manifest.exports).filter((path) => path !== "./package.json");

describe("package.json", () => {
  test("names no dependency that a user would install", () => {
    for (const kind of ["dependencies", "optionalDependencies", "bundleDependencies"])
      expect(manifest).not.toHaveProperty(kind);
    const required = Object.keys(manifest.peerDependencies).filter(
      (name) => manifest.peerDependenciesMeta[name]?.optional !== true,
    );
    expect(required).toEqual([]);
  });

  test("runs nothing when it is installed", () => {
    const hooks = ["preinstall", "install", "postinstall", "prepare", "preprepare", "postprepare"];
    expect(Object.keys(manifest.scripts).filter((name) => hooks.includes(name))).toEqual([]);
  });

  test("is what JSR is given: the same version, from the sources of the same entry points", () => {
    const folder = mkdtempSync(join(tmpdir(), "halograd-jsr-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    execFileSync(process.execPath, [join(root, "tools/jsr.js"), folder]);
    const { version, license, exports, publish } = JSON.parse(readFileSync(join(folder, "jsr.json"), "utf8"));
    expect([version, license]).toEqual([manifest.version, manifest.license]);
    expect(exports).toEqual(
      Object.fromEntries(
        entries.map((path) => [path, `./${join("src", path, "index.ts").replaceAll("\\", "/")}`]),
      ),
    );
    expect(publish.exclude).toEqual(["src/cli", "src/node"]);
    for (const file of publish.include) expect(existsSync(join(folder, file)), file).toBe(true);
  });

  test("has a version whose changes CHANGELOG.md lists, and a Node that it promises", () => {
    const changelog = readFileSync(join(root, "CHANGELOG.md"), "utf8");
    expect(changelog).toContain(`\n## [${manifest.version}] - `);
    expect(changelog).toContain(
      `in \`engines\` of \`package.json\`, ${manifest.engines.node.slice(2)} today`,
    );
  });

  test("pins every tool to one version", () => {
    for (const version of Object.values(manifest.devDependencies)) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  });

  test.each(entries)("exports %s from the index.ts of its own folder", (path) => {
    const index = join(path, "index").replaceAll("\\", "/");
    expect(manifest.exports[path]).toEqual({
      types: `./dist/${index}.d.ts`,
      default: `./dist/${index}.js`,
    });
    expect(existsSync(join(root, "src", `${index}.ts`))).toBe(true);
  });
});

describe("package-lock.json", () => {
  type Locked = Record<string, { resolved?: string; optionalDependencies?: Record<string, string> }>;
  const lockedIn = (file: string): Locked => readJson(file).packages;
  const folders = ["", "bench/peers/", "test/runtimes/", "test/matrix/", "examples/playground/"];

  test.each(folders)(
    "%spackage-lock.json names no registry, so that it serves behind every mirror",
    (folder) => {
      const entries = Object.values(lockedIn(`${folder}package-lock.json`));
      expect(entries.filter(({ resolved }) => resolved !== undefined)).toEqual([]);
    },
  );

  // npm drops what its registry does not hold from the lock without a word, and then refuses `npm ci`.
  test.each(folders)(
    "%spackage-lock.json holds what is optional, such as the binaries of every platform",
    (folder) => {
      const locked = lockedIn(`${folder}package-lock.json`);
      const wanted = Object.values(locked).flatMap((entry) => Object.keys(entry.optionalDependencies ?? {}));
      expect(wanted).not.toEqual([]);
      const held = Object.keys(locked).map((path) => path.replace(/.*node_modules\//, ""));
      expect(wanted.filter((name) => !held.includes(name))).toEqual([]);
    },
  );
});

describe("the packed package, installed without a network", () => {
  let home: string;
  let packed: string[];

  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), "halograd-install-"));
    const [{ filename, files }] = JSON.parse(
      npm(root, "pack", "--json", "--ignore-scripts", "--pack-destination", home),
    );
    packed = files.map(({ path }: { path: string }) => path);
    writeFileSync(join(home, "package.json"), '{ "type": "module", "private": true }');
    npm(home, "install", "--offline", "--no-audit", "--no-fund", `./${filename}`);
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));

  test("brings nothing else along", () => {
    expect(readdirSync(join(home, "node_modules")).filter((name) => !name.startsWith("."))).toEqual([
      "halograd",
    ]);
  });

  test("holds the built files, their sources, the licence and the README, and nothing more", () => {
    expect(packed).toEqual(expect.arrayContaining(["LICENSE", "README.md", "package.json"]));
    const rest = packed.filter((path) => !/^(dist|src)\//.test(path));
    expect(rest.sort()).toEqual(["LICENSE", "README.md", "package.json"]);
    for (const path of packed.filter((name) => /^dist\/.*\.d\.ts/.test(name))) {
      const source = path.replace(/^dist\/(.*)\.d\.ts(\.map)?$/, "src/$1.ts");
      expect(packed, `${path} has no source: a leftover of an older build?`).toContain(source);
    }
  });

  test.each(entries)("gives values under %s", (path) => {
    const specifier = `halograd${path.slice(1)}`;
    const program = `import * as names from "${specifier}"; console.log(Object.keys(names).length);`;
    const printed = execFileSync(process.execPath, ["--input-type=module", "--eval", program], { cwd: home });
    expect(Number(printed)).toBeGreaterThan(0);
  });

  test.each(["nodenext", "bundler"])(
    "compiles in strict programs that check libraries and have no types of Node (resolution: %s)",
    (moduleResolution) => {
      const lines = entries.map((path, i) => `import * as names${i} from "halograd${path.slice(1)}";`);
      const used = `console.log(${entries.map((_, i) => `names${i}`).join(", ")});`;
      writeFileSync(join(home, "user.ts"), [...lines, used].join("\n"));
      copyFileSync(join(root, "test/package/types.ts"), join(home, "types.ts"));
      const module = moduleResolution === "bundler" ? "esnext" : moduleResolution;
      const compilerOptions = {
        module,
        moduleResolution,
        lib: ["es2022", "dom"],
        types: [],
        strict: true,
        skipDefaultLibCheck: true,
      };
      writeFileSync(
        join(home, "tsconfig.json"),
        JSON.stringify({ compilerOptions, files: ["user.ts", "types.ts"] }),
      );
      const outcome = attempt(
        process.execPath,
        [join(root, "node_modules/typescript/bin/tsc"), "--noEmit"],
        home,
      );
      expect(outcome).toBe("");
    },
  );

  test("puts the halograd command on the path, which explains itself", () => {
    expect(npm(home, "exec", "--offline", "--", "halograd", "--help")).toMatch(/halograd/);
  });
});

/** What a program printed when it failed; "" when it did not. */
function attempt(file: string, args: string[], cwd: string): string {
  try {
    execFileSync(file, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
    return "";
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}
