/**
 * What can be named: populations, networks, conditions, samplers and scores. It loads nothing, so that a page or a help text can list
 * the names without what is behind them.
 */

/** The populations of galaxies: the reference post's, and a wider one for measured galaxies. */
export const POPULATIONS = ["standard", "extended"] as const;

/** One of them. */
export type PopulationName = (typeof POPULATIONS)[number];

/** The networks: the reference post's, and a larger one that is told the amount of noise. */
export const NETWORKS = ["autoencoder", "residual"] as const;

/** One of them. */
export type NetworkName = (typeof NETWORKS)[number];

/** What becomes of a learning rate in training: it stays, or falls to 0 as half a cosine. */
export const LEARNING_RATE_SCHEDULES = ["constant", "cosine"] as const;

/** One of them. */
export type LearningRateSchedule = (typeof LEARNING_RATE_SCHEDULES)[number];

/**
 * The properties of galaxies that a model can be conditioned on, in the order of the columns of galaxies.csv; only galaxies of the
 * extended population have the last one.
 */
export const CONDITIONS = [
  "disc-mass",
  "scale-length",
  "halo-mass",
  "concentration",
  "bulge-fraction",
] as const;

/** One of them. */
export type ConditionName = (typeof CONDITIONS)[number];

/**
 * The galaxies that samples are asked for: masses as log10 of solar masses, the scale length in kpc, the bulge fraction as the
 * bulge's share in the mass of all stars. What is left out stays open.
 */
export type Condition = Readonly<Partial<Record<ConditionName, number | undefined>>>;

/** The samplers; the first one is the reference post's. */
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

/** What a score is called, and what it means. */
export interface ScoreName<Key extends string = string> {
  /** Under which it stands in tables. */
  readonly key: Key;
  /** What people call it. */
  readonly title: string;
  /** "" for a share or a pure number. */
  readonly unit: string;
  /** Digits behind the point. */
  readonly decimals: number;
  /** Where worse values lie, seen from those of equal sets. */
  readonly worse: "higher" | "lower" | "either";
  /** One line, without a full stop. */
  readonly definition: string;
  /** The paper that defines it. */
  readonly source: string;
}

/** The keys of the scores that every comparison has. */
export type ScoreKey =
  | "mmd"
  | "energy"
  | "classifier"
  | "classifierLog"
  | "classifierSlope"
  | "classifierCurvature"
  | "neighbour"
  | "precision"
  | "recall"
  | "density"
  | "coverage"
  | "roughness"
  | "physics"
  | "physics95"
  | "physics99";

const LOPEZ = "Lopez-Paz & Oquab 2017, arXiv:1610.06545";
const FIT = "Freeman 1970, ApJ 160, 811; Navarro, Frenk & White 1997, ApJ 490, 493";

/** In the order of the tables. */
export const SCORES: readonly ScoreName<ScoreKey>[] = [
  {
    key: "mmd",
    title: "MMD²",
    unit: "",
    decimals: 5,
    worse: "higher",
    definition: "unbiased squared maximum mean discrepancy, five Gaussian kernels; around 0 for equal ones",
    source: "Gretton et al. 2012, JMLR 13, 723",
  },
  {
    key: "energy",
    title: "energy distance",
    unit: "km/s",
    decimals: 3,
    worse: "higher",
    definition:
      "2 E d(x, y) − E d(x, x') − E d(y, y'); near 0 for equal ones, falling with the number of curves",
    source: "Székely & Rizzo 2013, JSPI 143, 1249",
  },
  {
    key: "classifier",
    title: "classifier",
    unit: "",
    decimals: 3,
    worse: "higher",
    definition: "share of unseen curves that a small network assigns rightly; 0.5 for equal ones, 1 at worst",
    source: LOPEZ,
  },
  {
    key: "classifierLog",
    title: "classifier, ln v",
    unit: "",
    decimals: 3,
    worse: "higher",
    definition: "the same of the logarithms of the velocities",
    source: LOPEZ,
  },
  {
    key: "classifierSlope",
    title: "classifier, slopes",
    unit: "",
    decimals: 3,
    worse: "higher",
    definition: "the same of the differences of ln v between neighbouring radii",
    source: LOPEZ,
  },
  {
    key: "classifierCurvature",
    title: "classifier, curvature",
    unit: "",
    decimals: 3,
    worse: "higher",
    definition: "the same of the second differences of ln v, which show the finest details",
    source: LOPEZ,
  },
  {
    key: "neighbour",
    title: "1-NN",
    unit: "",
    decimals: 3,
    worse: "higher",
    definition:
      "share of curves whose nearest neighbour is of their own kind; 0.5 for equal ones, 1 at worst",
    source: "Xu et al. 2018, arXiv:1806.07755",
  },
  {
    key: "precision",
    title: "precision",
    unit: "",
    decimals: 3,
    worse: "lower",
    definition: "share of samples among the real curves, nearer than the 5th neighbour of one of them",
    source: "Kynkäänniemi et al. 2019, arXiv:1904.06991",
  },
  {
    key: "recall",
    title: "recall",
    unit: "",
    decimals: 3,
    worse: "lower",
    definition: "share of real curves among the samples, by the same measure",
    source: "Kynkäänniemi et al. 2019, arXiv:1904.06991",
  },
  {
    key: "density",
    title: "density",
    unit: "",
    decimals: 3,
    worse: "either",
    definition: "real curves whose 5th neighbour is farther than a sample, over 5; about 1 for equal ones",
    source: "Naeem et al. 2020, arXiv:2002.09797",
  },
  {
    key: "coverage",
    title: "coverage",
    unit: "",
    decimals: 3,
    worse: "lower",
    definition: "share of real curves with a sample nearer than their 5th neighbour",
    source: "Naeem et al. 2020, arXiv:2002.09797",
  },
  {
    key: "roughness",
    title: "roughness",
    unit: "km/s",
    decimals: 3,
    worse: "either",
    definition: "mean absolute second difference along the radii, median over the samples",
    source: "of this project",
  },
  {
    key: "physics",
    title: "physics residual",
    unit: "km/s",
    decimals: 3,
    worse: "higher",
    definition:
      "root mean square misfit of the best disc and halo (four parameters), median over the samples",
    source: FIT,
  },
  {
    key: "physics95",
    title: "physics residual, 95 %",
    unit: "km/s",
    decimals: 3,
    worse: "higher",
    definition: "the misfit that 5 of 100 samples exceed",
    source: FIT,
  },
  {
    key: "physics99",
    title: "physics residual, 99 %",
    unit: "km/s",
    decimals: 3,
    worse: "higher",
    definition: "the misfit that 1 of 100 samples exceeds",
    source: FIT,
  },
];

/** Nearest-neighbour memorisation, where training curves are known. */
export const MEMORISATION: ScoreName = {
  key: "memorised",
  title: "memorised",
  unit: "",
  decimals: 3,
  worse: "higher",
  definition:
    "share of samples nearer to a training curve than to as many unseen ones; 0.5 for no copying, 1 at worst",
  source: "Meehan et al. 2020, arXiv:2004.05675; Alaa et al. 2022, arXiv:2102.08921",
};

/** A p-value below this tells two sets apart. */
export const SIGNIFICANCE = 0.01;
