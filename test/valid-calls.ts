/** A call of each function of the entry points above the engine, as it should be: what mistakes are made of. */

import * as curves from "../src/curves/index.ts";
import * as diffusion from "../src/diffusion/index.ts";
import * as galaxy from "../src/galaxy/index.ts";
import { normal, Random, type Tensor, tensor } from "../src/index.ts";
import * as metrics from "../src/metrics/index.ts";
import { Adam } from "../src/optim/index.ts";
import * as plot from "../src/plot/index.ts";

const { finish, trainModel } = curves;
const { linearSchedule } = diffusion;
const random = new Random(0);
const cosmology = { hubbleConstant: 70, overdensity: 200 };

// What is made once, and is handed over as a whole.
const data = finish(curves.generatePopulation({ count: 24, random }));
const { galaxies, radii, curves: velocities } = data;
const training = { network: "residual", batches: 20, widths: [8, 8], random } as const;
const conditioned = { ...training, conditions: ["disc-mass"] } as const;
const { model } = finish(trainModel(data, conditioned));
const paused = trainModel(data, { ...training, batches: 40 });
const started = paused.next().value;
const saved = curves.saveTraining(started);
const unseen = curves.unseenCurves(model, data);
const points = {
  radii: Float64Array.of(2, 8),
  velocities: Float64Array.of(95, 140),
  errors: Float64Array.of(15, 15),
};
const inferred = { random, bank: 400, chains: 2, transitions: 5 };
const [posterior] = finish(curves.inferCurves(model, [points], inferred));
const measured = { ...points, gas: [9, 9], disc: [50, 60], bulge: [9, 5], distance: 9, distanceError: 1 };
const extended = galaxy.sampleExtendedPopulation({ count: 2, random });
const [slow, fast, other] = [0, 8, 16].map((from) => velocities.slice(from, from + 8));
const samples = metrics.twoSamples(slow, fast);
const relabelled = metrics.randomLabels(samples, random, 5);
const flat = (rows: Tensor): number[] => new Array(rows.shape[0]).fill(0);
const same = (x: Tensor): Tensor => x;
const gaussian = new diffusion.GaussianModel([0, 0], [[1, 0], [0, 1]]); // biome-ignore format: one line
const network = new diffusion.ResidualDenoiser({ features: 2, width: 4, blocks: 1, conditions: 1 }, random);
const autoencoder = new diffusion.DenoisingAutoencoder(random, [2, 1]);
const rows = normal([6, 2], random);
const conditions = { train: normal([6, 1], random), valid: normal([6, 1], random) };

/** Things that mistakes leave as they are: one is made with them, not in them. */
export const WHOLE: ReadonlySet<unknown> = new Set<unknown>([
  ...[data, galaxies, radii, velocities, model, started, posterior, samples, extended, relabelled, saved],
  ...[slow, fast, other, random],
]);

/** Of which mistakes of a first day are made. */
export const parts = { data, model, started, posterior, points, random };

const sampling = { grid: [1, 0.5, 0], schedule: linearSchedule, random };
const sampler = (more: object = {}) => [same, rows, { ...sampling, ...more }];
const line = { kind: "line", x: [0, 1], y: [0, 1], color: "#000000", width: 1, label: "a" };
const band = { kind: "band", x: [0, 1], low: [0, 0], high: [1, 1], color: "#000000", opacity: 0.5 };
const dots = { kind: "points", x: [0, 1], y: [0, 1], color: "#000000", marker: "square", size: 3 };
const axis = { label: "x", scale: plot.scale(0, 1) };
const of = (v: number, count: number): number[] => Array.from({ length: count }, (_, i) => v + i);
const intervals = [of(40, 7), of(90, 7)];
const shown = { name: "a", radii: [1, 10], intervals, observations: points, heldOut: points };
const svg = plot.curvesFigure({ radii: [1, 2], curves: [[90, 95]] });
const five = [of(70, 5), of(90, 5)];
const draws = Array.from({ length: 30 }, (_, i) => (i * 37) % 30);

type Calls = Readonly<Record<string, readonly unknown[]>>;

