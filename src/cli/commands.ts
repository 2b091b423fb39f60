/**
 * The commands and their options: the one table from which parsing, checks and help are derived. What a command
 * does is loaded when it is called, so that `halograd --help` loads no engine.
 */

import { dirname } from "node:path";
import { ArgumentError } from "../basics/errors.ts";
import {
  CONDITIONS,
  type ConditionName,
  LEARNING_RATE_SCHEDULES,
  MEMORISATION,
  NETWORKS,
  POPULATIONS,
  SAMPLERS,
  SCORES,
} from "../curves/names.ts";
import { HALO_FAMILIES } from "../galaxy/names.ts";
import type { PartColumns } from "../io/index.ts";
import { FileError } from "../node/files.ts";
import {
  aboveZero,
  anyText,
  assignments,
  beside,
  choice,
  columns,
  counts,
  dashed,
  flag,
  type Grammar,
  integer,
  list,
  listed,
  type Options,
  parseWords,
  path,
  real,
  text,
} from "./arguments.ts";
import type { Work } from "./batch.ts";
import type { Context, Outcome, Surroundings } from "./context.ts";
import { FIGURES } from "./output.ts";
import { Sources } from "./provenance.ts";
import type { GuideOption } from "./sample.ts";
import { inOptions } from "./words.ts";

/** A command, ready to be called with the words behind its name. */
export interface Command extends Grammar {
  /** @throws UsageError when the words are wrong */
  prepare(where: string, words: readonly string[]): Prepared;
  /** The work that it shares among threads. */
  readonly work?: (() => Promise<(setup: unknown) => Work<unknown>>) | undefined;
}

/** A command line that was understood. */
interface Prepared {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly log: string | undefined;
  start(surroundings: Surroundings): Promise<Outcome>;
}

/** The work of a command. */
type Job<Values> = (
  values: Values,
  context: Context,
  operands: readonly string[],
) => Outcome | Promise<Outcome>;

/** What a thread of the command does with galaxies, made with what the command says. */
type ThreadWork = (setup: never) => Work<unknown>;

const shared = {
  json: flag("print the result as JSON on stdout, messages on stderr"),
  quiet: flag("print errors only"),
};
const output = {
  out: path("FOLDER", "out", "folder to write into"),
  force: flag("replace files that are already there"),
};
const log = path("FILE", undefined, "progress and losses are added to it as JSON lines", "none");
/** Of long work, which can be watched, and goes on where it was stopped. */
const long = {
  log,
  resume: flag(
    "goes on where the same command was stopped, and ends with the same bytes; starts where nothing was saved yet",
  ),
};
/** What a training that was stopped goes on with. */
const resuming = {
  ...long,
  checkpoint: real(
    10,
    { least: 0, most: 86_400 },
    "seconds of training from one checkpoint to the next, for --resume; more where it takes long to write one",
  ),
};
/** As {@link output}; unless another is given, the folder of the file that an option names. */
const outputBeside = (option: string): typeof output => ({
  ...output,
  out: {
    ...output.out,
    standard: undefined as never,
    standardText: `the folder of --${option}`,
    folderOf: option,
  },
});
const seed = integer(
  0,
  Number.MIN_SAFE_INTEGER,
  Number.MAX_SAFE_INTEGER,
  "the same seed gives the same numbers, to the last bit",
);
const seedOfModel = integer(
  undefined,
  Number.MIN_SAFE_INTEGER,
  Number.MAX_SAFE_INTEGER,
  seed.help,
  "the model's",
);
// The tables of 100,000 curves are texts of 90 MB each; JavaScript ends at 512 MB.
const MOST_CURVES = 100_000;
const data = path("FILE", "out/curves.csv", "curves: radii [kpc] in the header, a row a galaxy [km/s]");
const model = path("FILE", "out/model.safetensors", "a model that halograd run or train wrote");
/** What the columns of a measured galaxy can be called. */
const columnNames = (names: readonly (keyof PartColumns)[]) =>
  listed<PartColumns>(
    assignments(
      Object.fromEntries(names.map((name) => [name, anyText])) as Record<keyof PartColumns, typeof anyText>,
      "the name of a column, or its number from 1",
      `columns that have other names: ${names.join(", ")}; error=UP/DOWN where errors differ upwards and downwards`,
    ),
    names,
  );
