/** Checks of lesson 4: orders and cotangents of drawn graphs, of long chains, and of graphs with too many paths to walk. */

import fc from "fast-check";
import {
  digits,
  forAll,
  isNear,
  primes,
  quarters,
  requireExports,
  requireNumber,
  Wrong,
} from "../checking.ts";

interface Value {
  readonly name: string;
  readonly sources: readonly Source[];
}
interface Source {
  readonly from: Value;
  readonly slope: number;
}

const value = (name: string, ...sources: (readonly [Value, number])[]): Value => ({
  name,
  sources: sources.map(([from, slope]) => ({ from, slope })),
});

/** Graphs of values v0, v1, …, each from earlier ones, with slopes; the last one is the result. */
const graphs: fc.Arbitrary<Value> = fc
  .array(fc.array(fc.tuple(fc.nat(20), quarters(-6, 6)), { minLength: 1, maxLength: 3 }), {
    minLength: 1,
    maxLength: 6,
  })
  .map((lists) => {
    const values = [value("v0")];
    for (const list of lists)
      values.push(
        value(`v${values.length}`, ...list.map(([i, slope]) => [values[i % values.length], slope] as const)),
      );
    return values.at(-1)!;
  });

/** A graph as it is written: "v1 from v0, v0". */
function show(result: Value): string {
  return reached(result)
    .filter(({ sources }) => sources.length > 0)
    .map(
      ({ name, sources }) =>
        `${name} from ${sources.map(({ from, slope }) => `${from.name} (slope ${digits(slope)})`).join(" and ")}`,
    )
    .join(", ");
}

/** All values that a result depends on, the newest first. */
function reached(result: Value): Value[] {
  const seen = new Set([result]);
  for (const { sources } of seen) for (const { from } of sources) seen.add(from);
  return [...seen].sort((a, b) => Number(b.name.slice(1)) - Number(a.name.slice(1)));
}

/** Walks x + x, doubled so often, and stops when sources are looked into more often than an order needs. */
function withoutAllPaths(walk: (result: Value) => unknown, what: string): void {
  let looks = 0;
  let last = value("v0");
  for (let i = 1; i <= 30; i++) {
    const from = last;
    const sources = [
      { from, slope: 1 },
      { from, slope: 1 },
    ];
    last = {
      name: `v${i}`,
      get sources() {
        if (++looks > 2000)
          throw new Wrong(
            `${what} walks into values again and again: 30 doublings have a billion paths, but 31 values. Keep a Set of those that were seen.`,
          );
        return sources;
      },
    };
  }
  walk(last);
}

function withoutOverflow(walk: (result: Value) => unknown, what: string): void {
  let last = value("v0");
  for (let i = 1; i <= 30_000; i++) last = value(`v${i}`, [last, 1]);
  try {
    walk(last);
  } catch (error) {
    if (error instanceof RangeError)
      throw new Wrong(
        `${what} overflows the stack on a chain of 30,000 operations: the recursion is as deep as the chain is long. Keep the stack in an array.`,
      );
    throw error;
  }
}

