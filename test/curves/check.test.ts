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
import { messagesOf } from "../messages.ts";
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

type Mistake = readonly [name: string, call: () => unknown];

it("what is wrong is told at the call, in full", () => {
  const mistakes: readonly Mistake[] = [
    ...[NaN, -0.1, Infinity, "0.05", undefined].map(
      (median): Mistake => [`a median deviation of ${median}`, () => infer({}, { deviation: { median } })],
    ),
    ["a deviation that is a number", () => infer({}, { deviation: 0.05 })],
    ["a mistyped spread", () => infer({}, { deviation: { median: 0.05, sprad: 2 } })],
    ["a spread of NaN", () => infer({}, { deviation: { median: 0.05, spread: NaN } })],
    ["fewer velocities than radii", () => infer({ velocities: [1] })],
    ["a velocity in text", () => infer({ velocities: ["9", 9, 9] })],
    ["no errors", () => infer({ errors: undefined })],
    ["a negative velocity", () => infer({ velocities: [9, -9, 9] })],
    ["a velocity of NaN", () => infer({ velocities: [9, 9, NaN] })],
    ["an infinite velocity", () => infer({ velocities: [Infinity, 9, 9] })],
    ["an error of 0", () => infer({ errors: [9, 0, 9] })],
    ["a negative error", () => infer({ errors: [9, -1, 9] })],
    ["one galaxy without its array", () => inferCurves(quick, any(point), { random })],
    ...[0, 100.5, NaN].map((bank): Mistake => [`a bank of ${bank}`, () => infer({}, { bank })]),
    ["one chain", () => infer({}, { chains: 1 })],
    ["four transitions", () => infer({}, { transitions: 4 })],
    ["a training for its model", () => sampleCurves(any({ model: quick }), { random })],
    ...[0, 5, NaN, 20.5, -1].map(
      (count): Mistake => [`a comparison of ${count} curves`, () => compare({ count })],
    ),
    ["training curves that are none", () => compare({ training: [] })],
    ["shorter training curves", () => compare({ training: curves.map((c) => c.slice(1)) })],
    ["a real velocity of NaN", () => compare({ real: [changed(radii, 3, NaN), ...curves] })],
    ["a set without a name", () => compare({ samples: [{ curves }] })],
    ["radii that do not grow", () => compare({ radii: changed(radii, 1, 0.1) })],
    ...[0, -1, NaN].flatMap((tolerance): Mistake[] => [
      [`samples to a tolerance of ${tolerance}`, () => sample({ wishes: { flat: 10 }, tolerance })],
      [`measures in a tolerance of ${tolerance}`, () => measure({ flat: 10 }, tolerance)],
    ]),
    [
      "a wished point that is infinitely fast",
      () => sample({ wishes: { points: { ...point, velocities: [9, Infinity, 9] } } }),
    ],
    ["a wished point in m/s", () => sample({ wishes: { points: { ...point, velocities: [9, 95_000, 9] } } })],
    ["a wish in text", () => sample({ wishes: { flat: "10" } })],
    ["a guidance without a condition", () => sample({ guidance: 2 })],
    ["a tolerance without wishes", () => sample({ tolerance: 2 })],
    ["a guidance of NaN", () => sample({ condition: { "disc-mass": 10 }, guidance: NaN })],
    ["a mistyped condition", () => sample({ condition: { "disk-mass": 10 } })],
    ["curves of another length", () => measure({ flat: 10 }, 1, [[1, 2, 3]])],
    ["no curves", () => measure({ flat: 10 }, 1, [])],
    ["curves at rest", () => measure({ flat: 10 }, 1, [radii.map(() => 0)])],
    ["a share of noise above 1", () => predictCurves(quick, galaxies, { amount: 2, random })],
    ["no share of noise", () => predictCurves(quick, galaxies, any(undefined))],
    [
      "a condition that galaxies without a bulge have not",
      () => finish(trainModel(galaxies, { network: "residual", conditions: ["bulge-fraction"], random })),
    ],
    ["half a galaxy", () => generatePopulation({ count: 0.5, random })],
    [
      "a mistyped population",
      () => scoreSamples(quick, curves, galaxies, any({ random, populaton: "extended" })),
    ],
    ["no samples to show", () => illustrateSampling(quick, { samples: 0, random })],
    ["a mistyped option of a figure", () => illustrateSampling(quick, any({ sample: 3, random }))],
    ["curves in place of a tensor", () => measurePredictions(quick, any(curves), random)],
    ["quantiles of nothing", () => quantiles([], [0.5])],
    ["a quantile beyond all", () => quantiles([1, 2], [1.5])],
  ];
  expect(messagesOf(Object.fromEntries(mistakes))).toMatchInlineSnapshot(`
    "
    a median deviation of NaN
      ArgumentError: inferCurves: the median of the deviation is NaN; it must be a finite number from 0 to 10.
    a median deviation of -0.1
      ArgumentError: inferCurves: the median of the deviation is -0.1; it must be a finite number from 0 to 10.
    a median deviation of Infinity
      ArgumentError: inferCurves: the median of the deviation is Infinity; it must be a finite number from 0 to 10.
    a median deviation of 0.05
      ArgumentError: inferCurves: the median of the deviation is a number; got the text "0.05".
      Fix: convert text with Number(…) first.
    a median deviation of undefined
      ArgumentError: inferCurves: the median of the deviation is a number; got undefined.
    a deviation that is a number
      ArgumentError: inferCurves.deviation: options are an object; got the number 0.05.
      Fix: write { median: … }; there are median, spread.
    a mistyped spread
      ArgumentError: inferCurves.deviation: there is no option "sprad".
      Fix: did you mean spread?
    a spread of NaN
      ArgumentError: inferCurves: the spread of the deviation is NaN; it must be a finite number from 0 to 10.
    fewer velocities than radii
      ArgumentError: inferCurves: there are 1 velocities for 3 radii
      Fix: give { radii, velocities, errors }, a number in each for every point
    a velocity in text
      ArgumentError: inferCurves: the velocity at 2 kpc is the text "9" km/s
      Fix: give a finite speed of rotation, or leave the point out
    no errors
      ArgumentError: inferCurves: errors are a list of numbers; got undefined
      Fix: give { radii, velocities, errors }, a number in each for every point
    a negative velocity
      ArgumentError: inferCurves: the velocity at 8 kpc is -9 km/s
      Fix: give a finite speed of rotation, or leave the point out
    a velocity of NaN
      ArgumentError: inferCurves: the velocity at 20 kpc is NaN km/s
      Fix: give a finite speed of rotation, or leave the point out
    an infinite velocity
      ArgumentError: inferCurves: the velocity at 2 kpc is Infinity km/s
      Fix: give a finite speed of rotation, or leave the point out
    an error of 0
      ArgumentError: inferCurves: the error at 8 kpc is 0 km/s
      Fix: give the standard error of each velocity, a finite number above 0
    a negative error
      ArgumentError: inferCurves: the error at 8 kpc is -1 km/s
      Fix: give the standard error of each velocity, a finite number above 0
    one galaxy without its array
      ArgumentError: inferCurves: galaxies are an array of measured galaxies; got an object with radii, velocities, errors.
      Fix: put one alone into brackets: [x].
    a bank of 0
      ArgumentError: inferCurves: bank is a whole number of at least 1; got the number 0.
    a bank of 100.5
      ArgumentError: inferCurves: bank is a whole number of at least 1; got the number 100.5.
    a bank of NaN
      ArgumentError: inferCurves: bank is a whole number of at least 1; got the number NaN.
    one chain
      ArgumentError: inferCurves: chains is a whole number of at least 2; got the number 1.
    four transitions
      ArgumentError: inferCurves: transitions is a whole number of at least 5; got the number 4.
    a training for its model
      ArgumentError: sampleCurves: needs a model; got an object with model.
      Fix: pass what readModel returned, or the model of a training: { model }.
    a comparison of 0 curves
      ArgumentError: compareCurves: count is a whole number of at least 20; got the number 0.
    a comparison of 5 curves
      ArgumentError: compareCurves: count is a whole number of at least 20; got the number 5.
    a comparison of NaN curves
      ArgumentError: compareCurves: count is a whole number of at least 20; got the number NaN.
    a comparison of 20.5 curves
      ArgumentError: compareCurves: count is a whole number of at least 20; got the number 20.5.
    a comparison of -1 curves
      ArgumentError: compareCurves: count is a whole number of at least 20; got the number -1.
    training curves that are none
      ArgumentError: compareCurves: training: 0 curves, but scores need 20 or more
    shorter training curves
      ArgumentError: compareCurves: training: curve 1 has 49 velocities for 50 radii
      Fix: compare curves at the same radii
    a real velocity of NaN
      ArgumentError: compareCurves: real: curve 1 has the velocity NaN at radius 4
      Fix: compare curves at the same radii
    a set without a name
      ArgumentError: compareCurves: a set is { name, curves }, its name text; got an object with curves.
    radii that do not grow
      ArgumentError: compareCurves: radius 2 is 0.1 after 0.1, but radii are above 0 and grow
      Fix: give the radii of the curves in kpc, in growing order
    samples to a tolerance of 0
      ArgumentError: sampleCurves: tolerance is 0; it must be a finite number above 0.
    measures in a tolerance of 0
      ArgumentError: measureWishes: tolerance is 0; it must be a finite number above 0.
    samples to a tolerance of -1
      ArgumentError: sampleCurves: tolerance is -1; it must be a finite number above 0.
    measures in a tolerance of -1
      ArgumentError: measureWishes: tolerance is -1; it must be a finite number above 0.
    samples to a tolerance of NaN
      ArgumentError: sampleCurves: tolerance is NaN; it must be a finite number above 0.
    measures in a tolerance of NaN
      ArgumentError: measureWishes: tolerance is NaN; it must be a finite number above 0.
    a wished point that is infinitely fast
      ArgumentError: wish points: the velocity at 8 kpc is Infinity km/s
      Fix: give a finite speed of rotation, or leave the point out
    a wished point in m/s
      ArgumentError: wish points: the velocity at 8 kpc is 95000 km/s, but no galaxy rotates faster than 2000
      Fix: give velocities in km/s; these may be in m/s
    a wish in text
      ArgumentError: sampleCurves: the wish flat is a number; got the text "10".
      Fix: convert text with Number(…) first.
    a guidance without a condition
      ArgumentError: sampleCurves: without a condition, guidance does nothing
      Fix: add one, such as condition: { "disc-mass": 10.5 }
    a tolerance without wishes
      ArgumentError: sampleCurves: without wishes, tolerance does nothing
      Fix: add one, such as wishes: { flat: 10 }
    a guidance of NaN
      ArgumentError: sampleCurves: guidance is NaN; it must be a finite number of at least 0.
    a mistyped condition
      ArgumentError: sampleCurves.condition: there is no option "disk-mass".
      Fix: did you mean disc-mass?
    curves of another length
      ArgumentError: measureWishes: curve 1 has 3 velocities for 50 radii
      Fix: give curves at these radii, km/s
    no curves
      ArgumentError: measureWishes: there are no curves
      Fix: give curves at these radii, km/s
    curves at rest
      ArgumentError: measureWishes: curve 1 has velocities that are not above 0, and wishes are of their logarithms
      Fix: leave the curve out
    a share of noise above 1
      ArgumentError: predictCurves: the share of noise is 2; it must be a finite number from 0 to 1.
    no share of noise
      ArgumentError: predictCurves: the share of noise is a number; got undefined.
    a condition that galaxies without a bulge have not
      ArgumentError: trainModel: galaxy 1 has no bulge, whose fraction would be the condition bulge-fraction
      Fix: take galaxies of the population "extended"
    half a galaxy
      ArgumentError: generatePopulation: count is a whole number of at least 1; got the number 0.5.
    a mistyped population
      ArgumentError: scoreSamples: there is no option "populaton".
      Fix: did you mean population?
    no samples to show
      ArgumentError: illustrateSampling: samples is a whole number of at least 1; got the number 0.
    a mistyped option of a figure
      ArgumentError: illustrateSampling: there is no option "sample".
      Fix: did you mean samples?
    curves in place of a tensor
      ArgumentError: measurePredictions: takes curves as a tensor of shape [curves, 10]; got an array of 60.
      Fix: pass what unseenCurves(model, curves) returns.
    quantiles of nothing
      ArgumentError: quantiles: there are no samples.
    a quantile beyond all
      ArgumentError: quantiles: shares[0] is 1.5; it must be a finite number from 0 to 1.
    "
  `);
});

