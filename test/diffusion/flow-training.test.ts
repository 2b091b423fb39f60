/** The residual network and its training: better than a stated excess over the best possible, conditions, and repeats. */

import { describe, expect, it } from "vitest";
import {
  denoisingErrors,
  EmpiricalModel,
  type FlowProgress,
  finish,
  GaussianModel,
  guidedDenoiser,
  heunSampler,
  LogPrincipalComponents,
  NOISE_LEVELS,
  ResidualDenoiser,
  trainFlow,
} from "../../src/diffusion/index.ts";
import { rotationCurves, samplePopulation } from "../../src/galaxy/index.ts";
import {
  ArgumentError,
  concat,
  grad,
  normal,
  Random,
  ShapeError,
  type Tensor,
  tensor,
} from "../../src/index.ts";
import { mixture, noise64 } from "./distributions.ts";

function curvesOf(count: number, random: Random): Float64Array[] {
  const { radii, velocities } = rotationCurves(samplePopulation({ count, random }));
  return Array.from({ length: count }, (_, i) =>
    velocities.subarray(i * radii.length, (i + 1) * radii.length),
  );
}

describe("training on rotation curves", () => {
  const random = new Random(1);
  const curves = curvesOf(3000, random.fork("galaxies"));
  const representation = LogPrincipalComponents.of(curves.slice(300));
  const [train, valid] = [curves.slice(300), curves.slice(0, 300)].map((part) => representation.apply(part));
  const model = new ResidualDenoiser({ features: 10, width: 64, blocks: 2 }, random.fork("weights"));
  const reports: FlowProgress[] = [
    ...trainFlow({ model, train, valid, random: random.fork("training"), steps: 900, batchSize: 128 }),
  ];

  it("comes within 15 % of the best possible loss in a few seconds", () => {
    // The best guess by importance sampling over simulated galaxies, whose own error is a few per cent from 0.5 on.
    const best = new EmpiricalModel(representation.apply(curvesOf(4000, new Random(2))));
    const of = (denoiser: Parameters<typeof denoisingErrors>[0]): number[] =>
      denoisingErrors(denoiser, valid, new Random(3));
    const [ours, least] = [of(model.denoiser()), of(best.denoiser())];
    NOISE_LEVELS.forEach((level, i) => {
      if (level >= 0.5) expect(ours[i] / least[i], `at ${level}`).toBeLessThan(1.15);
    });
    // Little noise is mostly told from the data: a guess that gives back x/(1 − t) is off by (t/(1 − t))² = 0.012.
    expect(ours[0]).toBeLessThan(0.75 * (0.1 / 0.9) ** 2);
  });

  it("tells of losses that fall", () => {
    expect(reports.map(({ step }) => step)).toEqual([100, 200, 300, 400, 500, 600, 700, 800, 900]);
    expect(reports[8].train).toBeLessThan(reports[0].train);
    expect(reports[8].valid).toBeLessThan(1.15);
  });

  it("samples curves of positive velocities, as smooth as the data", () => {
    const roughness = (curve: Float64Array): number => {
      let sum = 0;
      for (let i = 1; i + 1 < curve.length; i++) sum += Math.abs(curve[i + 1] - 2 * curve[i] + curve[i - 1]);
      return sum / (curve.length - 2);
    };
    const median = (list: Float64Array[]): number =>
      list.map(roughness).sort((a, b) => a - b)[Math.floor(list.length / 2)];
    const samples = representation.invert(
      finish(heunSampler(model.denoiser(), normal([400, 10], new Random(4)))),
    );
    expect(samples.every((curve) => curve.every((velocity) => velocity > 0))).toBe(true);
    expect(median(samples) / median(curves)).toBeGreaterThan(0.7);
    expect(median(samples) / median(curves)).toBeLessThan(1.3);
  });
});

