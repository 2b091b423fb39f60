/** What the documentation shows compiles and runs on the built package: README, CONTRIBUTING, docs/ and doc comments. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Block, claimedOutput, docCommentBlocks, markdownBlocks, tells } from "./blocks.ts";
import { compile, type Module, root, run } from "./modules.ts";

const read = (file: string): string => readFileSync(join(root, file), "utf8");
const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => join("src", file).replaceAll("\\", "/"));
const guides = readdirSync(join(root, "docs"))
  .filter((file) => file.endsWith(".md"))
  .map((file) => `docs/${file}`);
const blocks: Block[] = [
  ...["README.md", "CONTRIBUTING.md", ...guides].flatMap((file) => markdownBlocks(file, read(file))),
  ...sources.flatMap((file) => docCommentBlocks(file, read(file))),
].map((block) => ({ ...block, code: withTensorsPrinted(block.code) }));
/** Deno's types are not installed here; this much of them a page uses. */
const DENO = "declare const Deno: { test(name: string, body: () => void): void }; ";
const modules: Module[] = await compile(
  "docs",
  blocks.map((block) => (block.code.includes("Deno.") ? { ...block, code: DENO + block.code } : block)),
);

test("README.md shows code", () => {
  expect(blocks.filter(({ file, run }) => file === "README.md" && run)).not.toEqual([]);
});

/** A tensor that a comment tells behind an expression is printed, so that it is compared too. Its shape goes without saying. */
function withTensorsPrinted(code: string): string {
  return code.replace(
    /^(?!.*\b(?:const|let|console)\b)( *)(.+); \/\/ (tensor\(.*\)) *$/gm,
    (_, indent, expression, claim) =>
      `${indent}console.log(String(${expression}).replace(/\\n *|, shape [^a-z]*(?=[,)])/g, "")); // ${claim}`,
  );
}

describe.concurrent("the code shown at", () => {
  test.each(blocks.map((block, i) => [`${block.file}:${block.line}`, block, modules[i] as Module] as const))(
    "%s compiles and runs",
    async (_, block, module) => {
      expect(module.errors).toEqual([]);
      if (!block.run) return;
      const printed = (await run(module.script)).trimEnd().split("\n");
      const claims = claimedOutput(block.code);
      if (claims.length === 0) return;
      expect(claims.map((claim, i) => (tells(claim, printed[i]) ? printed[i] : claim))).toEqual(printed);
    },
  );
});