it.each(NETWORKS)("training of the network %s refuses at the call what it cannot learn from", (network) => {
  const of =
    (data: object, options: object = {}) =>
    () =>
      trainModel(any({ ...galaxies, ...data }), any({ network, random, source: "mine", ...options }));
  expect(
    messagesOf({
      "no data": () => trainModel(any(undefined), { network, random, source: "mine" }),
      "fewer radii than velocities": of({ radii: radii.slice(1) }),
      "radii that do not grow": of({ radii: radii.toReversed() }),
      "a radius of 0": of({ radii: changed(radii, 0, 0) }),
      "a radius of NaN": of({ radii: changed(radii, 4, NaN) }),
      "no radii": of({ radii: undefined }),
      "a list of no radii": of({ radii: [] }),
      "no curves": of({ curves: undefined }),
      "a list of no curves": of({ curves: [] }),
      "a curve that is a number": of({ curves: [5] }),
      "a velocity of NaN": of({ curves: [...curves, changed(radii, 2, NaN)] }),
      "curves in m/s": of({ curves: curves.map((curve) => curve.map((v) => 1000 * v)) }),
      "a condition named twice": of({}, { conditions: ["disc-mass", "disc-mass"] }),
      "a step size in text": of({}, { learningRate: "0.1" }),
      "a schedule that there is not": of({}, { schedule: "linear" }),
      "no widths": of({}, { widths: [] }),
      "a width of text": of({}, { widths: ["8"] }),
      "half a thread": of({}, { threads: 0.5 }),
      "an option that there is not": of({}, { epoch: 3 }),
      "no stream": of({}, { random: undefined }),
    }),
  ).toMatchInlineSnapshot(`
    "
    no data
      FormatError: mine: a table of curves is { radii, curves }; got undefined
      Fix: give { radii, curves }, with a velocity at each radius
    fewer radii than velocities
      FormatError: mine: curve 1 has 50 velocities for 49 radii
      Fix: give { radii, curves }, with a velocity at each radius
    radii that do not grow
      FormatError: mine: radius 2 is 44.04422614336693 after 50, but radii are above 0 and grow
      Fix: give { radii, curves }, with a velocity at each radius
    a radius of 0
      FormatError: mine: radius 1 is 0, but radii are above 0 and grow
      Fix: give { radii, curves }, with a velocity at each radius
    a radius of NaN
      FormatError: mine: radius 5 is NaN after 0.1462995739851872, but radii are above 0 and grow
      Fix: give { radii, curves }, with a velocity at each radius
    no radii
      FormatError: mine: radii are a list of numbers; got undefined
      Fix: give { radii, curves }, with a velocity at each radius
    a list of no radii
      FormatError: mine: there are no radii
      Fix: give { radii, curves }, with a velocity at each radius
    no curves
      FormatError: mine: curves are an array; got undefined
      Fix: give { radii, curves }, with a velocity at each radius
    a list of no curves
      FormatError: mine: there are no curves
      Fix: give { radii, curves }, with a velocity at each radius
    a curve that is a number
      FormatError: mine: curve 1 is a list of velocities; got the number 5
      Fix: give { radii, curves }, with a velocity at each radius
    a velocity of NaN
      FormatError: mine: curve 61 has the velocity NaN at radius 3
      Fix: give { radii, curves }, with a velocity at each radius
    curves in m/s
      FormatError: mine: the velocity of curve 1 at 0.1 kpc is 18606.85171300273 km/s, but no galaxy rotates faster than 2000
      Fix: give velocities in km/s; these may be in m/s
    a condition named twice
      ArgumentError: trainModel: the condition disc-mass is named twice.
      Fix: name each once.
    a step size in text
      ArgumentError: trainModel: learningRate is a number; got the text "0.1".
      Fix: convert text with Number(…) first.
    a schedule that there is not
      ArgumentError: trainModel: the schedule is the text "linear"; there are constant, cosine.
    no widths
      ArgumentError: trainModel: the number of widths is a whole number of at least 1; got the number 0.
    a width of text
      ArgumentError: trainModel: each width is a whole number of at least 1; got the text "8".
    half a thread
      ArgumentError: trainModel: threads is a whole number of at least 1; got the number 0.5.
    an option that there is not
      ArgumentError: trainModel: there is no option "epoch".
      Fix: did you mean epochs?
    no stream
      ArgumentError: trainModel: needs a random stream; got undefined.
      Fix: pass new Random(0), or the stream that you have: the same seed gives the same numbers.
    "
  `);
});

