/** Rotation curves: every mistake and what is said about it, word by word. */

import { expect, test } from "vitest";
import { Random } from "../../src/basics/random.ts";
import {
  acceleration,
  circularVelocity,
  exponentialDisc,
  extendedGalaxyComponents,
  extendedRotationCurves,
  galaxyComponents,
  hernquistBulge,
  i0e,
  k0e,
  logSpacedRadii,
  nfwHalo,
  parsePopulation,
  radialAcceleration,
  rotationCurves,
  STANDARD_POPULATION,
  sampleExtendedPopulation,
  samplePopulation,
} from "../../src/galaxy/index.ts";
import { messagesOf } from "../messages.ts";

const any = (value: unknown): never => value as never;
const halo = nfwHalo({ mass: 1e12, concentration: 8 });
const [whole] = sampleExtendedPopulation({ count: 1, random: new Random(1) });

test("mistakes around galaxies are told in full", () => {
  expect(
    messagesOf({
      "a Bessel function below 0": () => i0e(-1),
      "a Bessel function at its pole": () => k0e(0),
      "no component": () => circularVelocity([], [1]),
      "a component alone": () => circularVelocity(any(halo), [1]),
      "a radius alone": () => circularVelocity([halo], any(8)),
      "a radius of text": () => halo.velocitySquared(any("8")),
      "a radius below 0": () => circularVelocity([halo], [-1]),
      "a force outwards": () =>
        circularVelocity([{ ...halo, name: "wind", velocitySquared: () => -1e9 }, halo], [1]),
      "a halo of nothing": () => nfwHalo(any(undefined)),
      "a halo without mass": () => nfwHalo({ mass: 0, concentration: 8 }),
      "a halo of infinite mass": () => nfwHalo({ mass: Infinity, concentration: 8 }),
      "a halo with text for a mass": () => nfwHalo({ mass: any("1e12"), concentration: 8 }),
      "a halo without concentration": () => nfwHalo({ mass: 1, concentration: -1 }),
      "an option that a halo has not": () => nfwHalo(any({ mass: 1, concentration: 1, spin: 1 })),
      "a disc of nothing": () => exponentialDisc(any(undefined)),
      "a disc without mass": () => exponentialDisc({ mass: 0, scaleLength: 3 }),
      "a disc without size": () => exponentialDisc({ mass: 1, scaleLength: 0 }),
      "an option that a disc has not": () => exponentialDisc(any({ mass: 1, scaleLength: 1, spin: 1 })),
      "no galaxy": () => samplePopulation({ count: 0, random: new Random(1) }),
      "galaxies without random numbers": () => samplePopulation(any({})),
      "one radius of many": () => logSpacedRadii(1),
      "radii from the centre": () => logSpacedRadii(5, 0, 1),
      "radii that stand still": () => logSpacedRadii(5, 1, 1),
      "radii without end": () => logSpacedRadii(5, 1, Infinity),
      "a galaxy alone": () => rotationCurves(any({})),
      "a wider population of nobody": () => sampleExtendedPopulation({ count: 0, random: new Random(1) }),
      "a wider population without random numbers": () => sampleExtendedPopulation(any(undefined)),
      "an option that a population has not": () => sampleExtendedPopulation(any({ seed: 1 })),
      "gas of no mass": () => extendedGalaxyComponents({ ...whole, gasMass: 0 }),
      "gas of no size": () => extendedRotationCurves([{ ...whole, gasScaleLength: 0 }], [1]),
      "a bulge of infinite mass": () => extendedGalaxyComponents({ ...whole, bulgeMass: Infinity }),
      "a bulge without size": () => extendedGalaxyComponents(any({ ...whole, bulgeScaleLength: undefined })),
      "a core of text": () => extendedGalaxyComponents(any({ ...whole, coreStrength: "1" })),
      "a core without size": () => extendedGalaxyComponents({ ...whole, coreRadius: 0 }),
      "a core of less than none": () => nfwHalo({ mass: 1, concentration: 1, coreStrength: -0.1 }),
      "a core beyond cores": () => nfwHalo({ mass: 1, concentration: 1, coreStrength: 1.1 }),
      "a bulge of nothing": () => hernquistBulge(any(undefined)),
      "a bulge without mass": () => hernquistBulge({ mass: -1, scaleLength: 3 }),
      "a bulge that is a point": () => hernquistBulge({ mass: 1, scaleLength: 0 }),
      "an option that a bulge has not": () => hernquistBulge(any({ mass: 1, scaleLength: 1, spin: 1 })),
      "a bulge at a radius below 0": () => hernquistBulge({ mass: 1, scaleLength: 1 }).velocitySquared(-1),
      "no galaxy to take apart": () => galaxyComponents(any(undefined)),
      "a disc without a mass": () => galaxyComponents({ ...whole, discMass: 0 }),
      "a disc without a size": () => galaxyComponents({ ...whole, discScaleLength: 0 }),
      "no halo": () => galaxyComponents({ ...whole, haloMass: 0 }),
      "a halo that is a point": () => rotationCurves([{ ...whole, concentration: 0 }]),
      "radii of text": () => logSpacedRadii(5, any("1"), 2),
      "radii to text": () => logSpacedRadii(5, 1, any("2")),
      "something else for a component": () => circularVelocity([halo, any(5)], [1]),
      "nothing for a component": () => circularVelocity([any(undefined)], [1]),
      "a force of text": () => circularVelocity([any({ name: "wind", velocitySquared: () => "1" })], [1]),
      "an acceleration at the centre": () => acceleration(100, 0),
      "an acceleration that is none": () => acceleration(Number.NaN, 1),
      "a scale of no acceleration": () => radialAcceleration(1, 0),
      "no acceleration to relate": () => radialAcceleration(0),
      "a population that is no text": () => parsePopulation(any(5), "own.json"),
      "a population whose name is a number": () =>
        parsePopulation(JSON.stringify({ ...STANDARD_POPULATION, name: 5 }), "own.json"),
    }),
  ).toMatchInlineSnapshot(`
    "
    a Bessel function below 0
      ArgumentError: i0e: got y = -1, but y must be a finite number 0 or greater
      Fix: y is a radius in units of 2 scale lengths; check the radius and the scale length it was made from.
    a Bessel function at its pole
      ArgumentError: k0e: got y = 0, but y must be a finite number greater than 0, where the function has a pole
      Fix: y is a radius in units of 2 scale lengths; check the radius and the scale length it was made from.
    no component
      ArgumentError: circularVelocity: got no mass components
      Fix: pass one or more, such as [nfwHalo(…)].
    a component alone
      ArgumentError: circularVelocity: got an object with name, virialRadius, virialVelocity, velocitySquared for the list of components
      Fix: pass one or more, such as [nfwHalo(…)].
    a radius alone
      ArgumentError: circularVelocity: radii are a list of numbers; got the number 8.
      Fix: one radius is a list too: [8].
    a radius of text
      ArgumentError: nfwHalo.velocitySquared: got the radius the text "8", but a radius must be a finite number ≥ 0, in kpc
      Fix: drop or repair that radius; logSpacedRadii() makes a valid set.
    a radius below 0
      ArgumentError: circularVelocity: got the radius -1, but a radius must be a finite number ≥ 0, in kpc
      Fix: drop or repair that radius; logSpacedRadii() makes a valid set.
    a force outwards
      ArgumentError: circularVelocity: the squared velocities of wind + NFW halo at 1 kpc add up to -999997650.2749591; a circular orbit needs a sum of 0 or more
      Fix: add the component that holds the orbit there, or correct velocitySquared.
    a halo of nothing
      ArgumentError: nfwHalo: got mass = undefined, but it must be a finite number > 0 (solar masses)
      Fix: to make a galaxy without this component, leave the component out.
    a halo without mass
      ArgumentError: nfwHalo: got mass = 0, but it must be a finite number > 0 (solar masses)
      Fix: to make a galaxy without this component, leave the component out.
    a halo of infinite mass
      ArgumentError: nfwHalo: got mass = Infinity, but it must be a finite number > 0 (solar masses)
      Fix: to make a galaxy without this component, leave the component out.
    a halo with text for a mass
      ArgumentError: nfwHalo: got mass = the text "1e12", but it must be a finite number > 0 (solar masses)
      Fix: convert text with Number(…) first.
    a halo without concentration
      ArgumentError: nfwHalo: got concentration = -1, but it must be a finite number > 0 (a ratio of radii)
      Fix: to make a galaxy without this component, leave the component out.
    an option that a halo has not
      ArgumentError: nfwHalo: there is no option "spin".
      Fix: the options are mass, concentration, coreRadius, coreStrength, cosmology.
    a disc of nothing
      ArgumentError: exponentialDisc: got mass = undefined, but it must be a finite number > 0 (solar masses)
      Fix: to make a galaxy without this component, leave the component out.
    a disc without mass
      ArgumentError: exponentialDisc: got mass = 0, but it must be a finite number > 0 (solar masses)
      Fix: to make a galaxy without this component, leave the component out.
    a disc without size
      ArgumentError: exponentialDisc: got scaleLength = 0, but it must be a finite number > 0 (kpc)
      Fix: to make a galaxy without this component, leave the component out.
    an option that a disc has not
      ArgumentError: exponentialDisc: there is no option "spin".
      Fix: the options are mass, scaleLength.
    no galaxy
      ArgumentError: samplePopulation: count is a whole number of at least 1; got the number 0.
    galaxies without random numbers
      ArgumentError: samplePopulation: needs a random stream; got undefined.
      Fix: pass new Random(0), or the stream that you have: the same seed gives the same numbers.
    one radius of many
      ArgumentError: logSpacedRadii: count is a whole number of at least 2; got the number 1.
    radii from the centre
      ArgumentError: logSpacedRadii: got radii from 0 to 1 kpc, but 0 < from < to < ∞ must hold
      Fix: start above 0, for instance at 0.1 kpc: equal steps of log R never reach the centre.
    radii that stand still
      ArgumentError: logSpacedRadii: got radii from 1 to 1 kpc, but 0 < from < to < ∞ must hold
      Fix: start above 0, for instance at 0.1 kpc: equal steps of log R never reach the centre.
    radii without end
      ArgumentError: logSpacedRadii: got radii from 1 to Infinity kpc, but 0 < from < to < ∞ must hold
      Fix: start above 0, for instance at 0.1 kpc: equal steps of log R never reach the centre.
    a galaxy alone
      ArgumentError: rotationCurves: galaxies are an array; got an object with no keys.
      Fix: samplePopulation({ random }) makes one.
    a wider population of nobody
      ArgumentError: sampleExtendedPopulation: count is a whole number of at least 1; got the number 0.
    a wider population without random numbers
      ArgumentError: sampleExtendedPopulation: needs a random stream; got undefined.
      Fix: pass new Random(0), or the stream that you have: the same seed gives the same numbers.
    an option that a population has not
      ArgumentError: sampleExtendedPopulation: there is no option "seed".
      Fix: the options are count, random.
    gas of no mass
      ArgumentError: extendedGalaxyComponents: got gasMass = 0, but it must be a finite number > 0 (solar masses)
      Fix: sampleExtendedPopulation({ random }) makes galaxies that have all of it.
    gas of no size
      ArgumentError: extendedRotationCurves: got gasScaleLength = 0, but it must be a finite number > 0 (kpc)
      Fix: sampleExtendedPopulation({ random }) makes galaxies that have all of it.
    a bulge of infinite mass
      ArgumentError: extendedGalaxyComponents: got bulgeMass = Infinity, but it must be a finite number > 0 (solar masses)
      Fix: sampleExtendedPopulation({ random }) makes galaxies that have all of it.
    a bulge without size
      ArgumentError: extendedGalaxyComponents: got bulgeScaleLength = undefined, but it must be a finite number > 0 (kpc)
      Fix: sampleExtendedPopulation({ random }) makes galaxies that have all of it.
    a core of text
      ArgumentError: extendedGalaxyComponents: coreStrength is a number; got the text "1".
      Fix: convert text with Number(…) first.
    a core without size
      ArgumentError: nfwHalo: got coreRadius = 0, but it must be a finite number > 0 (kpc)
      Fix: with a coreStrength of 0 it may be left out.
    a core of less than none
      ArgumentError: nfwHalo: got coreStrength = -0.1, but it is a number from 0 (a cusp) to 1 (a core)
    a core beyond cores
      ArgumentError: nfwHalo: got coreStrength = 1.1, but it is a number from 0 (a cusp) to 1 (a core)
    a bulge of nothing
      ArgumentError: hernquistBulge: got mass = undefined, but it must be a finite number > 0 (solar masses)
      Fix: to make a galaxy without this component, leave the component out.
    a bulge without mass
      ArgumentError: hernquistBulge: got mass = -1, but it must be a finite number > 0 (solar masses)
      Fix: to make a galaxy without this component, leave the component out.
    a bulge that is a point
      ArgumentError: hernquistBulge: got scaleLength = 0, but it must be a finite number > 0 (kpc)
      Fix: to make a galaxy without this component, leave the component out.
    an option that a bulge has not
      ArgumentError: hernquistBulge: there is no option "spin".
      Fix: the options are mass, scaleLength.
    a bulge at a radius below 0
      ArgumentError: hernquistBulge.velocitySquared: got the radius -1, but a radius must be a finite number ≥ 0, in kpc
      Fix: drop or repair that radius; logSpacedRadii() makes a valid set.
    no galaxy to take apart
      ArgumentError: galaxyComponents: got discMass = undefined, but it must be a finite number > 0 (solar masses)
      Fix: a galaxy is { discMass, discScaleLength, haloMass, concentration }.
    a disc without a mass
      ArgumentError: galaxyComponents: got discMass = 0, but it must be a finite number > 0 (solar masses)
      Fix: a galaxy is { discMass, discScaleLength, haloMass, concentration }.
    a disc without a size
      ArgumentError: galaxyComponents: got discScaleLength = 0, but it must be a finite number > 0 (kpc)
      Fix: a galaxy is { discMass, discScaleLength, haloMass, concentration }.
    no halo
      ArgumentError: galaxyComponents: got haloMass = 0, but it must be a finite number > 0 (solar masses)
      Fix: a galaxy is { discMass, discScaleLength, haloMass, concentration }.
    a halo that is a point
      ArgumentError: rotationCurves: got concentration = 0, but it must be a finite number > 0 (a ratio of radii)
      Fix: a galaxy is { discMass, discScaleLength, haloMass, concentration }.
    radii of text
      ArgumentError: logSpacedRadii: got radii from the text "1" to 2 kpc, but 0 < from < to < ∞ must hold
      Fix: start above 0, for instance at 0.1 kpc: equal steps of log R never reach the centre.
    radii to text
      ArgumentError: logSpacedRadii: got radii from 1 to the text "2" kpc, but 0 < from < to < ∞ must hold
      Fix: start above 0, for instance at 0.1 kpc: equal steps of log R never reach the centre.
    something else for a component
      ArgumentError: circularVelocity: got the number 5 for a component
      Fix: pass one or more, such as [nfwHalo(…)].
    nothing for a component
      ArgumentError: circularVelocity: got undefined for a component
      Fix: pass one or more, such as [nfwHalo(…)].
    a force of text
      ArgumentError: circularVelocity: the squared velocities of wind at 1 kpc add up to 01; a circular orbit needs a sum of 0 or more
      Fix: add the component that holds the orbit there, or correct velocitySquared.
    an acceleration at the centre
      ArgumentError: acceleration: radius is 0; it must be a finite number above 0.
    an acceleration that is none
      ArgumentError: acceleration: squared is NaN; it must be a finite number.
    a scale of no acceleration
      ArgumentError: radialAcceleration: scale is 0; it must be a finite number above 0.
    no acceleration to relate
      ArgumentError: radialAcceleration: visible is 0; it must be a finite number above 0.
    a population that is no text
      ArgumentError: parsePopulation: the text of a population is text; got the number 5.
      Fix: formatPopulation(…) writes one.
    a population whose name is a number
      FormatError: own.json: name is 5
      Fix: it is a text of letters, digits, "-" and "_"
    "
  `);
});

test("the scatter of a relation has the sign of its draw", () => {
  // The relations' scatter is symmetric, so only a fixed stream tells its sign.
  const [{ discScaleLength }] = samplePopulation({ count: 1, random: new Random(1) });
  expect(Math.log10(discScaleLength)).toMatchInlineSnapshot(`0.2904950043721918`);
});

test("the components are named as errors and figures call them", () => {
  const one = { mass: 1, scaleLength: 1 };
  expect([halo.name, exponentialDisc(one).name, hernquistBulge(one).name]).toEqual([
    "NFW halo",
    "exponential disc",
    "Hernquist bulge",
  ]);
});
