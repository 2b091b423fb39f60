/**
 * Stands for @fast-check/vitest while mutants are tested. That package takes 2 s of a processor to load, in every test
 * file and so for every mutant; and it writes the seed of the moment into the titles of properties, by which a mutant
 * is matched with the tests that reach it. Here the seed is fixed, loading takes nothing, and a property draws a hundred
 * cases at most: thousands, for each mutant, would take hours to find what the first few find.
 */
import * as fc from "fast-check";
import { test as plainTest } from "vitest";

fc.configureGlobal({ seed: 20260101 });

const MOST_RUNS = 100;

type Run = (title: string, body: (...values: never[]) => unknown, timeout?: number) => void;

/** `test.prop([arbitraries], options)(title, body)`, or a record of arbitraries for a body that takes one of values. */
const prop = (
  arbitraries: fc.Arbitrary<unknown>[] | Record<string, fc.Arbitrary<unknown>>,
  options?: fc.Parameters<[unknown[]]>,
): Run => {
  const drawn = Array.isArray(arbitraries) ? arbitraries : [fc.record(arbitraries)];
  return (title, body, timeout) => {
    // A property fails by throwing, or by returning false. One that does not wait runs at once: a change in which it never ends can be
    // stopped then.
    const isRight = (result: unknown): boolean => result !== false;
    const values = fc.tuple(...drawn);
    const property: fc.IRawProperty<[unknown[]]> =
      body.constructor.name === "AsyncFunction"
        ? fc.asyncProperty(values, async (own) => isRight(await body(...(own as never[]))))
        : fc.property(values, (own) => isRight(body(...(own as never[]))));
    const shown = options?.seed === undefined ? title : `${title} (with seed=${options.seed})`;
    const numRuns = Math.min(options?.numRuns ?? MOST_RUNS, MOST_RUNS);
    plainTest(shown, () => fc.assert(property, { ...options, numRuns }), timeout);
  };
};

export const test = new Proxy(plainTest, {
  get: (target, key) => (key === "prop" ? prop : Reflect.get(target, key)),
});
export { fc };
