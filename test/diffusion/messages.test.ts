/** What mistakes are told, word by word: the function that was called, what it got, the rule, and how to go on. */

import { describe, expect, it } from "vitest";
import {
  adamsBashforth2Sampler,
  addNoise,
  ancestralSampler,
  chainDiagnostics,
  churnSampler,
  convertPrediction,
  cosineNoiseSchedule,
  DenoisingAutoencoder,
  denoiserFrom,
  denoisingLoss,
  dpmSolver2MSampler,
  EmpiricalModel,
  ellipticalSlice,
  eulerSampler,
  FeatureStandardization,
  type FlowProgress,
  finish,
  flatWish,
  functionGuidedDenoiser,
  GaussianMixtureModel,
  GaussianModel,
  GaussianProposal,
  guidedDenoiser,
  heunSampler,
  importanceResample,
  karrasGrid,
  LogPrincipalComponents,
  linearSchedule,
  logarithmicGrid,
  logLikelihood,
  midpointSampler,
  PREDICTION_KINDS,
  peakWish,
  pointsWish,
  ResidualDenoiser,
  rungeKutta4Sampler,
  type Sampler,
  Standardization,
  splitDataset,
  symmetricEigen,
  temperedPosterior,
  trainDenoiser,
  trainFlow,
  uniformGrid,
  variancePreservingSchedule,
} from "../../src/diffusion/index.ts";
import { nextPower } from "../../src/diffusion/posterior.ts";
import { normal, ones, Random, type Tensor, tensor, zeros } from "../../src/index.ts";
import { errorOf } from "../messages.ts";

const random = new Random(0);
const any = (value: unknown): never => value as never;
const x = tensor([[1, 2]]);
const same = (state: Tensor): Tensor => state;

type Mistake = [where: string, mistake: () => unknown, problem: string, fix?: string];
const told = (mistakes: readonly Mistake[]): void => {
  it.each(mistakes)("%s %#", (where, mistake, problem, fix) => {
    const error = errorOf(mistake);
    expect(error.where).toBe(where);
    expect(error.problem).toContain(problem);
    expect(error.fix ?? "").toContain(fix ?? "");
    expect(error.fix === undefined).toBe(fix === undefined);
  });
};

describe("grids", () => {
  const steps = "needs a whole positive number of steps; got";
  const ratios = ", but 0 < least < greatest < ∞ must hold.";
  told([
    ["uniformGrid", () => uniformGrid(0), `${steps} 0.`],
    ["uniformGrid", () => uniformGrid(1.5), `${steps} 1.5.`],
    ["karrasGrid", () => karrasGrid(0), `${steps} 0.`],
    ["logarithmicGrid", () => logarithmicGrid(-1), `${steps} -1.`],
    ["karrasGrid", () => karrasGrid(4, { rho: 0 }), "rho is 0; it must be above 0."],
    ["karrasGrid", () => karrasGrid(4, { rho: Infinity }), "rho is Infinity"],
    ["karrasGrid", () => karrasGrid(4, { least: 0 }), `got σ/α from 80 to 0${ratios}`],
    ["karrasGrid", () => karrasGrid(4, { least: 2, greatest: 2 }), `from 2 to 2${ratios}`],
    ["logarithmicGrid", () => logarithmicGrid(4, { greatest: Infinity }), `from Infinity to 0.002${ratios}`],
    ["logarithmicGrid", () => logarithmicGrid(4, { least: -1 }), `from 80 to -1${ratios}`],
  ]);
});

