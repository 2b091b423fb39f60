/** The samplers by name: light, so that the help can list them without loading them. */

/** The first one is the reference post's. */
export const SAMPLERS = [
  "euler",
  "heun",
  "midpoint",
  "adams-bashforth",
  "dpm-solver",
  "runge-kutta",
  "ddpm",
  "churn",
] as const;

/** One of them. */
export type SamplerName = (typeof SAMPLERS)[number];
