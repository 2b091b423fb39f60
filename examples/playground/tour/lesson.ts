/** Lessons as the tour shows them: a Markdown file, cut into prose, cells that run, and exercises. */

/** A piece of a lesson, in the order of the file. */
export type Part =
  | { readonly kind: "prose"; readonly text: string }
  /** Code that a reader may change and run; with a name, cells and exercises of later lessons may import it. */
  | { readonly kind: "cell"; readonly name: string | null; readonly code: string; readonly line: number }
  | Exercise;

/** A file that the learner writes. Others import it as `./name.js`. */
export interface Exercise {
  readonly kind: "exercise";
  readonly name: string;
  readonly starter: string;
  /** Each tells more than the one before. */
  readonly hints: readonly string[];
  readonly solution: string;
}

/** A lesson. */
export interface Lesson {
  /** As in its first line: "1. A derivative by nudging". */
  readonly title: string;
  readonly parts: readonly Part[];
}

/**
 * Reads a lesson. Fences of `js` are cells, `js file=NAME` a file that is given, `js exercise=NAME` the start of an exercise.
 * The folded details behind an exercise are its hints, and the last one, with a fence `js solution=NAME`, its solution.
 *
 * @param page names the file in errors
 * @param render makes the text of prose and hints from their Markdown; left out, it stays Markdown
 * @throws Error with the line, for a fence that is never closed, and for an exercise without hints or solution
 */
export function readLesson(
  page: string,
  markdown: string,
  render: (markdown: string) => string = (markdown) => markdown,
): Lesson {
  const lines = markdown.split("\n");
  const title = /^# (.+)$/.exec(lines[0])?.[1];
  if (title === undefined) throw new Error(`${page}:1: a lesson starts with its title`);
  const parts: Part[] = [];
  let prose: string[] = [];
  const endProse = (): void => {
    const text = prose.join("\n").trim();
    if (text !== "") parts.push({ kind: "prose", text: render(text) });
    prose = [];
  };
  for (let i = 1; i < lines.length; ) {
    const fence = fenceAt(page, lines, i);
    if (fence === null) prose.push(lines[i++]);
    else if (fence.language !== "js") {
      prose.push(...lines.slice(i, fence.end));
      i = fence.end;
    } else {
      endProse();
      if (fence.marks.exercise !== undefined) {
        const { exercise, end } = readExercise(page, lines, i, fence);
        parts.push({ ...exercise, hints: exercise.hints.map(render) });
        i = end;
      } else {
        parts.push({ kind: "cell", name: fence.marks.file ?? null, code: fence.code, line: i + 2 });
        i = fence.end;
      }
    }
  }
  endProse();
  return { title, parts };
}

/** The exercises of a lesson. */
export function exercisesOf(lesson: Lesson): Exercise[] {
  return lesson.parts.filter((part) => part.kind === "exercise");
}

interface Fence {
  readonly language: string;
  readonly marks: { readonly file?: string; readonly exercise?: string; readonly solution?: string };
  readonly code: string;
  /** The line behind the fence. */
  readonly end: number;
}

function fenceAt(page: string, lines: readonly string[], start: number): Fence | null {
  const opening = /^(```+)(\w*)(.*)$/.exec(lines[start]);
  if (opening === null) return null;
  const [, ticks, language, rest] = opening;
  let end = start + 1;
  while (end < lines.length && lines[end] !== ticks) end++;
  if (end === lines.length) throw new Error(`${page}:${start + 1}: this code fence is never closed`);
  const marks = Object.fromEntries(
    [...rest.matchAll(/(\w+)=([\w-]+)/g)].map(([, key, value]) => [key, value]),
  );
  return { language, marks, code: lines.slice(start + 1, end).join("\n"), end: end + 1 };
}

/** An exercise from its fence on, with the details that follow. */
function readExercise(
  page: string,
  lines: readonly string[],
  start: number,
  fence: Fence,
): { exercise: Exercise; end: number } {
  const name = fence.marks.exercise!;
  const hints: string[] = [];
  let i = fence.end;
  for (;;) {
    while (lines[i]?.trim() === "") i++;
    if (!/^<details>/.test(lines[i] ?? "")) throw new Error(`${page}:${start + 1}: ${name} has no solution`);
    let hint: string[] = [];
    let solution: string | null = null;
    for (i++; lines[i] !== "</details>"; ) {
      if (i >= lines.length) throw new Error(`${page}:${start + 1}: details of ${name} are never closed`);
      const inner = fenceAt(page, lines, i);
      if (inner?.marks.solution === name) solution = inner.code;
      hint = [...hint, ...(inner === null ? [lines[i]] : lines.slice(i, inner.end))];
      i = inner?.end ?? i + 1;
    }
    i++;
    if (solution === null) {
      hints.push(hint.join("\n").trim());
      continue;
    }
    if (hints.length === 0) throw new Error(`${page}:${start + 1}: ${name} has no hint`);
    return { exercise: { kind: "exercise", name, starter: fence.code, hints, solution }, end: i };
  }
}