export const checks = {
  order(learner: { order: (result: Value) => unknown }) {
    requireExports(learner, "order");
    const { order } = learner;
    withoutAllPaths(order, "order");
    forAll([graphs], (result) => {
      const got = order(result);
      const start = `For the graph ${show(result)}, order`;
      if (!Array.isArray(got))
        throw new Wrong(
          `${start} gives ${got === undefined ? "nothing back" : typeof got}, where an array is expected.`,
        );
      const names = `[${got.map((item) => (item as Value)?.name ?? String(item)).join(", ")}]`;
      const expected = reached(result);
      const stray = got.find((item) => !expected.includes(item));
      if (stray !== undefined)
        throw new Wrong(
          `${start} gives ${names}. The list has the values themselves: not copies, sources or entries of a stack.`,
        );
      if (new Set(got).size < got.length)
        throw new Wrong(
          `${start} gives ${names}. Some values come more than once. Each hands on its cotangent once.`,
        );
      const missing = expected.find((item) => !got.includes(item));
      if (missing !== undefined) throw new Wrong(`${start} gives ${names}. ${missing.name} is missing.`);
      if (got[0] !== result)
        throw new Wrong(
          got.at(-1) === result
            ? `${start} gives ${names}. The result comes last: turn the list around.`
            : `${start} gives ${names}. The result ${result.name} comes first.`,
        );
      for (const [i, { name, sources }] of (got as Value[]).entries())
        for (const { from } of sources)
          if (got.indexOf(from) < i)
            throw new Wrong(
              `${start} gives ${names}. ${from.name} comes before ${name}, which was computed from it. It would hand on its cotangent before the contribution of ${name} has arrived. Write a value down when its sources are done, not when you first see it.`,
            );
    });
    withoutOverflow(order, "order");
  },

  backward(learner: { backward: (result: Value) => unknown }) {
    requireExports(learner, "backward");
    const { backward } = learner;
    const cotangents = (result: Value): Map<Value, unknown> => {
      const got = backward(result);
      if (!(got instanceof Map))
        throw new Wrong(
          `backward gives ${got === undefined ? "nothing back" : typeof got}, where a Map is expected.`,
        );
      return got;
    };
    const cotangent = (got: Map<Value, unknown>, of: Value, shown: string): number => {
      if (!got.has(of)) throw new Wrong(`${shown}: the Map has no cotangent for ${of.name}.`);
      const found = got.get(of);
      requireNumber(found, `${shown}: the cotangent of ${of.name}`);
      return found;
    };
    forAll([quarters(), quarters()], (a, b) => {
      const x = value("x");
      const y = value("y", [x, a]);
      const f = value("f", [y, b]);
      const shown = `For y from x (slope ${digits(a)}) and f from y (slope ${digits(b)})`;
      const got = cotangents(f);
      const own = cotangent(got, f, shown);
      if (own !== 1)
        throw new Wrong(
          `${shown}: the cotangent of f is ${digits(own)}. The walk starts with 1: f moves exactly as far as f.`,
        );
      for (const [of, expected] of [
        [y, b],
        [x, a * b],
      ] as const) {
        const found = cotangent(got, of, shown);
        if (isNear(found, expected)) continue;
        const start = `${shown}: the cotangent of ${of.name} is ${digits(found)}, and should be ${digits(expected)}.`;
        if (of === x && isNear(found, a))
          throw new Wrong(`${start} This is the slope alone. Multiply it by the cotangent of y.`);
        if (isNear(found, of === x ? a + b : b + 1))
          throw new Wrong(`${start} Cotangent and slope are added. Multiply them.`);
        throw new Wrong(`${start} A contribution is the cotangent of the output times the slope.`);
      }
    });
    forAll([primes(2)], ([a, b]) => {
      const x = value("x");
      const f = value("f", [x, a], [x, b]);
      const shown = `For f from x (slope ${digits(a)}) and x (slope ${digits(b)})`;
      const found = cotangent(cotangents(f), x, shown);
      if (isNear(found, a + b)) return;
      const start = `${shown}: the cotangent of x is ${digits(found)}, and should be ${digits(a + b)}.`;
      if (isNear(found, b))
        throw new Wrong(
          `${start} The contribution of the second use of x replaces the first instead of being added.`,
        );
      if (isNear(found, a))
        throw new Wrong(`${start} Only the first use of x counts. Each use adds a contribution.`);
      throw new Wrong(`${start} Each use of x adds a contribution.`);
    });
    forAll([graphs], (result) => {
      const values = reached(result);
      const expected = new Map(values.map((value) => [value, 0]));
      expected.set(result, 1);
      for (const value of values)
        for (const { from, slope } of value.sources)
          expected.set(from, expected.get(from)! + expected.get(value)! * slope);
      const shown = `For the graph ${show(result)}`;
      const got = cotangents(result);
      for (const [of, wanted] of expected) {
        const found = cotangent(got, of, shown);
        if (!isNear(found, wanted))
          throw new Wrong(
            `${shown}: the cotangent of ${of.name} is ${digits(found)}, and should be ${digits(wanted)}. A value hands on its cotangent once, when all contributions to it have arrived: walk in the order of order(result).`,
          );
      }
    });
    withoutAllPaths(backward, "backward");
    withoutOverflow(backward, "backward");
  },
};
