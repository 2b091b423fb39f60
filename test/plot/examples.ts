/** Each figure with arguments that it takes, for tests of all. */
import {
  accelerationFigure,
  convergenceFigure,
  cornerFigure,
  curvesFigure,
  decompositionFigure,
  figure,
  inferenceFigure,
  inferredGalaxiesFigure,
  lossFigure,
  noiseFigure,
  type Panel,
  predictionsFigure,
  samplingFigure,
  scale,
  scoresFigure,
  viridis,
  wishesFigure,
} from "../../src/plot/index.ts";
import { curve, radii } from "./sample-figures.ts";

/** The function, and what it takes. */
export type Example = readonly [draw: (...values: never[]) => string, ...values: unknown[]];

const observations = { radii: [2, 8], velocities: [95, 140], errors: [15, 10] };
const quantiles = (speeds: readonly number[], shares: readonly number[]) =>
  speeds.map((v) => shares.map((share) => share * v));
const galaxy = (name: string) => ({
  ...{ name, radii, observations },
  intervals: quantiles(curve(200), [0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.3]),
});
const total = quantiles([90, 120], [0.8, 0.9, 1, 1.1, 1.2]);
const draws = (k: number) => Array.from({ length: 200 }, (_, i) => 1e4 * Math.sin(i * i * k));
const series = (name: string) => ({ name, evaluations: [10, 100, 1000], errors: [0.1, 0.01, 1e-5] });
const score = {
  title: "1-NN",
  baseline: 0.5,
  values: [0.7, 0.5, 0.2],
  apart: [true, false, true],
  decimals: 2,
};
const panel = (title?: string): Panel => ({
  ...(title !== undefined && { title }),
  marks: [1, 2, 3].map((k) => ({
    ...({ kind: "line", x: [0, 10], y: [k, 2 * k], color: "#000000" } as const),
    label: `a line of the number ${k}`,
  })),
});
const axis = (label: string) => ({ label, scale: scale(0, 10) });
const bar = { label: "a colour *c*", scale: scale(0, 1000), color: viridis };
const plain = { title: "t", description: "d", x: axis("*x* [kpc]"), y: axis("*y*"), panelHeight: 120 };

export const EXAMPLES: Readonly<Record<string, Example>> = {
  curves: [
    curvesFigure,
    { radii, curves: [curve(100), curve(200)], discMasses: [1e9, 1e11], scale: "linear" },
  ],
  loss: [lossFigure, { epochs: [0, 1], train: [1, 0.5], valid: [1, 0.6] }],
  noise: [noiseFigure, { radii, clean: curve(100), noisy: [{ amount: 0.5, curve: curve(90) }] }],
  predictions: [
    predictionsFigure,
    {
      radii,
      cases: [{ galaxy: "A", amount: 0.5, data: curve(90), noisy: curve(80), prediction: curve(85) }],
    },
  ],
  sampling: [
    samplingFigure,
    {
      radii,
      samples: [{ snapshots: [{ step: 0, state: curve(90), prediction: curve(80) }], final: curve(100) }],
    },
  ],
  inference: [inferenceFigure, galaxy("NGC 1")],
  "many galaxies": [inferredGalaxiesFigure, ["NGC 1", "NGC 2", "NGC 3"].map(galaxy), 2],
  wishes: [
    wishesFigure,
    {
      ...{ radii, plain: [curve(150)], guided: [curve(200)], wishes: ["flat=10"], flat: 10 },
      points: observations,
    },
  ],
  decomposition: [
    decompositionFigure,
    {
      ...{ name: "NGC 1", halo: "NFW", observations, total },
      parts: { halo: total, gas: total.map((row) => row.map((v) => -v)) },
    },
  ],
  corner: [cornerFigure, "t", [1, 2, 3].map((k) => ({ label: `*p*_{${k}} [km s^{−1}]`, draws: draws(k) }))],
  acceleration: [accelerationFigure, { visible: [1e-12, 1e-10], observed: [1e-11, 2e-10], galaxies: 1 }],
  convergence: [
    convergenceFigure,
    {
      panels: ["a mixture", "a curve"].map((title) => ({ title, series: ["Euler", "Heun"].map(series) })),
    },
  ],
  scores: [
    scoresFigure,
    {
      sets: ["ours", "theirs", "a third one"],
      scores: [score, { ...score, title: "roughness [km/s]", worse: "higher" }],
      significance: 0.05,
    },
  ],
  "one panel": [figure, { ...plain, rows: [[panel()]] }],
  "a narrow one, whose legend is wrapped": [figure, { ...plain, panelWidth: 240, rows: [[panel("*a*")]] }],
  "a colour bar": [figure, { ...plain, colorBar: bar, rows: [[panel("*a*")], [panel("*b*")]] }],
  "titles of rows": [
    figure,
    {
      ...{ ...plain, panelWidth: 200, rowTitles: ["first", "second"], colorBar: bar },
      rows: [[panel("*a*"), panel()], [panel("*b*")]],
    },
  ],
  "axes of their own": [
    figure,
    {
      ...{ ...plain, x: [axis("left"), axis("right")], y: [axis("above"), axis("below")] },
      rows: [[panel("*a*"), panel()], [panel()]],
    },
  ],
};