export const GALAXY: Calls = {
  discShape: [1],
  i0e: [1],
  i1e: [1],
  k0e: [1],
  k1e: [1],
  circularVelocity: [[galaxy.exponentialDisc({ mass: 5e10, scaleLength: 3 })], [1, 8]],
  exponentialDisc: [{ mass: 5e10, scaleLength: 3 }],
  hernquistBulge: [{ mass: 5e10, scaleLength: 3 }],
  nfwHalo: [{ mass: 1e12, concentration: 8, coreRadius: 2, coreStrength: 0.5, cosmology }],
  extendedGalaxyComponents: [{ ...extended[0] }, cosmology],
  extendedRotationCurves: [[extended[0]], [1, 2], cosmology],
  sampleExtendedPopulation: [{ count: 2, random }],
  fitGalaxy: [
    [1, 2, 4, 8, 16],
    [90, 120, 140, 150, 150],
    { errors: [9, 9, 9, 9, 9], bounds: { discMass: [1e6, 1e13], concentration: [1, 100] }, cosmology },
  ],
  haloOf: ["einasto", { mass: 1e12, concentration: 8, coreRadius: 2, index: 0.2 }],
  acceleration: [4e4, 8],
  massModel: [
    { ...measured, inclination: 60, inclinationError: 3 },
    "nfw",
    { logHaloMass: [8, 14], discRatio: 0.5, bulgeRatio: 0.7, ratioScatter: 0.1, errorSpread: 0.7 },
  ],
  radialAcceleration: [1e-11, 1e-10],
  galaxyComponents: [{ ...extended[0] }, cosmology],
  logSpacedRadii: [5, 0.1, 10],
  rotationCurves: [[galaxies[0]], [1, 2], cosmology],
  samplePopulation: [{ count: 2, random }],
  drawGalaxy: [galaxy.STANDARD_POPULATION, random],
  formatPopulation: [galaxy.EXTENDED_POPULATION],
  isExtendedPopulation: [galaxy.EXTENDED_POPULATION],
  parsePopulation: [galaxy.formatPopulation(galaxy.STANDARD_POPULATION), "mine.json"],
};

export const METRICS: Calls = {
  classifierAccuracy: [samples, { random, folds: 2, epochs: 1 }],
  energyDistance: [samples, [relabelled[0]]],
  maximumMeanDiscrepancy: [samples, [relabelled[0]]],
  leaveOneOut: [Array.from({ length: 100 }, (_, i) => [-1 - i / 100, -2])],
  memorisation: [[[1], [5]], [[1], [5]], [[2], [4]]], // biome-ignore format: one line
  nearestNeighbourAccuracy: [samples, [relabelled[0]]],
  precisionRecall: [samples, { k: 2, relabelled: [relabelled[0]] }],
  median: [[1, 2, 3]],
  medianScore: [of(1, 8), of(4, 8), [relabelled[0]], 0.5],
  roughness: [[1, 2, 4]],
  randomLabels: [{ realCount: 3, fakeCount: 3 }, random, 5],
  twoSamples: [[[1], [2]], [[1], [3]]], // biome-ignore format: one line
};

export const DIFFUSION: Calls = {
  derivativeOf: [linearSchedule.alpha],
  DenoisingAutoencoder: [random, [4, 2]],
  FeatureStandardization: [[1, 2], [1, 1]], // biome-ignore format: one line
  Standardization: [1, 2],
  splitDataset: [[[1], [2], [3], [4], [6]], random, { validFraction: 0.2 }],
  guidedDenoiser: [same, tensor([[1]]), 2, { interval: [0, 1] }],
  symmetricEigen: [[[2, 1], [1, 2]]], // biome-ignore format: one line
  ensemblePosterior: [
    ([z]: Float64Array) => -z * z,
    1,
    { random, particles: 64, chains: 4, rHat: 1.1, effectiveCount: 10, moves: 100 },
  ],
  EmpiricalModel: [rows],
  GaussianMixtureModel: [[{ weight: 1, model: gaussian }]],
  GaussianModel: [[0, 0], [[1, 0], [0, 1]]], // biome-ignore format: one line
  denoisingErrors: [same, rows, random, { levels: [0.5] }],
  flowLoss: [network, rows, random, { condition: conditions.train }],
  trainFlow: [
    {
      ...{ model: network, train: rows, valid: rows, random, conditions, dropCondition: 0.1, steps: 2 },
      ...{
        batchSize: 3,
        learningRate: 0.01,
        weightDecay: 0.1,
        averageDecay: 0.5,
        reportEvery: 1,
        threads: 1,
      },
    },
  ],
  functionGuidedDenoiser: [
    same,
    same,
    { scale: 1, corrected: true, interval: [0, 0.9], schedule: linearSchedule },
  ],
  karrasGrid: [4, { least: 0.1, greatest: 10, rho: 7, schedule: linearSchedule }],
  logarithmicGrid: [4, { least: 0.1, greatest: 10, schedule: linearSchedule }],
  uniformGrid: [4],
  logLikelihood: [gaussian.denoiser(), rows, { grid: [1, 0.5], schedule: linearSchedule }],
  chainDiagnostics: [[[1, 2, 1, 2, 1], [2, 1, 2, 1, 2]]], // biome-ignore format: one line
  ellipticalSlice: [
    flat,
    rows,
    { random, transitions: 2, proposals: of(0, 6).map(() => new diffusion.GaussianProposal(of(0, 4), 2)) },
  ],
  GaussianProposal: [[0, 0, 1, 2, 2, 1, 3, 3], 2],
  importanceResample: [[0, -1], 3, random],
  temperedPosterior: [
    flat,
    { random, bank: rows, bankLogLikelihoods: [of(-6, 6)], chains: 2, transitions: 2 },
  ],
  convertPrediction: [rows, rows, 0.5, { from: "clean", to: "flow", schedule: linearSchedule }],
  denoiserFrom: [same, { predicts: "flow", schedule: linearSchedule }],
  predictionTarget: ["flow", linearSchedule, rows, rows, tensor(0.5)],
  LogPrincipalComponents: [[0, 0], [[1, 0]], [1], []],
  breathing: [diffusion.eulerSampler(same, rows)],
  finish: [diffusion.eulerSampler(same, rows)],
  ResidualDenoiser: [{ features: 2, width: 4, blocks: 1, conditions: 1 }, random],
  adamsBashforth2Sampler: sampler(),
  ancestralSampler: sampler({ stochasticity: 0.5 }),
  churnSampler: sampler({ churn: 10, range: [0.1, 10], noiseScale: 1 }),
  dpmSolver2MSampler: sampler(),
  eulerSampler: sampler(),
  heunSampler: sampler(),
  midpointSampler: sampler(),
  rungeKutta4Sampler: sampler(),
  addNoise: [linearSchedule, rows, rows, tensor(0.5)],
  noiseShareAt: [linearSchedule, 0.5],
  scheduleAt: [linearSchedule, 0.5],
  scheduleSlopeAt: [linearSchedule, 0.5],
  timeOfNoiseShare: [diffusion.cosineNoiseSchedule, 0.5],
  variancePreservingSchedule: [{ from: 0.1, to: 20 }],
  denoisingLoss: [autoencoder, rows, random, linearSchedule],
  trainDenoiser: [
    {
      ...{ model: autoencoder, optimizer: new Adam(autoencoder.parameters()), train: rows, valid: rows },
      ...{ random, epochs: 2, schedule: linearSchedule, firstEpoch: 0, threads: 1 },
    },
  ],
  flatWish: [[1, 2, 4], 2, 0.1],
  peakWish: [[1, 2, 4], 2, 0.1],
  pointsWish: [[1, 2, 4], { positions: [2], values: [10], errors: [1] }],
};

