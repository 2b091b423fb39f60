/**
 * Threads that work through a list of tasks, each one task at a time. What a task comes to depends on the task alone, so that the number of
 * threads changes nothing but the time.
 */

import { parentPort, type Worker } from "node:worker_threads";
import { HalogradError } from "../basics/errors.ts";
import type { Interruption } from "./interruption.ts";

/** What a thread says of its task. */
type Report<Answer> =
  | { readonly task: number; readonly share: number }
  | { readonly task: number; readonly answer: Answer }
  | {
      readonly task: number;
      readonly refusal: readonly [where: string, problem: string, fix: string | undefined];
    }
  /** It was left, because the user wants to stop. */
  | { readonly task: number; readonly isLeft: true };

/** How {@link workThrough} works, and whom it tells. */
export interface Threads<Answer> {
  /** How many, at most. */
  readonly count: number;
  /** Starts one, which calls {@link serve}. */
  start(): Worker;
  readonly interruption: Interruption;
  /** @param done tasks that were done, with the shares of those under way */
  tell(done: number): void;
  /** Called as answers come, in any order. @param task its place in the list */
  take(task: number, answer: Answer | HalogradError): void;
}

/**
 * Works through the tasks. Ends early when the user wants to stop.
 *
 * @throws whatever is no mistake of a user, out of a thread or out of `take`; HalogradError where a thread has no memory left
 */
export async function workThrough<Task, Answer>(
  tasks: readonly Task[],
  { count, start, interruption, tell, take }: Threads<Answer>,
): Promise<void> {
  const shares = new Map<number, number>();
  const workers: Worker[] = [];
  let [next, done] = [0, 0];
  const drive = (worker: Worker): Promise<void> =>
    new Promise((resolve, reject) => {
      const hand = (): void => {
        if (interruption.isNoted || next === tasks.length) resolve();
        else worker.postMessage([next, tasks[next++]]);
      };
      worker.on("error", (error: Error & { code?: string }) => {
        const isMemory = error.code === "ERR_WORKER_OUT_OF_MEMORY";
        reject(isMemory ? new HalogradError("--jobs", "there is no memory left", "give fewer") : error);
      });
      worker.on("exit", () => reject(new Error("a thread ended before its work")));
      worker.on("message", (report: Report<Answer>) => {
        try {
          shares.delete(report.task);
          if ("share" in report) shares.set(report.task, report.share);
          else if ("answer" in report) take(report.task, report.answer);
          else if ("refusal" in report) take(report.task, new HalogradError(...report.refusal));
          if (!("share" in report)) done += 1;
          tell(Array.from(shares.values()).reduce((sum, share) => sum + share, done));
          if (!("share" in report)) hand();
        } catch (error) {
          reject(error);
        }
      });
      hand();
    });
  try {
    while (workers.length < Math.min(count, tasks.length)) workers.push(start());
    await Promise.all(workers.map(drive));
  } finally {
    for (const worker of workers) worker.removeAllListeners();
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

/** In a thread: does the tasks that it is given. @param work yields how far it is */
export function serve<Task, Answer>(
  work: (task: Task) => Generator<{ readonly done: number; readonly total: number }, Answer, void>,
  interruption: Interruption,
): void {
  const say = (report: Report<Answer>): void => parentPort?.postMessage(report);
  parentPort?.on("message", ([task, given]: [number, Task]) => {
    try {
      const steps = work(given);
      for (let told = performance.now(); ; ) {
        if (interruption.isNoted) return say({ task, isLeft: true });
        const step = steps.next();
        if (step.done) return say({ task, answer: step.value });
        const now = performance.now();
        if (now - told < 100) continue;
        told = now;
        say({ task, share: step.value.done / step.value.total });
      }
    } catch (error) {
      if (!(error instanceof HalogradError)) throw error;
      say({ task, refusal: [error.where, error.problem, error.fix] });
    }
  });
}
