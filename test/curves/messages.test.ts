/** Curves: what is said of mistakes, word by word: conditions, wishes, posteriors, tables of galaxies, scores and masses. */

import { expect, it } from "vitest";
import {
  decomposeGalaxy,
  denoiseCurves,
  finish,
  formatGalaxies,
  formatScore,
  generatePopulation,
  illustrateNoise,
  illustratePredictions,
  illustrateSampling,
  inferCurves,
  inferGalaxy,
  intervalsOf,
  loadTraining,
  measureExcess,
  measurePredictions,
  measureWishes,
  parametersAtBounds,
  parametersOf,
  parseGalaxies,
  predictCurves,
  propertiesOf,
  quantiles,
  rootMeanSquare,
  SCORES,
  sampleCurves,
  saveTraining,
  scoreSamples,
  squaredOf,
  titleOf,
  unseenCurves,
  verdict,
} from "../../src/curves/index.ts";
import { EXTENDED_POPULATION, STANDARD_POPULATION, samplePopulation } from "../../src/galaxy/index.ts";
import { Random, tensor } from "../../src/index.ts";
import { writeSafetensors } from "../../src/io/index.ts";
import { messagesOf } from "../messages.ts";
import { any, autoencoder, galaxies, quickModel, residual } from "./models.ts";

const random = new Random(1);
const { radii, curves } = galaxies;
const [plain, quick] = [autoencoder(), quickModel()];
const told = residual(["disc-mass", "scale-length"]);
const points = { radii: [2, 8, 20], velocities: [95, 140, 150], errors: [15, 15, 15] };

