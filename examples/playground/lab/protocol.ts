/** What the page and its worker say to each other: tasks with their settings, what they report on the way, and their results. */

import type {
  Condition,
  ConditionName,
  LearningRateSchedule,
  Model,
  NetworkName,
  PopulationName,
  SamplerName,
} from "halograd/curves";
import type { EpochLosses } from "halograd/diffusion";
import type { Observations } from "halograd/io";

/** A model as the page sees it: all but its weights. */
export interface ModelSummary extends Omit<Model, "network" | "standardization" | "conditions"> {
  readonly network: NetworkName;
  readonly conditions: NonNullable<Model["conditions"]>;
  /** How many numbers the network has learned. */
  readonly weights: number;
}

export interface TrainingSettings {
  readonly network: NetworkName;
  readonly population: PopulationName;
  readonly count: number;
  readonly seed: number;
  readonly widths: readonly number[];
  readonly learningRate: number;
  readonly schedule: LearningRateSchedule;
  /** Epochs, or batches of the residual network. */
  readonly length: number;
  readonly conditions: readonly ConditionName[];
}

export interface TrainingReport {
  readonly done: number;
  readonly total: number;
  /** Since the last report. */
  readonly losses: readonly EpochLosses[];
  /** Curves that the model samples by now, always from the same noise; none while galaxies are made. */
  readonly samples: readonly Float64Array[];
  readonly model: ModelSummary | null;
}

/** How curves are sampled; the worker makes the stream of the seed. */
export interface SamplingSettings {
  readonly sampler: SamplerName;
  readonly steps: number;
  readonly seed: number;
  readonly count: number;
  readonly condition?: Condition | undefined;
  readonly guidance?: number | undefined;
  readonly flat?: number | undefined;
  readonly peak?: number | undefined;
}

/** Every step of a sampling. */
export interface Walk {
  readonly steps: readonly {
    readonly t: number;
    readonly state: readonly Float64Array[];
    readonly prediction: readonly Float64Array[];
  }[];
  readonly final: readonly Float64Array[];
}

export interface Prediction {
  readonly clean: Float64Array;
  readonly noisy: Float64Array;
  readonly prediction: Float64Array;
}

/** What is known of a measured galaxy. */
export interface Inference {
  readonly done: number;
  /** Quantiles at 2.5, 16, 25, 50, 75, 84 and 97.5 %, km/s, [radii][7] */
  readonly intervals: readonly (readonly number[])[];
  /** Some of the posterior's curves. */
  readonly curves: readonly Float64Array[];
  readonly effectiveCount: number;
  readonly rHat: number;
  readonly predictiveP: number;
  readonly leftOut: number;
}

export interface PlaneTraining {
  /** Centres of the normal distributions that the data are a mixture of. */
  readonly centres: readonly (readonly [number, number])[];
  readonly seed: number;
}

export interface PlaneTrained {
  readonly losses: readonly EpochLosses[];
  readonly milliseconds: number;
  /** Some of the data, x and y in turn. */
  readonly data: Float32Array;
}

/** Numbers of the network, and the exact ones. */
export interface Both<T> {
  readonly learned: T;
  readonly exact: T;
}

/** One kind of task. */
interface Task<Settings, Result, Report = never> {
  readonly settings: Settings;
  readonly result: Result;
  readonly report: Report;
}

export interface Tasks {
  readonly open: Task<{ readonly bytes: Uint8Array; readonly name: string }, ModelSummary>;
  readonly save: Task<null, Uint8Array>;
  readonly train: Task<TrainingSettings, ModelSummary | null, TrainingReport>;
  readonly walk: Task<SamplingSettings, Walk>;
  readonly sample: Task<SamplingSettings, readonly Float64Array[]>;
  readonly predict: Task<
    { readonly galaxy: number; readonly amount: number; readonly seed: number },
    Prediction
  >;
  readonly infer: Task<{ readonly points: Observations; readonly seed: number }, Inference | null, Inference>;
  readonly trainPlane: Task<PlaneTraining, PlaneTrained, { readonly done: number; readonly total: number }>;
  /** Scores at the points of a grid, x and y in turn. */
  readonly field: Task<
    { readonly t: number; readonly points: Float32Array },
    Both<Float32Array> & { readonly error: Both<number> }
  >;
  /** Places of particles at each step, x and y in turn, [steps + 1][particles · 2] */
  readonly flow: Task<
    {
      readonly sampler: SamplerName;
      readonly steps: number;
      readonly seed: number;
      readonly count: number;
      readonly schedule: string;
    },
    Both<readonly Float32Array[]>
  >;
}

export type TaskName = keyof Tasks;

/** To the worker. */
export type Request =
  | {
      readonly [K in TaskName]: {
        readonly id: number;
        readonly task: K;
        readonly settings: Tasks[K]["settings"];
      };
    }[TaskName]
  | { readonly id: number; readonly control: "pause" | "resume" | "stop" };

/** From the worker. */
export type Reply =
  | { readonly id: number; readonly report: unknown }
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string };