describe("a training", () => {
  const setUp = (seed: number) => {
    const random = new Random(seed);
    const data = mixture
      .denoiser()(noise64(64, 2, 1), 0.5)
      .to("float32");
    const model = new ResidualDenoiser({ features: 2, width: 16, blocks: 1 }, random);
    const run = () =>
      trainFlow({ model, train: data, valid: data, random, steps: 12, batchSize: 32, reportEvery: 4 });
    return { model, run };
  };
  const weights = ({ model }: { model: ResidualDenoiser }) =>
    [...model.stateDictionary().values()].map((value) => value.toArray());

  it("repeats to the bit with the same seed, and differs with another", () => {
    const [a, b, c] = [1, 1, 2].map(setUp);
    const [first, again, other] = [a, b, c].map(({ run }) => [...run()]);
    expect(again).toEqual(first);
    expect(weights(b)).toEqual(weights(a));
    expect(other).not.toEqual(first);
  });

  it("leaves the model with the average of its weights when it is left early", () => {
    const [whole, part, untouched] = [1, 1, 1].map(setUp);
    for (const { step } of part.run()) if (step === 8) break;
    for (const _ of whole.run());
    expect(weights(part)).not.toEqual(weights(untouched));
    expect(weights(part)).not.toEqual(weights(whole));
  });

  it("refuses what does not fit, at the call itself", () => {
    const model = new ResidualDenoiser({ features: 2 }, new Random(1));
    const [good, bad] = [normal([4, 2], new Random(1)), normal([4, 3], new Random(1))];
    const random = new Random(1);
    const call = (changes: object) => () =>
      trainFlow({ model, train: good, valid: good, random, ...changes });
    expect(call({})).not.toThrow();
    expect(call({ train: bad })).toThrow(/train is \[4, 3\], not \[rows, 2\]/);
    expect(call({ conditions: { train: good, valid: good } })).toThrow(ShapeError);
    expect(call({ steps: 0 })).toThrow(ArgumentError);
    expect(call({ step: 10 })).toThrow(/no option "step"/);
    expect(call({ model: undefined })).toThrow(/no ResidualDenoiser/);
    expect(call({ dropCondition: -1 })).toThrow(ArgumentError);
  });
});

