/** The wishes that samples can be guided by, by name: light, so that the help can list them. */

/** What is wanted of the curves. */
export interface Guide {
  /** Flat from this radius on, kpc. */
  readonly flat?: number;
  /** Fastest at this radius, kpc. */
  readonly peak?: number;
  /** Near the points of this file. */
  readonly points?: string;
}
