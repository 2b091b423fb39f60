/**
 * Computes for the page: trains, samples, denoises and infers with the model that is there. Long work leaves the event loop its turns,
 * so that curves can be sampled while a training goes on.
 */

import { Random } from "halograd";
import {
  breathing,
  finish,
  generatePopulation,
  inferCurves,
  intervalsOf,
  type Model,
  POPULATIONS,
  type Population,
  type PopulationName,
  type Posterior,
  predictCurves,
  readModel,
  type SamplingOptions,
  sampleCurves,
  samplingSteps,
  trainModel,
  writeModel,
} from "halograd/curves";
import type { EpochLosses } from "halograd/diffusion";
import { Plane } from "./plane.ts";
import type {
  Inference,
  ModelSummary,
  Reply,
  Request,
  SamplingSettings,
  TaskName,
  Tasks,
  Walk,
} from "./protocol.ts";
import { INFERENCE } from "./settings.ts";

/** What a task can do besides computing. */
interface Context<Report> {
  report(report: Report): void;
  /** Drives work to its end, or until the page stops it: then what it returned is undefined. */
  follow<Step, Result>(
    work: Generator<Step, Result, void>,
    onStep?: (step: Step) => void,
  ): Promise<Result | undefined>;
}

let model: Model | undefined;
let plane: Plane | undefined;

const tasks: {
  readonly [K in TaskName]: (
    settings: Tasks[K]["settings"],
    context: Context<Tasks[K]["report"]>,
  ) => Tasks[K]["result"] | Promise<Tasks[K]["result"]>;
} = {
  open({ bytes, name }) {
    const opened = readModel(bytes, name);
    // A training would put its own model in place of this one.
    for (const job of jobs.values()) if (job.task === "train") stop(job);
    model = opened;
    return summaryOf(model);
  },

  save: () => writeModel(current()),

  async train({ count, population, seed, length, ...settings }, { report, follow }) {
    const random = new Random(seed);
    let last = performance.now();
    const isDue = (): boolean => performance.now() - last > BETWEEN_REPORTS;
    const galaxies = await follow(generatePopulation({ count, population, random }), ({ done, total }) => {
      if (!isDue()) return;
      report({ done, total, losses: [], samples: [], model: null });
      last = performance.now();
    });
    if (galaxies === undefined) return null;
    const size = settings.network === "residual" ? { batches: length } : { epochs: length };
    // The residual network alone has conditions.
    const conditions = settings.network === "residual" ? settings.conditions : [];
    let losses: EpochLosses[] = [];
    let own: Model | undefined;
    const work = trainModel(galaxies, { ...settings, ...size, conditions, random });
    const left = await follow(work, (training) => {
      losses.push(training.loss);
      model = own = training.model;
      if (!isDue() && training.done < training.total) return;
      const { done, total } = training;
      report({ done, total, losses, samples: samplesOf(model, seed), model: summaryOf(model) });
      losses = [];
      last = performance.now();
    });
    if (left !== undefined) model = own = left.model;
    return own === undefined || own !== model ? null : summaryOf(own);
  },

  async walk(settings, { follow }): Promise<Walk> {
    const steps: Walk["steps"][number][] = [];
    const work = samplingSteps(current(), optionsOf(settings));
    const final = await follow(work, ({ t, state, prediction }) => void steps.push({ t, state, prediction }));
    return { steps, final: final ?? [] };
  },

  sample: async (settings, { follow }) => (await follow(sampleCurves(current(), optionsOf(settings)))) ?? [],

  predict({ galaxy, amount, seed }) {
    const { radii, curves } = unseenOf(
      POPULATIONS.find((name) => name === current().training.population) ?? "standard",
    );
    const clean = curves[galaxy];
    const random = new Random(seed).fork(galaxy);
    const { noisy, prediction } = predictCurves(current(), { radii, curves: [clean] }, { amount, random });
    return { clean, noisy: noisy[0], prediction: prediction[0] };
  },

  async infer({ points, seed }, { report, follow }) {
    let last = performance.now();
    const options = { random: new Random(seed), ...INFERENCE };
    const found = await follow(inferCurves(current(), [points], options), (progress) => {
      if (performance.now() - last < 2 * BETWEEN_REPORTS) return;
      const sofar = progress.posteriors;
      if (sofar !== undefined) report(tellPosterior(sofar[0], progress.done));
      last = performance.now();
    });
    return found === undefined ? null : tellPosterior(found[0], 1);
  },

  async trainPlane({ centres, seed }, { report, follow }) {
    const start = performance.now();
    const losses: EpochLosses[] = [];
    const own = new Plane(centres, seed);
    await follow(own.train(), ({ step, train, valid }) => {
      losses.push({ epoch: step, train, valid });
      report({ done: step, total: own.steps });
    });
    plane = own;
    return { losses, milliseconds: performance.now() - start, data: own.someData() };
  },

  field({ t, points }) {
    const own = trainedPlane();
    const [learned, exact] = (["learned", "exact"] as const).map((which) => own.scores(which, points, t));
    return { learned, exact, error: own.errors(t) };
  },

  async flow(settings, { follow }) {
    const own = trainedPlane();
    const [learned, exact] = [[], []] as Float32Array[][];
    await follow(own.flow("learned", settings), (places) => void learned.push(places));
    await follow(own.flow("exact", settings), (places) => void exact.push(places));
    return { learned, exact };
  },
};

