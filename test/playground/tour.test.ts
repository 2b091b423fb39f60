/** The tour's lessons in Node: what they show runs, and the checkers tell right solutions from wrong ones. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { useBackend } from "halograd";
import { beforeAll, describe, expect, test } from "vitest";
import { exercisesOf, readLesson } from "../../examples/playground/tour/lesson.ts";
import type { Host } from "../../examples/playground/tour/modules.ts";
import { claimedOutput, tells } from "../docs/blocks.ts";
import { requireFreshBuild } from "../fresh-build.ts";
import { installPages } from "./browser.ts";
import { mistakes } from "./tour-mistakes.ts";

const folder = fileURLToPath(new URL("../../examples/playground/tour", import.meta.url));
const lessons = readdirSync(folder)
  .filter((name) => name.endsWith(".md"))
  .map((page) => ({ page, ...readLesson(page, readFileSync(join(folder, page), "utf8")) }));
const exercises = lessons.flatMap((lesson) =>
  exercisesOf(lesson).map((exercise) => ({ ...exercise, page: lesson.page })),
);
/** All files with the reference solutions. */
const files = new Map(
  lessons.flatMap(({ parts }) =>
    parts.flatMap((part) =>
      part.kind === "exercise"
        ? [[part.name, part.solution] as const]
        : part.kind === "cell" && part.name !== null
          ? [[part.name, part.code] as const]
          : [],
    ),
  ),
);

// Loaded once that is installed which they import.
let check: typeof import("../../examples/playground/tour/checks/index.ts").checkExercise;
let runModule: typeof import("../../examples/playground/tour/modules.ts").runModule;
let importPackage: typeof import("../../examples/playground/tour/packages.ts").importPackage;

beforeAll(async () => {
  requireFreshBuild();
  useBackend("typescript");
  installPages();
  ({ checkExercise: check } = await import("../../examples/playground/tour/checks/index.ts"));
  ({ runModule } = await import("../../examples/playground/tour/modules.ts"));
  ({ importPackage } = await import("../../examples/playground/tour/packages.ts"));
}, 120_000);

/** Files as they are, but for one. */
function hostWith(name: string, code: string, printed: string[] = []): Host {
  return {
    source: (file) => (file === name ? code : (files.get(file) ?? null)),
    package: importPackage,
    print: (line) => printed.push(line),
  };
}

describe.each(lessons)("$title", ({ page, parts }) => {
  const cells = parts.filter((part) => part.kind === "cell");
  test.each(cells)(`the code at ${page}:$line runs, and prints what its comments claim`, async ({ code }) => {
    const printed: string[] = [];
    await runModule("cell", hostWith("cell", code, printed));
    // What is printed as SVG is shown as a picture.
    const lines = printed.filter((line) => !line.startsWith("<svg")).flatMap((line) => line.split("\n"));
    const claims = claimedOutput(code);
    if (claims.length > 0)
      expect(claims.map((claim, i) => (tells(claim, lines[i]) ? lines[i] : claim))).toEqual(lines);
  });
});

describe.each(exercises)("exercise $name", ({ name, starter, solution }) => {
  test("the reference solution passes", async () => {
    expect(await check(name, hostWith(name, solution))).toBe(null);
  });

  test("what one starts from does not pass", async () => {
    expect((await check(name, hostWith(name, starter)))?.message).toMatch(/\w/);
  });

  test.each(mistakes[name] ?? [])("$title: it says what is wrong", async ({ edits, says }) => {
    let code = solution;
    for (const [text, by] of edits) {
      expect(code.split(text).length - 1, `"${text}" in the solution`).toBe(1);
      code = code.replace(text, () => by);
    }
    expect((await check(name, hostWith(name, code)))?.message ?? "passes").toContain(says);
  });

  test("at least three wrong solutions are tried", () => {
    expect(mistakes[name]?.length ?? 0).toBeGreaterThanOrEqual(3);
  });
});

test("the wrong solutions belong to exercises", () => {
  expect(
    Object.keys(mistakes).filter((name) => !exercises.some((exercise) => exercise.name === name)),
  ).toEqual([]);
});

describe("an error is reported with its place", () => {
  test.each([
    ["a mistake of syntax", "const a = 1;\nconst b = ;", { file: "cell", line: 2 }, "Unexpected token"],
    ["an error", "const f = () => {\n  null.x;\n};\nf();", { file: "cell", line: 2 }, "TypeError"],
    [
      "an error of an imported file",
      'import { Value } from "./value.js";\nnew Value(1).add(null);',
      { file: "value", line: 8 },
      "TypeError",
    ],
    ["something else that is thrown", "throw 5;", null, "thrown: 5"],
    [
      "a file that is not there",
      '\nimport { a } from "./nothing.js";',
      { file: "cell", line: 2 },
      "There is no ./nothing.js",
    ],
    [
      "a package that is not there",
      'import fs from "node:fs";',
      { file: "cell", line: 1 },
      "There is no node:fs",
    ],
    [
      "an export that is not there",
      'import { Valeu } from "./value.js";',
      { file: "cell", line: 1 },
      "no export Valeu",
    ],
    [
      "files that import each other",
      'import { cell } from "./cell.js";',
      { file: "cell", line: 1 },
      "imports this file",
    ],
    ["an export of another form", "export default 1;", { file: "cell", line: 1 }, "export function"],
    ["undeclared names", "\n\nx = 1;", { file: "cell", line: 3 }, "ReferenceError"],
    [
      "an import over lines, and what comes behind",
      'import {\n  Value,\n} from "./value.js";\nValue.nothing();',
      { file: "cell", line: 4 },
      "TypeError",
    ],
  ])("%s", async (_, code, place, message) => {
    const { problemOf } = await import("../../examples/playground/tour/modules.ts");
    const error = await runModule("cell", hostWith("cell", code)).then(
      () => null,
      (error: unknown) => error,
    );
    const problem = problemOf(error);
    expect(problem.place).toEqual(place);
    expect(problem.message).toContain(message);
  });
});
