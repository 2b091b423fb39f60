/**
 * Mistakes in the words of the command line. The library names its functions and their settings; who called a command knows its options
 * and files.
 */

import { HalogradError } from "../basics/errors.ts";
import { UsageError } from "./arguments.ts";

/** What a command was called with. */
type Values = Readonly<Record<string, unknown>>;

/** How a message of the library is put: what is left out stays as it is. */
interface Wording {
  /** The message, its groups referred to as in `String.replace`. */
  readonly message: RegExp;
  readonly where?: string | ((values: Values) => unknown);
  readonly problem?: string;
  readonly fix?: string;
}

const BETTER = "halograd run --network residual --count 12500";

const WORDINGS: readonly Wording[] = [
  {
    message: /has no bulge, whose fraction/,
    where: "--conditions",
    fix: "take galaxies of --population extended, of halograd generate or halograd run",
  },
  { message: /are not properties in which/, where: "--conditions" },
  { message: /above 0, and the residual network/, fix: "leave the curve out, or use --network autoencoder" },
  {
    message: /above 0, and the model knows/,
    fix: "leave the curve out, or use a model of --network autoencoder",
  },
  {
    message: /diverged\n.*below (\S+)$/,
    where: "training",
    fix: "give a --learning-rate below $1",
  },
  {
    message: /this is the checkpoint of another training/,
    fix: "give the data and the options that it began with, or --force as well to begin anew",
  },
  {
    message: /this is not a whole checkpoint/,
    fix: "give --force as well, to begin anew",
  },
  {
    message: /this is not a model of halograd/,
    fix: "give a model.safetensors that halograd run or train wrote",
  },
  {
    message: /but the model was trained on/,
    fix: "interpolate the curves to the model's radii; halograd info lists them",
  },
  { message: /^sampleCurves: a velocity/, where: "sampling" },
  { message: /^denoiseCurves: a velocity/, where: "denoise" },
  {
    message: /not trained with the condition .*\n.* with the conditions (\S+)$/,
    where: ({ model }) => model,
    fix: "train one: halograd train --network residual --conditions $1",
  },
  { message: /^inferCurves: radiusRange is (.+)\n/, where: "--r-min and --r-max", problem: "$1" },
  { message: /^(condition \S+): the model has seen/, where: "--$1" },
  {
    message: /and wishes need to know/,
    where: ({ model }) => model,
    problem:
      "this model's network is not told the amount of noise, and --guide needs to know what its guesses are worth",
    fix: `train one: ${BETTER}`,
  },
  { message: /^wish points:/, where: ({ guide }) => (guide as { readonly points?: string }).points },
  { message: /^wish (\S+):/, where: "--guide $1" },
  {
    message: /whose samples are no draws of its prior/,
    where: "infer",
    fix: `train one by ${BETTER}`,
  },
  { message: /^inferCurves:/, where: "infer" },
  {
    message: /which is not told the share of noise/,
    where: "--noise",
    fix: "leave --noise out, or use a residual network",
  },
];

/** The same error, in terms of options and files. */
export function inOptions(error: unknown, values: Values): unknown {
  if (!(error instanceof HalogradError)) return error;
  const wording = WORDINGS.find(({ message }) => message.test(error.message));
  if (wording === undefined) return error;
  const found = wording.message.exec(error.message)!;
  const filled = (text: string): string => text.replace("$1", () => found[1]);
  const { where = error.where, fix = error.fix } = wording;
  const problem = wording.problem === undefined ? error.problem : filled(wording.problem);
  const place = typeof where === "function" ? String(where(values)) : filled(where);
  // An option that does not fit the model is a mistake in the words.
  const Kind = place.startsWith("--") ? UsageError : HalogradError;
  return new Kind(place, problem, fix === undefined ? undefined : filled(fix));
}
