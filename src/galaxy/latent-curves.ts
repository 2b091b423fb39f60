/**
 * Rotation curves of a population's galaxies as a sampler asks for them: of latents, millions of times at the same radii. What costs most,
 * the shapes of discs and haloes, comes from tables.
 */

import { exp, log, tanh } from "../kernels/math.ts";
import { discShape } from "./bessel.ts";
import { GRAVITATIONAL_CONSTANT, nfwShape, virialScales } from "./components.ts";
import type { ExtendedGalaxyParameters } from "./extended.ts";
import { type GalaxyPopulation, galaxyOf, latentNumbers } from "./scaling.ts";

/**
 * The circular velocity, km/s, of the galaxy that latents from `offset` on stand for, at radii that were fixed, into `out`: within a share of
 * 1e-8 of `rotationCurves` and `extendedRotationCurves`.
 *
 * @param population that was checked
 * @param radii kpc, above 0
 */
export function latentCurves(
  population: GalaxyPopulation,
  radii: ArrayLike<number>,
): (latents: ArrayLike<number>, offset: number, out: Float64Array) => void {
  const logRadii = Float64Array.from(radii, log);
  const [disc, nfw, core] = [DISC(), NFW(), CORE()];
  return (latents, offset, out) => {
    const galaxy = galaxyOf(population, latentNumbers(latents, offset)) as ExtendedGalaxyParameters;
    const { discMass, discScaleLength, haloMass, concentration } = galaxy;
    const { virialRadius } = virialScales(haloMass, population);
    const halo = (GRAVITATIONAL_CONSTANT * haloMass) / virialRadius / nfwShape(concentration);
    const scaleAt = log(virialRadius / concentration);
    const [stars, starsAt] = [discAmplitude(discMass, discScaleLength), log(2 * discScaleLength)];
    const isExtended = galaxy.gasMass !== undefined;
    const gas = isExtended ? discAmplitude(galaxy.gasMass, galaxy.gasScaleLength) : 0;
    const [gasAt, coreAt] = isExtended ? [log(2 * galaxy.gasScaleLength), log(galaxy.coreRadius)] : [0, 0];
    const bulge = isExtended ? GRAVITATIONAL_CONSTANT * galaxy.bulgeMass : 0;
    for (let i = 0; i < out.length; i++) {
      const logRadius = logRadii[i];
      let cusp = halo * nfw.at(logRadius - scaleAt);
      let sum = stars * disc.at(logRadius - starsAt);
      if (isExtended) {
        cusp *= exp(galaxy.coreStrength * core.at(logRadius - coreAt));
        const reach = radii[i] + galaxy.bulgeScaleLength;
        sum += gas * disc.at(logRadius - gasAt) + (bulge * radii[i]) / (reach * reach);
      }
      out[i] = Math.sqrt(sum + cusp);
    }
  };
}

const discAmplitude = (mass: number, scaleLength: number): number =>
  (2 * GRAVITATIONAL_CONSTANT * mass) / scaleLength;

/** A smooth function of ln x by interpolation: of third degree through the nearest four of many nodes, exact beyond their range. */
class Table {
  readonly #exact: (logX: number) => number;
  readonly #values: Float64Array;

  constructor(exact: (logX: number) => number) {
    this.#exact = exact;
    this.#values = Float64Array.from({ length: 2 * REACH * PER_UNIT + 1 }, (_, i) =>
      exact(i / PER_UNIT - REACH),
    );
  }

  at(logX: number): number {
    const place = (logX + REACH) * PER_UNIT;
    const i = Math.floor(place);
    const values = this.#values;
    if (!(i >= 1 && i + 2 < values.length)) return this.#exact(logX);
    const t = place - i;
    const [a, b, c, d] = [values[i - 1], values[i], values[i + 1], values[i + 2]];
    // Lagrange's polynomial through t = −1, 0, 1, 2, by powers of t.
    const third = (d - a) / 6 + (b - c) / 2;
    const second = (a + c) / 2 - b;
    const first = c - b / 2 - a / 3 - d / 6;
    return b + t * (first + t * (second + t * third));
  }
}

/** Tables go from e^−12 to e^12 with so many nodes for each factor of e. */
const REACH = 12;
const PER_UNIT = 128;

const lazily = <T>(make: () => T): (() => T) => {
  let made: T | undefined;
  return () => (made ??= make());
};

/** The shape of a disc, of ln y. */
const DISC: () => Table = /* @__PURE__ */ lazily(() => new Table((logY) => discShape(exp(logY))));

/** ln tanh(R/coreRadius), of ln of the ratio. */
const CORE: () => Table = /* @__PURE__ */ lazily(() => new Table((logX) => log(tanh(exp(logX)))));

/** The shape of a halo, of ln of the radius in units of its scale. */
const NFW: () => Table = /* @__PURE__ */ lazily(() => new Table((logX) => nfwShape(exp(logX))));
