/** `halograd denoise`: the clean curves that a model sees behind a user's noisy ones. */

import { denoiseCurves, rootMeanSquare } from "../curves/index.ts";
import { formatCsv } from "../io/index.ts";
import type { Context, Outcome } from "./context.ts";
import { readCurves, readModelFile } from "./input.ts";
import { inFloat32, OutputFolder, tellOutcome } from "./output.ts";

/** The values of the command's options. */
export interface DenoiseOptions {
  readonly model: string;
  /** How much noise a network that is told takes the curves to have, from 0 to 1; default 0.1. */
  readonly noise: number | undefined;
  readonly out: string;
  readonly force: boolean;
}

/** The command. */
export function denoise(
  { model, noise, out, force }: DenoiseOptions,
  context: Context,
  [source]: readonly string[],
): Outcome {
  const { sources, terminal } = context;
  const { model: network, described } = readModelFile(model, sources);
  const noisy = readCurves(source, sources);
  const clean = inFloat32(denoiseCurves(network, noisy, { noise, source }));
  const output = new OutputFolder(out, { names: ["denoised.csv"], sources, force });
  output.write([["denoised.csv", formatCsv(noisy.radii, clean)]]);
  const change = rootMeanSquare(noisy.curves, clean);
  terminal.say(`changed ${clean.length} curves by ${change.toFixed(1)} km/s (root mean square)`);
  tellOutcome(context, output, true);
  const told = { model: described, curves: clean.length, change };
  return { complete: true, result: { ...output.result(), ...told } };
}
