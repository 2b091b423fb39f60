/** The properties of galaxies that a model can be told, by name: light, so that the help can list them. */

/** In the order of the columns of galaxies.csv; the last one is of the extended population alone. */
export const CONDITIONS = [
  "disc-mass",
  "scale-length",
  "halo-mass",
  "concentration",
  "bulge-fraction",
] as const;

/** One of them. */
export type ConditionName = (typeof CONDITIONS)[number];

/** What is wanted of a sample: masses as log10 of solar masses, the scale length in kpc, the bulge fraction as a share. */
export type Request = Readonly<Partial<Record<ConditionName, number>>>;

/** Whether a request states the logarithm itself, as one does of masses. */
export function isLogarithmic(name: ConditionName): boolean {
  return name === "disc-mass" || name === "halo-mass";
}