describe("schedules and predictions", () => {
  const rates = ", but 0 < from ≤ to < ∞ must hold.";
  const schedule = cosineNoiseSchedule;
  told([
    ["variancePreservingSchedule", () => variancePreservingSchedule({ from: 0 }), `from 0 to 20${rates}`],
    ["variancePreservingSchedule", () => variancePreservingSchedule({ from: 21 }), `from 21 to 20${rates}`],
    ["variancePreservingSchedule", () => variancePreservingSchedule({ to: Infinity }), `to Infinity${rates}`],
    [
      "addNoise",
      () => addNoise(linearSchedule, x, x, x),
      "t [1, 2] does not go with [1, 2]: it is a time for each row, [1, 1], or one for all, [].",
      "reshape it: one time for each feature is no noise level of a row.",
    ],
    [
      "addNoise",
      () => addNoise(linearSchedule, x, tensor([[1]]), tensor(0.5)),
      "noise [1, 1] does not have the shape of the data, [1, 2].",
      "draw normal(clean.shape, random).",
    ],
    [
      "convertPrediction",
      () => convertPrediction(x, x, 0, { from: "clean", to: "noise", schedule }),
      'at t = 0 of the cosine schedule, a prediction of "clean" does not determine "noise".',
      "stay away from the ends of the schedule, or train a network that predicts velocity or flow.",
    ],
    ["convertPrediction", () => convertPrediction(x, x, 0, any({ kind: "clean" })), 'no option "kind"', ""],
    ["denoiserFrom", () => denoiserFrom(same, any({ kind: "clean" })), 'no option "kind"', ""],
    ["denoiserFrom", () => denoiserFrom(same, any({ predicts: "x" })), "kind that it predicts"],
  ]);

  it("rates of noise may be the same all the time", () => {
    expect(variancePreservingSchedule({ from: 3, to: 3 }).name).toBe("variance-preserving");
  });

  it.each(PREDICTION_KINDS)("a prediction of %s stated as itself is itself, at the ends too", (kind) => {
    for (const t of [0, 0.3, 1]) expect(convertPrediction(x, x, t, { from: kind, to: kind })).toBe(x);
  });
});

describe("samplers", () => {
  const samplers: Record<string, Sampler> = {
    eulerSampler,
    ancestralSampler,
    heunSampler,
    midpointSampler,
    rungeKutta4Sampler,
    adamsBashforth2Sampler,
    dpmSolver2MSampler,
    churnSampler,
  };
  const rule = "a grid is at least two times that fall from at most 1 to at least 0; got";
  told(
    Object.entries(samplers).flatMap(([where, sample]): Mistake[] => [
      [where, () => sample(any(1), x, { random }), "function of x and t; got", "(x) => model.forward(x)."],
      [where, () => sample(same, any([1]), { random }), "a tensor of noise; got", "draw normal([10, 50]"],
      [where, () => sample(same, x, any({ random, steps: 3 })), 'no option "steps"', ""],
      [
        where,
        () => sample(same, x, { random, grid: any("1") }),
        'a grid is an array of times; got the text "1".',
        "use uniformGrid(31).",
      ],
      ...[[1], [], [0.5, 0.5], [0, 1], [1.5, 0], [1, -0.5]].map(
        (grid): Mistake => [where, () => sample(same, x, { random, grid }), `${rule} [${grid.join(", ")}].`],
      ),
      [
        where,
        () => finish(sample(() => tensor([1]), x, { random })),
        "for [1, 2]: a guess has the shape of the state.",
        "return a tensor of the shape of x.",
      ],
    ]),
  );
  told([
    ["ancestralSampler", () => ancestralSampler(same, x), "needs a random stream; got", "new Random(0)"],
    ["churnSampler", () => churnSampler(same, x), "needs a random stream; got", "new Random(0)"],
    ...[-0.1, 1.1, Number.NaN].map(
      (stochasticity): Mistake => [
        "ancestralSampler",
        () => ancestralSampler(same, x, { random, stochasticity }),
        `stochasticity is ${stochasticity}; it must be from 0 to 1.`,
      ],
    ),
    ...[
      { churn: -1, words: "got churn -1, range [0.05, 50], noiseScale 1;" },
      { noiseScale: -1, words: "noiseScale -1; none may be negative, and the range must grow." },
      { range: [-1, 2] as const, words: "range [-1, 2]" },
      { range: [2, 1] as const, words: "range [2, 1]" },
    ].map(
      ({ words, ...options }): Mistake => [
        "churnSampler",
        () => churnSampler(same, x, { random, ...options }),
        words,
      ],
    ),
  ]);

  it("take the ends of what is allowed", () => {
    const grid = uniformGrid(2);
    for (const stochasticity of [0, 1]) finish(ancestralSampler(same, x, { random, grid, stochasticity }));
    const ends = { churn: 0, range: [0, 0], noiseScale: 0 } as const;
    expect(finish(churnSampler(same, x, { random, grid, ...ends })).toArray()).toEqual(
      finish(heunSampler(same, x, { grid })).toArray(),
    );
  });
});

