/** How well samples pass for real curves: scores of sets against real ones, beside those of a baseline. */

import {
  checkArray,
  checkCount,
  checkOptions,
  describeValue,
  fields,
  number,
  text,
  within,
} from "../basics/check.ts";
import { ArgumentError, FormatError } from "../basics/errors.ts";
import { checkRandom, type Random } from "../basics/random.ts";
import type { Progress } from "../diffusion/index.ts";
import { fitGalaxy } from "../galaxy/index.ts";
import type { Curves } from "../io/index.ts";
import { log } from "../kernels/math.ts";
import {
  classifierAccuracy,
  energyDistance,
  type Labels,
  maximumMeanDiscrepancy,
  medianScore,
  memorisation,
  nearestNeighbourAccuracy,
  precisionRecall,
  randomLabels,
  roughness,
  type Score,
  twoSamples,
} from "../metrics/index.ts";
import { checkRadii, faultOfCurves } from "./check.ts";
import { checkModel, type Model } from "./model.ts";
import { MEMORISATION, SCORES, type ScoreKey, type ScoreName, SIGNIFICANCE } from "./names.ts";
import {
  checkedPopulation,
  curveOf,
  describePopulation,
  drawGalaxies,
  type PopulationChoice,
  populationName,
} from "./population.ts";
import { splitFor } from "./training.ts";

/** Curves in km/s, and what to call them. */
export interface NamedCurves {
  /** For tables: "samples". */
  readonly name: string;
  /** km/s */
  readonly curves: readonly Float64Array[];
}

/** What is compared, all of it at the same radii. */
export interface ComparisonOptions {
  /** kpc */
  readonly radii: Float64Array;
  /** Real curves, none of which a model was trained on. */
  readonly real: readonly Float64Array[];
  /** The sets that are to pass for real ones. */
  readonly samples: readonly NamedCurves[];
  /** Fresh real curves, which take the place of samples in the baseline; default: two halves of the real curves. */
  readonly baseline?: readonly Float64Array[] | undefined;
  /** What a model was trained on, for the memorisation; default: not scored. */
  readonly training?: readonly Float64Array[] | undefined;
  /** Curves of each set, at least 20, chosen at random where it holds more; default 1000, and at most as many as the smallest set. */
  readonly count?: number | undefined;
  /** Chooses curves, relabels them and trains the classifier; streams are forked from it. */
  readonly random: Random;
}

/** A row of the table of scores. */
export interface ScoreRow {
  /** What it is. */
  readonly score: ScoreName;
  /** Of two sets of one distribution. */
  readonly baseline: number;
  /** One for each of the sets, in their order, with its p-value. */
  readonly values: readonly Score[];
}

/** How far a comparison is. */
export interface ScoreProgress extends Progress {
  /** What is being compared, and by which score. */
  readonly step: string;
  /** The scores that are known by now of the baseline and the first sets, and of how many sets: worked out when they are read. */
  readonly sofar: { readonly rows: ScoreRow[]; readonly sets: number };
}

/** Fewest curves of a set: with fewer, k = 5 neighbours and five folds are most of the set. */
export const FEWEST_CURVES = 20;

/**
 * Scores sets of curves against real ones, and a baseline: the same scores of two sets that are both real.
 *
 * @returns a row for each score
 * @throws ArgumentError, at the call itself, for sets of fewer than 20 curves or a count below that, for curves at other radii, and for a
 *   baseline or training curves that are among the real ones
 * @example
 * const { radii, curves: real } = finish(generatePopulation({ count: 60, random: new Random(1) }));
 * const { curves } = finish(generatePopulation({ count: 30, random: new Random(2) }));
 * const rows = finish(compareCurves({ radii, real, samples: [{ name: "fresh", curves }], random: new Random(0) }));
 * for (const { score, baseline, values } of rows) console.log(score.title, values[0].value, values[0].pValue, baseline);
 */
