/**
 * Guidance by a function: a model of rotation curves, and three wishes that it was never trained for. Each wish is a function
 * of the velocities, in the engine's own operations (here three that come with it), and its gradient flows through the decoding and the network. With a folder
 * as argument, a figure of each is written there.
 */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { noGrad, normal, Random, tensor } from "halograd";
import {
  finish,
  flatWish,
  functionGuidedDenoiser,
  heunSampler,
  LogPrincipalComponents,
  peakWish,
  pointsWish,
  ResidualDenoiser,
  trainFlow,
  type Wishes,
} from "halograd/diffusion";
import { rotationCurves, samplePopulation } from "halograd/galaxy";
import { figure, type Mark, okabeIto, scale } from "halograd/plot";

// 1. The model: galaxies from physics, a few seconds of training. Nobody tells it of slopes, peaks or points.
const random = new Random(0);
const { radii, velocities } = rotationCurves(
  samplePopulation({ count: 5500, random: random.fork("galaxies") }),
);
const curves = Array.from({ length: 5500 }, (_, i) =>
  velocities.subarray(i * radii.length, (i + 1) * radii.length),
);
const components = LogPrincipalComponents.of(curves.slice(500));
const [train, valid] = [curves.slice(500), curves.slice(0, 500)].map((part) => components.apply(part));
const model = new ResidualDenoiser({ features: 10, width: 96 }, random.fork("weights"));
for (const { step, valid: loss } of trainFlow({
  model,
  train,
  valid,
  random: random.fork("training"),
  steps: 2000,
  reportEvery: 1000,
})) {
  console.log(`step ${step}: validation loss ${loss.toFixed(3)}`);
}

// 2. The wishes, of velocities [batch, radii] in km/s: (what is − what is wanted)/tolerance, a column a wish.
const POINTS = { radii: [1.5, 7, 30], velocities: [110, 190, 165] };
const flat = flatWish(radii, 10);
const peak = peakWish(radii, 5);
const points = pointsWish(radii, {
  positions: POINTS.radii,
  values: POINTS.velocities,
  errors: [5, 5, 5],
});

// 3. Samples of each wish, from the same noise as those without.
const start = normal([400, 10], random.fork("samples"));
const plain = components.invert(finish(heunSampler(model.denoiser(), start)));
const guidedBy = (wishes: Wishes): Float64Array[] => {
  const guided = functionGuidedDenoiser(model.denoiser(), (x) => wishes(components.decode(x)));
  return components.invert(finish(heunSampler(guided, start)));
};

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1];
const fastest = (curve: Float64Array): number => radii[curve.indexOf(Math.max(...curve))];
/** How far curves are from a wish, in tolerances: root mean square over its columns, median over the curves. */
const off = (wishes: Wishes, list: readonly Float64Array[]): number => {
  const squares = noGrad(() =>
    wishes(tensor(list.map((curve) => [...curve])))
      .square()
      .mean(1),
  );
  return median(Array.from(squares.toTypedArray(), Math.sqrt));
};
const vertical: Mark = {
  kind: "line",
  x: [5, 5],
  y: [5, 1200],
  color: okabeIto.black,
  width: 1,
  dash: "5 3",
  label: "5 kpc",
};
const given: Mark = {
  kind: "points",
  x: POINTS.radii,
  y: POINTS.velocities,
  color: okabeIto.black,
  size: 7,
  label: "wanted",
};
const [, , folder] = process.argv;
const recipes: [
  name: string,
  wish: string,
  wishes: Wishes,
  tell: (list: Float64Array[]) => string,
  marks: Mark[],
][] = [
  ["flat", "flat beyond 10 kpc", flat, (list) => `${off(flat, list).toFixed(2)} % from the mean`, []],
  [
    "peak",
    "a peak at 5 kpc",
    peak,
    (list) => {
      const near = list.filter((curve) => Math.abs(Math.log(fastest(curve) / 5)) < 0.25).length;
      return `fastest between 3.9 and 6.4 kpc in ${((100 * near) / list.length).toFixed(0)} %`;
    },
    [vertical],
  ],
  [
    "points",
    "near three points",
    points,
    (list) => `${(5 * off(points, list)).toFixed(1)} km/s off`,
    [given],
  ],
];
for (const [name, wish, wishes, tell, marks] of recipes) {
  const guided = guidedBy(wishes);
  console.log(`${wish}: without guidance ${tell(plain)}, with it ${tell(guided)}`);
  if (folder === undefined) continue;
  const lines = (
    list: readonly Float64Array[],
    style: { color: string; opacity: number; label: string },
  ): Mark[] => list.map((y) => ({ kind: "line", x: radii, y, width: 1.1, ...style }));
  const svg = figure({
    title: `Rotation curves with ${wish}`,
    description: `Thirty curves sampled under the wish "${wish}" over sixty of the data.`,
    x: { label: "Radius *R* [kpc]", scale: scale(0.1, 50, { kind: "log", nice: false }) },
    y: { label: "Velocity *v* [km/s]", scale: scale(5, 1200, { kind: "log", nice: false }) },
    rows: [
      [
        {
          marks: [
            ...lines(curves.slice(0, 60), { color: "#999999", opacity: 0.45, label: "data" }),
            ...lines(guided.slice(0, 30), {
              color: okabeIto.vermillion,
              opacity: 0.8,
              label: `guided: ${wish}`,
            }),
            ...marks,
          ],
        },
      ],
    ],
  });
  writeFileSync(join(folder, `guidance-${name}.svg`), svg);
}
