/** The populations of galaxies by their names on the command line; loads nothing. */

/** The reference post's, and a wider one for measured galaxies. */
export const POPULATIONS = ["standard", "extended"] as const;
export type PopulationName = (typeof POPULATIONS)[number];
