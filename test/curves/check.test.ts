/** What is handed over is checked at the call: one table of mistakes, each with what it must say. */

import { beforeAll, describe, expect, it } from "vitest";
import { FormatError } from "../../src/basics/errors.ts";
import {
  compareCurves,
  denoiseCurves,
  finish,
  generatePopulation,
  illustrateSampling,
  inferCurves,
  type Model,
  measurePredictions,
  measureWishes,
  NETWORKS,
  type Posterior,
  predictCurves,
  quantiles,
  sampleCurves,
  scoreSamples,
  trainModel,
  unseenCurves,
} from "../../src/curves/index.ts";
import { ArgumentError, Random } from "../../src/index.ts";
import { any, autoencoder, galaxies, quickModel } from "./models.ts";

const random = new Random(1);
const quick = quickModel();
const { radii, curves } = galaxies;
const point = { radii: [2, 8, 20], velocities: [95, 140, 150], errors: [15, 15, 15] };
const [samples, real] = [[{ name: "a", curves }], curves];
const changed = (list: ArrayLike<number>, i: number, value: number) =>
  Array.from(list, (old, j) => (i === j ? value : old));
const infer = (points: object, more: object = {}) =>
  inferCurves(quick, any([{ ...point, ...points }]), any({ random, ...more }));
const compare = (more: object) => compareCurves(any({ radii, real, samples, random, ...more }));
const sample = (more: object) => sampleCurves(quick, any({ random, ...more }));
const measure = (wishes: object, tolerance?: number, rows: unknown = [radii]) =>
  measureWishes(radii, any(rows), any(wishes), tolerance);

