/** Mistakes in what surrounds a network: rows, noise, samplers, training, galaxies. */

import { describe, expect, it } from "vitest";
import {
  addNoise,
  DenoisingAutoencoder,
  denoisingLoss,
  eulerSampler,
  finish,
  linearSchedule,
  Standardization,
  splitDataset,
  trainDenoiser,
} from "../../src/diffusion/index.ts";
import { circularVelocity, nfwHalo, rotationCurves, samplePopulation } from "../../src/galaxy/index.ts";
import { HalogradError, normal, ones, Random, ShapeError, type Tensor, tensor } from "../../src/index.ts";
import { parseCsv } from "../../src/io/index.ts";
import { Adam } from "../../src/optim/index.ts";

const any = (value: unknown): never => value as never;
const rows = [
  [1, 2],
  [3, 4],
  [5, 6],
  [7, 8],
  [9, 11],
];
const random = new Random(0);
const settings = () => {
  const model = new DenoisingAutoencoder(random, [3, 2]);
  const x = normal([4, 3], random);
  return { model, optimizer: new Adam(model.parameters()), train: x, valid: x, random, epochs: 1 };
};

describe("a mistake is told where it is made:", () => {
  const mistakes: [what: string, call: () => unknown, words: RegExp][] = [
    [
      "no stream to split with",
      () => splitDataset(rows, any(undefined)),
      /splitDataset: needs a random stream/,
    ],
    [
      "text for rows",
      () => splitDataset(any("rows"), random),
      /splitDataset: rows are an array of lists.*the text "rows"/,
    ],
    [
      "numbers for rows",
      () => Standardization.of(any([1, 2])),
      /Standardization\.of: rows.*one with the number 1/,
    ],
    [
      "an option misspelled",
      () => splitDataset(rows, random, any({ fraction: 0.2 })),
      /no option "fraction"/,
    ],
    [
      "one row to invert",
      () => new Standardization(0, 1).invert(tensor([1, 2])),
      /Standardization\.invert: .*shape \[2\].*\n.*unsqueeze/,
    ],
    [
      "a time for each feature",
      () => addNoise(linearSchedule, ones([3, 3]), ones([3, 3]), ones([3])),
      /addNoise: t \[3\] .*\[3, 1\]/,
    ],
    [
      "noise of another shape",
      () => addNoise(linearSchedule, ones([2, 3]), ones([3]), tensor(1)),
      /addNoise: noise \[3\]/,
    ],
    [
      "one curve for a batch",
      () => denoisingLoss(any({}), ones([3]), random),
      /denoisingLoss: .*\[batch, features\]; got \[3\]/,
    ],
    [
      "a model for a denoiser",
      () => eulerSampler(any(settings().model), ones([1, 3])),
      /eulerSampler: a denoiser is a function.*\n.*model\.forward/,
    ],
    ["an array for noise", () => eulerSampler((x) => x, any([1])), /eulerSampler: starts from a tensor/],
    [
      "a guess of another shape",
      () => finish(eulerSampler((x: Tensor) => x.sum(1, { keepdim: true }), ones([2, 3]))),
      /eulerSampler: the denoiser returned a tensor of shape \[2, 1\] for \[2, 3\]/,
    ],
    [
      "a guess that is none",
      () =>
        finish(
          eulerSampler(
            any(() => 0),
            ones([2, 3]),
          ),
        ),
      /the denoiser returned the number 0/,
    ],
    [
      "steps for a grid",
      () => eulerSampler((x) => x, ones([2, 3]), { grid: any(31) }),
      /a grid is an array of times.*\n.*uniformGrid/,
    ],
    [
      "no epochs",
      () => trainDenoiser({ ...settings(), epochs: any(undefined) }),
      /trainDenoiser: epochs is a whole number.*undefined/,
    ],
    ["NaN epochs", () => trainDenoiser({ ...settings(), epochs: NaN }), /epochs .*NaN/],
    [
      "arrays to train on",
      () => trainDenoiser({ ...settings(), train: any(rows) }),
      /train is an array of 5, not a tensor.*\n.*splitDataset/,
    ],
    [
      "no model",
      () => trainDenoiser({ ...settings(), model: any(undefined) }),
      /model is undefined, no Module/,
    ],
    [
      "a network without a stream",
      () => new DenoisingAutoencoder(any([50, 4])),
      /DenoisingAutoencoder: needs a random stream; got an array of 2/,
    ],
    ["widths that are none", () => new DenoisingAutoencoder(random, any(50)), /got the number 50/],
    [
      "a radius that is no list",
      () => circularVelocity([nfwHalo({ mass: 1e12, concentration: 8 })], any(8)),
      /circularVelocity: radii are a list.*the number 8.*\n.*\[8\]/,
    ],
    [
      "components that are no list",
      () => circularVelocity(any(nfwHalo({ mass: 1e12, concentration: 8 })), [8]),
      /circularVelocity: got an object/,
    ],
    ["a halo of nothing", () => nfwHalo(any(undefined)), /nfwHalo: got mass = undefined/],
    [
      "no stream for galaxies",
      () => samplePopulation(any(undefined)),
      /samplePopulation: needs a random stream/,
    ],
    [
      "no galaxies",
      () => rotationCurves(any(undefined)),
      /rotationCurves: galaxies are an array; got undefined/,
    ],
    [
      "bytes for a table",
      () => parseCsv(any(new Uint8Array(1)), { source: "f" }),
      /csv: a table is text; got a Uint8Array/,
    ],
    [
      "a table without a source",
      () => parseCsv("a\n1\n", any(undefined)),
      /parseCsv: options\.source.*is missing/,
    ],
    ["a source that is no option", () => parseCsv("a\n1\n", any("f")), /parseCsv: options\.source/],
  ];
  it.each(mistakes)("%s", (_, call, words) => {
    expect(call).toThrow(HalogradError);
    expect(call).toThrow(words);
  });

  it.each([0, 1, 2, 3, 4, 5])("a ragged row, wherever it lands: row %d", (at) => {
    const ragged = [...rows, [1, 2]].with(at, [1, 2, 3]);
    for (let seed = 0; seed < 5; seed++) {
      expect(() => splitDataset(ragged, new Random(seed))).toThrow(ShapeError);
    }
  });
});
