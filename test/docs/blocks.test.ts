/** The tests of the documentation see broken code, and name its line. */
import { expect, test } from "vitest";
import { type Block, docCommentBlocks, markdownBlocks } from "./blocks.ts";
import { compile, type Module, run } from "./modules.ts";

test("blocks of TypeScript and JavaScript are cut out with their line, and other blocks are passed over", () => {
  const page = "# Title\n```ts\none();\n```\n```sh\nnpm ci\n```\n- item\n  ```js no-run\n  two();\n  ```\n";
  expect(markdownBlocks("page.md", page)).toEqual([
    { file: "page.md", line: 3, code: "one();", run: true },
    { file: "page.md", line: 10, code: "two();", run: false },
  ]);
});

test("a fence that is never closed is refused with its line", () => {
  expect(() => markdownBlocks("page.md", "text\n```ts\none();\n")).toThrow("page.md:2");
});

test("doc comments give their fenced blocks and the text of a bare @example", () => {
  const source = [
    "const a = 1;",
    "/**",
    " * Adds.",
    " * @example",
    " * add(1, 2);",
    " * add(3, 4); // 7",
    " * @throws never",
    " */",
    "/** Text. @returns no code */",
    "/** Halves. @example halve(8); // 4 */",
    "  /**",
    "   * @example with a caption",
    "   * ```ts",
    "   * add(5, 6);",
    "   * ```",
    "   */",
  ].join("\n");
  const blocks = docCommentBlocks("src/a.ts", source);
  expect(blocks.map(({ line, code }) => [line, code.trim()])).toEqual([
    [4, "add(1, 2);\nadd(3, 4); // 7"],
    [10, "halve(8); // 4"],
    [14, "add(5, 6);"],
  ]);
  expect(blocks[0]?.code.split("\n")).toEqual(["", "add(1, 2);", "add(3, 4); // 7", ""]);
});

test("broken blocks fail: a wrong type at compile time, an exception at run time", async () => {
  const block = (code: string): Block => ({ file: "README.md", line: 40, code, run: true });
  const [sound, wrongType, wrongName, thrower] = (await compile("broken-docs", [
    block('import { HalogradError } from "halograd";\nconsole.log(HalogradError.name);'),
    { ...block("const a = 1;\nconst b: string = 2;"), line: 50 },
    { ...block('import { noSuchName } from "halograd";'), line: 60 },
    { ...block('throw new Error("loud");'), line: 70 },
  ])) as [Module, Module, Module, Module];
  expect(sound.errors).toEqual([]);
  expect(await run(sound.script)).toBe("HalogradError\n");
  expect(wrongType.errors).toEqual([expect.stringContaining("README.md:51: Type 'number'")]);
  expect(wrongName.errors).toEqual([expect.stringContaining("README.md:60: Module '\"halograd\"' has no")]);
  await expect(run(thrower.script)).rejects.toThrow("loud");
});