describe("conditions", () => {
  it("are learned, and can be left out: the mean of the samples follows the condition", () => {
    // Data c + 0.3 z with c = ±1 as the condition: known, the mean is c; unknown, it is 0.
    const random = new Random(5);
    const signs = Float32Array.from({ length: 512 }, (_, i) => (i % 2 === 0 ? 1 : -1));
    const condition = tensor(signs, [512, 1]);
    const data = condition.add(normal([512, 1], random).mul(0.3));
    const model = new ResidualDenoiser({ features: 1, width: 32, blocks: 1, conditions: 1 }, random);
    const conditions = { train: condition, valid: condition };
    for (const _ of trainFlow({
      model,
      train: data,
      valid: data,
      conditions,
      random,
      steps: 400,
      dropCondition: 0.3,
    }));
    const start = normal([256, 1], new Random(6));
    const meanOf = (denoiser: (x: Tensor, t: number) => Tensor): number =>
      finish(heunSampler(denoiser, start)).mean().item();
    const told = (sign: number): Tensor => tensor(new Float32Array(256).fill(sign), [256, 1]);
    expect(Math.abs(meanOf(guidedDenoiser(model.denoiser(), told(1))) - 1)).toBeLessThan(0.15);
    expect(Math.abs(meanOf(guidedDenoiser(model.denoiser(), told(-1))) + 1)).toBeLessThan(0.15);
    expect(Math.abs(meanOf(model.denoiser()))).toBeLessThan(0.2);
  });

  it("can be asked for one by one: what is not known is as in the data of that one", () => {
    // Two properties a, b of correlation 0.8, and one number a + b. Of a = 1 alone, the mean is 1 + 0.8.
    const random = new Random(8);
    const [a, own] = [normal([2000, 1], random), normal([2000, 1], random)];
    const condition = concat([a, a.mul(0.8).add(own.mul(0.6))], 1);
    const data = condition.sum(1, { keepdim: true }).div(1.9);
    const model = new ResidualDenoiser({ features: 1, width: 32, blocks: 1, conditions: 2 }, random);
    const conditions = { train: condition, valid: condition };
    for (const _ of trainFlow({ model, train: data, valid: data, conditions, random, steps: 600 }));
    const start = normal([512, 1], new Random(9));
    const meanOf = (wanted: number[], known: number[]): number => {
      const denoiser = model.denoiser({ known: tensor([known]) });
      return (
        finish(heunSampler(guidedDenoiser(denoiser, tensor([wanted])), start))
          .mean()
          .item() * 1.9
      );
    };
    for (const [wanted, known, mean] of [
      [[1, 9], [1, 0], 1.8],
      [[9, -1], [0, 1], -1.8],
      [[1, 0.2], [1, 1], 1.2],
      [[-1, 1], [1, 1], 0],
      [[9, 9], [0, 0], 0],
    ])
      expect(Math.abs(meanOf(wanted as number[], known as number[]) - (mean as number))).toBeLessThan(0.2);
  });

  it("are told as subsets of every size equally often, and nothing in a tenth of the rows", () => {
    // The model's view of what it is told: every row is [condition, known], spied on by a network of no data.
    const random = new Random(10);
    const model = new ResidualDenoiser({ features: 1, width: 4, blocks: 1, conditions: 3 }, random);
    const sizes = [0, 0, 0, 0];
    const each = [0, 0, 0];
    const forward = model.forward.bind(model);
    model.forward = (x, t, condition, known) => {
      for (const row of known!.toArray<number[][]>()) {
        sizes[row.reduce((sum, one) => sum + one)]++;
        row.forEach((one, j) => {
          each[j] += one;
        });
      }
      return forward(x, t, condition, known);
    };
    const [data, condition] = [normal([5000, 1], random), normal([5000, 3], random)];
    const conditions = { train: condition, valid: condition };
    for (const _ of trainFlow({
      model,
      train: data,
      valid: data,
      conditions,
      random,
      steps: 1,
      batchSize: 5000,
    }));
    const rows = sizes.reduce((sum, count) => sum + count);
    expect(rows).toBe(10_000); // a batch, and the validation part
    [0.1, 0.3, 0.3, 0.3].forEach((share, size) => {
      expect(Math.abs(sizes[size] / rows - share)).toBeLessThan(0.02);
    });
    for (const count of each) expect(Math.abs(count / rows - 0.6)).toBeLessThan(0.02);
  });

  it("are followed more closely or exaggerated by the weight, within the interval of times", () => {
    const [plain, told] = [tensor([[1, 2]]), tensor([[2, 0]])];
    const denoiser = (_x: Tensor, _t: number, condition?: Tensor) => (condition === undefined ? plain : told);
    const at = (weight: number, t = 0.5, interval: [number, number] = [0, 1]): number[][] =>
      guidedDenoiser(denoiser, tensor([[1]]), weight, { interval })(plain, t).toArray<number[][]>();
    expect([0, 1, 2, -1].map((weight) => at(weight))).toEqual([[[1, 2]], [[2, 0]], [[3, -2]], [[0, 4]]]);
    expect([0.2, 0.3, 0.6, 0.7].map((t) => at(2, t, [0.3, 0.6])[0][0])).toEqual([2, 3, 3, 2]);
    expect(() => at(Number.NaN)).toThrow(/the weight is NaN/);
    expect(() => at(1, 0.5, [0.6, 0.3])).toThrow(/the interval is \[0.6, 0.3\]/);
  });
});