it("conditions and wishes that a model cannot follow", () => {
  const sample = (model: object, options: object) => () =>
    sampleCurves(any(model), any({ random, ...options }));
  const under = (condition: object) => sample(told, { condition });
  const wish = (wishes: object, model: object = told) => sample(model, { wishes });
  const at = (changes: object) => wish({ points: { ...points, ...changes } });
  expect(
    messagesOf({
      "a condition that the model was not told": under({ concentration: 9, "disc-mass": 10 }),
      "a condition of a model without any": sample(quick, { condition: { "disc-mass": 10 } }),
      "a condition of the autoencoder": sample(plain, { condition: { "disc-mass": 10 } }),
      "a condition as text": under({ "disc-mass": "10" }),
      "a mass that is no logarithm": under({ "disc-mass": 3e10 }),
      "a mass that was never seen": under({ "disc-mass": 13 }),
      "a length that was never seen": under({ "scale-length": 1000 }),
      "a length below 0": under({ "scale-length": -1 }),
      "conditions as a list": sample(told, { condition: ["disc-mass"] }),
      "wishes of the autoencoder": wish({ flat: 10 }, plain),
      "wishes as text": sample(told, { wishes: "flat" }),
      "flat beyond the last radius": wish({ flat: 60 }),
      "flat from below the centre": wish({ flat: -1 }),
      "flat from nowhere": wish({ flat: Number.NaN }),
      "a peak before the first radius": wish({ peak: 0.01 }),
      "a peak beyond the last radius": wish({ peak: 51 }),
      "a peak of text": wish({ peak: "5" }),
      "a point outside": at({ radii: [2, 8, 80] }),
      "a point at no radius": at({ radii: [2, "8", 20] }),
      "a point that stands still": at({ velocities: [95, 0, 150] }),
      "a point without an error": at({ errors: [15, 15] }),
      "no points": wish({ points: {} }),
      "points that are none": wish({ points: null }),
      "half a thread": sample(told, { threads: 0.5 }),
      "a guidance below 0": sample(told, { condition: { "disc-mass": 10 }, guidance: -1 }),
      "no options": () => sampleCurves(told, any(undefined)),
      "a sampler that there is not": sample(told, { sampler: "heunn" }),
      "no step": sample(told, { steps: 0 }),
      "half a step": sample(told, { steps: 0.5 }),
      "no curves": sample(told, { count: 0 }),
      "no stream": sample(told, { random: undefined }),
      "wishes at no radii": () => measureWishes(any([]), [[1]], { flat: 1 }),
      "wishes of one curve": () => measureWishes(radii, any(curves[0]), { flat: 10 }),
      "wishes that there are not": () => measureWishes(radii, curves, any({ flt: 10 })),
    }),
  ).toMatchInlineSnapshot(`
    "
    a condition that the model was not told
      ArgumentError: sampleCurves: this model was not trained with the condition concentration, but with disc-mass, scale-length
      Fix: train a residual network with the conditions disc-mass,scale-length,concentration
    a condition of a model without any
      ArgumentError: sampleCurves: this model was not trained with the condition disc-mass, but with none
      Fix: train a residual network with the conditions disc-mass
    a condition of the autoencoder
      ArgumentError: sampleCurves: this model was not trained with the condition disc-mass, but with none
      Fix: train a residual network with the conditions disc-mass
    a condition as text
      ArgumentError: sampleCurves: condition disc-mass is a number; got the text "10".
      Fix: convert text with Number(…) first.
    a mass that is no logarithm
      ArgumentError: condition disc-mass=30000000000: the model has seen disc-mass from 9.08 to 11.91 only, as log10 of solar masses
      Fix: write disc-mass=10.48
    a mass that was never seen
      ArgumentError: condition disc-mass=13: the model has seen disc-mass from 9.08 to 11.91 only, as log10 of solar masses
      Fix: give a value within
    a length that was never seen
      ArgumentError: condition scale-length=1000: the model has seen scale-length from 0.32 to 65.6 only
      Fix: give a value within
    a length below 0
      ArgumentError: condition scale-length=-1: the model has seen scale-length from 0.32 to 65.6 only
      Fix: give a value within
    conditions as a list
      ArgumentError: sampleCurves.condition: options are an object; got an array of 1.
      Fix: write { disc-mass: … }; there are disc-mass, scale-length, halo-mass, concentration, bulge-fraction.
    wishes of the autoencoder
      ArgumentError: sampleCurves: this model's network is not told the amount of noise, and wishes need to know what its guesses are worth
      Fix: train a residual network
    wishes as text
      ArgumentError: sampleCurves.wishes: options are an object; got the text "flat".
      Fix: write { flat: … }; there are flat, peak, points.
    flat beyond the last radius
      ArgumentError: wish flat=60: from there on there is no curve in the model's radii, 0.1 to 50 kpc
      Fix: give a radius within
    flat from below the centre
      ArgumentError: wish flat=-1: it is no radius
      Fix: give a radius within
    flat from nowhere
      ArgumentError: wish flat=NaN: it is no radius
      Fix: give a radius within
    a peak before the first radius
      ArgumentError: wish peak=0.01: it is outside of the model's radii, 0.1 to 50 kpc
      Fix: give a radius within
    a peak beyond the last radius
      ArgumentError: wish peak=51: it is outside of the model's radii, 0.1 to 50 kpc
      Fix: give a radius within
    a peak of text
      ArgumentError: sampleCurves: the wish peak is a number; got the text "5".
      Fix: convert text with Number(…) first.
    a point outside
      ArgumentError: wish points: it has a point at 80 kpc, outside of the radii of the curves, 0.1 to 50 kpc
      Fix: leave such points out, or check that radii are in kpc
    a point at no radius
      ArgumentError: wish points: radius 2 is the text "8"
      Fix: give { radii, velocities, errors }, a number in each for every point
    a point that stands still
      ArgumentError: wish points: the velocity at 8 kpc is 0 km/s, and the model's are above 0
      Fix: leave the point out, or correct it
    a point without an error
      ArgumentError: wish points: there are 2 errors for 3 radii
      Fix: give { radii, velocities, errors }, a number in each for every point
    no points
      ArgumentError: wish points: radii are a list of numbers; got undefined
      Fix: give { radii, velocities, errors }, a number in each for every point
    points that are none
      ArgumentError: wish points: radii are a list of numbers; got undefined
      Fix: give { radii, velocities, errors }, a number in each for every point
    half a thread
      ArgumentError: sampleCurves: threads is a whole number of at least 1; got the number 0.5.
    a guidance below 0
      ArgumentError: sampleCurves: guidance is -1; it must be a finite number of at least 0.
    no options
      ArgumentError: sampleCurves: needs a random stream; got undefined.
      Fix: pass new Random(0), or the stream that you have: the same seed gives the same numbers.
    a sampler that there is not
      ArgumentError: sampleCurves: the sampler is the text "heunn"; there are euler, heun, midpoint, adams-bashforth, dpm-solver, runge-kutta, ddpm, churn.
      Fix: did you mean "heun"?
    no step
      ArgumentError: sampleCurves: steps is a whole number of at least 1; got the number 0.
    half a step
      ArgumentError: sampleCurves: steps is a whole number of at least 1; got the number 0.5.
    no curves
      ArgumentError: sampleCurves: count is a whole number of at least 1; got the number 0.
    no stream
      ArgumentError: sampleCurves: needs a random stream; got undefined.
      Fix: pass new Random(0), or the stream that you have: the same seed gives the same numbers.
    wishes at no radii
      ArgumentError: measureWishes: there are no radii
      Fix: give the radii of the curves in kpc, in growing order
    wishes of one curve
      ArgumentError: measureWishes: curves are an array; got a Float64Array
      Fix: give curves at these radii, km/s
    wishes that there are not
      ArgumentError: measureWishes.wishes: there is no option "flt".
      Fix: did you mean flat?
    "
  `);
});

