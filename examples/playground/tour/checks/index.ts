/** The checkers of all exercises, by their names. */

import { Wrong } from "../checking.ts";
import { type Exports, type Host, type Problem, problemOf, runModule } from "../modules.ts";
import { checks as nudging } from "./01-nudging.ts";
import { checks as chainRule } from "./02-chain-rule.ts";
import { checks as value } from "./03-value.ts";
import { checks as backward } from "./04-backward.ts";
import { checks as tensors } from "./05-tensors.ts";
import { checks as vjp } from "./06-vjp.ts";
import { checks as training } from "./07-training.ts";
import { checks as secondDerivatives } from "./08-second-derivatives.ts";
import { checks as checking } from "./09-checking.ts";
import { checks as galaxy } from "./10-galaxy.ts";

/** Checks what a file exports. Throws `Wrong`, or what the file's own code throws. */
type Checker = (learner: Exports) => void;

const checkers = {
  ...nudging,
  ...chainRule,
  ...value,
  ...backward,
  ...tensors,
  ...vjp,
  ...training,
  ...secondDerivatives,
  ...checking,
  ...galaxy,
} as unknown as Readonly<Record<string, Checker>>;

/**
 * Runs the file of an exercise and checks it.
 *
 * @returns what is wrong, in words for who wrote it; null where nothing is
 */
export async function checkExercise(name: string, host: Host): Promise<Problem | null> {
  try {
    checkers[name](await runModule(name, host));
    return null;
  } catch (error) {
    return error instanceof Wrong ? { message: error.message, place: null } : problemOf(error);
  }
}