export function compareCurves(options: ComparisonOptions): Generator<ScoreProgress, ScoreRow[], void> {
  const where = "compareCurves";
  const names = ["radii", "real", "samples", "baseline", "training", "count", "random"];
  checkOptions(where, options ?? {}, names);
  const { radii, real, samples, baseline: fresh, training, count = 1000 } = options ?? {};
  checkRandom(where, options?.random);
  checkCount(where, "count", count, FEWEST_CURVES);
  checkRadii(where, radii);
  checkArray(where, "samples", samples, "sets: { name, curves }");
  const random = options.random.fork("evaluate");
  const sets = [
    { name: "real", curves: real },
    ...samples,
    ...(fresh === undefined ? [] : [{ name: "baseline", curves: fresh }]),
  ];
  for (const set of sets) checkSet(where, set, radii, set?.curves === real && fresh === undefined);
  if (training !== undefined) checkSet(where, { name: "training", curves: training }, radii, false);
  checkApart(where, real, { baseline: fresh, training });
  const size = sets.reduce((least, { curves }) => Math.min(least, curves.length), count);
  const stream = random.fork("choice");
  const chosen = choose(real, size, stream.fork("real"));
  const halves = (): Comparison["baseline"] => {
    const half = Math.min(size, Math.floor(real.length / 2));
    const shuffled = stream.fork("halves").shuffle(real.map(asFloats));
    return { real: shuffled.slice(0, half), fake: shuffled.slice(half, 2 * half) };
  };
  const memorised = (list: readonly Float64Array[]): Comparison["known"] => {
    const most = Math.min(size, list.length);
    const part = choose(list, most, stream.fork("training"));
    return [{ name: "training", training: part, unseen: chosen.slice(0, most) }];
  };
  const comparison = {
    radii,
    real: chosen,
    samples: samples.map(({ name, curves }, i) => ({ name, curves: choose(curves, size, stream.fork(i)) })),
    baseline: fresh ? { real: chosen, fake: choose(fresh, size, stream.fork("baseline")) } : halves(),
    known: training === undefined ? [] : memorised(training),
  };
  return scoreCurves(comparison, random.fork("scores"));
}

/**
 * Scores a model's samples against fresh galaxies of its population, and asks whether they copy what it was trained on: against
 * curves held out, and against the fresh ones.
 *
 * @param samples km/s; at most the first 1000 are scored, since the time grows with the square
 * @param data what the model was trained on
 * @param options.population of the data; default the model's own, and "standard" where it does not know it
 * @param options.random draws the fresh galaxies, from streams forked from it
 * @throws ArgumentError for fewer than 20 samples, or another population than the model's; FormatError for curves that the model was not trained on
 * @example
 * const random = new Random(0);
 * const galaxies = finish(generatePopulation({ count: 100, random }));
 * const { model } = finish(trainModel(galaxies, { epochs: 20, random }));
 * const samples = finish(sampleCurves(model, { count: 40, random }));
 * const rows = finish(scoreSamples(model, samples, galaxies, { random }));
 */
export function scoreSamples(
  model: Model,
  samples: readonly Float64Array[],
  data: Curves,
  options: { readonly population?: PopulationChoice | undefined; readonly random: Random },
): Generator<ScoreProgress, ScoreRow[], void> {
  const where = "scoreSamples";
  checkModel(where, model);
  checkOptions(where, options ?? {}, ["population", "random"]);
  const own = model.training.population;
  const population = checkedPopulation(where, options?.population ?? own ?? "standard");
  if (own !== undefined && JSON.stringify(own) !== JSON.stringify(population)) {
    const [is, not] = [own, population].map(populationName);
    const problem = `the model was trained on galaxies of the ${is} population, not of ${is === not ? "another one of that name" : `the ${not} one`}`;
    throw new ArgumentError(where, problem, "leave population out");
  }
  checkRandom(where, options?.random);
  const { radii } = model;
  const random = options.random.fork("evaluate");
  checkSet(where, { name: "samples", curves: samples }, radii, false);
  const trainedOn = splitFor(model, data, where);
  if (trainedOn === undefined) {
    throw new FormatError(
      where,
      `the model was not trained on these ${data.curves.length} curves`,
      "give the data of its training; compareCurves compares with any other",
    );
  }
  const { train, valid, standardization } = trainedOn;
  const size = Math.min(samples.length, MOST_SCORED);
  const freshCurves = (stream: string): Float64Array[] =>
    drawGalaxies(population, { count: size, random: random.fork(stream) }).map((galaxy) =>
      curveOf(galaxy, radii, describePopulation(population)),
    );
  const fresh = freshCurves("fresh galaxies");
  const trained = standardization.invert(train);
  const heldOut = standardization.invert(valid);
  const known = [
    { name: "held out", unseen: heldOut },
    { name: "fresh", unseen: fresh },
  ].map(({ name, unseen }) => {
    const most = Math.min(trained.length, unseen.length);
    return { name, training: choose(trained, most, random.fork(name)), unseen: unseen.slice(0, most) };
  });
  const comparison = {
    radii,
    real: fresh,
    samples: [{ name: "samples", curves: samples.slice(0, size).map(asFloats) }],
    baseline: { real: fresh, fake: freshCurves("more fresh galaxies") },
    known,
  };
  return scoreCurves(comparison, random.fork("scores"));
}

/** Samples that {@link scoreSamples} scores at most. */
export const MOST_SCORED = 1000;

