/** Checks of lesson 10: noise and sampling against their formulas, and the network against the package's own. */

import fc from "fast-check";
import { normal, Random } from "halograd";
import { DenoisingAutoencoder } from "halograd/diffusion";
import { digits, forAll, isNear, primes, quarters, requireExports, Wrong } from "../checking.ts";
import {
  areNear,
  fromTensor,
  requireTable,
  showTable,
  type Table,
  table,
  tables,
  toTensor,
} from "./tensors.ts";

interface Layer {
  readonly weights: Table;
  readonly biases: Table;
}

const sides = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 }));

export const checks = {
  "add-noise"(learner: { addNoise: (clean: Table, noise: Table, amounts: number[]) => unknown }) {
    requireExports(learner, "addNoise");
    const check = (clean: Table, noise: Table, amounts: number[]): void => {
      const shown = `addNoise(${showTable(clean)}, ${showTable(noise)}, [${amounts.map(digits).join(", ")}])`;
      const got = learner.addNoise(clean, noise, [...amounts]);
      requireTable(got, clean.shape, shown);
      const mixed = (weights: (a: number) => [number, number], amount: (row: number) => number): Table =>
        table(
          clean.shape,
          clean.data.map((value, k) => {
            const [kept, added] = weights(amount(Math.floor(k / clean.shape[1])));
            return kept * value + added * noise.data[k];
          }),
        );
      const own = (row: number): number => amounts[row];
      const expected = mixed((a) => [1 - a, a], own);
      if (areNear(got, expected)) return;
      const start = `${shown} is ${showTable(got)}, and should be ${showTable(expected)}.`;
      if (
        areNear(
          got,
          mixed((a) => [a, 1 - a], own),
        )
      )
        throw new Wrong(`${start} Curve and noise are swapped: at a = 0 there is no noise.`);
      if (
        areNear(
          got,
          mixed((a) => [1, a], own),
        )
      )
        throw new Wrong(`${start} The curve itself does not fade: it is multiplied by 1 − a.`);
      if (
        areNear(
          got,
          mixed((a) => [Math.sqrt(1 - a * a), a], own),
        )
      )
        throw new Wrong(`${start} This is another schedule. Here the curve is multiplied by 1 − a.`);
      if (
        areNear(
          got,
          mixed(
            (a) => [1 - a, a],
            () => amounts[0],
          ),
        )
      )
        throw new Wrong(`${start} All curves get the amount of the first. Each row has its own.`);
      throw new Wrong(`${start} It is (1 − a)·x + a·ε, with the a of the row.`);
    };
    const amount = fc.constantFrom(0.25, 0.5, 0.75, 0.125);
    // A single curve first: then only the formula can be wrong.
    for (const shapes of [fc.constant<[number, number]>([1, 2]), sides])
      forAll(
        [
          shapes.chain((shape) =>
            fc.tuple(
              tables(shape),
              tables(shape),
              fc.array(amount, { minLength: shape[0], maxLength: shape[0] }),
            ),
          ),
        ],
        ([clean, noise, amounts]) => check(clean, noise, amounts),
      );
  },

  denoise(learner: { denoise: (layers: Layer[], x: Table) => unknown }) {
    requireExports(learner, "denoise");
    forAll(
      [fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 3 })],
      (seed, batch) => {
        const network = new DenoisingAutoencoder(new Random(seed), [5, 4, 3, 2]);
        const layers = [...network.encoder, ...network.decoder].map(
          ({ weight, bias }): Layer => ({
            weights: fromTensor(weight.detach().transpose().contiguous().to("float64")),
            biases: fromTensor(bias!.detach().reshape([1, -1]).contiguous().to("float64")),
          }),
        );
        const x = normal([batch, 5], new Random(seed + 1));
        const got = learner.denoise(layers, fromTensor(x));
        requireTable(got, [batch, 5], `denoise of a batch of ${batch}`);
        const expected = fromTensor(network.forward(x).detach());
        const reached = new Set<Table>([got]);
        for (const { sources } of reached) for (const { from } of sources ?? []) reached.add(from);
        if (!areNear(got, expected, 1e-4)) throw new Wrong(diagnose(layers, fromTensor(x), got));
        const missing = layers.findIndex(
          ({ weights, biases }) => !reached.has(weights) || !reached.has(biases),
        );
        if (missing >= 0)
          throw new Wrong(
            `The guess is right, but its tape does not lead back to the parameters of layer ${missing + 1}. They would not be trained. Use add, applyLayer and silu all the way, which record.`,
          );
      },
      { runs: 20 },
    );
  },

  sample(learner: { sample: (guess: (x: Table) => Table, noise: Table) => unknown }) {
    requireExports(learner, "sample");
    forAll([primes(4), quarters(-6, 6)], ([a, b, c, d], shift) => {
      const noise = table([2, 2], [a, b, c, d]);
      const f = (value: number): number => 0.5 * value + shift;
      let calls = 0;
      const got = learner.sample((x) => {
        if (++calls > 1000) throw new Wrong("sample asks for guesses on and on. There are 31 steps.");
        return table(x.shape, x.data.map(f));
      }, noise);
      requireTable(got, [2, 2], "sample");
      const run = (
        steps: number,
        share: (i: number) => number,
        from: (x: number, start: number) => number = (x) => x,
      ): Table =>
        table(
          [2, 2],
          noise.data.map((start) => {
            let x = start;
            for (let i = 0; i < steps; i++) x = (1 - share(i)) * from(x, start) + share(i) * f(x);
            return x;
          }),
        );
      if ([...noise.data].join() !== [a, b, c, d].join())
        throw new Wrong("sample changes the noise that it was given.");
      const expected = run(31, (i) => 1 / (31 - i));
      if (areNear(got, expected) && calls === 31) return;
      const start = `For guess(x) = 0.5·x + ${digits(shift)}, sample gives ${showTable(got)} after ${calls} guess${calls === 1 ? "" : "es"}, and should give ${showTable(expected)}.`;
      if (
        areNear(
          got,
          run(1, () => 1),
        )
      )
        throw new Wrong(`${start} It believes the first guess at once. Go a part of the way, and ask again.`);
      if (
        areNear(
          got,
          run(31, () => 1 / 31),
        )
      )
        throw new Wrong(
          `${start} All steps go 1/31 of the way. The part grows: m = 1/(31 − i), and the last step goes all the way.`,
        );
      if (
        calls !== 31 ||
        areNear(
          got,
          run(31, (i) => 1 / (32 - i)),
        ) ||
        areNear(
          got,
          run(30, (i) => 1 / (31 - i)),
        )
      )
        throw new Wrong(
          `${start} Count the steps: i goes from 0 to 30, and in the last one m is 1/(31 − 30) = 1.`,
        );
      throw new Wrong(
        `${start} Each step mixes the guess with x as the step before left it, and asks for the guess there.`,
      );
    });
  },
};