describe("guidance", () => {
  const part = ["no part of [0, 1].", "give the least and the greatest time at which to guide."] as const;
  const guided = (options: object): unknown => functionGuidedDenoiser(same, same, any(options));
  const wishing = (wishes: unknown): unknown => functionGuidedDenoiser(same, any(wishes))(x, 0.5);
  told([
    ["guidedDenoiser", () => guidedDenoiser(same, x, Infinity), "the weight is Infinity."],
    ["guidedDenoiser", () => guidedDenoiser(same, x, 2, any({ from: 0 })), 'no option "from"', ""],
    ...[
      [-0.1, 1],
      [0.5, 0.4],
      [0, 1.1],
    ].flatMap((interval): Mistake[] => [
      ["guidedDenoiser", () => guidedDenoiser(same, x, 2, { interval: any(interval) }), ...part],
      ["functionGuidedDenoiser", () => guided({ interval }), ...part],
    ]),
    ["functionGuidedDenoiser", () => functionGuidedDenoiser(any(1), same), "a denoiser and wishes, both f"],
    ["functionGuidedDenoiser", () => functionGuidedDenoiser(same, any(1)), "a denoiser and wishes, both f"],
    ...[0, Infinity, -1].map(
      (scale): Mistake => [
        "functionGuidedDenoiser",
        () => guided({ scale }),
        "; it must be a number above 0.",
      ],
    ),
    ["functionGuidedDenoiser", () => guided({ weight: 1 }), 'no option "weight"', ""],
    ...[
      (clean: Tensor) => clean.sum(1),
      (clean: Tensor) => clean.sum(0, { keepdim: true }).slice(null, [0, 0]),
    ].map(
      (wishes): Mistake => [
        "functionGuidedDenoiser",
        () => wishing(wishes),
        ", not [1, wishes].",
        "give a column a wish: a sum over features with { keepdim: true } is one.",
      ],
    ),
    [
      "functionGuidedDenoiser",
      () => functionGuidedDenoiser(same, (clean) => clean.sum(0, { keepdim: true }))(ones([3, 2]), 0.5),
      "the wishes of 3 rows are [1, 2], not [3, wishes].",
      "give a column a wish",
    ],
    [
      "functionGuidedDenoiser",
      () => wishing((clean: Tensor) => clean.sub(2).log()),
      "a wish is NaN, no finite number.",
      "keep functions away from where they end, such as log and sqrt at 0.",
    ],
  ]);
});