describe("the residual network", () => {
  const x = normal([3, 4], new Random(2));

  it("takes one time for all, or one for each row", () => {
    const model = new ResidualDenoiser({ features: 4, width: 8 }, new Random(1));
    const each = model.forward(x, tensor([[0.3], [0.3], [0.3]]));
    expect(each.sub(model.forward(x, 0.3)).abs().max().item()).toBeLessThan(1e-6);
    expect(model.forward(x, 0.4).toArray()).not.toEqual(model.forward(x, 0.3).toArray());
  });

  it("with an output layer of zeros is the best denoiser of the standard normal distribution", () => {
    const model = new ResidualDenoiser({ features: 4, width: 8 }, new Random(1));
    model.loadStateDictionary(
      new Map(
        [...model.stateDictionary()].map(([name, value]) => [
          name,
          name.startsWith("output") ? value.mul(0) : value,
        ]),
      ),
    );
    const identity = Array.from({ length: 4 }, (_, i) =>
      Array.from({ length: 4 }, (_, j) => (i === j ? 1 : 0)),
    );
    const exact = new GaussianModel([0, 0, 0, 0], identity).denoiser();
    for (const t of [0, 0.2, 0.7, 1])
      expect(model.denoiser()(x, t).sub(exact(x, t)).abs().max().item()).toBeLessThan(1e-6);
  });

  it("ignores each property that is not known, whatever is said of it", () => {
    const model = new ResidualDenoiser({ features: 4, width: 8, conditions: 2 }, new Random(1));
    const known = tensor([[1, 0]]);
    const of = (condition: number[][], own?: Tensor) =>
      model.forward(x, 0.5, tensor(condition), own).toArray<number[][]>();
    expect(of([[0.3, 5]], known)).toEqual(of([[0.3, -7]], known));
    expect(of([[0.3, 5]], known)).not.toEqual(of([[0.4, 5]], known));
    expect(of([[0.3, 5]], known)).not.toEqual(of([[0.3, 5]]));
    const whole = tensor([[1, 1]]);
    expect(of([[0.3, 5]], whole)).toEqual(of([[0.3, 5]]));
    expect(of([[0.3, 5]], whole.mul(0))).toEqual(model.forward(x, 0.5).toArray());
    const denoiser = model.denoiser({ known });
    expect(denoiser(x, 0.5, tensor([[0.3, 5]])).toArray()).toEqual(
      denoiser(x, 0.5, tensor([[0.3, 0]])).toArray(),
    );
  });

  it("ignores the condition of rows where it is not known", () => {
    const model = new ResidualDenoiser({ features: 4, width: 8, conditions: 2 }, new Random(1));
    const condition = normal([3, 2], new Random(3));
    const some = model.forward(x, 0.5, condition, tensor([[1], [0], [1]])).toArray<number[][]>();
    const [all, none] = [model.forward(x, 0.5, condition), model.forward(x, 0.5)].map((y) =>
      y.toArray<number[][]>(),
    );
    [all[0], none[1], all[2]].forEach((row, r) => {
      row.forEach((value, i) => {
        expect(some[r][i]).toBeCloseTo(value, 5);
      });
    });
    expect(some[1]).not.toEqual(all[1]);
  });

  it("can be differentiated by its input, as likelihoods need", () => {
    const model = new ResidualDenoiser({ features: 4, width: 8 }, new Random(1));
    expect(grad((y: Tensor) => model.forward(y, 0.5).sum())(x).shape).toEqual([3, 4]);
  });

  it("refuses what it cannot take", () => {
    const model = new ResidualDenoiser({ features: 4, width: 8 }, new Random(1));
    expect(() => model.forward(x)).toThrow(/got no time t/);
    expect(() => model.forward(normal([3, 5], new Random(1)), 0.5)).toThrow(ShapeError);
    expect(() => model.forward(x, 0.5, normal([3, 1], new Random(1)))).toThrow(/made without any/);
    const told = new ResidualDenoiser({ features: 4, width: 8, conditions: 2 }, new Random(1));
    expect(() => told.forward(x, 0.5, normal([3, 1], new Random(1)))).toThrow(ShapeError);
    expect(() => new ResidualDenoiser({ features: 4, blocks: 0 }, new Random(1))).toThrow(ArgumentError);
  });
});

