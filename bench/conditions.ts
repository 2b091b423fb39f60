/**
 * How well samples are what was asked for: a model is trained with conditions and asked for galaxies of a population that it
 * has not seen, and the properties of every sample are found again. In the standard population the physics is refitted. In the
 * extended one a curve does not settle them: gas, bulge and disc stand in for each other. There a network that has learned the mean of
 * each property given a curve judges the samples and, to compare with, the curves of the very galaxies that were asked for, than which samples
 * that follow the data can be no better. With a path as argument, the figure is written there.
 *
 *     npm run bench:build && node .build/bench/conditions.js conditions.svg
 *     node .build/bench/conditions.js extended bulge.svg
 */

import { writeFileSync } from "node:fs";
import { concat, indexSelect, mseLoss, noGrad, normal, Random, type Tensor, tensor } from "halograd";
import {
  FeatureStandardization,
  finish,
  guidedDenoiser,
  heunSampler,
  LogPrincipalComponents,
  ResidualDenoiser,
  trainFlow,
} from "halograd/diffusion";
import {
  type ExtendedGalaxyParameters,
  extendedRotationCurves,
  FIT_PARAMETERS,
  fitGalaxy,
  type GalaxyParameters,
  rotationCurves,
  sampleExtendedPopulation,
  samplePopulation,
} from "halograd/galaxy";
import { classifierAccuracy, twoSamples } from "halograd/metrics";
import { Linear, Sequential, silu } from "halograd/nn";
import { AdamW, cosineSchedule } from "halograd/optim";
import { figure, okabeIto, type Panel, scale } from "halograd/plot";

const words = process.argv.slice(2);
const isExtended = words[0] === "extended";
const path = words[isExtended ? 1 : 0];
const TRAINED = isExtended ? 20_000 : 10_000;
const ASKED = 1000;
const STEPS = 6000;
/** In the figure. */
const SHOWN = isExtended ? 500 : ASKED;
const NAMES = [
  "disc mass",
  "scale length",
  "halo mass",
  "concentration",
  ...(isExtended ? ["bulge fraction"] : []),
];

type Galaxy = GalaxyParameters | ExtendedGalaxyParameters;
const random = new Random(0);
/** The bulge fraction is that of the mass of all stars. */
const bulgeFraction = (galaxy: Galaxy): number[] =>
  "bulgeMass" in galaxy && isExtended ? [galaxy.bulgeMass / (galaxy.discMass + galaxy.bulgeMass)] : [];
const propertiesOf = (galaxies: readonly Galaxy[]): number[][] =>
  galaxies.map((galaxy) =>
    [...FIT_PARAMETERS.map((name) => galaxy[name]), ...bulgeFraction(galaxy)].map(Math.log10),
  );
const galaxiesOf = (count: number, stream: string): Galaxy[] => {
  const options = { count, random: random.fork(stream) };
  return isExtended ? sampleExtendedPopulation(options) : samplePopulation(options);
};
const curvesOf = (galaxies: readonly Galaxy[]): Float64Array[] => {
  const { radii, velocities } = isExtended
    ? extendedRotationCurves(galaxies as ExtendedGalaxyParameters[])
    : rotationCurves(galaxies);
  return galaxies.map((_, i) => velocities.subarray(i * radii.length, (i + 1) * radii.length));
};
const { radii } = rotationCurves([]);

// The model.
const galaxies = galaxiesOf(TRAINED + 500, "training galaxies");
const curves = curvesOf(galaxies);
const components = LogPrincipalComponents.of(curves.slice(500));
const properties = FeatureStandardization.of(propertiesOf(galaxies.slice(500)));
const part = <T>(list: readonly T[], isTraining: boolean): T[] =>
  isTraining ? list.slice(500) : list.slice(0, 500);
const both = (of: (isTraining: boolean) => Tensor) => ({ train: of(true), valid: of(false) });
const model = new ResidualDenoiser(
  { features: components.scales.length, conditions: NAMES.length },
  random.fork("weights"),
);
const started = performance.now();
for (const { step, train, valid } of trainFlow({
  model,
  ...both((isTraining) => components.apply(part(curves, isTraining))),
  conditions: both((isTraining) => properties.apply(propertiesOf(part(galaxies, isTraining)))),
  random: random.fork("training"),
  steps: STEPS,
  reportEvery: 1000,
})) {
  console.log(`step ${step}: loss ${train.toFixed(4)}, validation ${valid.toFixed(4)}`);
}
console.log(`trained in ${((performance.now() - started) / 1000).toFixed(0)} s\n`);

