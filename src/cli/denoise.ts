/** `halograd denoise`: the clean curves that a model sees behind a user's noisy ones. */

import { noGrad } from "../autograd/tape.ts";
import { denoiserOf, readModel, requireModelRadii } from "../curves/model.ts";
import { LogPrincipalComponents } from "../diffusion/index.ts";
import { formatCsv, parseCurves } from "../io/index.ts";
import { readTextFile } from "../node/files.ts";
import { FormatError } from "../tensor/errors.ts";
import type { Context, Outcome } from "./context.ts";
import { OutputFolder, tellOutcome } from "./output.ts";
import { requireFinite } from "./sample.ts";

/** The values of the command's options. */
export interface DenoiseOptions {
  readonly model: string;
  /** How much noise a network that is told takes the curves to have, from 0 to 1. */
  readonly noise: number;
  readonly out: string;
  readonly force: boolean;
}

/** The command. */
export async function denoise(
  values: DenoiseOptions,
  context: Context,
  [source]: readonly string[],
): Promise<Outcome> {
  const model = readModel(values.model);
  const noisy = parseCurves(readTextFile(source), source);
  requireModelRadii(model, noisy, source);
  const isTold = model.standardization instanceof LogPrincipalComponents;
  const wrong = noisy.curves.findIndex((curve) => !curve.every((velocity) => velocity > 0));
  if (isTold && wrong >= 0) {
    throw new FormatError(
      source,
      `curve ${wrong + 1} has velocities that are not above 0, and the model knows their logarithms`,
      "leave the curve out, or use a model of --network autoencoder",
    );
  }
  const output = new OutputFolder(values.out, { names: ["denoised.csv"], force: values.force });
  const { standardization } = model;
  const denoiser = denoiserOf(model);
  const state = standardization.apply(noisy.curves);
  // A state at time t has the share 1 − t of the data. The post's network is given curves as they are.
  const scaled = isTold ? state.mul(1 - values.noise) : state;
  const clean = standardization.invert(noGrad(() => denoiser(scaled, values.noise)));
  requireFinite("denoise", clean);
  output.write([["denoised.csv", formatCsv(noisy.radii, clean)]]);
  const change = rootMeanSquare(noisy.curves, clean);
  context.terminal.say(`changed ${clean.length} curves by ${change.toFixed(1)} km/s (root mean square)`);
  tellOutcome(context, output, true);
  return { complete: true, result: { ...output.result(), curves: clean.length, change } };
}

/** The distance of two sets of curves. */
export function rootMeanSquare(a: readonly Float64Array[], b: readonly Float64Array[]): number {
  let sum = 0;
  let count = 0;
  a.forEach((curve, i) => {
    for (let j = 0; j < curve.length; j++) sum += (curve[j] - b[i][j]) * (curve[j] - b[i][j]);
    count += curve.length;
  });
  return Math.sqrt(sum / count);
}
