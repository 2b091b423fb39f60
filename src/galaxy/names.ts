/** Names that help texts list too: this file imports nothing. */

/** Families of dark-matter haloes; `HALO_PROFILES` says what they are. */
export const HALO_FAMILIES = ["nfw", "cored-nfw", "burkert", "einasto", "pseudo-isothermal"] as const;

/** One of {@link HALO_FAMILIES}. */
export type HaloFamily = (typeof HALO_FAMILIES)[number];