it("training refuses conditions that curves and networks do not have", () => {
  const of =
    (options: object, data: object = galaxies) =>
    () =>
      trainModel(any(data), any({ network: "residual", random, ...options }));
  const [first] = galaxies.galaxies;
  expect(
    messagesOf({
      "a condition of the autoencoder": of({ network: "autoencoder", conditions: ["disc-mass"] }),
      "batches of the autoencoder": of({ network: "autoencoder", batches: 3 }),
      "epochs of the residual network": of({ epochs: 3 }),
      "a network that there is not": of({ network: "transformer" }),
      "a condition that there is not": of({ conditions: ["mass"] }),
      "conditions without galaxies": of({ conditions: ["disc-mass"] }, { radii, curves }),
      "a galaxy too few": of(
        { conditions: ["disc-mass"] },
        { ...galaxies, galaxies: galaxies.galaxies.slice(1) },
      ),
      "galaxies that are all the same": of(
        { conditions: ["disc-mass"] },
        { ...galaxies, galaxies: curves.map(() => first) },
      ),
      "a galaxy without a disc": of(
        { conditions: ["disc-mass"] },
        { ...galaxies, galaxies: [{ ...first, discMass: 0 }, ...galaxies.galaxies.slice(1)] },
      ),
      "too few curves": of({}, { radii, curves: curves.slice(0, 1) }),
      "too few curves for the autoencoder": of(
        { network: "autoencoder" },
        { radii, curves: curves.slice(0, 1) },
      ),
      "curves that are all the same": of({}, { radii, curves: curves.map(() => curves[0]) }),
      "all the same for the autoencoder": of(
        { network: "autoencoder" },
        { radii, curves: curves.map(() => curves[0]) },
      ),
      "curves that stand still": of({}, { radii, curves: [radii.map(() => 0), ...curves] }),
      "blocks of several widths": of({ widths: [8, 16] }),
    }),
  ).toMatchInlineSnapshot(`
    "
    a condition of the autoencoder
      ArgumentError: trainModel: the autoencoder cannot be told anything of a galaxy
      Fix: add network: "residual"
    batches of the autoencoder
      ArgumentError: trainModel: the autoencoder network is trained for a number of epochs, not of batches
      Fix: give epochs, or another network
    epochs of the residual network
      ArgumentError: trainModel: the residual network is trained for a number of batches, not of epochs
      Fix: give batches, or another network
    a network that there is not
      ArgumentError: trainModel: the network is the text "transformer"; there are autoencoder, residual.
    a condition that there is not
      ArgumentError: trainModel: the condition is the text "mass"; there are disc-mass, scale-length, halo-mass, concentration, bulge-fraction.
    conditions without galaxies
      ArgumentError: trainModel: there are 0 galaxies for 60 curves, whose properties are the conditions
      Fix: pass a population, or { radii, curves, galaxies }
    a galaxy too few
      ArgumentError: trainModel: there are 59 galaxies for 60 curves, whose properties are the conditions
      Fix: pass a population, or { radii, curves, galaxies }
    galaxies that are all the same
      ArgumentError: trainModel: disc-mass are not properties in which all these galaxies differ
      Fix: leave out those that are the same for all galaxies
    a galaxy without a disc
      ArgumentError: rotationCurves: got discMass = 0, but it must be a finite number > 0 (solar masses)
      Fix: a galaxy is { discMass, discScaleLength, haloMass, concentration }.
    too few curves
      FormatError: trainModel: its 1 curves cannot be trained on
      Fix: give more curves that differ, in km/s: 20 or more for the residual network
    too few curves for the autoencoder
      FormatError: trainModel: its 1 curves cannot be trained on
      Fix: give at least 5 curves that differ, in km/s
    curves that are all the same
      FormatError: trainModel: its 60 curves cannot be trained on
      Fix: give more curves that differ, in km/s: 20 or more for the residual network
    all the same for the autoencoder
      FormatError: trainModel: its 60 curves cannot be trained on
      Fix: give at least 5 curves that differ, in km/s
    curves that stand still
      FormatError: trainModel: curve 1 has velocities that are not above 0, and the residual network learns their logarithms
      Fix: leave the curve out, or train the autoencoder
    blocks of several widths
      ArgumentError: trainModel: the blocks of a residual network have one width, not 8, 16
      Fix: give 8, 8
    "
  `);
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
