/**
 * How well samples are what was asked for: a model is trained with conditions, asked for galaxies of a population that it
 * has not seen, and every sample is refitted by the physics. With a path as argument, the figure is written there.
 *
 *     npm run bench:build && node .build/bench/conditions.js conditions.svg
 */

import { writeFileSync } from "node:fs";
import { normal, Random, type Tensor, tensor } from "halograd";
import {
  FeatureStandardization,
  guidedDenoiser,
  heunSampler,
  LogPrincipalComponents,
  ResidualDenoiser,
  trainFlow,
} from "halograd/diffusion";
import {
  FIT_PARAMETERS,
  fitGalaxy,
  type GalaxyParameters,
  rotationCurves,
  samplePopulation,
} from "halograd/galaxy";
import { figure, okabeIto, type Panel, scale } from "halograd/plot";

const TRAINED = 10_000;
const ASKED = 1000;
const STEPS = 6000;
const NAMES = ["disc mass", "scale length", "halo mass", "concentration"];

const random = new Random(0);
const propertiesOf = (galaxies: readonly GalaxyParameters[]): number[][] =>
  galaxies.map((galaxy) => FIT_PARAMETERS.map((name) => Math.log10(galaxy[name])));
const curvesOf = (galaxies: readonly GalaxyParameters[]): Float64Array[] => {
  const { radii, velocities } = rotationCurves(galaxies);
  return galaxies.map((_, i) => velocities.subarray(i * radii.length, (i + 1) * radii.length));
};
const { radii } = rotationCurves([]);

// The model.
const galaxies = samplePopulation({ count: TRAINED + 500, random: random.fork("training galaxies") });
const curves = curvesOf(galaxies);
const components = LogPrincipalComponents.of(curves.slice(500));
const properties = FeatureStandardization.of(propertiesOf(galaxies.slice(500)));
const part = <T>(list: readonly T[], isTraining: boolean): T[] =>
  isTraining ? list.slice(500) : list.slice(0, 500);
const both = (of: (isTraining: boolean) => Tensor) => ({ train: of(true), valid: of(false) });
const model = new ResidualDenoiser(
  { features: components.scales.length, conditions: 4 },
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

// Galaxies that are asked for, and what the physics finds in the samples.
const wanted = samplePopulation({ count: ASKED, random: random.fork("requests") });
const asked = propertiesOf(wanted);
const condition = properties.apply(asked);
const refit = (known: readonly number[], weight: number): number[][] => {
  const start = normal([ASKED, components.scales.length], random.fork("samples"));
  const denoiser = guidedDenoiser(model.denoiser({ known: tensor([[...known]]) }), condition, weight);
  const samples = components.invert(heunSampler(denoiser, start));
  return propertiesOf(samples.map((curve) => fitGalaxy(radii, curve).galaxy));
};

/** Correlation, slope of found on asked, and the median and the root mean square of found − asked, dex. */
function compare(asked: readonly number[], found: readonly number[]) {
  const mean = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0) / list.length;
  const [x, y] = [asked, found].map((list) => {
    const middle = mean(list);
    return list.map((value) => value - middle);
  });
  const product = (a: readonly number[], b: readonly number[]): number =>
    mean(a.map((value, i) => value * b[i]));
  const off = found.map((value, i) => value - asked[i]);
  const sizes = off.map(Math.abs).sort((a, b) => a - b);
  return {
    correlation: product(x, y) / Math.sqrt(product(x, x) * product(y, y)),
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
    const { correlation, slope, bias, median, scatter } = compare(
      asked.map((row) => row[j]),
      found.map((row) => row[j]),
    );
    console.log(
      `  ${name.padEnd(14)} correlation ${correlation.toFixed(4)}  slope ${slope.toFixed(3)}  mean off ${bias.toFixed(3)}` +
        `  median |off| ${median.toFixed(3)}  rms off ${scatter.toFixed(3)} dex`,
    );
  });
};

const ALL = [1, 1, 1, 1];
const own = components.invert(components.apply(curvesOf(wanted)));
show(
  "the galaxies' own curves, through ten components: what the refit itself loses:",
  ALL,
  propertiesOf(own.map((curve) => fitGalaxy(radii, curve).galaxy)),
);
const plain = refit(ALL, 1);
for (const weight of [1, 1.5, 2, 3]) {
  show(`all four asked for, guidance ${weight}:`, ALL, weight === 1 ? plain : refit(ALL, weight));
}
NAMES.forEach((name, j) => {
  const known = ALL.map((_, i) => (i === j ? 1 : 0));
  for (const weight of [1, 2]) show(`${name} alone, guidance ${weight}:`, known, refit(known, weight));
});

const [, , path] = process.argv;
if (path !== undefined) {
  const { means, standardDeviations } = properties;
  const limit = 4;
  const panels = NAMES.map((name, j): Panel => {
    const place = (rows: readonly number[][]): number[] =>
      rows.map((row) => Math.max(-limit, Math.min(limit, (row[j] - means[j]) / standardDeviations[j])));
    const { correlation } = compare(
      asked.map((row) => row[j]),
      plain.map((row) => row[j]),
    );
    return {
      title: `${name}, \u03c3 = ${standardDeviations[j].toFixed(2)} dex: r = ${correlation.toFixed(3)}`,
      marks: [
        { kind: "line", x: [-limit, limit], y: [-limit, limit], color: "#999999", width: 1 },
        { kind: "points", x: place(asked), y: place(plain), color: okabeIto.blue, size: 2.5 },
      ],
    };
  });
  const axis = (label: string) => ({ label, scale: scale(-limit, limit, { nice: false }) });
  writeFileSync(
    path,
    figure({
      title: "Requested and refitted properties of sampled galaxies",
      description:
        `Disc mass, scale length, halo mass and concentration that were asked for, against those that the physics finds in ` +
        `the ${ASKED} samples: along the diagonal, with a few far off it.`,
      x: axis("Requested [\u03c3 of the population]"),
      y: axis("Refitted [\u03c3 of the population]"),
      rows: [panels],
      panelWidth: 250,
      panelHeight: 250,
    }),
  );
}
