/** The engine's lines that guides show are those of the source. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "./modules.ts";

// A string, so that the compiler does not ask for the types of a tool.
const tool: string = join(root, "tools/excerpts.js");
const { withExcerpts }: { withExcerpts(page: string): string } = await import(tool);

const guides = readdirSync("docs").filter((file) => file.endsWith(".md"));

test.each(guides)("%s shows the source as it is now; `npm run docs` brings it up to date", (file) => {
  const page = readFileSync(`docs/${file}`, "utf8");
  expect(withExcerpts(page)).toBe(page);
});

test("an excerpt is a declaration or a member of one, and a stale one is replaced", () => {
  const page = (code: string): string => `\`\`\`ts excerpt=src/kernels/types.ts#FloatArray\n${code}\n\`\`\``;
  expect(withExcerpts(page("old"))).toBe(page("export type FloatArray = Float32Array | Float64Array;"));
  const member = "```ts excerpt=src/ops/linear.ts#matmul.gradient\n```";
  expect(withExcerpts(member)).toMatch(
    /^```ts [^\n]*\ngradient\(cotangent, node, index\) \{\n {2}const \[a, b\]/,
  );
});

test("an excerpt of nothing is refused", () => {
  expect(() => withExcerpts("```ts excerpt=src/kernels/types.ts#None\n```")).toThrow("declares no None");
});