const galaxyFiles = {
  name: "FILE",
  help: "a galaxy each: a table with radius [kpc], velocity [km/s] and error [km/s] of each point, or a rotmod file of SPARC; - for standard input",
  least: 0,
  most: 100_000,
};
const galaxyOptions = (names: readonly (keyof PartColumns)[]) => ({
  sparc: path("FILE", undefined, "the table of SPARC's curves, as published", "none"),
  galaxies: path(
    "FILE",
    undefined,
    "the table of SPARC's galaxies: distance, inclination and their errors, luminosity, gas, quality",
    "none, and distance and inclination are taken as they are",
  ),
  galaxy: beside(text("NAME", "one galaxy of --sparc; default all"), "sparc"),
  columns: columnNames(names),
  distance: real(
    undefined,
    { above: 0, below: 1e5 },
    "the galaxy's distance in Mpc, for radii in arcseconds or other angles",
    "none: radii are in kpc",
  ),
});
/** Work on several galaxies. */
const batch = {
  ...long,
  jobs: integer(
    undefined,
    1,
    1024,
    "galaxies at the same time; the results do not depend on it",
    "the cores",
  ),
};
const population = {
  ...path(
    "FILE",
    POPULATIONS[0],
    `${POPULATIONS.join(" or ")}: the reference post's, or a wider one for measured galaxies, from 10⁷ solar masses, with gas and bulges; or a file of one's own, made from what halograd population prints`,
  ),
  placeholder: "NAME",
  rule: `${POPULATIONS.join(", ")} or the path of a file`,
};
const threads = integer(
  undefined,
  1,
  64,
  "threads that share the work; the results do not depend on it",
  "the cores, at most 4, where it takes some seconds in the residual network; else 1",
);
const training = {
  threads,
  network: choice(
    NETWORKS,
    "the reference post's network, or a larger one that is told the amount of noise and learns principal components of log velocity",
  ),
  epochs: beside(
    integer(undefined, 1, 1_000_000, "passes over the training curves, of the autoencoder", "2001"),
    "network",
    "autoencoder",
  ),
  batches: beside(
    integer(undefined, 1, 1_000_000, "batches of 256 curves, of the residual network", "6000"),
    "network",
    "residual",
  ),
  learningRate: real(
    undefined,
    { above: 0, most: 1000 },
    "step size of the optimiser",
    "0.01; 0.004 of the residual network",
  ),
  conditions: beside(
    list(
      CONDITIONS,
      "what the residual network is told of each galaxy, to be asked for by sample; bulge-fraction with --population extended only",
    ),
    "network",
    "residual",
  ),
};
const sampler = {
  ...choice(SAMPLERS, "the way from noise to curve"),
  standard: undefined,
  standardText: "euler; adams-bashforth for the residual network",
};
const steps = integer(
  undefined,
  1,
  10_000,
  "steps of the sampler from noise to curve",
  "31; 16 for the residual network",
);

const tableFormat = choice(
  ["csv", "npz", "fits"],
  "tables as text, arrays for NumPy, or a table for TOPCAT and Astropy",
);

const modelFormat = choice(
  ["onnx", "npz"],
  "ONNX for onnxruntime and all that reads it, or the weights as arrays for NumPy",
);

/** What computes. The two differ in the last bits, so the same seed means the same bytes for a backend. */
const backend = choice(["auto", "wasm", "typescript"], "kernels; auto takes wasm where it runs");

/** What compares curves with curves. */
const comparison = {
  baseline: path(
    "FILE",
    undefined,
    "fresh real curves, which take the place of the samples in the baseline",
    "two halves of the real curves",
  ),
  training: path(
    "FILE",
    undefined,
    "what the model was trained on, none of it among the real curves: adds the memorisation",
    "none",
  ),
  count: integer(1000, 20, 5000, "curves of each file, chosen at random where it holds more"),
  seed: integer(
    0,
    Number.MIN_SAFE_INTEGER,
    Number.MAX_SAFE_INTEGER,
    "of the choice of curves, the relabellings and the classifier",
  ),
  out: path("FOLDER", undefined, "writes scores.svg, scores.csv and scores.json into it", "writes nothing"),
  force: beside(output.force, "out"),
};
const samples =
  "samples at the same radii: a file of curves, or a model.safetensors or the folder of a run, whose model then samples as many as are needed";
const terms = [...SCORES, MEMORISATION].map(
  ({ title, definition, source }) => [title, `${definition} (${source})`] as const,
);