it("the radii of a model, and curves that it cannot know", () => {
  const denoise =
    (table: object, more: object = {}) =>
    () =>
      denoiseCurves(told, any({ radii, curves, ...table }), any({ source: "mine", ...more }));
  const still = [curves[0], radii.map(() => 0)];
  const astray = {
    ...quick,
    standardization: any(
      Object.assign(Object.create(quick.standardization), { invert: () => [Float64Array.of(Number.NaN)] }),
    ),
  };
  expect(
    messagesOf({
      "other radii": denoise({ radii: radii.map((radius) => 1.002 * radius) }),
      "radii that differ at their end": denoise({ radii: radii.map((radius, i) => (i < 49 ? radius : 60)) }),
      "fewer radii": denoise({ radii: radii.slice(1) }),
      "radii of text": denoise({ radii: "0.1" }),
      "a radius that is none": denoise({ radii: radii.map((radius, i) => (i === 3 ? Number.NaN : radius)) }),
      "no table": () => denoiseCurves(told, any(undefined)),
      "curves that stand still": denoise({ curves: still }),
      "an option of denoising that there is not": denoise({}, { amount: 1 }),
      "all noise": denoise({}, { noise: 1 }),
      "no noise": denoise({}, { noise: 0 }),
      "a source that is a number": denoise({}, { source: 5 }),
      "noise of the autoencoder": () => denoiseCurves(plain, galaxies, { noise: 0.2 }),
      "a network that went astray": () => denoiseCurves(astray, galaxies),
      "predictions of what stands still": () =>
        predictCurves(told, { radii, curves: still }, { amount: 0.5, random }),
      "predictions of other radii": () =>
        predictCurves(told, { radii: radii.slice(1), curves }, { amount: 0.5, random }),
      "predictions of more than noise": () => predictCurves(told, galaxies, { amount: 1.1, random }),
      "predictions of no amount": () => predictCurves(told, galaxies, any({ random })),
      "predictions without a stream": () => predictCurves(told, galaxies, any({ amount: 0.5 })),
      "predictions with an option that there is not": () =>
        predictCurves(told, galaxies, any({ amount: 0.5, random, noise: 1 })),
      "unseen curves that stand still": () => unseenCurves(told, { radii, curves: still }),
      "unseen curves of a source that is a number": () => unseenCurves(told, galaxies, any(5)),
      "unseen curves of no model": () => unseenCurves(any({}), galaxies),
      "predictions of other features": () => measurePredictions(told, tensor([[1, 2]]), random),
      "predictions of no curves": () => measurePredictions(told, tensor([1, 2]), random),
      "predictions in numbers without a stream": () =>
        measurePredictions(told, unseenCurves(told, galaxies), any(1)),
      "the excess of another population": () =>
        measureExcess(
          { ...told, training: { ...told.training, population: "extended" } },
          unseenCurves(told, galaxies),
          random,
        ),
      "the excess of curves": () => measureExcess(told, any(curves), random),
      "the excess without a stream": () => measureExcess(told, unseenCurves(told, galaxies), any(1)),
      "sets that do not fit": () => rootMeanSquare([[3]], []),
      "no sets": () => rootMeanSquare([], []),
      "curves that do not fit": () => rootMeanSquare([[3]], [[1, 2]]),
      "curves of nothing": () => rootMeanSquare([[]], [[]]),
      "a set that is a curve": () => rootMeanSquare(any([1]), [[1]]),
      "a second set that is none": () => rootMeanSquare([[1]], any(1)),
      "a figure of noise of curves": () => illustrateNoise(told, any(curves), random),
      "a figure of predictions without a stream": () =>
        illustratePredictions(told, unseenCurves(told, galaxies), any(1)),
      "a figure of no steps": () => illustrateSampling(told, { steps: 0, random }),
    }),
  ).toMatchInlineSnapshot(`
    "
    other radii
      FormatError: mine: it has 50 radii from 0.1002 to 50.1 kpc, but the model was trained on 50 radii from 0.1 to 50 kpc, and radius 1 is 0.1002, not 0.1
      Fix: interpolate the curves to the model's radii
    radii that differ at their end
      FormatError: mine: it has 50 radii from 0.1 to 60 kpc, but the model was trained on 50 radii from 0.1 to 50 kpc, and radius 50 is 60, not 50
      Fix: interpolate the curves to the model's radii
    fewer radii
      FormatError: mine: it has 49 radii from 0.1135 to 50 kpc, but the model was trained on 50 radii from 0.1 to 50 kpc
      Fix: interpolate the curves to the model's radii
    radii of text
      FormatError: mine: radii are a list of numbers; got the text "0.1"
      Fix: give { radii, curves }, with a velocity at each radius
    a radius that is none
      FormatError: mine: radius 4 is NaN after 0.12887303042563666, but radii are above 0 and grow
      Fix: give { radii, curves }, with a velocity at each radius
    no table
      FormatError: denoiseCurves: a table of curves is { radii, curves }; got undefined
      Fix: give { radii, curves }, with a velocity at each radius
    curves that stand still
      FormatError: mine: curve 2 has velocities that are not above 0, and the model knows their logarithms
      Fix: leave the curve out, or use an autoencoder
    an option of denoising that there is not
      ArgumentError: denoiseCurves: there is no option "amount".
      Fix: the options are noise, source.
    all noise
      ArgumentError: denoiseCurves: the share of noise is 1; it must be a finite number above 0 and below 1.
    no noise
      ArgumentError: denoiseCurves: the share of noise is 0; it must be a finite number above 0 and below 1.
    a source that is a number
      ArgumentError: denoiseCurves: source is text; got the number 5.
      Fix: say what to call the curves in errors.
    noise of the autoencoder
      ArgumentError: denoiseCurves: the model is an autoencoder, which is not told the share of noise
      Fix: leave noise out, or use a residual network
    a network that went astray
      ArgumentError: denoiseCurves: a velocity that the network gives is no finite number
      Fix: train it for more epochs, or on more curves
    predictions of what stands still
      FormatError: predictCurves: curve 2 has velocities that are not above 0, and the model knows their logarithms
      Fix: leave the curve out, or use an autoencoder
    predictions of other radii
      FormatError: predictCurves: it has 49 radii from 0.1135 to 50 kpc, but the model was trained on 50 radii from 0.1 to 50 kpc
      Fix: interpolate the curves to the model's radii
    predictions of more than noise
      ArgumentError: predictCurves: the share of noise is 1.1; it must be a finite number from 0 to 1.
    predictions of no amount
      ArgumentError: predictCurves: the share of noise is a number; got undefined.
    predictions without a stream
      ArgumentError: predictCurves: needs a random stream; got undefined.
      Fix: pass new Random(0), or the stream that you have: the same seed gives the same numbers.
    predictions with an option that there is not
      ArgumentError: predictCurves: there is no option "noise".
      Fix: the options are amount, random.
    unseen curves that stand still
      FormatError: unseenCurves: curve 2 has velocities that are not above 0, and the model knows their logarithms
      Fix: leave the curve out
    unseen curves of a source that is a number
      ArgumentError: unseenCurves: source is text; got the number 5.
      Fix: say what to call the curves in errors.
    unseen curves of no model
      ArgumentError: unseenCurves: needs a model; got an object with no keys.
      Fix: pass what readModel returned, or the model of a training: { model }.
    predictions of other features
      ArgumentError: measurePredictions: takes curves as a tensor of shape [curves, 10]; got a tensor of shape [1, 2].
      Fix: pass what unseenCurves(model, curves) returns.
    predictions of no curves
      ArgumentError: measurePredictions: takes curves as a tensor of shape [curves, 10]; got a tensor of shape [2].
      Fix: pass what unseenCurves(model, curves) returns.
    predictions in numbers without a stream
      ArgumentError: measurePredictions: needs a random stream; got the number 1.
      Fix: pass new Random(0), or the stream that you have: the same seed gives the same numbers.
    the excess of another population
      ArgumentError: measureExcess: the model learned the extended population, of whose guesses the best ones are not known
      Fix: train it on the standard population
    the excess of curves
      ArgumentError: measureExcess: takes curves as a tensor of shape [curves, 10]; got an array of 60.
      Fix: pass what unseenCurves(model, curves) returns.
    the excess without a stream
      ArgumentError: measureExcess: needs a random stream; got the number 1.
      Fix: pass new Random(0), or the stream that you have: the same seed gives the same numbers.
    sets that do not fit
      ArgumentError: rootMeanSquare: sets of 1 and 0 curves do not fit.
    no sets
      ArgumentError: rootMeanSquare: sets of 0 and 0 curves do not fit.
    curves that do not fit
      ArgumentError: rootMeanSquare: sets of 1 and 1 curves do not fit.
    curves of nothing
      ArgumentError: rootMeanSquare: sets of 1 and 1 curves do not fit.
    a set that is a curve
      ArgumentError: rootMeanSquare: curve 1 of the first set is a list of numbers; got the number 1.
    a second set that is none
      ArgumentError: rootMeanSquare: the second set is an array of curves; got the number 1.
    a figure of noise of curves
      ArgumentError: illustrateNoise: takes curves as a tensor of shape [curves, 10]; got an array of 60.
      Fix: pass what unseenCurves(model, curves) returns.
    a figure of predictions without a stream
      ArgumentError: illustratePredictions: needs a random stream; got the number 1.
      Fix: pass new Random(0), or the stream that you have: the same seed gives the same numbers.
    a figure of no steps
      ArgumentError: illustrateSampling: steps is a whole number of at least 1; got the number 0.
    "
  `);
});

