/** `halograd denoise`: the clean curves that a model sees behind a user's noisy ones. */

import { noGrad } from "../autograd/tape.ts";
import { formatCsv, parseCurves } from "../io/index.ts";
import { readTextFile } from "../node/files.ts";
import type { Context, Outcome } from "./context.ts";
import { readModel, requireModelRadii } from "./model-file.ts";
import { OutputFolder, tellOutcome } from "./output.ts";
import { requireFinite } from "./sample.ts";

/** The values of the command's options. */
export interface DenoiseOptions {
  readonly model: string;
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
  const output = new OutputFolder(values.out, { names: ["denoised.csv"], force: values.force });
  const { network, standardization } = model;
  const clean = standardization.invert(noGrad(() => network.forward(standardization.apply(noisy.curves))));
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