/** All commands by name. */
export const commands: ReadonlyMap<string, Command> = new Map([
  [
    "run",
    command({
      summary: "the whole job: galaxies, training, samples, figures and a report",
      details:
        "Writes galaxies.csv, curves.csv, loss.csv, model.safetensors, samples.csv, figures/*.svg and, for the standard population, report.html. The residual network learns the more the more galaxies there are; 12500 bring it within some 2 % of the best possible loss.",
      options: {
        seed,
        count: integer(1000, 5, MOST_CURVES, "galaxies; a fifth of them validates"),
        population,
        ...training,
        samples: integer(1000, 1, MOST_CURVES, "curves to sample"),
        sampler,
        steps,
        evaluate: flag("score the samples against fresh galaxies, in a section of the report"),
        ...resuming,
        ...output,
      },
      computes: true,
      load: async () => (await import("./run.ts")).run,
    }),
  ],
  [
    "generate",
    command({
      summary: "compute rotation curves of random galaxies",
      details:
        "Writes galaxies.csv (parameters) and curves.csv (radii in the header, a row a galaxy), or curves.npz or curves.fits with all of it.",
      options: {
        seed,
        count: integer(1000, 1, MOST_CURVES, "galaxies"),
        population,
        format: tableFormat,
        ...output,
      },
      load: async () => (await import("./generate.ts")).generate,
    }),
  ],
  [
    "population",
    command({
      summary: "print what a population is drawn from, to be edited",
      details: `${POPULATIONS.join(" and ")} are there. For example: halograd population extended > mine.json, then halograd generate --population mine.json. Masses and ranges are log10 of solar masses, lengths log10 of kpc; a relation is slope · (log10 x − pivot) + intercept with its scatter in dex. docs/populations.md explains each field. A file is checked and printed in order.`,
      operands: { name: "NAME", help: `${POPULATIONS.join(", ")} or a file`, least: 1, most: 1 },
      options: {},
      load: async () => (await import("./population.ts")).population,
    }),
  ],
  [
    "train",
    command({
      summary: "train the network on a file of curves",
      details:
        "Writes loss.csv (every epoch) and model.safetensors (weights in PyTorch's key style, and all that sample, denoise and plot need).",
      options: {
        data,
        galaxies: path("FILE", undefined, "their parameters, for --conditions", "galaxies.csv beside --data"),
        seed,
        ...training,
        widths: counts(
          256,
          "widths of the hidden layers: of the autoencoder from the first to the bottleneck; of the residual network one for each block, all the same",
          "32,16,4; 128,128,128 of the residual network",
        ),
        schedule: {
          ...choice(LEARNING_RATE_SCHEDULES, "what becomes of the learning rate: it stays, or falls to 0"),
          standard: undefined,
          standardText: "constant; cosine of the residual network",
        },
        ...resuming,
        ...outputBeside("data"),
      },
      computes: true,
      load: async () => (await import("./train.ts")).train,
    }),
  ],
  [
    "sample",
    command({
      summary: "let a model invent curves out of noise",
      details:
        "Writes samples.csv, samples.npz or samples.fits. The first curves are the same for every --count. A model that was trained with --conditions can be asked for some of them: halograd sample --condition disc-mass=10.5 --condition concentration=12. Any model of the residual network can be guided by wishes, and then guided.svg shows the curves: halograd sample --guide flat=10 --guide points=points.csv.",
      options: {
        model,
        count: integer(1000, 1, MOST_CURVES, "curves to sample"),
        sampler,
        steps,
        threads,
        condition: assignments(
          Object.fromEntries(CONDITIONS.map((name) => [name, aboveZero])) as Record<
            ConditionName,
            typeof aboveZero
          >,
          "a number above 0",
          `a property that the galaxies are to have, masses as log10 of solar masses, scale-length in kpc, bulge-fraction of the mass of all stars; several may be given, and what is not given is left open: ${CONDITIONS.join(", ")}`,
        ),
        guidance: beside(
          real(
            undefined,
            { least: 0, most: 100 },
            "how much the condition counts: 1 as in the data, more exaggerates it",
            "1",
          ),
          "condition",
        ),
        guide: assignments<Required<GuideOption>>(
          { flat: aboveZero, peak: aboveZero, points: anyText },
          "a radius above 0 in kpc, or a file of points",
          "a wish that the model was never trained for; several may be given. flat=R: from R kpc on, ln v is within 1 % rms of its mean. peak=R: fastest within some 10 % of R kpc. points=FILE: near the points of a table with the columns radius [kpc], velocity [km/s] and error [km/s]",
        ),
        tolerance: beside(
          real(
            undefined,
            { least: 0.01, most: 100 },
            "multiplies the tolerances of the wishes: less comes nearer",
            "1",
          ),
          "guide",
        ),
        seed: seedOfModel,
        format: tableFormat,
        ...outputBeside("model"),
      },
      computes: true,
      load: async () => (await import("./sample.ts")).sample,
    }),
  ],
  [
    "denoise",
    command({
      summary: "let a model guess the clean curves behind noisy ones",
      details: "Writes denoised.csv. The curves need the radii that the model was trained on.",
      operands: {
        name: "FILE",
        help: "noisy curves: radii [kpc] in the header, a row a galaxy [km/s]",
        least: 1,
        most: 1,
      },
      options: {
        model,
        noise: real(
          undefined,
          { above: 0, below: 1 },
          "the share of noise that the residual network takes the curves to have; the autoencoder is not told",
          "0.1",
        ),
        ...output,
      },
      computes: true,
      load: async () => (await import("./denoise.ts")).denoise,
    }),
  ],
  [
    "infer",
    command({
      summary: "infer the whole curves of measured galaxies, with intervals",
      operands: galaxyFiles,
      details:
        "For example: halograd infer galaxy.csv; or halograd infer --sparc MassModels_Lelli2016c.mrt --galaxy NGC2403; or, without a model, halograd infer galaxy.csv --population extended. Points beyond the model's radii are left out. Writes posterior.csv (a row a probable curve), intervals.csv (quantiles at each radius), parameters.csv (of the disc and halo that fit the curves, with --population of its galaxies) and figures/inference.svg, and result.json with all that decided it. Several galaxies have a folder each in galaxies/, and a row each in summary.csv. A model is a residual network; for measured galaxies one of halograd generate --population extended.",
      options: {
        ...galaxyOptions(["radius", "velocity", "error"]),
        rMin: real(
          undefined,
          { above: 0 },
          "points inside this radius are left out, kpc",
          "the model's first; none with --population",
        ),
        rMax: real(
          undefined,
          { above: 0 },
          "points outside this radius are left out, kpc",
          "the model's last; none with --population",
        ),
        model: path("FILE", undefined, model.help, "out/model.safetensors"),
        population: {
          ...path(
            "FILE",
            undefined,
            `use no model: infer the parameters that galaxies of this population are drawn from (${POPULATIONS.join(", ")}, or a file of one's own), with points at any radius; writes galaxies.csv (a row a probable galaxy) and figures/corner.svg as well`,
            "none",
          ),
          placeholder: population.placeholder,
          rule: population.rule,
        },
        moves: beside(
          integer(
            undefined,
            1000,
            100_000_000,
            "most moves of each chain of --population, where they have not converged before",
            "60000",
          ),
          "population",
        ),
        deviation: real(
          undefined,
          { least: 0, below: 1 },
          "typical deviation of the galaxy's curve from those of the model or population, smooth in radius, a share of the velocity",
          "0.05",
        ),
        errorSpread: real(
          undefined,
          { least: 0, below: 3 },
          "how far the stated errors may be off by one factor: the standard deviation of its logarithm; 0 takes them as stated",
          "0.7",
        ),
        bank: integer(
          undefined,
          100,
          10_000_000,
          "curves of the model that are looked through first",
          "50000",
        ),
        chains: integer(undefined, 2, 10_000, "chains that go on from them where they are not enough", "64"),
        transitions: integer(
          undefined,
          5,
          100_000,
          "states of each chain, a quarter of which is left out",
          "120",
        ),
        seed: { ...seedOfModel, standardText: "the model's; 0 with --population" },
        ...batch,
        ...output,
      },
      computes: true,
      load: async () => (await import("./infer.ts")).infer,
      work: async () => (await import("./infer.ts")).workOf,
    }),
  ],
  [
    "decompose",
    command({
      summary: "tell how much of measured galaxies is gas, stars and halo",
      operands: galaxyFiles,
      details:
        "For example: halograd decompose --sparc MassModels_Lelli2016c.mrt --galaxies SPARC_Lelli2016c.mrt --galaxy NGC3198. Haloes of several families are compared by how well each point is foretold by the others, and by their evidence. Mass-to-light ratios at 3.6 μm, distance, inclination and the scale of the errors are parameters too; what has no error is held fixed. Files need columns of what gas, disc or bulge alone would hold, for a mass-to-light ratio of 1, as Vgas, Vdisk and Vbul of SPARC. It writes masses.csv, draws.csv, figures/decomposition.svg, figures/corner.svg, and result.json with all that decided it. Several galaxies have a folder each in galaxies/, and all together masses.csv, accelerations.csv and figures/accelerations.svg.",
      options: {
        ...galaxyOptions(["radius", "velocity", "error", "gas", "disc", "bulge"]),
        distanceError: real(undefined, { above: 0 }, "standard error of the distance, Mpc", "0, held fixed"),
        inclination: real(
          undefined,
          { above: 0, most: 90 },
          "degrees, 90 is edge-on",
          "none: velocities are as they stand",
        ),
        inclinationError: beside(
          real(undefined, { above: 0, most: 90 }, "its standard error, degrees", "0, held fixed"),
          "inclination",
        ),
        halo: {
          ...list(HALO_FAMILIES, "families of haloes"),
          standard: HALO_FAMILIES,
          standardText: "all",
        },
        discRatio: real(
          undefined,
          { above: 0 },
          "median mass-to-light ratio of the disc's stars, solar units",
          "0.5",
        ),
        bulgeRatio: real(undefined, { above: 0 }, "that of the bulge's stars", "0.7"),
        ratioScatter: real(undefined, { least: 0, most: 1 }, "scatter of both, dex", "0.1"),
        moves: integer(
          undefined,
          100,
          10_000_000,
          "of each chain at most, until the chains have converged",
          "60000",
        ),
        seed,
        ...batch,
        ...output,
      },
      load: async () => (await import("./decompose.ts")).decompose,
      work: async () => (await import("./decompose.ts")).workOf,
    }),
  ],
  [
    "plot",
    command({
      summary: "draw figures from the files of a run",
      details:
        "Writes figures/FIGURE.svg. The figure of the losses needs loss.csv, that of the curves curves.csv, that of the sampling the model, the others curves and model.",
      operands: {
        name: "FIGURE",
        help: `any of ${FIGURES.join(", ")}; by default all`,
        least: 0,
        most: FIGURES.length,
        choices: FIGURES,
      },
      options: {
        from: path("FOLDER", "out", "folder with the files of a run"),
        data: path("FILE", undefined, data.help, "curves.csv in --from"),
        galaxies: path(
          "FILE",
          undefined,
          "their parameters; colours the curves",
          "galaxies.csv in --from, if there",
        ),
        loss: path("FILE", undefined, "losses of each epoch", "loss.csv in --from"),
        model: path("FILE", undefined, model.help, "model.safetensors in --from"),
        sampler,
        steps,
        seed: seedOfModel,
        ...outputBeside("from"),
      },
      computes: true,
      load: async () => (await import("./plot.ts")).plot,
    }),
  ],
  [
    "evaluate",
    command({
      summary: "score how well sampled curves pass for real ones",
      details:
        "Each score stands beside that of two sets of the same distribution. p is the share of random relabellings that score as badly; below 0.01 the sets are told apart.",
      operands: {
        name: "REAL.csv SAMPLES",
        help: `real curves, none of them trained on, and ${samples}`,
        least: 2,
        most: 2,
      },
      options: comparison,
      terms,
      computes: true,
      load: async () => (await import("./evaluate.ts")).evaluate,
    }),
  ],
  [
    "compare",
    command({
      summary: "score several models or files of samples side by side",
      details:
        "As halograd evaluate for each of them; * marks those that are told apart from the real curves. For example: halograd generate --seed 100 --out fresh, then halograd compare fresh/curves.csv out better/model.safetensors --out compared.",
      operands: {
        name: "REAL.csv SAMPLES ...",
        help: `real curves, and up to eight times ${samples}`,
        least: 2,
        most: 9,
      },
      options: comparison,
      terms,
      computes: true,
      load: async () => (await import("./evaluate.ts")).evaluate,
    }),
  ],
  [
    "export",
    command({
      summary: "write a model for other programs",
      details:
        "Writes model.onnx or model.npz. The former is a step of the sampler from noise to curve for any number of curves: state, t, next (and condition, known) in; next_state, prediction and velocity [km/s] out. Start from standard normal numbers at t = 1 and step down to 0. docs/export.md shows how.",
      options: {
        model,
        format: modelFormat,
        ...outputBeside("model"),
      },
      computes: true,
      load: async () => (await import("./export.ts")).exportFile,
    }),
  ],
  [
    "info",
    command({
      summary: "tell what a file holds, and what it comes from",
      details:
        "The command, the seed and the files that it comes from are those of provenance.json beside it, which every command writes.",
      operands: {
        name: "FILE",
        help: "a .safetensors, .csv or .npz file, or any that halograd wrote",
        least: 1,
        most: 1,
      },
      options: {},
      load: async () => (await import("./info.ts")).info,
    }),
  ],
]);

