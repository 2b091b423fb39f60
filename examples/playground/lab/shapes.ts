/** Data in two dimensions, as mixtures of normal distributions, whose exact score is known; and names of schedules. */

import {
  cosineNoiseSchedule,
  linearSchedule,
  type NoiseSchedule,
  variancePreservingSchedule,
} from "halograd/diffusion";

/** A place. */
export type Point = readonly [x: number, y: number];

/** Standard deviation of each of the normal distributions that the data are a mixture of. */
export const SPREAD = 0.1;

/** Points along a curve. */
const along = (count: number, place: (part: number) => Point): Point[] =>
  Array.from({ length: count }, (_, i) => place(i / (count - 1)));

const circle = (count: number, radius: number): Point[] =>
  Array.from({ length: count }, (_, i) => {
    const angle = (2 * Math.PI * i) / count;
    return [radius * Math.cos(angle), radius * Math.sin(angle)] as const;
  });

/** Shapes by name, as centres of a mixture; all are about as wide as a standard normal distribution. */
export const SHAPES: Readonly<Record<string, readonly Point[]>> = {
  moons: [
    ...along(24, (part) => [1.1 * Math.cos(Math.PI * part) - 0.55, 1.1 * Math.sin(Math.PI * part) - 0.3]),
    ...along(24, (part) => [0.55 - 1.1 * Math.cos(Math.PI * part), 0.3 - 1.1 * Math.sin(Math.PI * part)]),
  ],
  spiral: along(60, (part) => {
    const turn = 0.35 + 0.65 * Math.sqrt(part);
    return [2 * turn * turn * Math.cos(10 * turn), 2 * turn * turn * Math.sin(10 * turn)];
  }),
  rings: [...circle(22, 0.75), ...circle(44, 1.75)],
};

/** Noise schedules by name. */
export const SCHEDULES: Readonly<Record<string, NoiseSchedule>> = {
  linear: linearSchedule,
  cosine: cosineNoiseSchedule,
  "variance-preserving": variancePreservingSchedule(),
};
