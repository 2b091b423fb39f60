/**
 * Compiles and runs code as a user of the package has it: inside the package's own scope, so that
 * `import … from "halograd"` goes through `exports` in package.json to the built files and their types in dist/.
 */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import ts from "typescript";
import { requireFreshBuild } from "../fresh-build.ts";
import type { Block } from "./blocks.ts";

/** The folder of the checkout. */
export const root: string = fileURLToPath(new URL("../..", import.meta.url));

/** A compiled block. */
export interface Module {
  /** What the type checker says, each with the file and line of the original. */
  errors: string[];
  /** The JavaScript file to execute. */
  script: string;
}

/**
 * Type-checks and transpiles blocks against the built package, each as a strict ES module of its own.
 *
 * @param folder name of the folder below .build/ that takes the files
 * @param blocks what to compile; a block from a doc comment may leave out its imports
 * @returns one module for each block, in the same order
 */
export async function compile(folder: string, blocks: Block[]): Promise<Module[]> {
  requireFreshBuild();
  const home = join(root, ".build", folder);
  rmSync(home, { recursive: true, force: true });
  for (const name of ["in", "out"]) mkdirSync(join(home, name), { recursive: true });
  const names = blocks.map(({ file, line }) => `${file.replace(/\W+/g, "-")}-${line}`);
  const sources = names.map((name) => join(home, "in", `${name}.ts`));
  const missingImports = importFinder(blocks);
  blocks.forEach((block, i) => {
    // Blank lines in front make the compiler's line numbers those of the original file.
    const code = missingImports(block) + "\n".repeat(block.line - 1) + block.code;
    writeFileSync(sources[i] as string, code);
  });
  const program = ts.createProgram(sources, {
    ...options,
    rootDir: join(home, "in"),
    outDir: join(home, "out"),
  });
  program.emit(undefined, (path, text) => writeFileSync(path, text.replaceAll(`"${BUILT}/`, '"../modules/')));
  await buildModules(join(home, "modules"));
  return blocks.map(({ file }, i) => ({
    errors: ts
      .getPreEmitDiagnostics(program, program.getSourceFile(sources[i] as string))
      .map((error) => describe(file, error)),
    script: join(home, "out", `${names[i]}.js`),
  }));
}

/** Where a compiled block finds the declarations of a module of src/: its code, which dist/ holds by folders, is built beside. */
const BUILT = "../../../dist";

/** The code of src/, file by file. */
async function buildModules(dir: string): Promise<void> {
  const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" });
  const bundle = await rolldown({
    input: files.filter((name) => name.endsWith(".ts")).map((name) => join(root, "src", name)),
    platform: "node",
    external: ["fast-check"],
    logLevel: "silent",
  });
  await bundle.write({ dir, preserveModules: true, preserveModulesRoot: join(root, "src") });
  await bundle.close();
}

/** Executes a script in an empty folder, without input. Resolves to all it printed; rejects when it fails. */
export function run(script: string): Promise<string> {
  const cwd = mkdtempSync(join(tmpdir(), "halograd-"));
  return new Promise((resolve, reject) => {
    const process_ = execFile(
      process.execPath,
      ["--enable-source-maps", script],
      { cwd },
      (error, stdout, stderr) => {
        rmSync(cwd, { recursive: true, force: true });
        if (error === null) resolve(stdout + stderr);
        else reject(new Error(`exit code ${error.code}\n${stdout}${stderr}`));
      },
    );
    process_.stdin?.end();
  });
}

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleDetection: ts.ModuleDetectionKind.Force,
  lib: ["lib.es2023.d.ts", "lib.dom.d.ts"],
  types: ["node"],
  strict: true,
  skipLibCheck: true,
  inlineSourceMap: true,
};

/**
 * Doc comments are short, so a block of theirs without any import gets one for each name that its own file or,
 * failing that, a public entry point exports. Pages for readers write their imports out.
 */
function importFinder(blocks: Block[]): (block: Block) => string {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const entries = Object.keys(manifest.exports).filter((path) => manifest.exports[path].types !== undefined);
  const module = (name: string) => ({
    specifier: `${BUILT}/${name}.js`,
    types: join(root, `dist/${name}.d.ts`),
  });
  const publicModules = entries.map((path) =>
    module(manifest.exports[path].types.slice("./dist/".length, -".d.ts".length)),
  );
  const ownModule = ({ file }: Block) => module(file.slice("src/".length, -".ts".length));
  const fragments = blocks.filter(({ file, code }) => file.startsWith("src/") && !/^\s*import\b/m.test(code));
  const program = ts.createProgram(
    [...publicModules, ...fragments.map(ownModule)].map(({ types }) => types),
    // Names are all that is asked for, so the libraries' own types are left out: a tenth of the time.
    { ...options, lib: [], noLib: true, types: [] },
  );
  const exportsOf = (types: string): string[] => {
    const source = program.getSourceFile(types);
    const symbol = source && program.getTypeChecker().getSymbolAtLocation(source);
    return symbol
      ? program
          .getTypeChecker()
          .getExportsOfModule(symbol)
          .map(({ name }) => name)
      : [];
  };
  return (block) => {
    if (!fragments.includes(block)) return "";
    const wanted = undeclaredNames(block.code);
    // A file of operations alone has no tensors; a user has the whole package.
    const engine = `import "${BUILT}/index.js"; `;
    return [ownModule(block), ...publicModules]
      .map(({ specifier, types }) => {
        const names = exportsOf(types).filter((name) => wanted.delete(name));
        return names.length === 0 ? "" : `import { ${names.join(", ")} } from "${specifier}"; `;
      })
      .reduce((imports, one) => imports + one, engine);
  };
}

/** Identifiers in the code that it does not declare itself. */
function undeclaredNames(code: string): Set<string> {
  const used = new Set<string>();
  const declared = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) {
      const parent = node.parent as ts.NamedDeclaration;
      const declares = parent.name === node && !ts.isPropertyAccessExpression(parent);
      (declares ? declared : used).add(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile("block.ts", code, ts.ScriptTarget.ES2022, true));
  return new Set([...used].filter((name) => !declared.has(name)));
}

function describe(file: string, { file: source, start, messageText }: ts.Diagnostic): string {
  const line = source === undefined ? 0 : source.getLineAndCharacterOfPosition(start ?? 0).line + 1;
  return `${file}:${line}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
}