/** The help of the program as a whole. */
export function programHelp(): string {
  return `halograd: galaxy rotation curves, and a diffusion model that learns them

Usage: halograd COMMAND [options]

${columns([...commands].map(([name, { summary }]) => [name, summary]))}

halograd COMMAND --help lists the options of a command, halograd --version the version.
halograd completion bash|zsh|fish prints a script that completes commands in a shell,
halograd manual a page for man (halograd manual | man -l -), and halograd schema the JSON
schema of what --json prints. Beside its files a command leaves provenance.json: version,
command, seed and SHA-256 of what it read and wrote, which halograd info FILE shows.
First steps: halograd run, then open out/report.html.

${EXIT_CODES}
NO_COLOR turns colours off, FORCE_COLOR on.`;
}

/** What scripts can rely on; stands in every help. */
export const EXIT_CODES: string =
  `Exit codes: 0 done; 1 the job failed (files, disk, content); 2 wrong usage;\n` +
  `  130 stopped by Ctrl-C, 143 by SIGTERM, 141 by a closed pipe: what was computed is kept.`;

/** Closes over the types of a command's options, so that the table can hold commands of all kinds. */
function command<Values>({
  load,
  work,
  computes = false,
  ...grammar
}: Grammar<Values> & {
  readonly load: () => Promise<Job<Values>>;
  readonly work?: () => Promise<ThreadWork>;
  /** Whether it runs the engine, and so has a backend to choose. */
  readonly computes?: boolean;
}): Command {
  const common = computes ? { backend, ...shared } : shared;
  const full: Grammar = { ...grammar, options: { ...(grammar.options as Options), ...common } };
  return {
    ...full,
    work: work as Command["work"],
    prepare: (where, words) => {
      const { values: read, operands, given } = parseWords(where, words, full);
      const { folderOf = "" } = full.options.out ?? {};
      const source = String(read[folderOf]);
      const folder = full.options[folderOf]?.placeholder === "FILE" ? dirname(source) : source;
      const values = read.out === undefined && folderOf !== "" ? { ...read, out: folder } : read;
      return {
        json: values.json === true,
        quiet: values.quiet === true,
        log: values.log as string | undefined,
        start: async (surroundings) => {
          const { backend: wanted } = values;
          const backend = typeof wanted === "string" ? await chooseBackend(where, wanted) : undefined;
          const deciding = given.filter(([key]) => !UNDECIDING.has(key)).flatMap(([, ...words]) => words);
          const sources = new Sources([...where.split(" "), ...deciding], backend);
          sources.seed = values.seed as number | undefined;
          try {
            return await (await load())(values as Values, { ...surroundings, sources }, operands);
          } catch (error) {
            throw inOptions(withWayOn(error, full.options, values), values);
          }
        },
      };
    },
  };
}

