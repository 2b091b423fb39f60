/**
 * Long work is a generator: it yields how far it has come, and what it has by then, and returns its result. Whoever drives it decides
 * what to show and when to stop. These functions drive any of them.
 */

import { describeValue } from "../basics/check.ts";
import { ArgumentError } from "../basics/errors.ts";

/** How far long work has come. */
export interface Progress {
  /** How much of `total` is done. */
  readonly done: number;
  /** How much there is to do, in whatever the work counts: curves, epochs, steps. */
  readonly total: number;
}

/**
 * Drives long work to its end.
 *
 * @returns what the generator returns
 * @throws ArgumentError for what is no generator, and whatever the work throws
 * @example
 * const samples = finish(heunSampler(new GaussianModel([0], [[1]]).denoiser(), normal([4, 1], new Random(1))));
 * samples.shape // [4, 1]
 */
export function finish<Result>(work: Generator<unknown, Result, void>): Result {
  checkWork("finish", work);
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/** The same work, which tells of each of its steps something else. */
export function* retold<Step, Told, Result>(
  work: Generator<Step, Result, void>,
  tell: (step: Step) => Told,
): Generator<Told, Result, void> {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    yield tell(step.value);
  }
}

/**
 * The same work, letting the event loop breathe: a page stays alive between two values, a program hears signals. A pause comes
 * after 50 ms of work, and costs some microseconds. Leaving the loop early ends the work, as it does without.
 *
 * @param work a generator, which nobody else drives
 * @returns what yields and returns the same, asynchronously
 * @example
 * const work = heunSampler(new GaussianModel([0], [[1]]).denoiser(), normal([4, 1], new Random(1)));
 * for await (const { step, t } of breathing(work)) console.log(step, t);
 */
export function breathing<Step, Result>(
  work: Generator<Step, Result, void>,
): AsyncGenerator<Step, Result, void> {
  checkWork("breathing", work);
  return withPauses(work);
}

async function* withPauses<Step, Result>(
  work: Generator<Step, Result, void>,
): AsyncGenerator<Step, Result, void> {
  let breath = performance.now();
  try {
    for (;;) {
      const step = work.next();
      if (step.done) return step.value;
      if (performance.now() - breath > BREATH) {
        await nextTask();
        breath = performance.now();
      }
      yield step.value;
    }
  } finally {
    work.return(undefined as Result);
  }
}

/** @throws ArgumentError for what is no generator, such as a list, or one that has to be awaited */
function checkWork(where: string, work: unknown): void {
  const { next, return: leave, [Symbol.iterator]: iterator } = Object(work) as Partial<Generator>;
  if ([next, leave, iterator].every((method) => typeof method === "function")) return;
  const isAsync = Symbol.asyncIterator in Object(work);
  throw new ArgumentError(
    where,
    `takes work that is a generator; got ${isAsync ? "one that has to be awaited" : describeValue(work)}.`,
    isAsync
      ? "write for await (const step of work)."
      : `write ${where}(trainModel(…)), ${where}(sampleCurves(…)).`,
  );
}

/** Milliseconds between two pauses: a frame or three. */
const BREATH = 50;

/** Timers wait for a millisecond or four; `setImmediate`, where there is one, does not. */
function nextTask(): Promise<void> {
  const { setImmediate } = globalThis as { setImmediate?: (task: () => void) => unknown };
  return new Promise((resolve) => void (setImmediate ?? setTimeout)(resolve));
}