export const PLOT: Calls = {
  convergenceFigure: [
    { panels: [{ title: "a", series: [{ name: "Euler", evaluations: [10, 20], errors: [0.1, 0.05] }] }] },
  ],
  figure: [
    {
      ...{ title: "a", description: "b", x: axis, y: [axis], rowTitles: ["r"], panelWidth: 200 },
      ...{ rows: [[{ title: "p", marks: [line, band, dots] }]], panelHeight: 100, decimals: 2 },
      colorBar: { ...axis, color: () => "#000000" },
    },
  ],
  curvesFigure: [{ radii: [1, 2], curves: [[90, 95]], discMasses: [1e10], scale: "log" }],
  lossFigure: [{ epochs: [0, 1], train: [1, 0.4], valid: [0.9, 0.2], validInput: "clean" }],
  noiseFigure: [{ radii: [1, 2], scale: "log", clean: [90, 95], noisy: [{ amount: 0.5, curve: [70, 160] }] }],
  predictionsFigure: [
    {
      radii: [1, 2],
      scale: "linear",
      cases: [{ amount: 0.5, data: [90, 120], noisy: [70, 160], prediction: [95, 118], galaxy: "a" }],
    },
  ],
  samplingFigure: [
    {
      radii: [1, 2],
      scale: "log",
      samples: [{ snapshots: [{ step: 0, state: [10, 300], prediction: [95, 118] }], final: [95, 119] }],
    },
  ],
  inferenceFigure: [shown],
  inferredGalaxiesFigure: [[shown], 2],
  intervalBands: [[1, 10], intervals],
  accelerationFigure: [
    {
      ...{ visible: [1e-11, 1e-10], observed: [4e-11, 1.6e-10], galaxies: 1 },
      relation: { label: "equal", at: (g: number) => g },
    },
  ],
  cornerFigure: ["a", [{ label: "x", draws }, { label: "y", draws }]], // biome-ignore format: one line
  decompositionFigure: [
    { name: "a", halo: "NFW", observations: points, total: five, parts: { halo: five, gas: five } },
  ],
  viridis: [0.5],
  report: [
    {
      title: "a",
      figures: { curves: svg, noise: svg, loss: svg, predictions: svg, sampling: svg },
      data: {
        galaxies: 24,
        training: 20,
        radii: 50,
        radiusRange: [0.1, 50],
        mean: 140,
        standardDeviation: 130,
      },
      model: { layers: [50, 4, 50], parameters: 1000 },
      training: { learningRate: 0.01, epochs: [0, 1], train: [1, 0.5], valid: [1, 0.4], tableEvery: 1 },
      predictionErrors: [{ amount: 0.5, noisy: 65, prediction: 10 }],
      sampling: { steps: 31, samples: 5, sampler: "heun" },
      evaluation: {
        curves: 1000,
        significance: 0.01,
        scores: [{ name: "a", value: "1", baseline: "1", verdict: "a", definition: "a", source: "a" }],
      },
      configuration: { seed: 7 },
      command: "halograd run",
      timings: [{ stage: "train", seconds: 9.8 }],
    },
  ],
  scale: [0.1, 50, { kind: "log", ticks: 5, nice: false }],
  scoresFigure: [
    {
      sets: ["samples"],
      scores: [{ title: "1-NN", baseline: 0.5, values: [0.7], apart: [true], decimals: 2, worse: "higher" }],
      significance: 0.01,
    },
  ],
  thinLine: [[0, 1, 2], [0, 1, 0], 10], // biome-ignore format: one line
  wishesFigure: [
    {
      ...{ radii: [1, 10], plain: [[50, 90]], guided: [[80, 85]], wishes: ["flat=1"], flat: 1, peak: 2 },
      points,
    },
  ],
};

