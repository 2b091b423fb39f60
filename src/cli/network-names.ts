/** The networks by name: light, so that the help can list them without loading them. */

/** The first one is the reference post's. */
export const NETWORKS = ["autoencoder", "residual"] as const;

/** One of them. */
export type NetworkName = (typeof NETWORKS)[number];