describe("data sets and representations", () => {
  const unsqueeze = "one row is a batch too: unsqueeze(0) it.";
  const components = new LogPrincipalComponents([0, 0], [[1, 0]], [1]);
  const { of } = LogPrincipalComponents;
  const each = new FeatureStandardization([0, 0], [1, 1]);
  const tooFew = ["leave too few to train or validate on.", "give at least 5 rows and a fraction"] as const;
  const rows = [[1], [2], [3], [4], [6]];
  told([
    [
      "splitDataset",
      () => splitDataset(rows, random, any({ represent: 1 })),
      "represent is a function; got the number 1.",
    ],
    [
      "Standardization.decode",
      () => new Standardization(0, 1).decode(any(1)),
      "the argument is a tensor [batch, features]; got the number 1.",
    ],
    [
      "Standardization.decode",
      () => new Standardization(0, 1).decode(tensor([1])),
      "the argument is a tensor [batch, features]; got",
      unsqueeze,
    ],
    [
      "Standardization.decode",
      () => new Standardization(0, 1).decode(any([1])),
      "the argument is a tensor [batch, features]; got",
      "make it one with tensor(…).",
    ],
    [
      "LogPrincipalComponents",
      () => new LogPrincipalComponents([0, 0], [[1, 0]], [1], any(5)),
      "completion is an array of terms; got the number 5.",
    ],
    ...[
      [Number.NaN, 1],
      [0, 0],
      [0, Infinity],
    ].map(
      ([mean, deviation]): Mistake => [
        "Standardization",
        () => new Standardization(mean, deviation),
        `mean ${mean} and standard deviation ${deviation} cannot standardise anything.`,
        "give at least two finite values that differ.",
      ],
    ),
    [
      "Standardization",
      () => new Standardization(0, 1).apply([[1, 2], [1]]),
      "row 1 has 1 values, row 0 has 2; all need the same.",
      "leave the row out, or repair it.",
    ],
    ["Standardization.of", () => Standardization.of(any(1)), "lists of numbers; got the", "toArray() makes"],
    ["Standardization.invert", () => new Standardization(0, 1).invert(any([1])), "[rows, f", unsqueeze],
    [
      "FeatureStandardization",
      () => new FeatureStandardization([], []),
      "got 0 means, 0 standard deviations.",
    ],
    ["FeatureStandardization", () => new FeatureStandardization([1], []), "got 1 means, 0 standard dev"],
    ["FeatureStandardization", () => each.apply([[1]]), "rows have 1 values, not 2."],
    ["FeatureStandardization", () => each.apply(any([1])), "got one with the number 1", "toArray()"],
    ["FeatureStandardization.of", () => FeatureStandardization.of(any("a")), "array of lists", "toArray()"],
    ["FeatureStandardization.invert", () => each.invert(tensor([[1]])), "[rows, 2]; got", unsqueeze],
    ["FeatureStandardization.invert", () => each.invert(tensor([1, 2])), "[rows, 2]; got", unsqueeze],
    ...[0, 1, 0.05, 0.9].map(
      (validFraction): Mistake => [
        "splitDataset",
        () => splitDataset(rows, random, { validFraction }),
        `5 rows with a fraction of ${validFraction} set aside ${tooFew[0]}`,
        tooFew[1],
      ],
    ),
    ["LogPrincipalComponents", () => new LogPrincipalComponents([], [], []), "got 0 directions, 0 scales."],
    ["LogPrincipalComponents", () => new LogPrincipalComponents([0], [[1]], []), "1 directions, 0 scales."],
    [
      "LogPrincipalComponents",
      () => new LogPrincipalComponents([0, 0], [[1]], [1]),
      "a direction has not the 2 values of the mean.",
    ],
    ...[0, Infinity].map(
      (scale): Mistake => [
        "LogPrincipalComponents",
        () => new LogPrincipalComponents([0], [[1]], [scale]),
        "there are fewer directions in which the rows differ than components were asked for.",
        "give more rows, or ask for fewer components.",
      ],
    ),
    ...[0, 3, 1.5].map(
      (count): Mistake => [
        "LogPrincipalComponents",
        () => of(ones([3, 2]).toArray() as number[][], { components: count }),
        `${count} components cannot be had from 3 rows of 2 values.`,
      ],
    ),
    ["LogPrincipalComponents", () => of([[1]], { components: 1 }), "cannot be had from 1 rows of 1 values."],
    ["LogPrincipalComponents", () => of([[1, 2], [1]]), "row 1 has 1 values, not 2."],
    ...[0, Infinity].map(
      (value): Mistake => [
        "LogPrincipalComponents",
        () => components.apply([[1, value]]),
        `value 1 of row 0 is ${value}, but only finite values above 0 have a logarithm.`,
      ],
    ),
    ["LogPrincipalComponents.invert", () => components.invert(any([1])), "[rows, 1]; got", unsqueeze],
    ["LogPrincipalComponents.invert", () => components.invert(tensor([1])), "[rows, 1]; got", unsqueeze],
    ["LogPrincipalComponents.invert", () => components.invert(x), "[rows, 1]; got", unsqueeze],
  ]);
});

describe("exact models", () => {
  const model = (features: number): GaussianModel =>
    new GaussianModel(new Array(features).fill(0), zeros([features, features]).toArray() as number[][]);
  told([
    ["symmetricEigen", () => symmetricEigen([]), "needs a square matrix; got 0 rows"],
    ["symmetricEigen", () => symmetricEigen([[1, 2]]), "needs a square matrix; got 1 rows of other lengths."],
    [
      "symmetricEigen",
      () =>
        symmetricEigen([
          [1, 0],
          [0, Number.NaN],
        ]), // one value of many
      "the matrix holds values that are not finite.",
    ],
    [
      "symmetricEigen",
      () =>
        symmetricEigen([
          [1, Infinity],
          [0, 1],
        ]),
      "values that are not finite.",
    ],
    ["GaussianModel", () => new GaussianModel([0, 0], [[1]]), "mean has 2 values, covariance 1 rows."],
    ["GaussianModel", () => new GaussianModel([0], [[-1]]), "has the eigenvalue -1, which is below 0."],
    ["GaussianMixtureModel", () => new GaussianMixtureModel([]), "needs components with weights above 0."],
    ...[0, Infinity].map(
      (weight): Mistake => [
        "GaussianMixtureModel",
        () =>
          new GaussianMixtureModel([
            { weight: 1, model: model(1) },
            { weight, model: model(1) },
          ]),
        "needs components with weights above 0.",
      ],
    ),
    [
      "GaussianMixtureModel",
      () => new GaussianMixtureModel([1, 2].map((n) => ({ weight: 1, model: model(n) }))),
      "the components differ in their number of features.",
    ],
    ["EmpiricalModel", () => new EmpiricalModel(tensor([1])), "points as [points, features]; got [1]."],
    ["EmpiricalModel", () => new EmpiricalModel(zeros([0, 2])), "points as [points, features]; got [0, 2]."],
  ]);
});

