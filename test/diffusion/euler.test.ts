/** The sampler against Euler's method written out in plain float64, the reference post's recurrence, and exact flows. */

import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import {
  type Denoiser,
  DenoisingAutoencoder,
  eulerSampler,
  finish,
  linearSchedule,
  type NoiseSchedule,
  type Sampling,
  uniformGrid,
} from "../../src/diffusion/index.ts";
import { ArgumentError, normal, Random, type Tensor, tensor } from "../../src/index.ts";

/** A guess of the clean value from the noisy one and the time, in plain numbers. */
type PlainDenoiser = (x: number, t: number) => number;

/** Euler's method on dx/dt = α′ x̂₀ + σ′ ε̂ for α = 1 − t, σ = t: dx/dt = ε̂ − x̂₀ with ε̂ = (x − (1 − t) x̂₀)/t. */
function integrate(denoiser: PlainDenoiser, start: number, grid: readonly number[]): number {
  let x = start;
  for (let i = 0; i + 1 < grid.length; i++) {
    const [t, next] = [grid[i], grid[i + 1]];
    const clean = denoiser(x, t);
    const noise = (x - (1 - t) * clean) / t;
    x += (next - t) * (noise - clean);
  }
  return x;
}

/** The same guess as a tensor function. */
const pairs: Record<string, [plain: PlainDenoiser, tensors: Denoiser]> = {
  "one that is not told the time": [
    (x) => 0.8 * Math.tanh(2 * x) + 0.1,
    (x) => x.mul(2).tanh().mul(0.8).add(0.1),
  ],
  "one that is told the time": [
    (x, t) => Math.sin(3 * x * (1 - t)) - t,
    (x, t) =>
      x
        .mul(3 * (1 - t))
        .sin()
        .sub(t),
  ],
  "one that knows the answer": [() => 1.5, (x) => x.mul(0).add(1.5)],
};

/** Rounded to float32 at each step, with a few roundings in the guess; these guesses amplify errors by at most e³. */
const tolerance = (steps: number): number => steps * 20 * 2 ** -23;
const noise = normal([40], new Random(1));