it("measured galaxies that are none, and posteriors", () => {
  const infer =
    (options: object, model: object = quick) =>
    () =>
      inferCurves(any(model), [any(points)], any({ random, ...options }));
  const own =
    (options: object, population: unknown = "standard") =>
    () =>
      inferGalaxy(any(population), any(points), any({ random, ...options }));
  expect(
    messagesOf({
      "curves of the autoencoder": infer({}, plain),
      "radii in the wrong order": infer({ radiusRange: [5, 1] }),
      "radii beyond the model": infer({ radiusRange: [60, 70] }),
      "one radius": infer({ radiusRange: [1] }),
      "three radii": infer({ radiusRange: [1, 2, 3] }),
      "a range of text": infer({ radiusRange: "1 to 5" }),
      "a spread of errors below 0": infer({ errorSpread: -1 }),
      "no options": () => inferCurves(quick, [any(points)], any(undefined)),
      "an option that there is not": infer({ banks: 1 }),
      "velocities in m/s": () =>
        inferCurves(quick, [any({ ...points, velocities: [95e3, 140e3, 150e3] })], { random }),
      "a velocity below 0": () =>
        inferCurves(quick, [any({ ...points, velocities: [95, -140, 150] })], { random }),
      "points far away": () => inferCurves(quick, [any({ ...points, radii: [60, 70, 80] })], { random }),
      "errors that no instrument has": () =>
        inferCurves(quick, [any({ ...points, errors: Float64Array.of(15, 0.001, 15) })], { random }),
      "a point at a radius of 0": () =>
        inferCurves(quick, [any({ ...points, radii: [0, 8, 20] })], { random }),
      "a galaxy in radii of nothing": own({ radiusRange: [5, 5] }),
      "a galaxy in one radius": own({ radiusRange: [5] }),
      "a galaxy in radii below 0": own({ radiusRange: [-1, 5] }),
      "a galaxy in three radii": own({ radiusRange: [1, 5, 9] }),
      "a galaxy in a range that is a number": own({ radiusRange: 5 }),
      "a galaxy of no population": own({}, "dwarfs"),
      "a galaxy of a population that cannot be": own(
        {},
        { ...STANDARD_POPULATION, name: "own", overdensity: 0 },
      ),
      "a galaxy without a stream": own({ random: 1 }),
      "a galaxy with an option that there is not": own({ bank: 1 }),
      "intervals of nothing": () => intervalsOf(any(undefined)),
      "intervals of a list": () => intervalsOf(any([points])),
      "intervals of no curves": () => intervalsOf(any({ curves: [], effectiveCount: 1 })),
      "intervals of curves alone": () => intervalsOf(any({ curves })),
      "parameters of no model": () => parametersOf(any({}), any({ smoothCurves: curves, effectiveCount: 1 })),
      "parameters of no posterior": () => parametersOf(quick, any({ curves, effectiveCount: 1 })),
      "bounds of no posterior": () => parametersAtBounds(quick, any(undefined)),
      "properties of no posterior": () => propertiesOf(quick, any({})),
      "properties of no model": () => propertiesOf(any(undefined), any({ curves, effectiveCount: 1 })),
      "quantiles of text": () => quantiles(any("123"), [0.5]),
      "quantiles of no share": () => quantiles([1], any(undefined)),
      "quantiles of a worth below 0": () => quantiles([1], [0.5], -1),
    }),
  ).toMatchInlineSnapshot(`
    "
    curves of the autoencoder
      ArgumentError: inferCurves: the model is an autoencoder, whose samples are no draws of its prior
      Fix: train a residual network
    radii in the wrong order
      ArgumentError: inferCurves: radiusRange is 5 to 1 kpc: nothing of the model's radii, 0.1 to 50 kpc, lies in it
      Fix: give the smaller radius first, and a part of the model's radii
    radii beyond the model
      ArgumentError: inferCurves: radiusRange is 60 to 70 kpc: nothing of the model's radii, 0.1 to 50 kpc, lies in it
      Fix: give the smaller radius first, and a part of the model's radii
    one radius
      ArgumentError: inferCurves: radiusRange is 1 kpc: nothing of the model's radii, 0.1 to 50 kpc, lies in it
      Fix: give the smaller radius first, and a part of the model's radii
    three radii
      ArgumentError: inferCurves: radiusRange is 1 to 2 to 3 kpc: nothing of the model's radii, 0.1 to 50 kpc, lies in it
      Fix: give the smaller radius first, and a part of the model's radii
    a range of text
      ArgumentError: inferCurves: radiusRange is a list of numbers; got the text "1 to 5".
    a spread of errors below 0
      ArgumentError: inferCurves: the spread of the errors is -1; it must be a finite number from 0 to 10.
    no options
      ArgumentError: inferCurves: needs a random stream; got undefined.
      Fix: pass new Random(0), or the stream that you have: the same seed gives the same numbers.
    an option that there is not
      ArgumentError: inferCurves: there is no option "banks".
      Fix: did you mean bank?
    velocities in m/s
      ArgumentError: inferCurves: the velocity at 2 kpc is 95000 km/s, but no galaxy rotates faster than 2000
      Fix: give velocities in km/s; these may be in m/s
    a velocity below 0
      ArgumentError: inferCurves: the velocity at 8 kpc is -140 km/s
      Fix: give a finite speed of rotation, or leave the point out
    points far away
      ArgumentError: inferCurves: no point lies within 0.1 to 50 kpc: they are at 60 to 80 kpc
      Fix: check that radii are in kpc; a model knows curves at its own radii only
    errors that no instrument has
      ArgumentError: inferCurves: the error at 8 kpc is 0.001 km/s, but no velocity is measured to 0.01 km/s
      Fix: give the standard error of each velocity in km/s; these may be shares
    a point at a radius of 0
      ArgumentError: inferCurves: it has a point at 0 kpc, and radii are finite and above 0
      Fix: leave such points out, or check that radii are in kpc
    a galaxy in radii of nothing
      ArgumentError: inferGalaxy: radiusRange is 5 to 5 kpc: nothing lies in it
      Fix: give two radii, the smaller one first; Infinity is a radius
    a galaxy in one radius
      ArgumentError: inferGalaxy: radiusRange is 5 kpc: nothing lies in it
      Fix: give two radii, the smaller one first; Infinity is a radius
    a galaxy in radii below 0
      ArgumentError: inferGalaxy: radiusRange is -1 to 5 kpc: nothing lies in it
      Fix: give two radii, the smaller one first; Infinity is a radius
    a galaxy in three radii
      ArgumentError: inferGalaxy: radiusRange is 1 to 5 to 9 kpc: nothing lies in it
      Fix: give two radii, the smaller one first; Infinity is a radius
    a galaxy in a range that is a number
      ArgumentError: inferGalaxy: radiusRange is a list of numbers; got the number 5.
    a galaxy of no population
      ArgumentError: inferGalaxy: the population is the text "dwarfs"; there are standard, extended.
    a galaxy of a population that cannot be
      FormatError: inferGalaxy: overdensity is 0
      Fix: it is a number from 1 to 100000
    a galaxy without a stream
      ArgumentError: inferGalaxy: needs a random stream; got the number 1.
      Fix: pass new Random(0), or the stream that you have: the same seed gives the same numbers.
    a galaxy with an option that there is not
      ArgumentError: inferGalaxy: there is no option "bank".
      Fix: the options are deviation, errorSpread, radiusRange, random, particles, chains, rHat, effectiveCount, moves.
    intervals of nothing
      ArgumentError: intervalsOf: needs the posterior of a galaxy; got undefined.
      Fix: inferCurves returns a list, with one for each galaxy.
    intervals of a list
      ArgumentError: intervalsOf: needs the posterior of a galaxy; got an array of 1.
      Fix: inferCurves returns a list, with one for each galaxy.
    intervals of no curves
      ArgumentError: intervalsOf: needs the posterior of a galaxy; got an object with curves, effectiveCount.
      Fix: inferCurves returns a list, with one for each galaxy.
    intervals of curves alone
      ArgumentError: intervalsOf: needs the posterior of a galaxy; got an object with curves.
      Fix: inferCurves returns a list, with one for each galaxy.
    parameters of no model
      ArgumentError: parametersOf: needs the model of the posterior; got an object with no keys.
      Fix: write parametersOf(model, posterior).
    parameters of no posterior
      ArgumentError: parametersOf: needs the posterior of a galaxy; got an object with curves, effectiveCount.
      Fix: inferCurves returns a list, with one for each galaxy.
    bounds of no posterior
      ArgumentError: parametersAtBounds: needs the posterior of a galaxy; got undefined.
      Fix: inferCurves returns a list, with one for each galaxy.
    properties of no posterior
      ArgumentError: propertiesOf: needs the posterior of a galaxy; got an object with no keys.
      Fix: inferCurves returns a list, with one for each galaxy.
    properties of no model
      ArgumentError: propertiesOf: needs the model of the posterior; got undefined.
      Fix: write propertiesOf(model, posterior).
    quantiles of text
      ArgumentError: quantiles: samples are a list of numbers; got the text "123".
    quantiles of no share
      ArgumentError: quantiles: shares are a list of numbers; got undefined.
    quantiles of a worth below 0
      ArgumentError: quantiles: worth is -1; it must be a finite number of at least 0.
    "
  `);
});

