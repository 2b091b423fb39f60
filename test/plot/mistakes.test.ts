/** What each figure says of arguments that it does not take: which function, which field. */

import { describe, expect, test } from "vitest";
import { HalogradError } from "../../src/basics/errors.ts";
import { errorOf } from "../messages.ts";
import { EXAMPLES } from "./examples.ts";

/** Each place in arguments, of long lists the first and the last, with the arguments as they are when another value stands there. */
function* places(
  value: unknown,
  path = "",
): Generator<{ path: string; held: unknown; with: (other: unknown) => unknown }> {
  yield { path, held: value, with: (other) => other };
  if (typeof value !== "object" || value === null) return;
  const keys = Object.keys(value);
  for (const key of Array.isArray(value) ? new Set([keys[0], keys[keys.length - 1]]) : keys) {
    if (key === undefined) continue;
    const inner = Array.isArray(value) ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`;
    for (const place of places((value as Record<string, unknown>)[key], inner)) {
      const changed = (other: unknown): unknown =>
        Array.isArray(value)
          ? value.with(Number(key), place.with(other))
          : { ...value, [key]: place.with(other) };
      yield { ...place, with: changed };
    }
  }
}

/** Of functions that take more than one. */
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  cornerFigure: ["title", "parameters"],
  inferenceFigure: ["galaxy"],
  inferredGalaxiesFigure: ["galaxies", "columns"],
};

describe.each(Object.entries(EXAMPLES))("the figure of %s", (_, [draw, ...values]) => {
  const callable = draw as (...values: unknown[]) => string;
  const own = ARGUMENTS[draw.name] ?? ["options"];

  test("refuses what is of another kind than the field, by its own name and that of the field", () => {
    for (const { path, held, with: changed } of places(values)) {
      if (path === "") continue;
      for (const wrong of typeof held === "object" ? [5, "x"] : [{}, Symbol("x")]) {
        const error = errorOf(() => callable(...(changed(wrong) as unknown[])));
        expect(error, `${path}: ${error}`).toBeInstanceOf(HalogradError);
        expect(error.where.split(".")[0], `${path}: ${error}`).toBe(draw.name);
        const names = path.split(/[.[\]]+/).filter((name) => name !== "" && Number.isNaN(Number(name)));
        const field = names[names.length - 1];
        expect(error.message, path).toContain(field ?? own[Number(path[1])]);
      }
    }
  });

  test("refuses a number that is none, and a list of numbers that is shorter than those beside it", () => {
    for (const { path, held, with: changed } of places(values)) {
      const isList = Array.isArray(held) && held.length > 1 && typeof held[0] === "number";
      const wrong = typeof held === "number" ? Number.NaN : isList ? held.slice(1) : undefined;
      // A scale comes from a function with checks of its own.
      if (wrong === undefined || path.includes("scale.")) continue;
      const error = errorOf(() => callable(...(changed(wrong) as unknown[])));
      expect(error, `${path}: ${error}`).toBeInstanceOf(HalogradError);
      if (isList) expect(error.message, path).toMatch(/\n {2}Fix: \S/);
    }
  });
});