describe("posterior sampling", () => {
  const flat = (rows: Tensor): number[] => new Array(rows.shape[0]).fill(0);
  const slice = (start: unknown, options: object = {}, likelihood: unknown = flat): unknown =>
    ellipticalSlice(any(likelihood), any(start), any({ random, ...options })).next();
  const latents = ["starts from latents as [chains, features]; got", "draw normal([16, features]"] as const;
  told([
    [
      "GaussianProposal",
      () => new GaussianProposal([1, 2], 2),
      "the number of points is a whole number of at least 2; got",
    ],
    [
      "GaussianProposal",
      () => new GaussianProposal([1, Number.NaN], 1),
      "points[1] is NaN; it must be a finite number.",
    ],
    ...[[1], tensor([1]), zeros([0, 1])].map(
      (start): Mistake => ["ellipticalSlice", () => slice(start), ...latents],
    ),
    ["ellipticalSlice", () => slice(x, { random: 1 }), "needs a random stream; got", "new Random(0)"],
    ["ellipticalSlice", () => slice(x, { transitions: 0 }), "transitions is a whole number of at least 1"],
    ["ellipticalSlice", () => slice(x, { steps: 1 }), 'no option "steps"', ""],
    ["ellipticalSlice", () => slice(x, {}, () => [1, 2]), "the likelihood returned 2 numbers for 1 rows."],
    ...[-Infinity, Number.NaN].map(
      (height): Mistake => [
        "ellipticalSlice",
        () => slice(tensor([[1], [2]]), {}, () => [0, height]),
        `ln of the likelihood at the start of chain 1 is ${height}: there is no way from there.`,
        "start where the data are possible: importanceResample of many draws of the prior finds such places.",
      ],
    ),
    [
      "temperedPosterior",
      () => temperedPosterior(flat, any({ bank: x, bankLogLikelihoods: [[0]] })).next(),
      "needs a random stream; got",
      "new Random(0)",
    ],
    ["importanceResample", () => importanceResample([0], 0, random), "count is a whole number of at least 1"],
    ["importanceResample", () => importanceResample([0], 1, any(1)), "needs a random s", "new Random(0)"],
    ["importanceResample", () => importanceResample([0, Number.NaN], 1, random), "ln of weight 1 is NaN."],
    ["importanceResample", () => importanceResample([-Infinity], 1, random), "no row has a finite weight"],
    ["importanceResample", () => importanceResample([Infinity], 1, random), "no row has a finite weight"],
    ["chainDiagnostics", () => chainDiagnostics([]), "needs four states or more of a chain; got 0."],
    ["chainDiagnostics", () => chainDiagnostics([[1, 2, 3]]), "needs four states or more of a chain; got 3."],
    ["chainDiagnostics", () => chainDiagnostics([[1, 2, 3, 4], [1]]), "the chains differ in length."],
  ]);

  it("leaves the states of the caller alone, and tells the likelihood which chain each row is", () => {
    const seen: number[][] = [];
    const start = tensor([[1], [2]]);
    const spoil = (rows: Tensor, chains: Uint32Array): number[] => {
      seen.push([...chains]);
      (rows.toTypedArray() as Float32Array).fill(9);
      return flat(rows);
    };
    slice(start, {}, spoil);
    expect(start.toArray()).toEqual([[1], [2]]);
    expect(seen).toEqual([[0, 1]]);
  });

  it("has chains that agree or do not: R̂ of four and of unlike chains, by hand", () => {
    // Halves of means 1 and 3, variances 0.5 each within: pooled (1/2) 0.5 + 4/3.
    const apart = chainDiagnostics([
      [0.5, 1.5, 0.5, 1.5],
      [2.5, 3.5, 2.5, 3.5],
    ]);
    expect(apart.rHat).toBeCloseTo(Math.sqrt((0.25 + 4 / 3) / 0.5), 12);
    expect(chainDiagnostics([[1, 1, 1, 1]])).toEqual({ rHat: 1, effectiveCount: 4 });
  });

  it("proposals are Gaussians of points: mean and factor of two features, by hand", () => {
    const proposal = new GaussianProposal([0, 0, 2, 2, 0, 2, 2, 0, 0, 0, 2, 2], 2);
    expect([...proposal.mean].map((value) => Math.round(value * 1e9) / 1e9)).toEqual([1, 1]);
    // Σ(x − 1)² = 6, Σ(x − 1)(y − 1) = 2; correlations kept by 1 − (2/6)², variances widened by 1.2².
    const variance = (1.44 * 6) / 5 + 1e-10;
    const covariance = ((8 / 9) * 1.44 * 2) / 5;
    const [[a], [b, c]] = proposal.factor;
    expect(a * a).toBeCloseTo(variance, 12);
    expect(a * b).toBeCloseTo(covariance, 12);
    expect(b * b + c * c).toBeCloseTo(variance, 12);
  });
});

