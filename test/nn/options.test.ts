/** Modules with other settings than the usual ones, and with any of their parameters frozen. */

import { describe, expect, it } from "vitest";
import { linear, normal, Random, relu, silu, type Tensor, tensor } from "../../src/index.ts";
import { Dropout, LayerNorm, Linear, type Module, Sequential } from "../../src/nn/index.ts";
import { SGD } from "../../src/optim/index.ts";
import { assertClose } from "../../src/testing/index.ts";

const fill = (model: Module, seed: number): void => {
  const random = new Random(seed);
  for (const parameter of model.parameters()) parameter.detach().assign(normal(parameter.shape, random));
};

describe("LayerNorm", () => {
  it.each([undefined, 1e-5, 0, 0.5, 10])(
    "adds its epsilon, %s, to the variance, under the weight and bias that it has",
    (epsilon) => {
      const layer = new LayerNorm(4, epsilon);
      fill(layer, 1);
      expect(layer.epsilon).toBe(epsilon ?? 1e-5);
      const x = normal([3, 4], new Random(2)).mul(0.5);
      const expected = x.toArray<number[][]>().map((row) => {
        const mean = row.reduce((sum, value) => sum + value) / 4;
        const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 4;
        return row.map(
          (value, j) =>
            ((value - mean) / Math.sqrt(variance + layer.epsilon)) * layer.weight.at(j).item() +
            layer.bias.at(j).item(),
        );
      });
      assertClose(layer.forward(x), tensor(expected), { relative: 1e-5, absolute: 1e-6 });
    },
  );
});

describe("Linear", () => {
  const activations = { none: undefined, silu, relu };
  const x = normal([5, 3], new Random(3));
  it.each([true, false].flatMap((bias) => Object.keys(activations).map((name) => [bias, name] as const)))(
    "with bias %s and activation %s computes the same with and without a tape",
    (bias, name) => {
      const activation = activations[name as keyof typeof activations];
      const layer = new Linear(3, 2, new Random(4), { bias });
      const plain = x.to("float64").matmul(layer.weight.detach().to("float64").transpose());
      const shifted = layer.bias === null ? plain : plain.add(layer.bias.detach().to("float64"));
      const expected = activation?.(shifted) ?? shifted;
      const recorded = layer.forward(x, activation);
      assertClose(recorded.detach().to("float64"), expected, { relative: 1e-5, absolute: 1e-6 });
      const weights = layer.parameters().map((parameter) => parameter.detach());
      const fused = linear(x, weights[0], weights[1], activation);
      assertClose(fused.to("float64"), expected, { relative: 1e-5, absolute: 1e-6 });
      recorded.sum().backward();
      expect(layer.parameters().every(({ grad }) => grad !== null)).toBe(true);
    },
  );
});

describe("Dropout", () => {
  it.each([0.125, 0.5, 0.9])("divides what stays by the probability to stay, for %d", (probability) => {
    const x = normal([2000], new Random(5));
    const y = new Dropout(probability, new Random(6)).forward(x);
    const [before, after] = [x, y].map((of) => of.toTypedArray());
    const stayed = after.filter((value: number) => value !== 0).length;
    // Five standard deviations of a binomial count.
    expect(Math.abs(stayed / 2000 - (1 - probability))).toBeLessThan(
      5 * Math.sqrt((probability * (1 - probability)) / 2000),
    );
    after.forEach((value: number, i: number) => {
      if (value !== 0) expect(value / before[i]).toBeCloseTo(1 / (1 - probability), 5);
    });
  });
});

describe("a module with frozen parameters", () => {
  const make = (): Sequential => new Sequential(new Linear(3, 4, new Random(7)), silu, new LayerNorm(4));
  const count = make().parameters().length;
  const subsets = Array.from({ length: 2 ** count }, (_, bits) => [bits.toString(2).padStart(count, "0")]);

  it.each(subsets)("loads every value, and trains what is not frozen (%s)", (frozen) => {
    const [source, model] = [make(), make()];
    fill(source, 8);
    fill(model, 9);
    model.parameters().forEach((parameter, i) => {
      parameter.requiresGrad = frozen[i] === "0";
    });
    model.loadStateDictionary(source.stateDictionary());
    const flat = (of: Module): number[][] => of.parameters().map((p) => [...p.toTypedArray()]);
    expect(flat(model)).toEqual(flat(source));
    expect(
      model
        .parameters()
        .map(({ isFrozen }) => (isFrozen ? "1" : "0"))
        .join(""),
    ).toBe(frozen);
    const x = normal([2, 3], new Random(10));
    const loss = (of: Module): Tensor => of.forward(x).square().sum();
    expect(loss(model).item()).toBe(loss(source).item());
    if (!frozen.includes("0")) return;
    const before = flat(model);
    loss(model).backward();
    new SGD(model.parameters(), { learningRate: 0.01, momentum: 0.5 }).step();
    flat(model).forEach((values, i) => {
      if (frozen[i] === "1") expect(values).toEqual(before[i]);
      else expect(values).not.toEqual(before[i]);
    });
  });
});
