/**
 * Guidance by a function: a model of rotation curves, and three wishes that it was never trained for. Each is a function of the
 * velocities in the engine's own operations, and its gradient flows through the decoding and the network. With a folder as
 * argument, a figure of each is written there. docs/guidance.md has a wish of one's own.
 */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { noGrad, Random, tensor } from "halograd";
import { type CurveWishes, finish, generatePopulation, sampleCurves, trainModel } from "halograd/curves";
import { flatWish, pointsWish, type Wishes } from "halograd/diffusion";
import { parseObservations } from "halograd/io";
import { figure, type Mark, okabeIto, scale } from "halograd/plot";

// 1. The model: galaxies from physics, a few seconds of training. Nobody tells it of slopes, peaks or points.
const random = new Random(0);
const { radii, curves } = finish(generatePopulation({ count: 5500, random }));
const { model } = finish(trainModel({ radii, curves }, { network: "residual", batches: 2000, random }));

// 2. Two of the wishes as functions, to see how near samples come: of velocities [batch, radii] in km/s to
// (what is − what is wanted)/tolerance, a column a wish.
const WANTED = parseObservations("radius,velocity,error\n1.5,110,5\n7,190,5\n30,165,5\n", "three points");
const flat = flatWish(radii, 10);
const points = pointsWish(radii, {
  positions: [...WANTED.radii],
  values: [...WANTED.velocities],
  errors: [...WANTED.errors],
});

// 3. Samples of each wish, from the same noise as those without.
const plain = finish(sampleCurves(model, { count: 400, random }));

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
  x: [...WANTED.radii],
  y: [...WANTED.velocities],
  color: okabeIto.black,
  size: 7,
  label: "wanted",
};
const [, , folder] = process.argv;
const recipes: readonly {
  name: string;
  wish: string;
  wishes: CurveWishes;
  tell: (list: readonly Float64Array[]) => string;
  marks: Mark[];
}[] = [
  {
    name: "flat",
    wish: "flat beyond 10 kpc",
    wishes: { flat: 10 },
    tell: (list) => `${off(flat, list).toFixed(2)} % from the mean`,
    marks: [],
  },
  {
    name: "peak",
    wish: "a peak at 5 kpc",
    wishes: { peak: 5 },
    tell: (list) => {
      const near = list.filter((curve) => Math.abs(Math.log(fastest(curve) / 5)) < 0.25).length;
      return `fastest between 3.9 and 6.4 kpc in ${((100 * near) / list.length).toFixed(0)} %`;
    },
    marks: [vertical],
  },
  {
    name: "points",
    wish: "near three points",
    wishes: { points: WANTED },
    tell: (list) => `${(5 * off(points, list)).toFixed(1)} km/s off`,
    marks: [given],
  },
];
for (const { name, wish, wishes, tell, marks } of recipes) {
  const guided = finish(sampleCurves(model, { count: 400, wishes, random }));
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