describe("trainFlow", () => {
  const model = new ResidualDenoiser({ features: 2, width: 4, blocks: 1, conditions: 1 }, random);
  const rows = ones([4, 2]);
  const start = (options: object): unknown =>
    trainFlow(any({ model, train: rows, valid: rows, random, ...options })).next();
  const conditions = { train: ones([4, 1]), valid: ones([4, 1]) };
  told([
    ["trainFlow", () => start({ model: 1 }), "model is the number 1, no ResidualDenoiser."],
    ["trainFlow", () => start({ train: [1] }), "train is"],
    ["trainFlow", () => start({ train: ones([4, 3]) }), "train is [4, 3], not [rows, 2]."],
    ["trainFlow", () => start({ train: zeros([0, 2]) }), "train is [0, 2], not [rows, 2]."],
    ["trainFlow", () => start({ valid: ones([2]) }), "valid is [2], not [rows, 2]."],
    ...(["train", "valid"] as const).flatMap((part): Mistake[] => [
      [
        "trainFlow",
        () => start({ conditions: { ...conditions, [part]: ones([3, 1]) } }),
        `conditions.${part} is [3, 1], not [4, 1].`,
      ],
      [
        "trainFlow",
        () => start({ conditions: { ...conditions, [part]: ones([4, 2]) } }),
        `conditions.${part} is [4, 2], not [4, 1].`,
      ],
    ]),
    ["trainFlow", () => start({ random: 1 }), "needs a random stream; got", "new Random(0)"],
    ...["steps", "batchSize", "reportEvery"].map(
      (name): Mistake => ["trainFlow", () => start({ [name]: 0 }), `${name} is a whole number of at least 1`],
    ),
    ["trainFlow", () => start({ epochs: 1 }), 'no option "epochs"', ""],
    ...(
      [
        ["step", 3],
        ["step", -1],
        ["step", 0.5],
        ["row", 5],
        ["row", -1],
      ] as const
    ).map(
      ([name, value]): Mistake => [
        "trainFlow",
        () => {
          const run = trainFlow({
            model,
            train: rows,
            valid: rows,
            random,
            steps: 2,
            batchSize: 2,
            reportEvery: 1,
          });
          const progress = run.next().value as FlowProgress;
          start({
            steps: 2,
            state: new Map([...progress.stateDictionary(), [`position.${name}`, tensor([value])]]),
          });
        },
        `the state's ${name} is ${value}, not a whole number up to ${name === "step" ? 2 : 4}.`,
      ],
    ),
  ]);
});

it("as many components are kept as rows tell of, where they are few", () => {
  const rows = [[1, 2, 3, 4, 5], [2, 3, 4, 5, 7], [1, 3, 2, 5, 4]]; // biome-ignore format: one line.
  expect(LogPrincipalComponents.of(rows).basis).toHaveLength(2);
});

it("the power of a likelihood always grows, however unlike its heights are", () => {
  expect(nextPower([0, -1e30, -1e30], 0, 3)).toBe(1e-9);
  expect(nextPower([0, 0, 0], 0, 3)).toBe(1);
  // Weights 1 and e^(−p): (1 + e)² / (1 + e²) = 1.5 at e = 2 − √3.
  expect(nextPower([0, -2], 0, 1.5)).toBeCloseTo(-Math.log(2 - Math.sqrt(3)) / 2, 9);
});

