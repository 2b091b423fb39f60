/** `halograd population`: what a population is drawn from, as a file to edit. */

import { describePopulation } from "../curves/population.ts";
import { formatPopulation } from "../galaxy/index.ts";
import type { Context, Outcome } from "./context.ts";
import { readPopulation } from "./input.ts";

/** The command. */
export function population(
  values: { readonly json?: boolean },
  { terminal, sources }: Context,
  [name]: readonly string[],
): Outcome {
  const description = describePopulation(readPopulation(name, sources));
  if (values.json !== true) terminal.print(formatPopulation(description).trimEnd());
  return { complete: true, result: { population: description } };
}
