/**
 * What one has to read to follow `silu(x.matmul(w)).sum().backward()` on the TypeScript backend, and how long the core is.
 *
 * When a function runs, the declaration or class member that it is part of counts, whole and with its doc comment. A type, a
 * constant or a field counts when what is counted already names it, and a file's opening comment when anything of it
 * counts. Imports and what only runs while modules load do not. `npm run bench:reading -- --list` names the lines.
 */

import { readdirSync, readFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { SourceMap } from "node:module";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { useBackend } from "../src/basics/backend.ts";
import { tensor } from "../src/index.ts";
import { silu } from "../src/ops/elementwise.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The functions of a source file, as spans of characters, with their names. */
function functionsOf(source: ts.Node): ts.SignatureDeclaration[] {
  const found: ts.SignatureDeclaration[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && "body" in node && node.body !== undefined) found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** The first and last line of what one reads around a function: the whole declaration or class member, with its comment. */
function linesOf(source: ts.SourceFile, node: ts.Node): [first: number, last: number] {
  let whole = node;
  while (!ts.isSourceFile(whole) && !ts.isSourceFile(whole.parent) && !ts.isClassDeclaration(whole.parent))
    whole = whole.parent;
  const comments = ts.getLeadingCommentRanges(source.text, whole.getFullStart()) ?? [];
  const start = comments.at(-1)?.pos ?? whole.getStart(source);
  return [
    source.getLineAndCharacterOfPosition(start).line,
    source.getLineAndCharacterOfPosition(whole.end).line,
  ];
}

async function functionsThatRun(program: () => void): Promise<Map<string, Set<ts.SignatureDeclaration>>> {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
  await session.post("Profiler.takePreciseCoverage");
  program();
  const { result } = await session.post("Profiler.takePreciseCoverage");
  session.disconnect();
  const ran = new Map<string, Set<ts.SignatureDeclaration>>();
  for (const script of result) {
    const file = /\.build\/(src\/.*)\.js$/.exec(script.url)?.[1];
    if (file === undefined) continue;
    const text = readFileSync(fileURLToPath(script.url), "utf8");
    const map = new SourceMap(JSON.parse(readFileSync(`${fileURLToPath(script.url)}.map`, "utf8")));
    const path = `${root}${file}.ts`;
    const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true);
    const all = functionsOf(source);
    for (const { functionName, ranges } of script.functions) {
      const [{ count, startOffset, endOffset }] = ranges;
      // The whole module, and initialisers of fields, which are read with their class.
      if (count === 0 || (startOffset === 0 && endOffset === text.length)) continue;
      if (functionName === "<instance_members_initializer>") continue;
      const before = text.slice(0, startOffset).split("\n");
      const { originalLine, originalColumn } = map.findEntry(
        before.length - 1,
        before[before.length - 1].length,
      ) as {
        originalLine: number;
        originalColumn: number;
      };
      const position = source.getPositionOfLineAndCharacter(originalLine, originalColumn);
      const holding = all.filter((node) => node.getFullStart() <= position && position < node.end);
      const innermost = holding.reduce((a, b) => (b.end - b.pos < a.end - a.pos ? b : a), holding[0]);
      if (innermost === undefined) continue;
      const inFile = ran.get(file) ?? new Set();
      ran.set(file, inFile.add(innermost));
    }
  }
  return ran;
}

useBackend("typescript");
const x = tensor(
  [
    [1, 2],
    [3, 4],
    [5, 6],
  ],
  { requiresGrad: true },
);
const w = tensor(
  [
    [1, 2, 3],
    [4, 5, 6],
  ],
  { requiresGrad: true },
);
const ran = await functionsThatRun(() => silu(x.matmul(w)).sum().backward());

/** The names that a piece of code mentions. */
function namesIn(node: ts.Node, names: Set<string> = new Set()): Set<string> {
  if (ts.isIdentifier(node)) names.add(node.text);
  ts.forEachChild(node, (child) => {
    namesIn(child, names);
  });
  return names;
}

/** Types, constants and fields of the given files, by name: what a function that runs may be explained by. */
const declarations: { readonly name: string; readonly node: ts.Node }[] = [];
for (const functions of ran.values()) {
  const [first] = functions;
  for (const statement of first.getSourceFile().statements) {
    if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) {
      declarations.push({ name: statement.name.text, node: statement });
    } else if (ts.isClassDeclaration(statement)) {
      for (const member of statement.members)
        if (ts.isPropertyDeclaration(member))
          declarations.push({ name: member.name.getText(), node: member });
    } else if (ts.isVariableStatement(statement)) {
      for (const declaration of statement.declarationList.declarations) {
        const isConstant =
          declaration.initializer === undefined || functionsOf(declaration.initializer).length === 0;
        if (isConstant) declarations.push({ name: declaration.name.getText(), node: statement });
      }
    }
  }
}
const counted = new Set<ts.Node>([...ran.values()].flatMap((functions) => [...functions]));
const names = new Set<string>();
for (const node of counted) namesIn(node, names);
for (let size = -1; size !== counted.size; ) {
  size = counted.size;
  for (const { name, node } of declarations) {
    if (counted.has(node) || !names.has(name)) continue;
    counted.add(node);
    namesIn(node, names);
  }
}

const linesOfFile = new Map<ts.SourceFile, Set<number>>();
for (const node of counted) {
  const source = node.getSourceFile();
  if (!linesOfFile.has(source)) {
    const [opening] = ts.getLeadingCommentRanges(source.text, 0) ?? [];
    const end = opening === undefined ? -1 : source.getLineAndCharacterOfPosition(opening.end).line;
    linesOfFile.set(source, new Set(Array.from({ length: end + 1 }, (_, line) => line)));
  }
  const [first, last] = linesOf(source, node);
  for (let line = first; line <= last; line++) linesOfFile.get(source)!.add(line);
  if (process.argv.includes("--list")) console.log(`${source.fileName}:${first + 1}-${last + 1}`);
}
let total = 0;
const rows = [...linesOfFile].map(([source, lines]) => {
  total += lines.size;
  return { file: source.fileName.slice(root.length), lines: lines.size };
});
console.table(rows.sort((a, b) => b.lines - a.lines));
console.log(`${total} lines in ${rows.length} files on the way of silu(x.matmul(w)).sum().backward()\n`);

const lengthOf = (path: string): number => readFileSync(`${root}${path}`, "utf8").split("\n").length - 1;
const folder = (name: string): number =>
  readdirSync(`${root}src/${name}`).reduce((sum, file) => sum + lengthOf(`src/${name}/${file}`), 0);
for (const name of ["ops", "autograd", "tensor", "basics", "cli"])
  console.log(`src/${name}: ${folder(name)} lines`);
console.log(`src/ops and src/autograd: ${folder("ops") + folder("autograd")} lines`);
console.log(`src/autograd/backward.ts: ${lengthOf("src/autograd/backward.ts")} lines`);