/** Milliseconds between reports: a page has nothing from more. */
const BETWEEN_REPORTS = 200;

function current(): Model {
  if (model === undefined) throw new Error("There is no model yet: train one, or open one.");
  return model;
}

function trainedPlane(): Plane {
  if (plane === undefined) throw new Error("There is no model of the plane yet: train one.");
  return plane;
}

function summaryOf({ network, radii, training, conditions = [] }: Model): ModelSummary {
  return {
    network: training.batches === undefined ? "autoencoder" : "residual",
    radii,
    training,
    conditions,
    weights: network.parameters().reduce((sum, { size }) => sum + size, 0),
  };
}

/** The same noise each time, so that one sees the same curves get better. Early networks may give no curve at all. */
function samplesOf(own: Model, seed: number): readonly Float64Array[] {
  try {
    return finish(sampleCurves(own, { count: 8, random: new Random(seed) }));
  } catch {
    return [];
  }
}

function optionsOf({ flat, peak, seed, ...settings }: SamplingSettings): SamplingOptions {
  return { ...settings, wishes: { flat, peak }, random: new Random(seed) };
}

const unseen = new Map<PopulationName, Population>();

/** Galaxies that no model of the page was trained on, of each population. */
function unseenOf(population: PopulationName): Population {
  const known = unseen.get(population);
  if (known !== undefined) return known;
  const random = new Random(0).fork("unseen");
  const own = finish(generatePopulation({ count: 20, population, random }));
  unseen.set(population, own);
  return own;
}

function tellPosterior(posterior: Posterior, done: number): Inference {
  const { curves, effectiveCount, rHat, predictiveP, leftOut } = posterior;
  const step = Math.max(1, Math.floor(curves.length / 30));
  return {
    done,
    intervals: intervalsOf(posterior),
    curves: curves.filter((_, i) => i % step === 0).slice(0, 30),
    effectiveCount,
    rHat,
    predictiveP,
    leftOut,
  };
}

/** Tasks under way. */
const jobs = new Map<number, Running>();

interface Running {
  readonly task: TaskName;
  isPaused: boolean;
  isStopped: boolean;
  /** Ends a pause. */
  wake: () => void;
}

function stop(job: Running): void {
  job.isStopped = true;
  job.wake();
}

async function run(request: Extract<Request, { task: TaskName }>): Promise<void> {
  const { id } = request;
  const job: Running = { task: request.task, isPaused: false, isStopped: false, wake: () => {} };
  jobs.set(id, job);
  const post = (reply: Reply): void => postMessage(reply);
  const context: Context<unknown> = {
    report: (report) => post({ id, report }),
    async follow<Step, Result>(work: Generator<Step, Result, void>, onStep?: (step: Step) => void) {
      const breaths = breathing(work);
      for (;;) {
        const step = await breaths.next();
        if (step.done) return step.value;
        if (!job.isStopped) onStep?.(step.value);
        while (job.isPaused && !job.isStopped)
          await new Promise<void>((resolve) => {
            job.wake = resolve;
          });
        if (!job.isStopped) continue;
        await breaths.return(undefined as never);
        return undefined;
      }
    },
  };
  try {
    const task = tasks[request.task] as (settings: unknown, context: Context<unknown>) => unknown;
    post({ id, result: await task(request.settings, context) });
  } catch (error) {
    post({ id, error: error instanceof Error ? error.message : String(error) });
  } finally {
    jobs.delete(id);
  }
}

addEventListener("message", ({ data: request }: MessageEvent<Request>) => {
  if ("task" in request) {
    void run(request);
    return;
  }
  const job = jobs.get(request.id);
  if (job === undefined) return;
  if (request.control === "stop") {
    stop(job);
    return;
  }
  job.isPaused = request.control === "pause";
  job.wake();
});