/** @throws ArgumentError for a set that is too small, or of what are no curves at these radii */
function checkSet(where: string, set: NamedCurves, radii: Float64Array, halved: boolean): void {
  const { name, curves } = set ?? {};
  if (typeof name !== "string") {
    throw new ArgumentError(
      where,
      `a set is { name, curves }, its name text; got ${describeValue(name ?? set)}.`,
    );
  }
  checkArray(where, name, curves, "curves");
  const least = halved ? 2 * FEWEST_CURVES : FEWEST_CURVES;
  if (curves.length < least) {
    throw new ArgumentError(where, `${name}: ${curves.length} curves, but scores need ${least} or more`);
  }
  const fault = faultOfCurves(curves, radii.length);
  if (fault) throw new ArgumentError(where, `${name}: ${fault}`, "compare curves at the same radii");
}

/** @throws ArgumentError for sets that have to be of other curves than the real ones, and are not */
function checkApart(
  where: string,
  real: readonly Float64Array[],
  sets: Readonly<Record<string, readonly Float64Array[] | undefined>>,
): void {
  const known = new Set(real.map((curve) => curve.join()));
  for (const [name, curves = []] of Object.entries(sets)) {
    const shared = curves.filter((curve) => known.has(curve.join())).length;
    if (shared === 0) continue;
    const problem = `${name}: ${shared} of its ${curves.length} curves are among the real ones`;
    throw new ArgumentError(where, problem, "give real curves that are in no other set, from another seed");
  }
}

/** What is scored. All sets have as many curves, but the pairs of the baseline and of `known` may have fewer. */
interface Comparison {
  readonly radii: Float64Array;
  readonly real: readonly Float64Array[];
  readonly samples: readonly NamedCurves[];
  /** Two sets of one distribution, the second in the place of the samples. */
  readonly baseline: { readonly real: readonly Float64Array[]; readonly fake: readonly Float64Array[] };
  /** Training curves, and as many unseen ones: for the memorisation. The name says which: "fresh". */
  readonly known: readonly {
    readonly name: string;
    readonly training: readonly Float64Array[];
    readonly unseen: readonly Float64Array[];
  }[];
}

/** Scores each of the sets, and the baseline. */
function* scoreCurves(
  { radii, real, samples, baseline, known }: Comparison,
  random: Random,
): Generator<ScoreProgress, ScoreRow[], void> {
  const pairs = [
    { name: "baseline", real: baseline.real, fake: baseline.fake, tested: false },
    ...samples.map(({ name, curves }) => ({ name, real, fake: curves, tested: true })),
  ];
  const total = pairs.length * STEPS_OF_A_PAIR;
  const residuals = new Map<readonly Float64Array[], Float64Array>();
  const columns: Map<string, Score>[] = [];
  const rowsOf = (columns: readonly Map<string, Score>[]): ScoreRow[] =>
    SCORES.filter(({ key }) => columns.every((column) => column.has(key))).map((score): ScoreRow => {
      const [base, ...values] = columns.map((column) => column.get(score.key)!);
      return { score, baseline: base.value, values };
    });
  let done = 0;
  for (const [i, pair] of pairs.entries()) {
    const column = new Map<string, Score>();
    for (const [step, scores] of stepsOf(pair, radii, residuals, random.fork(i))) {
      for (const [key, score] of Object.entries(scores)) column.set(key, score);
      yield {
        done: Math.min(++done, total),
        total,
        step: `${pair.name}: ${step}`,
        get sofar() {
          // The set that is being scored counts where it is the first: better some of its scores than none.
          const known = columns.length > 1 ? columns : [...columns, column];
          return { rows: known.length > 1 ? rowsOf(known) : [], sets: known.length - 1 };
        },
      };
    }
    columns.push(column);
  }
  const rows = rowsOf(columns);
  for (const { name, training, unseen } of known) {
    const score = { ...MEMORISATION, title: `memorised (${name})` };
    const values = samples.map(({ curves }) => memorisation(curves, training, unseen));
    rows.push({ score, baseline: 0.5, values }); // by symmetry
  }
  return rows;
}