/** Which network it is, if it is a near relative of the right one. */
function diagnose(layers: readonly Layer[], x: Table, got: Table): string {
  const start = "denoise gives another guess than the network of the lesson with the same weights.";
  const apply = (layer: Layer, x: Table, bends = true): Table => {
    const linear = toTensor(x).matmul(toTensor(layer.weights)).add(toTensor(layer.biases));
    return fromTensor((bends ? linear.silu() : linear).contiguous());
  };
  const plus = (x: Table, y: Table): Table =>
    table(
      x.shape,
      x.data.map((value, i) => value + y.data[i]),
    );
  const variant = ({ skips = [true, true], last = false, bends = true }): Table => {
    const first = apply(layers[0], x, bends);
    const second = apply(layers[1], first, bends);
    const fourth = apply(layers[3], apply(layers[2], second, bends), bends);
    const fifth = apply(layers[4], skips[0] ? plus(fourth, second) : fourth, bends);
    const end = skips[1] ? plus(fifth, first) : fifth;
    return apply(layers[5], end, last);
  };
  const same = (table: Table): boolean => table.data.every((value, i) => isNear(got.data[i], value, 1e-4));
  if (same(variant({ skips: [false, false] })))
    return `${start} The outputs of the first two layers are not added back.`;
  if (same(variant({ skips: [false, true] })))
    return `${start} The 16 numbers of layer 2 are not added to the input of layer 5.`;
  if (same(variant({ skips: [true, false] })))
    return `${start} The 32 numbers of layer 1 are not added to the input of layer 6.`;
  if (same(variant({ last: true })))
    return `${start} SiLU follows the last layer as well. The guess must be free to take any value: leave it out there.`;
  if (same(variant({ bends: false })))
    return `${start} SiLU is missing: without it the network is one matrix.`;
  return `${start} SiLU follows each layer but the last, the output of layer 2 is added to the input of layer 5, and that of layer 1 to the input of layer 6.`;
}