describe("wishes", () => {
  const at = [1, 2, 4];
  const grow = "pass the radii of the curves, in their order.";
  const near = { positions: [2], values: [1], errors: [1] };
  const wishes: Record<string, (positions: number[], tolerance?: number) => unknown> = {
    flatWish: (positions, tolerance) => flatWish(positions, 1, tolerance),
    peakWish: (positions, tolerance) => peakWish(positions, 2, tolerance),
    pointsWish: (positions, tolerance = 1) => pointsWish(positions, { ...near, errors: [tolerance] }),
  };
  told([
    ...Object.entries(wishes).flatMap(([where, wish]): Mistake[] => [
      [where, () => wish([1]), "a curve has two or more positions; got 1.", grow],
      [where, () => wish([0, 1]), "position 0 is the number 0; positions are above 0 and grow.", grow],
      [where, () => wish([1, 2, 2]), "position 2 is the number 2; positions are", grow],
      [where, () => wish([1, Infinity]), "position 1 is the number Infinity; positions are", grow],
      [where, () => wish(at, 0), "a tolerance is the number 0; it must be a number above 0."],
      [where, () => wish(at, Infinity), "a tolerance is the number Infinity"],
    ]),
    [
      "flatWish",
      () => flatWish(at, 3),
      "fewer than two of the 3 positions are",
      "the greatest but one is 2.",
    ],
    ["flatWish", () => flatWish(at, 9), "are at or beyond the number 9.", "the greatest but one is 2."],
    [
      "peakWish",
      () => peakWish(at, 0.9),
      "the number 0.9 is not within the positions of the curves, 1 to 4.",
    ],
    ["peakWish", () => peakWish(at, 4.1), "is not within the positions of the curves, 1 to 4."],
    [
      "pointsWish",
      () => pointsWish(at, { ...near, positions: [5] }),
      "the number 5 is not within the positi",
    ],
    [
      "pointsWish",
      () => pointsWish(at, { positions: [], values: [], errors: [] }),
      "there are no points to pass near.",
    ],
    ...[{ values: [] }, { errors: [] }].map(
      (short): Mistake => [
        "pointsWish",
        () => pointsWish(at, { ...near, ...short }),
        `got 1 positions, ${short.values?.length ?? 1} values and ${short.errors?.length ?? 1} errors of points.`,
        "pass one of each for each point.",
      ],
    ),
  ]);

  it("take the first and the last of the positions, and the last two", () => {
    const curve = tensor([[2, 3, 5]], { dtype: "float64" });
    const ends = { positions: [1, 4], values: [2, 5], errors: [1, 1] };
    expect(pointsWish(at, ends)(curve).toArray()).toEqual([[0, 0]]);
    for (const end of [1, 4]) expect(peakWish(at, end)(curve).shape).toEqual([1, 1]);
    // ln 3 and ln 5 lie ln(5/3)/2 from their mean.
    expect(flatWish(at, 2, 1)(curve).item()).toBeCloseTo(Math.log(5 / 3) / 2, 9);
  });
});

