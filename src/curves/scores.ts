/** The scores of sets of curves against real ones, step by step, so that Ctrl-C is heard and progress is seen. */

import type { Context } from "../cli/context.ts";
import { fitGalaxy } from "../galaxy/index.ts";
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
import type { Random } from "../tensor/random.ts";
import { MEMORISATION, SCORES, type ScoreKey, type ScoreName, SIGNIFICANCE } from "./names.ts";

/** Curves in km/s, and what to call them. */
interface NamedCurves {
  readonly name: string;
  readonly curves: readonly Float64Array[];
}

/** What is compared. All sets have as many curves, but the pairs of the baseline and of `known` may have fewer. */
export interface Comparison {
  /** kpc */
  readonly radii: Float64Array;
  readonly real: readonly Float64Array[];
  readonly fakes: readonly NamedCurves[];
  /** Two sets of one distribution, the second in the place of the fake ones. */
  readonly baseline: { readonly real: readonly Float64Array[]; readonly fake: readonly Float64Array[] };
  /** Training curves, and as many unseen ones: for the memorisation. The name says which: "fresh". */
  readonly known: readonly {
    readonly name: string;
    readonly training: readonly Float64Array[];
    readonly unseen: readonly Float64Array[];
  }[];
}

/** A row of the table. */
export interface ScoreRow {
  readonly score: ScoreName;
  readonly baseline: number;
  /** One for each of the fakes, in their order. */
  readonly values: readonly Score[];
}

/** Fewest curves of a set: with fewer, k = 5 neighbours and five folds are most of the set. */
export const FEWEST_CURVES = 20;

/**
 * Scores each of the fakes, and the baseline.
 *
 * @returns undefined when it was stopped before the end
 */
export async function scoreCurves(
  { radii, real, fakes, baseline, known }: Comparison,
  random: Random,
  { terminal, interruption }: Context,
): Promise<ScoreRow[] | undefined> {
  const pairs = [
    { name: "baseline", real: baseline.real, fake: baseline.fake, tested: false },
    ...fakes.map(({ name, curves }) => ({ name, real, fake: curves, tested: true })),
  ];
  const progress = terminal.progress("scoring", pairs.length * STEPS_OF_A_PAIR);
  const residuals = new Map<readonly Float64Array[], Float64Array>();
  const columns: Map<string, Score>[] = [];
  let done = 0;
  for (const [i, pair] of pairs.entries()) {
    const column = new Map<string, Score>();
    for (const [step, scores] of stepsOf(pair, radii, residuals, random.fork(i))) {
      for (const [key, score] of Object.entries(scores)) column.set(key, score);
      progress.update(Math.min(++done, pairs.length * STEPS_OF_A_PAIR), `${pair.name}: ${step}`);
      if (await interruption.breathe()) {
        progress.end();
        return undefined;
      }
    }
    columns.push(column);
  }
  progress.end();
  const rows = SCORES.filter(({ key }) => columns[0].has(key)).map((score): ScoreRow => {
    const [base, ...values] = columns.map((column) => column.get(score.key)!);
    return { score, baseline: base.value, values };
  });
  for (const { name, training, unseen } of known) {
    const score = { ...MEMORISATION, title: `memorised (${name})` };
    const values = fakes.map(({ curves }) => memorisation(curves, training, unseen));
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
  yield ["fits", { physics: medianScore(residuals.get(real)!, residuals.get(fake)!, relabelled) }];
}

/** Of 1000 curves; only the progress bar counts them. */
const STEPS_OF_A_PAIR = 18;
const FITS_AT_ONCE = 100;

/** A value with its digits: "0.771". */
export function formatScore({ decimals }: ScoreName, value: number): string {
  return value.toFixed(decimals).replace("-", "−");
}

/** What the test says, in words. */
export function verdict({ key }: ScoreName, { pValue }: Score): string {
  if (key === MEMORISATION.key) return pValue < SIGNIFICANCE ? "memorised" : "not memorised";
  return pValue < SIGNIFICANCE ? "told apart" : "not told apart";
}

/** The title with its unit: "roughness [km/s]". */
export function titleOf({ title, unit }: ScoreName): string {
  return unit === "" ? title : `${title} [${unit}]`;
}

/** A random part of the curves, all of them where there are no more. */
export function choose(curves: readonly Float64Array[], count: number, random: Random): Float64Array[] {
  if (curves.length <= count) return [...curves];
  return Array.from(random.permutation(curves.length).subarray(0, count), (i) => curves[i]);
}