describe("an ArgumentError at the call names the place and the value:", () => {
  it.each<[string, () => unknown, RegExp]>([
    ...[NaN, -0.1, Infinity, "0.05", undefined].map((median): [string, () => unknown, RegExp] => [
      `a median deviation of ${median}`,
      () => infer({}, { deviation: { median } }),
      /^inferCurves: the median of the deviation is .*(NaN|-0\.1|Infinity|text|undefined)/,
    ]),
    ["a deviation that is a number", () => infer({}, { deviation: 0.05 }), /write \{ median: … \}/],
    ["a mistyped spread", () => infer({}, { deviation: { median: 0.05, sprad: 2 } }), /did you mean spread/],
    ["a spread of NaN", () => infer({}, { deviation: { median: 0.05, spread: NaN } }), /spread .* is NaN/],
    ["fewer velocities than radii", () => infer({ velocities: [1] }), /there are 1 velocities for 3 radii/],
    ["a velocity in text", () => infer({ velocities: ["9", 9, 9] }), /velocity at 2 kpc is the text "9"/],
    ["no errors", () => infer({ errors: undefined }), /errors are a list of numbers; got undefined/],
    ["a negative velocity", () => infer({ velocities: [9, -9, 9] }), /velocity at 8 kpc is -9 km\/s/],
    ["a velocity of NaN", () => infer({ velocities: [9, 9, NaN] }), /velocity at 20 kpc is NaN/],
    ["an infinite velocity", () => infer({ velocities: [Infinity, 9, 9] }), /velocity at 2 kpc is Infinity/],
    ["an error of 0", () => infer({ errors: [9, 0, 9] }), /error at 8 kpc is 0 km\/s\n.*above 0/],
    ["a negative error", () => infer({ errors: [9, -1, 9] }), /error at 8 kpc is -1/],
    [
      "one galaxy without its array",
      () => inferCurves(quick, any(point), { random }),
      /galaxies are an array/,
    ],
    ...[0, 100.5, NaN].map((bank): [string, () => unknown, RegExp] => [
      `a bank of ${bank}`,
      () => infer({}, { bank }),
      /^inferCurves: bank is a whole number/,
    ]),
    ["one chain", () => infer({}, { chains: 1 }), /chains is a whole number of at least 2/],
    ["four transitions", () => infer({}, { transitions: 4 }), /transitions is a whole number of at least 5/],
    [
      "a training for its model",
      () => sampleCurves(any({ model: quick }), { random }),
      /model of a training/,
    ],
    ...[0, 5, NaN, 20.5, -1].map((count): [string, () => unknown, RegExp] => [
      `a comparison of ${count} curves`,
      () => compare({ count }),
      /count is a whole number of at least 20/,
    ]),
    ["training curves that are none", () => compare({ training: [] }), /training: 0 curves/],
    [
      "shorter training curves",
      () => compare({ training: curves.map((c) => c.slice(1)) }),
      /^.*training: curve 1/,
    ],
    [
      "a velocity of NaN",
      () => compare({ real: [changed(radii, 3, NaN), ...curves] }),
      /real: curve 1 .* NaN at radius 4/,
    ],
    [
      "a set without a name",
      () => compare({ samples: [{ curves }] }),
      /its name text; got an object with curves/,
    ],
    [
      "radii that do not grow",
      () => compare({ radii: changed(radii, 1, 0.1) }),
      /radius 2 is 0\.1 after 0\.1/,
    ],
    ...[0, -1, NaN].flatMap((tolerance): [string, () => unknown, RegExp][] => [
      [
        `samples to a tolerance of ${tolerance}`,
        () => sample({ wishes: { flat: 10 }, tolerance }),
        /^sampleCurves: tolerance is .* above 0/,
      ],
      [
        `measures in a tolerance of ${tolerance}`,
        () => measure({ flat: 10 }, tolerance),
        /^measureWishes: tolerance is .* above 0/,
      ],
    ]),
    [
      "a wished point that is infinitely fast",
      () => sample({ wishes: { points: { ...point, velocities: [9, Infinity, 9] } } }),
      /velocity at 8 kpc is Infinity/,
    ],
    [
      "a wished point in m/s",
      () => sample({ wishes: { points: { ...point, velocities: [9, 95_000, 9] } } }),
      /wish points: the velocity at 8 kpc is 95000 km\/s, but no galaxy .*\n.*in m\/s/,
    ],
    ["a wish in text", () => sample({ wishes: { flat: "10" } }), /the wish flat is a number; got the text/],
    [
      "a guidance without a condition",
      () => sample({ guidance: 2 }),
      /without a condition, guidance does nothing/,
    ],
    ["a tolerance without wishes", () => sample({ tolerance: 2 }), /without wishes, tolerance does nothing/],
    ["a guidance of NaN", () => sample({ condition: { "disc-mass": 10 }, guidance: NaN }), /guidance is NaN/],
    ["a mistyped condition", () => sample({ condition: { "disk-mass": 10 } }), /did you mean disc-mass/],
    [
      "curves of another length",
      () => measure({ flat: 10 }, 1, [[1, 2, 3]]),
      /curve 1 has 3 velocities for 50 radii/,
    ],
    ["no curves", () => measure({ flat: 10 }, 1, []), /there are no curves/],
    [
      "curves at rest",
      () => measure({ flat: 10 }, 1, [radii.map(() => 0)]),
      /curve 1 has velocities that are not above 0/,
    ],
    [
      "a share of noise above 1",
      () => predictCurves(quick, galaxies, { amount: 2, random }),
      /^predictCurves: the share of noise is 2/,
    ],
    ["no share of noise", () => predictCurves(quick, galaxies, any(undefined)), /^predictCurves: the share/],
    [
      "a condition that galaxies without a bulge have not",
      () => finish(trainModel(galaxies, { network: "residual", conditions: ["bulge-fraction"], random })),
      /^trainModel: galaxy 1 has no bulge, .*\n.*take galaxies of the population "extended"/,
    ],
    ["half a galaxy", () => generatePopulation({ count: 0.5, random }), /^generatePopulation: count/],
    [
      "a mistyped population",
      () => scoreSamples(quick, curves, galaxies, any({ random, populaton: "extended" })),
      /did you mean population/,
    ],
    [
      "no samples to show",
      () => illustrateSampling(quick, { samples: 0, random }),
      /^illustrateSampling: samples/,
    ],
    [
      "a mistyped option of a figure",
      () => illustrateSampling(quick, any({ sample: 3, random })),
      /did you mean samples/,
    ],
    [
      "curves in place of a tensor",
      () => measurePredictions(quick, any(curves), random),
      /unseenCurves\(model, curves\)/,
    ],
    ["quantiles of nothing", () => quantiles([], [0.5]), /no samples/],
    ["a quantile beyond all", () => quantiles([1, 2], [1.5]), /shares\[0\] is 1\.5/],
  ])("%s", (_, call, message) => {
    expect(call).toThrow(ArgumentError);
    expect(call).toThrow(message);
  });
});

