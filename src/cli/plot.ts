/** `halograd plot`: figures from the files of a run. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { FormatError } from "../basics/errors.ts";
import { Random } from "../basics/random.ts";
import {
  illustrateNoise,
  illustratePredictions,
  illustrateSampling,
  type SamplerName,
  unseenCurves,
} from "../curves/index.ts";
import type { EpochLosses } from "../diffusion/index.ts";
import { parseCsv } from "../io/index.ts";
import { curvesFigure, noiseFigure, predictionsFigure, samplingFigure } from "../plot/index.ts";
import { UsageError } from "./arguments.ts";
import type { Context, Outcome } from "./context.ts";
import { readCurves, readGalaxies, readModelFile } from "./input.ts";
import { FIGURES, type FigureName, figureFile, OutputFolder, tellOutcome } from "./output.ts";
import type { Sources } from "./provenance.ts";
import { drawLoss, LOSS_COLUMNS } from "./train.ts";

/** The values of the command's options. */
export interface PlotOptions {
  readonly from: string;
  readonly data: string | undefined;
  readonly galaxies: string | undefined;
  readonly loss: string | undefined;
  readonly model: string | undefined;
  /** Default: the network's. */
  readonly sampler: SamplerName | undefined;
  /** Default: 31. */
  readonly steps: number | undefined;
  /** Default: the model's. */
  readonly seed: number | undefined;
  readonly out: string;
  readonly force: boolean;
}

/** The command. */
export function plot(values: PlotOptions, context: Context, wanted: readonly string[]): Outcome {
  const names = FIGURES.filter((name) => wanted.length === 0 || wanted.includes(name));
  for (const option of ["data", "galaxies", "loss", "model", "sampler", "steps", "seed"] as const) {
    if (values[option] === undefined || names.some((name) => USED[name].includes(option))) continue;
    throw new UsageError(
      "halograd plot",
      `--${option} does nothing for the figure ${names.join(", ")}`,
      `leave it out, or add a figure that needs it: ${FIGURES.filter((name) => USED[name].includes(option)).join(", ")}`,
    );
  }
  const read = reader(values, context.sources);
  // Each reads its inputs, and returns what is left to do: a missing file is told before anything is created.
  const prepare: Record<FigureName, () => () => string> = {
    curves: () => {
      const [{ radii, curves }, discMasses] = [read.curves(), read.discMasses()];
      return () => curvesFigure({ radii, curves, ...(discMasses && { discMasses }) });
    },
    noise: () => {
      const [model, unseen, random] = [read.model(), read.unseen(), read.random()];
      return () => noiseFigure(illustrateNoise(model, unseen, random));
    },
    loss: () => {
      const [losses, model] = [read.losses(), read.modelOfLosses()];
      return () => drawLoss(losses, model);
    },
    predictions: () => {
      const [model, unseen, random] = [read.model(), read.unseen(), read.random()];
      return () => predictionsFigure(illustratePredictions(model, unseen, random));
    },
    sampling: () => {
      const [model, random] = [read.model(), read.random()];
      const { sampler, steps } = values;
      return () => samplingFigure(illustrateSampling(model, { sampler, steps, random }));
    },
  };
  const drawings = names.map((name) => [figureFile(name), prepare[name]()] as const);
  const output = new OutputFolder(values.out, {
    names: names.map(figureFile),
    sources: context.sources,
    force: values.force,
  });
  output.write(drawings.map(([name, draw]) => [name, draw()] as const));
  tellOutcome(context, output, true);
  return { complete: true, result: output.result() };
}

/** The options that each figure heeds. */
const USED: Readonly<Record<FigureName, readonly (keyof PlotOptions)[]>> = {
  curves: ["data", "galaxies"],
  noise: ["model", "data", "seed"],
  loss: ["loss", "model"],
  predictions: ["model", "data", "seed"],
  sampling: ["model", "sampler", "steps", "seed"],
};

/** The inputs, each read when a figure first asks for it. */
function reader(values: PlotOptions, sources: Sources) {
  const inputOf = (key: "data" | "loss" | "model" | "galaxies", name: string): string =>
    values[key] ?? join(values.from, name);
  const data = inputOf("data", "curves.csv");
  const curves = once(() => readCurves(data, sources));
  const modelFile = inputOf("model", "model.safetensors");
  const model = once(() => readModelFile(modelFile, sources).model);
  return {
    curves,
    model,
    random: () => {
      sources.seed ??= model().training.seed;
      return new Random(sources.seed);
    },
    losses: () => readLosses(inputOf("loss", "loss.csv"), sources),
    /** Unasked, the model is taken only where it belongs to the losses: their figure tells what validates. */
    modelOfLosses: () =>
      values.model === undefined && (values.loss !== undefined || !existsSync(modelFile))
        ? undefined
        : model(),
    unseen: once(() => unseenCurves(model(), curves(), data)),
    discMasses: () => {
      const path = inputOf("galaxies", "galaxies.csv");
      // Unasked, the parameters are taken only where they belong to the curves.
      if (values.galaxies === undefined && (values.data !== undefined || !existsSync(path))) return undefined;
      return readGalaxies(path, curves(), sources).map(({ discMass }) => discMass);
    },
  };
}

function readLosses(path: string, sources: Sources): EpochLosses[] {
  const { rows } = parseCsv(sources.text(path), { source: path, columns: LOSS_COLUMNS });
  rows.forEach(([epoch, train, valid], i) => {
    if (train > 0 && valid > 0 && (i === 0 || epoch > rows[i - 1][0])) return;
    throw new FormatError(
      path,
      `epoch ${epoch} (row ${i + 1}) has the losses ${train} and ${valid}`,
      "epochs must grow, and losses be above 0",
    );
  });
  if (rows.length === 0) throw new FormatError(path, "no epoch follows the header", "train for at least one");
  return rows.map(([epoch, train, valid]) => ({ epoch, train, valid }));
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
