/** What users are told when they are wrong, as a list to read. */
import { HalogradError } from "../src/basics/errors.ts";

/** The error that a mistake ends in. */
export function errorOf(mistake: () => unknown): HalogradError {
  try {
    mistake();
  } catch (error) {
    return error as HalogradError;
  }
  throw new Error("nothing was thrown");
}

/**
 * The whole message of each mistake, under a name for it. Tests hold the list against a snapshot, so that no word of
 * a message is lost unnoticed: an error that does not say where, what and how is half an error.
 */
export function messagesOf(mistakes: Readonly<Record<string, () => unknown>>): string {
  const told = Object.entries(mistakes).map(([name, make]) => {
    try {
      make();
    } catch (error) {
      if (error instanceof HalogradError) return `${name}\n  ${error.name}: ${error.message}`;
      throw error;
    }
    throw new Error(`nobody objects to ${name}`);
  });
  return `\n${told.join("\n")}\n`;
}
