/**
 * Stands for @fast-check/vitest while mutants are tested. That package takes 2 s of a processor to load, in every test
 * file and so for every mutant; and it writes the seed of the moment into the titles of properties, by which a mutant
 * is matched with the tests that reach it. Here the seed is fixed and loading takes nothing.
 */
import * as fc from "fast-check";
import { test as plainTest } from "vitest";

fc.configureGlobal({ seed: 20260101 });

type Body<Values extends unknown[]> = (...values: Values) => unknown;

/** `test.prop([arbitraries], options)(title, body)`, the one form that the suite uses. */
const prop =
  <Values extends [unknown, ...unknown[]]>(
    arbitraries: { [Index in keyof Values]: fc.Arbitrary<Values[Index]> },
    options?: fc.Parameters<Values>,
  ) =>
  (title: string, body: Body<Values>, timeout?: number): void => {
    const check = async (...values: Values): Promise<void> => {
      // A property fails by throwing, or by returning false.
      if ((await body(...values)) === false) throw new Error("the property returned false");
    };
    plainTest(title, () => fc.assert(fc.asyncProperty<Values>(...arbitraries, check), options), timeout);
  };

export const test = new Proxy(plainTest, {
  get: (target, key) => (key === "prop" ? prop : Reflect.get(target, key)),
});
export { fc };
