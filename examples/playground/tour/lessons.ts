/** All lessons, in order. */

import { exercisesOf, type Lesson } from "./lesson.ts";

const pages = import.meta.glob<Lesson>("./*.md", { eager: true, import: "default" });

/** The lessons, with the names that addresses have for them: "01-nudging". */
export const lessons = Object.entries(pages)
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([path, lesson]) => ({
    ...lesson,
    id: path.slice("./".length, -".md".length),
    exercises: exercisesOf(lesson),
  }));

/** Files that may be imported, as they are given or as the reference solutions have them. */
export const givenFiles: Readonly<Record<string, string>> = Object.fromEntries(
  lessons.flatMap(({ parts }) =>
    parts.flatMap((part) => {
      if (part.kind === "exercise") return [[part.name, part.solution]];
      return part.kind === "cell" && part.name !== null ? [[part.name, part.code]] : [];
    }),
  ),
);