it("galaxies that are none, and tables of them", () => {
  const [galaxy] = samplePopulation({ count: 1, random });
  const [wide] = finish(generatePopulation({ count: 1, population: "extended", random })).galaxies;
  const text = formatGalaxies([galaxy]);
  const generate = (population: unknown) => () => generatePopulation({ random, population: any(population) });
  expect(
    messagesOf({
      "a galaxy alone": () => formatGalaxies(any(galaxy)),
      "a galaxy that is a number": () => formatGalaxies(any([5])),
      "a galaxy without a halo": () => formatGalaxies(any([{ ...galaxy, haloMass: undefined }])),
      "galaxies of both populations": () => formatGalaxies([galaxy, wide]),
      "a table of another number of curves": () => parseGalaxies(text, "g.csv", [1, 2]),
      "a table of curves that are none": () => parseGalaxies(text, "g.csv", any(5)),
      "a table with a mass of 0": () => parseGalaxies(formatGalaxies([{ ...galaxy, haloMass: 0 }]), "g.csv"),
      "a table with a core strength below 0": () =>
        parseGalaxies(formatGalaxies([any({ ...wide, coreStrength: -1 })]), "g.csv", [1]),
      "a table of other columns": () => parseGalaxies("mass\n1\n", "g.csv"),
      "a population that there is not": generate("dwarfs"),
      "a population that is mistyped": generate("extend"),
      "a population that is a number": generate(5),
      "a description that cannot be": generate({ ...STANDARD_POPULATION, discMass: [12, 9] }),
      "a description with the name of another": generate({ ...STANDARD_POPULATION, hubbleConstant: 50 }),
      "a description that is called as the wider one": generate({
        ...EXTENDED_POPULATION,
        hubbleConstant: 50,
      }),
      "no options": () => generatePopulation(any(undefined)),
      "no stream": () => generatePopulation(any({ count: 5 })),
      "no galaxies": () => generatePopulation({ count: 0, random }),
      "half a galaxy more": () => generatePopulation({ count: 1.5, random }),
      "an option that there is not": () => generatePopulation(any({ random, seed: 1 })),
    }),
  ).toMatchInlineSnapshot(`
    "
    a galaxy alone
      ArgumentError: formatGalaxies: galaxies are an array of galaxies; got an object with discMass, discScaleLength, haloMass, concentration.
      Fix: those of a population are its galaxies: { galaxies }.
    a galaxy that is a number
      ArgumentError: formatGalaxies: galaxy 1 is an object; got the number 5.
    a galaxy without a halo
      ArgumentError: formatGalaxies: haloMass of galaxy 1 is a number; got undefined.
    galaxies of both populations
      ArgumentError: formatGalaxies: gasMass of galaxy 1 is a number; got undefined.
    a table of another number of curves
      FormatError: g.csv: its 1 galaxies do not belong to the 2 curves, or have values that are not above 0
      Fix: give the galaxies.csv that was written with the curves
    a table of curves that are none
      ArgumentError: parseGalaxies: curves are an array of curves; got the number 5.
    a table with a mass of 0
      FormatError: g.csv: its 1 galaxies have values that are not above 0
      Fix: give the galaxies.csv that was written with the curves
    a table with a core strength below 0
      FormatError: g.csv: its 1 galaxies do not belong to the 1 curves, or have values that are not above 0
      Fix: give the galaxies.csv that was written with the curves
    a table of other columns
      FormatError: g.csv: line 1: the header is mass
      Fix: the first row must be disc_mass [Msun],disc_scale_length [kpc],halo_mass [Msun],concentration
    a population that there is not
      ArgumentError: generatePopulation: the population is the text "dwarfs"; there are standard, extended.
    a population that is mistyped
      ArgumentError: generatePopulation: the population is the text "extend"; there are standard, extended.
      Fix: did you mean "extended"?
    a population that is a number
      ArgumentError: generatePopulation: the population is the number 5; there are standard, extended.
    a description that cannot be
      FormatError: generatePopulation: discMass is [12,9]
      Fix: it is [least, greatest] of log10 solar masses, from 0 to 16
    a description with the name of another
      FormatError: generatePopulation: name is "standard", which is the name of another population
      Fix: give yours a name of its own
    a description that is called as the wider one
      FormatError: generatePopulation: name is "extended", which is the name of another population
      Fix: give yours a name of its own
    no options
      ArgumentError: generatePopulation: needs a random stream; got undefined.
      Fix: pass new Random(0), or the stream that you have: the same seed gives the same numbers.
    no stream
      ArgumentError: generatePopulation: needs a random stream; got undefined.
      Fix: pass new Random(0), or the stream that you have: the same seed gives the same numbers.
    no galaxies
      ArgumentError: generatePopulation: count is a whole number of at least 1; got the number 0.
    half a galaxy more
      ArgumentError: generatePopulation: count is a whole number of at least 1; got the number 1.5.
    an option that there is not
      ArgumentError: generatePopulation: there is no option "seed".
      Fix: the options are count, population, random.
    "
  `);
  expect(parseGalaxies(formatGalaxies([any({ ...wide, coreStrength: 0 })]), "g.csv")[0]).toEqual({
    ...wide,
    coreStrength: 0,
  });
});

