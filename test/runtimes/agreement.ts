/** Whether runtimes agree: each outcome is compared with the first one of its backend. */

/** What program.js computes with one backend. */
export interface Outcome {
  readonly backend: string;
  /** Digests of the curves (the same for both backends), the trained weights and the samples. */
  readonly curves: string;
  readonly weights: string;
  readonly samples: string;
  /** How many threads two were, with the same weights as one. */
  readonly threads: number;
  readonly seconds: number;
}

/** A backend on a runtime: what it computed, or why not. */
export interface Check {
  readonly runtime: string;
  readonly backend: string;
  readonly outcome: Outcome | null;
  /** Empty when all is well. */
  readonly fault: string;
  readonly missing: boolean;
}

export const BACKENDS: readonly string[] = ["wasm", "typescript"];
/** In the order of their computation: the first that differs is where to look. */
export const STAGES = ["curves", "weights", "samples"] as const;

/** The checks of a runtime, after those of the runtimes before it; `trouble` is why it computed nothing. */
export function judge(
  runtime: string,
  outcomes: readonly Outcome[],
  before: readonly Check[],
  trouble = "no result",
): Check[] {
  return BACKENDS.map((backend) => {
    const outcome = outcomes.find((entry) => entry.backend === backend) ?? null;
    const fault = outcome === null ? trouble : difference(outcome, before);
    return { runtime, backend, outcome, fault, missing: false };
  });
}

/** The checks of a runtime that is not installed. */
export function missing(runtime: string): Check[] {
  return judge(runtime, [], [], "missing").map((check) => ({ ...check, missing: true }));
}

/** How many checks ended how; what is missing is skipped, or failed where everything must be there. */
export function tally(
  checks: readonly Check[],
  everything: boolean,
): { passed: number; failed: number; skipped: number } {
  const passed = checks.filter(({ fault }) => fault === "").length;
  const skipped = everything ? 0 : checks.filter((check) => check.missing).length;
  return { passed, failed: checks.length - passed - skipped, skipped };
}

/** The first stage at which an outcome differs from the first one of its backend. */
function difference(outcome: Outcome, before: readonly Check[]): string {
  const first = before.find((check) => check.outcome?.backend === outcome.backend);
  const stage = STAGES.find((name) => first !== undefined && first.outcome![name] !== outcome[name]);
  return stage === undefined ? "" : `the ${stage} differ from those of ${first!.runtime}`;
}