describe("networks and their training", () => {
  const plain = new ResidualDenoiser({ features: 2, width: 4, blocks: 1 }, random);
  const asked = new ResidualDenoiser({ features: 2, width: 4, blocks: 1, conditions: 1 }, random);
  const rule = "needs at least the input's and the bottleneck's width; got";
  const write = "write new DenoisingAutoencoder(random, [50, 32, 16, 4]).";
  const train = (options: object): unknown => trainDenoiser(any({ model: plain, ...options }));
  told([
    [
      "ResidualDenoiser",
      () => plain.forward(x),
      "got no time t.",
      "pass the amount of noise: forward(x, 0.5).",
    ],
    ["ResidualDenoiser", () => plain.forward(ones([1, 3]), 0), "x is [1, 3], not [batch, 2]."],
    ["ResidualDenoiser", () => plain.forward(ones([2]), 0), "x is [2], not [batch, 2]."],
    [
      "ResidualDenoiser",
      () => plain.forward(x, 0, ones([1, 1])),
      "got a condition, but was made without any.",
      "make it with { conditions: n }, and train it with them.",
    ],
    ["ResidualDenoiser", () => asked.forward(x, 0, x), "the condition is [1, 2], not [batch, 1]."],
    ["ResidualDenoiser", () => asked.forward(x, 0, ones([1])), "the condition is [1], not [batch, 1]."],
    ["ResidualDenoiser.denoiser", () => asked.denoiser(any({ know: 1 })), 'no option "know"', ""],
    ...["features", "width", "blocks"].map(
      (name): Mistake => [
        "ResidualDenoiser",
        () => new ResidualDenoiser({ features: 2, [name]: 0 }, random),
        `${name} is a whole number of at least 1; got`,
      ],
    ),
    [
      "ResidualDenoiser",
      () => new ResidualDenoiser({ features: 2, conditions: -1 }, random),
      "conditions is a whole number of at least 0; got",
    ],
    ["ResidualDenoiser", () => plain.forward(any("x"), 0), 'got the text "x"', ""],
    ["ResidualDenoiser", () => asked.forward(x, 0, any("c")), 'got the text "c"', ""],
    ["ResidualDenoiser", () => asked.forward(x, 0, ones([1, 1]), any("k")), 'got the text "k"', ""],
    ["ResidualDenoiser", () => plain.forward(x, any("t")), 'got the text "t"', ""],
    [
      "ResidualDenoiser.denoiser",
      () => asked.denoiser({ threads: 0 }),
      "threads is a whole number of at least 1; got the number 0.",
    ],
    [
      "DenoisingAutoencoder",
      () => new DenoisingAutoencoder(random, [2, 0]),
      "each width is a whole number of at least 1; got the number 0.",
    ],
    [
      "DenoisingAutoencoder",
      () => new DenoisingAutoencoder(random, [2, 1]).forward(any("x")),
      'got the text "x" where a tensor or number is needed.',
      "wrap values with tensor(…).",
    ],
    ["DenoisingAutoencoder", () => new DenoisingAutoencoder(random, [3]), `${rule} [3].`, write],
    ["DenoisingAutoencoder", () => new DenoisingAutoencoder(random, any(3)), `${rule} the number 3.`, write],
    [
      "DenoisingAutoencoder",
      () => new DenoisingAutoencoder(any(3)),
      "needs a random stream",
      "new Random(0)",
    ],
    [
      "denoisingLoss",
      () => denoisingLoss(plain, tensor([1, 2]), random),
      "takes curves as [batch, features]; got [2].",
      "one curve is a batch too: unsqueeze(0) it.",
    ],
    ["trainDenoiser", () => train({ model: 1 }), "model is the number 1, no Module.", "pass { model: … }."],
    ["trainDenoiser", () => train({}), "optimizer is undefined, no Optimizer.", "pass { optimizer: … }."],
    ["trainDenoiser", () => train({ steps: 1 }), 'no option "steps"', ""],
    [
      "logLikelihood: the last time must be above 0;",
      () => logLikelihood(same, x, { grid: [1, 0] }),
      "a grid is at least two times",
    ],
    ["logLikelihood", () => logLikelihood(same, x, { grid: [1] }), "a grid is at least two times"],
  ]);
});

describe("temperedPosterior", () => {
  it("tells how far it has come, counts all evaluations, and keeps posteriors apart", () => {
    const stream = new Random(4);
    const bank = normal([60, 1], stream.fork("bank"));
    const wanted = [-1.5, 1.5];
    const heightOf = (z: number, p: number): number => -50 * (z - wanted[p]) ** 2;
    const bankLogLikelihoods = wanted.map((_, p) =>
      Float64Array.from(bank.toTypedArray(), (z) => heightOf(z, p)),
    );
    let asked = 0;
    const run = temperedPosterior(
      (latents, chains) => {
        asked += chains.length;
        return Float64Array.from(latents.toTypedArray(), (z, row) =>
          heightOf(z, Math.floor(chains[row] / 6)),
        );
      },
      { random: stream, bank, bankLogLikelihoods, chains: 6, transitions: 5 },
    );
    const shares: number[] = [];
    let step = run.next();
    for (; !step.done; step = run.next()) {
      shares.push(step.value.share ?? Number.NaN);
      expect(step.value.evaluations).toBeGreaterThan(0);
    }
    expect(shares.every((share, i) => share >= (shares[i - 1] ?? 0) && share <= 1)).toBe(true);
    // The last part counts 60 transitions from one half on, and is told before each call, with at most 12 to come.
    expect(shares).toContain(0.5);
    expect(shares.at(-1)).toBeGreaterThan(0.75);
    const { states, logLikelihoods, evaluations } = step.value;
    expect(evaluations).toBe(asked);
    expect([states.length, states[0].length, logLikelihoods.length]).toEqual([5, 12, 5]);
    // N(0, 1) times the likelihood N(±1.5, 0.1²) is N(±1.485, 0.0995²).
    states.forEach((all, t) => {
      all.forEach((z, chain) => {
        const p = Math.floor(chain / 6);
        expect(Math.abs(z - wanted[p])).toBeLessThan(0.6);
        expect(logLikelihoods[t][chain]).toBeCloseTo(heightOf(z, p), 9);
      });
    });
  });
});