/** Options that decide nothing of what is written. */
const UNDECIDING: ReadonlySet<string> = new Set([
  ...["out", "force", "json", "quiet", "log", "resume", "checkpoint", "jobs", "threads"],
]);

/** A missing file that the user did not name: the fix is not to check its path, but to make it or to name another. */
function withWayOn(error: unknown, options: Options, values: Readonly<Record<string, unknown>>): unknown {
  if (!(error instanceof FileError) || error.code !== "ENOENT") return error;
  for (const [key, { placeholder, standard }] of Object.entries(options)) {
    const isInput = key !== "out" && (placeholder === "FILE" || placeholder === "FOLDER");
    if (!isInput || standard === undefined || values[key] !== standard) continue;
    if (error.path !== standard && !error.path.startsWith(`${standard}/`)) continue;
    const fix = `halograd run makes it; --${dashed(key)} ${placeholder} names another`;
    return new FileError(error.path, error.code, error.problem, fix);
  }
  return error;
}

/** @returns the one that computes from now on @throws ArgumentError when SIMD was asked for and the platform has none */
export async function chooseBackend(where: string, name: string): Promise<string> {
  const { useBackend } = await import("../basics/backend.ts");
  const chosen = useBackend(name as "auto" | "wasm" | "typescript");
  if (chosen === name || name === "auto") return chosen;
  throw new ArgumentError(where, "WebAssembly SIMD does not run here.", "leave --backend out.");
}