describe("principal components of the logarithm", () => {
  const curves = curvesOf(200, new Random(7));
  const representation = LogPrincipalComponents.of(curves, { components: 5 });

  it("have mean 0 and standard deviation 1 each, and are uncorrelated", () => {
    const x = representation.apply(curves).to("float64");
    const covariance = x.transpose().matmul(x).div(199).toArray<number[][]>();
    for (let i = 0; i < 5; i++) {
      expect(Math.abs(x.mean(0).toTypedArray<Float64Array>()[i])).toBeLessThan(1e-6);
      for (let j = 0; j < 5; j++) expect(covariance[i][j]).toBeCloseTo(i === j ? 1 : 0, 5);
    }
  });

  it("hold 99.7, 99.93 and 99.98 % of the variance in 3, 4 and 5", () => {
    const many = LogPrincipalComponents.of(curvesOf(2000, new Random(8)), { components: 20 });
    const total = many.scales.reduce((sum, scale) => sum + scale ** 2, 0);
    const held = [3, 4, 5].map(
      (count) => many.scales.slice(0, count).reduce((sum, scale) => sum + scale ** 2, 0) / total,
    );
    [0.997, 0.9993, 0.9998].forEach((share, i) => {
      expect(Math.abs(held[i] - share)).toBeLessThan(0.0005);
    });
  });

  it("are undone by their inverse, up to the components left out", () => {
    const all = LogPrincipalComponents.of(curves, { components: 20 });
    const back = all.invert(all.apply(curves));
    back.forEach((curve, r) => {
      curve.forEach((velocity, i) => {
        expect(Math.abs(velocity / curves[r][i] - 1)).toBeLessThan(1e-5);
      });
    });
  });

  it("are completed by what follows from them, where there are rows enough: slopes and curvature come back too", () => {
    const [many, unseen] = [curvesOf(2000, new Random(8)), curvesOf(200, new Random(9))];
    const complete = LogPrincipalComponents.of(many);
    expect([complete.scales.length, complete.completion.length]).toEqual([10, 66]);
    expect(LogPrincipalComponents.of(many.slice(0, 600)).completion).toEqual([]);
    const { mean, basis, scales, completion } = complete;
    const plain = new LogPrincipalComponents(mean, basis, scales);
    const x = complete.apply(unseen);
    /** Root mean square of what a way back misses of the second differences of ln v. */
    const missed = (representation: LogPrincipalComponents): number => {
      const off = representation.invert(x).flatMap((curve, r) => {
        const logs = Array.from(curve, (v, i) => Math.log(v / unseen[r][i]));
        return logs.slice(2).map((value, i) => value - 2 * logs[i + 1] + logs[i]);
      });
      return Math.sqrt(off.reduce((sum, value) => sum + value * value, 0) / off.length);
    };
    expect(missed(complete)).toBeLessThan(missed(plain) / 4);
    // The recorded way back is the same one, and a file's completion gives it again.
    const again = new LogPrincipalComponents(mean, basis, scales, completion);
    expect(again.invert(x)).toEqual(complete.invert(x));
    const decoded = complete.decode(x.to("float64")).toArray<number[][]>();
    complete.invert(x).forEach((curve, r) => {
      curve.forEach((velocity, i) => {
        expect(Math.abs(decoded[r][i] / velocity - 1)).toBeLessThan(1e-9);
      });
    });
    expect(() => new LogPrincipalComponents(mean, basis, scales, completion.slice(1))).toThrow(ShapeError);
  });

  it("give values above 0 for any components", () => {
    const [row] = representation.invert(tensor([[-30, 12, 5, -7, 9]]));
    expect(row.every((velocity) => velocity > 0)).toBe(true);
  });

  it("refuse values without a logarithm, and rows without enough directions", () => {
    expect(() => representation.apply([curves[0].with(3, 0)])).toThrow(/value 3 of row 0 is 0/);
    expect(() => representation.apply([[1, 2]])).toThrow(ShapeError);
    expect(() => representation.invert(tensor([[1, 2]]))).toThrow(ShapeError);
    for (const components of [0, 1.5, curves[0].length + 1])
      expect(() => LogPrincipalComponents.of(curves, { components })).toThrow(ArgumentError);
    for (const components of [1, 20])
      expect(LogPrincipalComponents.of(curves, { components }).scales).toHaveLength(components);
    expect(() =>
      LogPrincipalComponents.of([
        [1, 1],
        [1, 1],
        [1, 1],
      ]),
    ).toThrow(ArgumentError);
  });
});