export const CURVES: Calls = {
  breathing: DIFFUSION.breathing,
  finish: DIFFUSION.finish,
  saveTraining: [started],
  decomposeGalaxy: [
    { ...measured },
    "nfw",
    { random, priors: { discRatio: 0.5 }, luminosity: 1e9, hydrogenMass: 1e9, particles: 64, moves: 100 },
  ],
  squaredOf: [{ gas: [-25], disc: [4900], bulge: [0], halo: [5200] }, 0],
  denoiseCurves: [model, { radii, curves: [velocities[0]] }, { noise: 0.1, source: "mine" }],
  measurePredictions: [model, unseen, random],
  predictCurves: [model, { radii, curves: [velocities[0]] }, { amount: 0.3, random }],
  rootMeanSquare: [[[3, 4]], [[0, 0]]],
  measureExcess: [model, unseen, random],
  exportModel: [model],
  illustrateNoise: [model, unseen, random],
  illustratePredictions: [model, unseen, random],
  illustrateSampling: [model, { samples: 1, sampler: "euler", steps: 3, random }],
  inferCurves: [
    model,
    [points],
    { ...inferred, deviation: { median: 0.05, spread: 1 }, errorSpread: 0.7, radiusRange: [1, 40] },
  ],
  inferGalaxy: [
    "standard",
    points,
    {
      ...{ random, deviation: { median: 0.05, spread: 1 }, errorSpread: 0.7, radiusRange: [1, 40] },
      ...{ particles: 64, chains: 2, rHat: 1.5, effectiveCount: 10, moves: 100 },
    },
  ],
  intervalsOf: [posterior],
  parametersAtBounds: [model, posterior],
  parametersOf: [model, posterior],
  quantiles: [[3, 1, 2], [0.25, 0.5], 3],
  readModel: [curves.writeModel(model), "mine.safetensors"],
  writeModel: [{ ...model }],
  formatGalaxies: [[galaxies[0]]],
  generatePopulation: [{ count: 2, population: "standard", random }],
  parseGalaxies: [curves.formatGalaxies(galaxies), "galaxies.csv", velocities],
  propertiesOf: [model, posterior],
  defaultSampling: [model],
  sampleCurves: [
    model,
    {
      ...{ count: 2, sampler: "euler", steps: 3, random, guidance: 2, tolerance: 1, threads: 1 },
      ...{ condition: { "disc-mass": 10.5 }, wishes: { flat: 10, peak: 5, points } },
    },
  ],
  samplingSteps: [
    model,
    { ...{ count: 2, sampler: "heun", steps: 3, random }, condition: { "disc-mass": 10.5 } },
  ],
  compareCurves: [
    {
      ...{ radii, real: [...velocities], count: 20, random },
      samples: [{ name: "a", curves: [...velocities] }],
      ...{ baseline: finish(curves.generatePopulation({ count: 20, random: new Random(1) })).curves },
    },
  ],
  formatScore: [curves.SCORES[2], 0.77],
  scoreSamples: [model, velocities, data, { population: "standard", random }],
  titleOf: [curves.SCORES[2]],
  verdict: [curves.SCORES[0], { value: 0.2, pValue: 0.002 }],
  loadTraining: [saved, data, { ...training, batches: 40 }, "mine.safetensors"],
  trainModel: [
    { radii, curves: velocities, galaxies },
    { ...conditioned, learningRate: 0.01, schedule: "constant", threads: 1, source: "mine", version: "1" },
  ],
  unseenCurves: [model, { radii, curves: [velocities[0]] }, "mine"],
  measureWishes: [[1, 10, 20], [[90, 150, 150]], { flat: 10, peak: 10, points }, 1],
};