/** The mean of each property given the curve, as a network learns it from other galaxies. */
function trainJudge(): (curves: readonly Float64Array[]) => number[][] {
  const others = galaxiesOf(TRAINED, "the judge's galaxies");
  const [x, y] = [components.apply(curvesOf(others)), properties.apply(propertiesOf(others))];
  const stream = random.fork("judge");
  const layers = [new Linear(x.shape[1], 128, stream), new Linear(128, 128, stream)];
  const last = new Linear(128, NAMES.length, stream);
  const judge = new Sequential(layers[0], silu, layers[1], silu, last);
  const optimizer = new AdamW(judge.parameters(), { learningRate: 0.004 });
  const rate = cosineSchedule({ from: 0.004, steps: STEPS });
  for (let step = 0; step < STEPS; step++) {
    const rows = Array.from({ length: 256 }, () => stream.integer(TRAINED));
    optimizer.learningRate = rate(step);
    optimizer.zeroGrad();
    mseLoss(judge.forward(indexSelect(x, 0, rows)), indexSelect(y, 0, rows)).backward();
    optimizer.step();
  }
  return (list) =>
    properties.invert(noGrad(() => judge.forward(components.apply(list)))).map((row) => [...row]);
}

// Galaxies that are asked for, and what is found in the samples.
const find = isExtended
  ? trainJudge()
  : (list: readonly Float64Array[]) => propertiesOf(list.map((curve) => fitGalaxy(radii, curve).galaxy));
const wanted = galaxiesOf(ASKED, "requests");
const asked = propertiesOf(wanted);
const condition = properties.apply(asked);
const sample = (known: readonly number[], weight: number): Float64Array[] => {
  const start = normal([ASKED, components.scales.length], random.fork("samples"));
  const denoiser = guidedDenoiser(model.denoiser({ known: tensor([[...known]]) }), condition, weight);
  return components.invert(finish(heunSampler(denoiser, start)));
};
const refit = (known: readonly number[], weight: number): number[][] => find(sample(known, weight));

/**
 * Correlation, slope of found on asked, and the median and the root mean square of found − asked, dex. The correlation of the ranks, and
 * the share that is off by more than 0.3 dex, tell how much of it a few far ones make.
 */
function compare(asked: readonly number[], found: readonly number[]) {
  const mean = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0) / list.length;
  const [x, y] = [asked, found].map((list) => {
    const middle = mean(list);
    return list.map((value) => value - middle);
  });
  const product = (a: readonly number[], b: readonly number[]): number =>
    mean(a.map((value, i) => value * b[i]));
  const off = found.map((value, i) => value - asked[i]);
  const ranksOf = (list: readonly number[]): number[] => {
    const order = [...list.keys()].sort((a, b) => list[a] - list[b]);
    const ranks = new Array<number>(list.length);
    order.forEach((i, rank) => {
      ranks[i] = rank - (list.length - 1) / 2;
    });
    return ranks;
  };
  const [p, q] = [asked, found].map(ranksOf);
  const sizes = off.map(Math.abs).sort((a, b) => a - b);
  return {
    correlation: product(x, y) / Math.sqrt(product(x, x) * product(y, y)),
    ranks: product(p, q) / Math.sqrt(product(p, p) * product(q, q)),
    far: off.filter((value) => Math.abs(value) > 0.3).length / off.length,
    slope: product(x, y) / product(x, x),
    bias: mean(off),
    median: sizes[Math.floor(sizes.length / 2)],
    scatter: Math.sqrt(product(off, off)),
  };
}