describe.each(NETWORKS)("training of the network %s refuses at the call", (network) => {
  it.each<[string, object, object, RegExp]>([
    [
      "fewer radii than velocities",
      { radii: radii.slice(1) },
      {},
      /^mine: curve 1 has 50 velocities for 49 radii/,
    ],
    ["radii that do not grow", { radii: radii.toReversed() }, {}, /^mine: radius 2 is .* after 50/],
    ["a radius of NaN", { radii: changed(radii, 4, NaN) }, {}, /^mine: radius 5 is NaN/],
    ["no radii", { radii: undefined }, {}, /^mine: radii are a list of numbers; got undefined/],
    ["no curves", { curves: undefined }, {}, /^mine: curves are an array; got undefined/],
    [
      "a velocity of NaN",
      { curves: [...curves, changed(radii, 2, NaN)] },
      {},
      /^mine: curve 61 has the velocity NaN/,
    ],
    ["a condition named twice", {}, { conditions: ["disc-mass", "disc-mass"] }, /disc-mass is named twice/],
    ["a step size in text", {}, { learningRate: "0.1" }, /learningRate is a number; got the text/],
  ])("%s", (_, data, options, message) => {
    const call = () =>
      trainModel(any({ ...galaxies, ...data }), any({ network, random, source: "mine", ...options }));
    expect(call).toThrow(message);
    expect(call).toThrow(message.source.startsWith("^mine") ? FormatError : ArgumentError);
  });
});

describe("the data of a model", () => {
  let model: Model;
  beforeAll(() => {
    model = autoencoder();
  });

  it("are those that it was trained on, or scores of its samples are refused", () => {
    const faster = { ...galaxies, curves: curves.map((curve) => curve.map((v) => 2 * v)) };
    const fewer = { ...galaxies, curves: curves.slice(1) };
    const elsewhere = { ...galaxies, radii: radii.map((r) => 2 * r) };
    for (const [data, message] of [
      [faster, /not trained on these 60 curves/],
      [fewer, /not trained on these 59 curves/],
      [elsewhere, /radius 1 is 0\.2, not 0\.1/],
    ] as const) {
      const call = () => scoreSamples(model, curves, data, { random });
      expect(call).toThrow(FormatError);
      expect(call).toThrow(message);
    }
  });

  it("are in km/s, as curves to denoise are", () => {
    const metres = { radii, curves: curves.map((curve) => curve.map((v) => 1000 * v)) };
    for (const call of [
      () => unseenCurves(model, metres),
      () => denoiseCurves(model, metres, { source: "mine" }),
    ]) {
      expect(call).toThrow(FormatError);
      expect(call).toThrow(/the velocity of curve 1 .*, but no galaxy rotates faster than 2000\n.*in m\/s/);
    }
  });

  it("have as many velocities as radii where they are to be unseen", () => {
    const shorter = { radii, curves: curves.map((curve) => curve.slice(1)) };
    expect(() => unseenCurves(model, shorter)).toThrow(/curve 1 has 49 velocities for 50 radii/);
  });
});

describe("what is given as undefined", () => {
  it("is a wish from the centre on, or from the last radius but one", () => {
    const [last] = [radii[radii.length - 2]];
    for (const flat of [0, last]) expect(measure({ flat })).toHaveLength(1);
    expect(() => measure({ flat: last + 1e-9 })).toThrow(/from there on there is no curve/);
    expect(() => measure({ flat: -1e-9 })).toThrow(ArgumentError);
  });

  it("is left out, in conditions, wishes and options", () => {
    const plain = finish(sample({ count: 2, steps: 2 }));
    const more = { wishes: { flat: undefined }, condition: { "disc-mass": undefined }, guidance: undefined };
    expect(finish(sample({ count: 2, steps: 2, ...more }))).toEqual(plain);
    expect(() => sample({ wishes: { flat: undefined }, tolerance: 1 })).toThrow(/without wishes/);
    expect(measure({ flat: undefined })).toEqual([]);
  });
});

describe("velocities of a posterior", () => {
  let posterior: Posterior;
  beforeAll(() => {
    [posterior] = finish(infer({}, { bank: 300, chains: 4, transitions: 5 }));
  });

  it.each([0, 1000, NaN, "8"])("are refused at %s kpc, outside of the model", (radius) => {
    expect(() => posterior.velocitiesAt(any([radius]))).toThrow(ArgumentError);
    expect(() => posterior.velocitiesAt(any([radius]))).toThrow(/from 0\.1 to 50/);
  });
});

describe("progress that is held", () => {
  it("stays as it was: curves of a sampling", () => {
    const held = [...sample({ count: 300, steps: 2 })];
    expect(held.map(({ curves }) => curves.length)).toEqual(held.map(({ done }) => done));
  });

  it.each(NETWORKS)("stays as it was: losses of the network %s", (network) => {
    const held = [
      ...trainModel(galaxies, {
        network,
        ...(network === "residual" ? { batches: 60 } : { epochs: 4 }),
        random,
      }),
    ];
    expect(held.map(({ losses }) => losses.length)).toEqual(held.map((_, i) => i + 1));
    for (const { loss, losses } of held) expect(loss).toBe(losses.at(-1));
  });
});