describe("eulerSampler", () => {
  const aGrid = fc
    .uniqueArray(fc.integer({ min: 1, max: 99 }), { minLength: 1, maxLength: 25 })
    .map((times) => [1, ...times.sort((a, b) => b - a).map((t) => t / 100), 0]);

  test.prop([fc.constantFrom(...Object.values(pairs)), aGrid], { numRuns: 60 })(
    "takes Euler steps of the flow from noise to data, on any grid and with any guess",
    ([plain, tensors], grid) => {
      const samples = finish(eulerSampler(tensors, noise, { grid })).toArray<number[]>();
      const starts = noise.toArray<number[]>();
      samples.forEach((sample, i) => {
        expect(Math.abs(sample - integrate(plain, starts[i], grid))).toBeLessThan(tolerance(grid.length));
      });
    },
  );

  it("is the reference post's recurrence x ← (1 − m) x + m net(x), m = 1/(31 − i), for its network", () => {
    const model = new DenoisingAutoencoder(new Random(2), [6, 5, 4, 2]);
    const start = normal([3, 6], new Random(3));
    const samples = finish(eulerSampler((x) => model.forward(x), start)).toArray<number[][]>();
    const states = start.toArray<number[][]>().map((row) => {
      let x = row;
      for (let i = 0; i < 31; i++) {
        const m = 1 / (31 - i);
        const guess = plainAutoencoder(model, x);
        x = x.map((value, k) => (1 - m) * value + m * guess[k]);
      }
      return x;
    });
    for (const [row, expected] of states.entries()) {
      for (const [k, value] of expected.entries())
        expect(Math.abs(samples[row][k] - value)).toBeLessThan(tolerance(31));
    }
  });

  it("tends to the exact flow for Gaussian data, with an error that halves with the step", () => {
    // Data N(μ, s²): E[x₀ | x] = μ + (1 − t) s²/((1 − t)² s² + t²) · (x − (1 − t) μ), and the flow carries noise ε to μ + s ε.
    const [mean, spread] = [0.7, 0.5];
    const gaussian: Denoiser = (x, t) => {
      const gain = ((1 - t) * spread ** 2) / (((1 - t) * spread) ** 2 + t ** 2);
      return x
        .sub((1 - t) * mean)
        .mul(gain)
        .add(mean);
    };
    const exact = noise.mul(spread).add(mean);
    const errors = [50, 100, 200, 400].map((steps) =>
      finish(eulerSampler(gaussian, noise, { grid: uniformGrid(steps) }))
        .sub(exact)
        .abs()
        .max()
        .item(),
    );
    expect(errors[3]).toBeLessThan(0.005);
    for (let i = 1; i < errors.length; i++) expect(errors[i - 1] / errors[i]).toBeCloseTo(2, 0.5);
  });

  it("lands on the guess in its last step, whatever the schedule, and is straight to a constant guess", () => {
    const cosine: NoiseSchedule = {
      name: "cosine",
      alpha: (m, t) => m.cos(m.mul(t, m.constant(Math.PI / 2))),
      sigma: (m, t) => m.sin(m.mul(t, m.constant(Math.PI / 2))),
    };
    for (const schedule of [linearSchedule, cosine]) {
      const grid = [1, 0.6, 0.5, 0.1, 0];
      const sampling = (): Sampling => eulerSampler((x) => x.mul(0).add(2), noise, { grid, schedule });
      for (const sample of finish(sampling())) expect(sample.item()).toBeCloseTo(2, 5);
      for (const { t, state } of sampling()) {
        const [alpha, sigma] =
          schedule === cosine ? [Math.cos((Math.PI / 2) * t), Math.sin((Math.PI / 2) * t)] : [1 - t, t];
        const expected = noise.mul(sigma).add(2 * alpha);
        expect(state.sub(expected).abs().max().item()).toBeLessThan(tolerance(4));
      }
    }
  });

  it("yields each state and guess, starting with the noise that it was given", () => {
    const start = tensor([[1, -1]]);
    const sampling = (): Sampling => eulerSampler((x) => x.mul(0.5), start, { grid: uniformGrid(4) });
    const [told, samples] = [[...sampling()], finish(sampling())];
    expect(told.map(({ step, t }) => [step, t])).toEqual([
      [0, 1],
      [1, 0.75],
      [2, 0.5],
      [3, 0.25],
    ]);
    expect(told[0].state).toBe(start);
    for (const { state, prediction } of told) expect(prediction.toArray()).toEqual(state.mul(0.5).toArray());
    expect(samples.toArray()).toEqual(told[3].prediction.toArray());
    expect(start.toArray()).toEqual([[1, -1]]);
  });

  it("records nothing, although the network's weights require gradients", () => {
    const model = new DenoisingAutoencoder(new Random(2), [3, 2]);
    const sampling = eulerSampler((x) => model.forward(x), normal([2, 3], new Random(1)));
    for (const { state, prediction } of sampling) {
      expect([state.requiresGrad, prediction.requiresGrad]).toEqual([false, false]);
      expect(model.forward(state).requiresGrad, "between two steps the caller's own setting holds").toBe(
        true,
      );
    }
    expect(finish(eulerSampler((x) => model.forward(x), normal([2, 3], new Random(1)))).requiresGrad).toBe(
      false,
    );
  });

  it.each([
    ["grids that rise", [0, 1]],
    ["grids that stand still", [1, 0.5, 0.5, 0]],
    ["grids of one time", [1]],
    ["times beyond 1", [1.5, 0]],
    ["times below 0", [1, -0.1]],
    ["times that are none", [1, NaN, 0]],
  ])("refuses %s", (_, grid) => {
    expect(() => eulerSampler((x) => x, noise, { grid })).toThrow(ArgumentError);
    expect(() => eulerSampler((x) => x, noise, { grid })).toThrow(
      /eulerSampler: a grid is at least two times that fall/,
    );
  });

  it("has even grids of whole numbers of steps only", () => {
    expect(uniformGrid(4)).toEqual([1, 0.75, 0.5, 0.25, 0]);
    for (const steps of [0, -1, 1.5, NaN]) expect(() => uniformGrid(steps)).toThrow(ArgumentError);
  });
});

/** The network for one curve in plain float64, by its description: skips from encoder layers to the decoder's inputs. */
function plainAutoencoder(model: DenoisingAutoencoder, input: readonly number[]): number[] {
  const state = model.stateDictionary();
  const layer = (name: string, x: readonly number[]): number[] => {
    const [weight, bias] = ["weight", "bias"].map((part) => state.get(`${name}.${part}`)!) as [
      Tensor,
      Tensor,
    ];
    const offsets = bias.toArray<number[]>();
    return weight
      .toArray<number[][]>()
      .map((row, i) => row.reduce((sum, w, k) => sum + w * x[k], offsets[i]));
  };
  const silu = (x: readonly number[]): number[] => x.map((value) => value / (1 + Math.exp(-value)));
  const plus = (a: readonly number[], b: readonly number[]): number[] => a.map((value, i) => value + b[i]);
  const wide = silu(layer("encoder.0", input));
  const narrow = silu(layer("encoder.1", wide));
  const bottleneck = silu(layer("encoder.2", narrow));
  const first = silu(layer("decoder.0", bottleneck));
  const second = silu(layer("decoder.1", plus(first, narrow)));
  return layer("decoder.2", plus(second, wide));
}