/** The scores of a pair, few at a time: each step takes up to some seconds. */
function* stepsOf(
  pair: {
    readonly real: readonly Float64Array[];
    readonly fake: readonly Float64Array[];
    readonly tested: boolean;
  },
  radii: Float64Array,
  residuals: Map<readonly Float64Array[], Float64Array>,
  random: Random,
): Generator<[step: string, scores: Partial<Record<ScoreKey, Score>>]> {
  const { real, fake } = pair;
  const sizes = { realCount: real.length, fakeCount: fake.length };
  const relabelled: Labels[] = pair.tested ? randomLabels(sizes, random.fork("labels")) : [];
  const samples = twoSamples(real, fake);
  yield ["distances", {}];
  yield ["MMD²", { mmd: maximumMeanDiscrepancy(samples, relabelled) }];
  yield ["energy distance", { energy: energyDistance(samples, relabelled) }];
  yield ["1-NN", { neighbour: nearestNeighbourAccuracy(samples, relabelled) }];
  yield ["precision and recall", { ...precisionRecall(samples, { relabelled }) }];
  yield ["classifier", { classifier: classifierAccuracy(samples, { random: random.fork("classifier") }) }];
  for (const [key, featuresOf] of Object.entries(FEATURES)) {
    if (featuresOf(real[0]).length === 0) continue;
    const features = { ...samples, curves: [...real, ...fake].map(featuresOf) };
    const title = SCORES.find((score) => score.key === key)!.title;
    yield [title, { [key]: classifierAccuracy(features, { random: random.fork(key) }) }];
  }
  if (radii.length >= 3) {
    yield ["roughness", { roughness: medianScore(real.map(roughness), fake.map(roughness), relabelled) }];
  }
  if (radii.length < 4) return;
  for (const curves of [real, fake]) {
    if (residuals.has(curves)) continue;
    const found = new Float64Array(curves.length);
    for (let start = 0; start < curves.length; start += FITS_AT_ONCE) {
      const end = Math.min(curves.length, start + FITS_AT_ONCE);
      for (let i = start; i < end; i++) found[i] = fitGalaxy(radii, curves[i]).residual;
      if (end < curves.length) yield [`fits, ${end} of ${curves.length}`, {}];
    }
    residuals.set(curves, found);
  }
  const [own, other] = [residuals.get(real)!, residuals.get(fake)!];
  const at = (share: number) => medianScore(own, other, relabelled, share);
  yield ["fits", { physics: at(0.5), physics95: at(0.95), physics99: at(0.99) }];
}

/** Velocities below this count as this, km/s: logarithms of a model that knows no bound would end here. */
const SLOWEST = 0.1;

const logsOf = (curve: Float64Array): Float64Array => curve.map((v) => log(Math.max(v, SLOWEST)));
const differencesOf = (values: Float64Array): Float64Array =>
  values.subarray(1).map((value, i) => value - values[i]);

/** What else a classifier is shown of a curve: logarithms, which weigh slow parts like fast ones, and their slopes and curvature. */
const FEATURES: Readonly<
  Record<"classifierLog" | "classifierSlope" | "classifierCurvature", (curve: Float64Array) => Float64Array>
> = {
  classifierLog: logsOf,
  classifierSlope: (curve) => differencesOf(logsOf(curve)),
  classifierCurvature: (curve) => differencesOf(differencesOf(logsOf(curve))),
};

/** Of 1000 curves; only progress counts them. */
const STEPS_OF_A_PAIR = 21;
const FITS_AT_ONCE = 100;

/**
 * A value with its digits.
 *
 * @example formatScore(SCORES[2], 0.7714) // "0.771"
 */
export function formatScore(score: ScoreName, value: number): string {
  fields({ decimals: within({ least: 0, most: 20 }) })("formatScore", "score", score);
  number("formatScore", "value", value);
  return value.toFixed(score.decimals).replace("-", "−");
}

/**
 * What the test says, in words: "told apart", or "not told apart".
 *
 * @example console.log(verdict(SCORES[0], { value: 0.2, pValue: 0.002 })); // told apart
 */
export function verdict(score: ScoreName, result: Score): string {
  fields({ key: text })("verdict", "score", score);
  fields({ pValue: within({ least: 0, most: 1 }) })("verdict", "result", result);
  const [{ key }, { pValue }] = [score, result];
  if (key === MEMORISATION.key) return pValue < SIGNIFICANCE ? "memorised" : "not memorised";
  return pValue < SIGNIFICANCE ? "told apart" : "not told apart";
}

/** The title with its unit: "roughness [km/s]". */
export function titleOf(score: ScoreName): string {
  fields({ title: text, unit: text })("titleOf", "score", score);
  const { title, unit } = score;
  return unit === "" ? title : `${title} [${unit}]`;
}

/** A curve that may have been given as an array. */
const asFloats = (curve: Float64Array): Float64Array =>
  curve instanceof Float64Array ? curve : Float64Array.from(curve as ArrayLike<number>);

/** A random part of the curves, all of them where there are no more. */
function choose(curves: readonly Float64Array[], count: number, random: Random): Float64Array[] {
  if (curves.length <= count) return curves.map(asFloats);
  return Array.from(random.permutation(curves.length).subarray(0, count), (i) => asFloats(curves[i]));
}