const show = (title: string, known: readonly number[], found: readonly number[][]): void => {
  console.log(title);
  NAMES.forEach((name, j) => {
    if (known[j] === 0) return;
    const { correlation, ranks, far, slope, bias, median, scatter } = compare(
      asked.map((row) => row[j]),
      found.map((row) => row[j]),
    );
    console.log(
      `  ${name.padEnd(14)} correlation ${correlation.toFixed(4)}, of ranks ${ranks.toFixed(4)}  slope ${slope.toFixed(3)}  mean off ${bias.toFixed(3)}` +
        `  median |off| ${median.toFixed(3)}  rms off ${scatter.toFixed(3)} dex, ${(100 * far).toFixed(1)} % beyond 0.3`,
    );
  });
};

const ALL = NAMES.map(() => 1);
const own = components.invert(components.apply(curvesOf(wanted)));
const foundInOwn = find(own);
show("the galaxies' own curves, through ten components: what the way back itself loses:", ALL, foundInOwn);
const plainCurves = sample(ALL, 1);
const plain = find(plainCurves);

/** Whether a classifier tells curves with what was asked for from curves with what their galaxies have; 0.5 for no. */
const pairs = (list: readonly Float64Array[], from: number): Float64Array[] => {
  const rows = concat([components.apply(list), condition], 1).slice([from, from + ASKED / 2]);
  const [count, width] = rows.shape;
  const values = Float64Array.from(rows.toTypedArray());
  return Array.from({ length: count }, (_, i) => values.subarray(i * width, (i + 1) * width));
};
// Of other galaxies, lest each sample have a partner.
const sets = twoSamples(pairs(own, 0), pairs(plainCurves, ASKED / 2));
const told = classifierAccuracy(sets, { random: random.fork("classifier") });
console.log(
  `curve and request, samples against galaxies: classifier ${told.value.toFixed(3)} (p ${told.pValue.toFixed(3)})`,
);
for (const weight of [1, 1.5, 2, 3]) {
  show(`all asked for, guidance ${weight}:`, ALL, weight === 1 ? plain : refit(ALL, weight));
}
NAMES.forEach((name, j) => {
  const known = ALL.map((_, i) => (i === j ? 1 : 0));
  for (const weight of [1, 2]) show(`${name} alone, guidance ${weight}:`, known, refit(known, weight));
});

if (path !== undefined) {
  const { means, standardDeviations } = properties;
  const limit = isExtended ? 3.3 : 4;
  const panels = (found: readonly number[][], isFirst: boolean): Panel[] =>
    NAMES.map((name, j): Panel => {
      const place = (rows: readonly number[][]): number[] =>
        rows
          .slice(0, SHOWN)
          .map((row) => Math.max(-limit, Math.min(limit, (row[j] - means[j]) / standardDeviations[j])));
      const { correlation } = compare(
        asked.map((row) => row[j]),
        found.map((row) => row[j]),
      );
      const spread = isExtended ? "" : `, \u03c3 = ${standardDeviations[j].toFixed(2)} dex`;
      return {
        title: `${isFirst ? `${name}${spread}: ` : ""}r = ${correlation.toFixed(3)}`,
        marks: [
          { kind: "line", x: [-limit, limit], y: [-limit, limit], color: "#999999", width: 1 },
          { kind: "points", x: place(asked), y: place(found), color: okabeIto.blue, size: 2.5 },
        ],
      };
    });
  const axis = (label: string) => ({ label, scale: scale(-limit, limit, { nice: false }) });
  const found = isExtended ? "Inferred" : "Refitted";
  writeFileSync(
    path,
    figure({
      title: `Requested and ${found.toLowerCase()} properties of sampled galaxies`,
      description: isExtended
        ? `Disc mass, scale length, halo mass, concentration and bulge fraction that were asked for, against those that a ` +
          `network infers from the ${SHOWN} samples and from the curves of the galaxies themselves: both scatter about the diagonal.`
        : `Disc mass, scale length, halo mass and concentration that were asked for, against those that the physics finds in ` +
          `the ${SHOWN} samples: along the diagonal, with a few far off it.`,
      x: axis("Requested [\u03c3 of the population]"),
      y: axis(`${found} [\u03c3 of the population]`),
      rows: isExtended ? [panels(plain, true), panels(foundInOwn, false)] : [panels(plain, true)],
      ...(isExtended && { rowTitles: ["from the samples", "from the galaxies"] }),
      decimals: isExtended ? 1 : 2,
      panelWidth: isExtended ? 210 : 250,
      panelHeight: isExtended ? 210 : 250,
    }),
  );
}