it("scores, trainings that were saved, and masses", () => {
  const galaxy = { radii: [2, 5, 9], velocities: [80, 110, 115], errors: [4, 3, 4], disc: [90, 95, 70] };
  const parts = { gas: [1], disc: [2], bulge: [3], halo: [4] };
  const decompose = (options: object) => () =>
    finish(decomposeGalaxy(galaxy, "nfw", any({ random, ...options })));
  const own = { ...STANDARD_POPULATION, name: "own" };
  const score =
    (population: unknown, training: object = {}) =>
    () =>
      scoreSamples(
        { ...plain, training: { ...plain.training, ...training } },
        curves,
        galaxies,
        any({ population, random }),
      );
  expect(
    messagesOf({
      "scores of another population": score("extended"),
      "scores of another description": score({ ...own, hubbleConstant: 50 }, { population: own }),
      "scores of no model": () => scoreSamples(any({}), curves, galaxies, { random }),
      "scores without a stream": () => scoreSamples(plain, curves, galaxies, any({})),
      "scores of few samples": () => scoreSamples(plain, curves.slice(0, 19), galaxies, { random }),
      "scores of other data": () =>
        scoreSamples(plain, curves, { radii, curves: curves.slice(1) }, { random }),
      "digits of no score": () => formatScore(any({}), 1),
      "digits of no value": () => formatScore(SCORES[0], any("1")),
      "a verdict of no score": () => verdict(any(undefined), { value: 1, pValue: 0.5 }),
      "a verdict of no p-value": () => verdict(SCORES[0], any({ value: 1 })),
      "the title of no score": () => titleOf(any({ title: "MMD²" })),
      "a training that is none": () => saveTraining(any({ done: 1 })),
      "a checkpoint that is empty": () =>
        loadTraining(writeSafetensors({}), galaxies, { epochs: 3, random }, "mine"),
      "a checkpoint of another format": () =>
        loadTraining(writeSafetensors({}, { format: '"other"' }), galaxies, { epochs: 3, random }, "mine"),
      "a checkpoint without its digest": () =>
        loadTraining(
          writeSafetensors({}, { format: '"halograd checkpoint, version 1"' }),
          galaxies,
          { epochs: 3, random },
          "mine",
        ),
      "light below 0": decompose({ luminosity: -1 }),
      "light of text": decompose({ luminosity: "1" }),
      "hydrogen without end": decompose({ hydrogenMass: Infinity }),
      "a prior that there is not": decompose({ priors: { halo: 1 } }),
      "an option of masses that there is not": decompose({ temperature: 1 }),
      "a point that there is not": () => squaredOf(any(parts), 1),
      "half a point": () => squaredOf(any(parts), 0.5),
      "parts that are none": () => squaredOf(any(undefined), 0),
      "a part that is a number": () => squaredOf(any({ ...parts, halo: 5 }), 0),
      "a part that is NaN": () => squaredOf(any({ ...parts, disc: [Number.NaN] }), 0),
    }),
  ).toMatchInlineSnapshot(`
    "
    scores of another population
      ArgumentError: scoreSamples: the model was trained on galaxies of the standard population, not of the extended one
      Fix: leave population out
    scores of another description
      ArgumentError: scoreSamples: the model was trained on galaxies of the own population, not of another one of that name
      Fix: leave population out
    scores of no model
      ArgumentError: scoreSamples: needs a model; got an object with no keys.
      Fix: pass what readModel returned, or the model of a training: { model }.
    scores without a stream
      ArgumentError: scoreSamples: needs a random stream; got undefined.
      Fix: pass new Random(0), or the stream that you have: the same seed gives the same numbers.
    scores of few samples
      ArgumentError: scoreSamples: samples: 19 curves, but scores need 20 or more
    scores of other data
      FormatError: scoreSamples: the model was not trained on these 59 curves
      Fix: give the data of its training; compareCurves compares with any other
    digits of no score
      ArgumentError: formatScore: score.decimals is a number; got undefined.
    digits of no value
      ArgumentError: formatScore: value is a number; got the text "1".
      Fix: convert text with Number(…) first.
    a verdict of no score
      ArgumentError: verdict: score is an object; got undefined.
    a verdict of no p-value
      ArgumentError: verdict: result.pValue is a number; got undefined.
    the title of no score
      ArgumentError: titleOf: score.unit is text; got undefined.
    a training that is none
      ArgumentError: saveTraining: takes a training; got an object with done.
      Fix: pass what a loop over trainModel(…) yields.
    a checkpoint that is empty
      FormatError: mine: this is not a whole checkpoint of halograd: it says nothing about its format
      Fix: give what saveTraining returned, or train anew
    a checkpoint of another format
      FormatError: mine: this is not a whole checkpoint of halograd: its format is "other"
      Fix: give what saveTraining returned, or train anew
    a checkpoint without its digest
      FormatError: mine: this is not a whole checkpoint of halograd: its contents are not those that were saved
      Fix: give what saveTraining returned, or train anew
    light below 0
      ArgumentError: decomposeGalaxy: luminosity is -1
      Fix: it is a number, 0 or more, in solar units.
    light of text
      ArgumentError: decomposeGalaxy: luminosity is the text "1"
      Fix: it is a number, 0 or more, in solar units.
    hydrogen without end
      ArgumentError: decomposeGalaxy: hydrogenMass is Infinity
      Fix: it is a number, 0 or more, in solar units.
    a prior that there is not
      ArgumentError: massModel.priors: there is no option "halo".
      Fix: the options are logHaloMass, discRatio, bulgeRatio, ratioScatter, errorSpread.
    an option of masses that there is not
      ArgumentError: decomposeGalaxy: there is no option "temperature".
      Fix: the options are priors, luminosity, hydrogenMass, random, particles, chains, rHat, effectiveCount, moves.
    a point that there is not
      ArgumentError: squaredOf: there is no point 1 among 1 of gas.
    half a point
      ArgumentError: squaredOf: i is a whole number of at least 0; got the number 0.5.
    parts that are none
      ArgumentError: squaredOf: the parts is an object; got undefined.
      Fix: give { gas, disc, bulge, halo }.
    a part that is a number
      ArgumentError: squaredOf: halo is a list of numbers; got the number 5.
    a part that is NaN
      ArgumentError: squaredOf: disc[0] is NaN; it must be a finite number.
    "
  `);
});
